"""What the doctor asks of Slack: whether the bot can do its work there [Slack Web API]."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackFailure
from bot.slack.calls import Calls

LEAST = ("app_mentions:read", "chat:write", "commands", "im:history")
"""Without these scopes the bot cannot do its main job; deploy/slack-manifest.yaml asks for all it can use."""


async def granted(web: AsyncWebClient) -> tuple[str, ...]:
    """The scopes that the bot token was given, in Slack's order."""
    answer = await web.auth_test()
    named = next((v for k, v in answer.headers.items() if k.lower() == "x-oauth-scopes"), "")
    return tuple(scope.strip() for scope in named.split(",") if scope.strip())


async def can_answer(web: AsyncWebClient) -> None:
    """Raise SlackFailure where the token, which Slack takes, lacks a scope of LEAST."""
    if missing := sorted(set(LEAST) - set(await granted(web))):
        raise SlackFailure(
            f"The bot token lacks the scopes {', '.join(missing)}.",
            "Update the app from deploy/slack-manifest.yaml and install it again.",
        )


async def can_tell_news(web: AsyncWebClient, channel: str) -> None:
    """Raise SlackFailure where the bot cannot speak in *channel*; "" is no channel, and fine."""
    if not channel:
        return
    try:
        found = await Calls(web).call("conversations.info", {"channel": channel})
    except SlackFailure as failure:
        if failure.code == "missing_scope":
            return  # an older app, which may speak there nevertheless
        raise SlackFailure(
            f"BLOGBOT_ANNOUNCE names {channel}, which Slack does not show the bot: {failure.code}.",
            "Is the id right? Into a private channel the bot must be invited: /invite @blogbot.",
            code=failure.code,
        ) from failure
    if not (found.get("channel") or {}).get("is_member"):
        raise SlackFailure(
            f"BLOGBOT_ANNOUNCE names {channel}, where the bot is not.", "Invite it there: /invite @blogbot."
        )
