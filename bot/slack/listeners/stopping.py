"""The stop button above an answer that is being written, and Slack's own in agent conversations [Bolt]."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.model import Question
from bot.phrases import choose
from bot.slack.delivery.private import whisper
from bot.slack.origin import person
from bot.slack.presence.rights import IsAdmin
from bot.slack.rendering.blocks import STOP, reply

log = structlog.get_logger(__name__)


def register(
    app: AsyncApp,
    *,
    stop: Callable[[str], bool],
    answering: Callable[[str, str], Sequence[Question]],
    is_admin: IsAdmin,
) -> None:
    """Let who asked, or an administrator, stop an answer.

    *stop* takes a question's id and tells whether there was an answer to stop; *answering* gives the
    questions of a thread (channel, root) that are being answered.
    """

    @app.action(STOP)
    async def pressed(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        asker, _, name = str(body["actions"][0]["value"]).partition(" ")
        words = choose(str((body.get("message") or {}).get("text") or ""))
        if body["user"]["id"] != asker and not await is_admin(person(body)):
            await whisper(respond, body, reply(words.stop_refused))
        elif stop(name):
            log.info("stopped", question=name)
        else:
            await whisper(respond, body, reply(words.stop_late))

    @app.event("agent_session_stopped")
    async def session_stopped(event: dict[str, Any]) -> None:
        root = str(event.get("thread_ts") or "")
        for question in answering(str(event.get("channel") or ""), root):
            if question.person == event.get("user"):
                stop(question.id)
                log.info("stopped", question=question.id)
