"""More articles: what the search found beside the sources of an answer, for who presses alone [Bolt]."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack.delivery.private import whisper
from bot.slack.listeners.commands import Search
from bot.slack.listeners.feedback import Find, pressed_answer
from bot.slack.rendering import found as results
from bot.slack.rendering import notices
from bot.slack.rendering.blocks import MORE
from index.errors import IndexFailure


def register(app: AsyncApp, *, find: Find, search: Search) -> None:
    """Search again for the question of an answer, and show the articles that the answer does not name."""

    @app.action(MORE)
    async def pressed(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        known = await pressed_answer(find, body, respond)
        if known is None:
            return
        question, answer = known
        asked = replace(question, text=answer.searched or question.text)
        try:
            found = await search(asked, len(answer.sources) + results.PAGE)
        except IndexFailure as failure:
            await whisper(respond, body, notices.search_failed(question.text, failure))
        else:
            await whisper(respond, body, results.further(question, answer, found.hits))
