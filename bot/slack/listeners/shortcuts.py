"""The message shortcut "Ask the blog about this": answered to the person who chose it alone [Bolt].

Not in the message's thread: its author did not ask, and the bot need not be in the channel. The answer has
the button that shares it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.model import Question
from bot.slack.listeners.commands import private, recorded
from bot.slack.listeners.intake import PolicyOf, Submit, allowed
from bot.slack.origin import person
from bot.slack.rendering import notices

NAME = "ask_the_blog"
LABEL = "Ask the blog about this"


def register(app: AsyncApp, *, submit: Submit, policy_of: PolicyOf, channels: Collection[str] = ()) -> None:
    """Hand the text of the chosen message to *submit* as a question of the person who chose it."""

    @app.shortcut("ask_the_blog")
    async def chosen(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        question = asked(body)
        if not allowed(question, channels):
            notice = notices.channel_refused(question)
        elif not question.text:
            notice = notices.help_text()
        elif await recorded(question, submit, policy_of):
            notice = None
        else:
            notice = notices.not_recorded(question)
        await ack()
        if notice:
            await respond(**notice)


def asked(body: Mapping[str, Any]) -> Question:
    """The question in a message shortcut's payload, perhaps without text."""
    return private(
        str(body["message"].get("text") or ""),
        person(body),
        str(body["channel"]["id"]),
        str(body["trigger_id"]),
        str(body["response_url"]),
    )
