"""The Bolt app as this bot needs it [Bolt]."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_calls import Calls, client


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, from auth.test."""

    team: str
    user: str
    bot: str


async def identify(web: AsyncWebClient) -> Identity:
    """Ask Slack who the token belongs to; SlackFailure with Slack's code when it refuses the token."""
    found = await Calls(web).call("auth.test", {})
    return Identity(str(found["team_id"]), str(found["user_id"]), str(found.get("bot_id") or ""))


def build(web: AsyncWebClient, me: Identity, signing_secret: str = "") -> AsyncApp:
    """A Bolt app without listeners that talks through clients like *web*.

    Bolt on its own calls auth.test when the first event arrives and, should that call fail, acknowledges the
    event and drops it. Here it is told who it is instead. *signing_secret* is for HTTP mode.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.team,
            bot_user_id=me.user,
            bot_id=me.bot,
            bot_token=web.token,
        )

    # Bolt's own client holds no token, else it warns that authorize overrules it.
    return AsyncApp(client=client(None, web.base_url), authorize=authorize, signing_secret=signing_secret)
