"""Asking again: the same question, answered from other articles than before [Bolt]."""

from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.errors import BotFailure
from bot.model import Answer, Question
from bot.phrases import words_for
from bot.slack.delivery.private import whisper
from bot.slack.listeners.feedback import Find, pressed_answer
from bot.slack.listeners.intake import Submit
from bot.slack.origin import person
from bot.slack.presence.rights import IsAdmin
from bot.slack.rendering import notices
from bot.slack.rendering.blocks import AGAIN, reply

log = structlog.get_logger(__name__)


def register(app: AsyncApp, *, find: Find, submit: Submit, is_admin: IsAdmin) -> None:
    """Let who asked, or an administrator, have a question answered without the articles of its answer.

    *submit* takes it as a question of its own, once however often the button is pressed.
    """

    @app.action(AGAIN)
    async def pressed(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        known = await pressed_answer(find, body, respond)
        if known is None:
            return
        question, answer = known
        if body["user"]["id"] != question.person and not await is_admin(person(body)):
            await whisper(respond, body, reply(words_for(question).again_refused))
            return
        try:
            new = await submit(asked_again(question, answer, str(body.get("response_url") or "")))
        except BotFailure as failure:
            log.warning("question not recorded", question=question.id, failure=type(failure).__name__)
            await whisper(respond, body, notices.not_recorded(question))
            return
        if not new:
            await whisper(respond, body, reply(words_for(question).again_known))


def asked_again(question: Question, answer: Answer, response_url: str) -> Question:
    """*question* once more, to be answered without the sources of *answer* and those before.

    Where it was answered privately, *response_url* is where its person is reached now.
    """
    return replace(
        question,
        id=f"{question.id}-again",
        without=tuple(dict.fromkeys((*question.without, *(source.path for source in answer.sources)))),
        response_url=response_url if question.kind == "command" else "",
    )
