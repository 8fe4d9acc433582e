"""A question's reply in Slack: a sign at once, the answer as it is written, the whole of it at the end.

Everything can be done again after a crash: messages carry the question's id in their metadata and are looked
for before they are posted, and updating one twice does no harm.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from functools import partial

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.ahead import Ahead, close
from bot.errors import BotFailure, SlackFailure
from bot.model import Answer, Delta, Event, Message, Question, Stage
from bot.phrases import words_for
from bot.slack.calls import Calls, Sleep
from bot.slack.delivery import private as slack_private
from bot.slack.delivery import threads as slack_threads
from bot.slack.delivery.painter import Painter
from bot.slack.delivery.posting import Posts, update
from bot.slack.delivery.status import STATUS_SECONDS, Status
from bot.slack.delivery.streaming import Page, Streams
from bot.slack.rendering import replies
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Reply

PLACE_SECONDS = 3.0
"""Between two looks at the queue."""
PRIVATE_PARTS = 4
"""Of a response_url's five uses the first is the sign."""

_TOLD = {"searching", "writing"}
"""Stages that the reply need not be changed for: the sign tells the first, the first text the other."""

_TOO_MUCH = {
    "msg_too_long",
    "msg_blocks_too_long",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_arguments",
}
_SHORT = 3_000

log = structlog.get_logger(__name__)


class Delivery:
    """Replies in Slack. SlackFailure: it refuses for good; SlackTrouble (bot.slack.calls): later it may work.

    *client* must come from :func:`bot.slack.calls.client` or be like it: a time limit and no retry handlers.
    *bot_user* is the bot's own user id, from auth.test.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        bot_user: str,
        streams: bool = True,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = Calls(client, sleep=sleep)
        self._posts = Posts(self._calls, bot_user)
        self._bot_user = bot_user
        self._sleep = sleep
        self._streams = Streams(clock=clock, native=streams)
        self._status = Status(self._calls, clock=clock)

    async def open(self, question: Question) -> str:
        """Show at once that *question* is being worked on; return the name of the reply.

        That is the timestamp of a message in the thread, found again if an earlier attempt posted it. A
        private reply to a slash command has none, so there the question's id is its name.
        """
        if question.kind == "command":
            await slack_private.send(self._calls, question, replies.stage(question), sleep=self._sleep)
            return question.id
        found = await self._posts.find(question)
        return str((found or await self._posts.post(question, replies.stage(question), 0, "open"))["ts"])

    async def wait(self, question: Question, ts: str, place: Callable[[Question], Awaitable[int]]) -> None:
        """Show in the reply *ts* how many questions come before this one, until it is next.

        Only while no answer needs the calls that this takes; a private reply cannot change.
        """
        shown = 0
        while question.kind != "command":
            await self._sleep(PLACE_SECONDS)
            try:
                before = await place(question)
                if not before:
                    return
                if before != shown and self._streams.updates.free():
                    self._streams.updates.reserve()
                    reply = replies.stage(question, Stage("queued", before))
                    await self._calls.once("chat.update", update(question, ts, reply, 0, "open"))
                    shown = before
            except BotFailure as failure:
                log.info("place not shown", question=question.id, failure=type(failure).__name__)

    async def show(self, question: Question, ts: str, events: AsyncIterator[Event]) -> tuple[Answer, str]:
        """Write *events* into the reply *ts* and finish it; return the Answer that ended them, and its name.

        The name is another than *ts* where the answer grew in a stream. A reply that someone deleted, or a
        channel that was archived, ends it early with SlackFailure.
        """
        if question.kind == "command":
            answer = await self._wait(question, events)
            await self._complete(question, ts, answer)
            return answer, ts
        async with aclosing(Ahead(events)) as coming:  # the model need not wait for what is asked of Slack
            return await self._show(question, ts, coming)

    async def _show(self, question: Question, ts: str, events: AsyncIterator[Event]) -> tuple[Answer, str]:
        sign, readable = await self._posts.recovered(question, ts)
        page = Page(self._posts, question, sign, self._streams, native=readable)
        await self._status.session(question, "processing")
        try:
            answer = await self._write(question, page, events)
            messages = replies.render(question, answer)
            if not await page.end(messages, answer.outcome):
                await self._complete(question, page.ts, answer)
        except SlackFailure:
            await page.drop()
            raise
        finally:
            await self._status.session(question, "active")
        await page.clear()
        return answer, page.ts

    async def finish(self, question: Question, ts: str, answer: Answer) -> None:
        """Make *answer* the reply *ts*, or post it where *ts* is ""."""
        if ts and question.kind != "command":
            ts, _ = await self._posts.recovered(question, ts)
        await self._complete(question, ts, answer)

    async def _complete(self, question: Question, ts: str, answer: Answer) -> None:
        """What Slack finds too long or too new takes shorter and older forms."""
        refusal: SlackFailure | None = None
        for messages in _versions(question, answer):
            try:
                await self._finish(question, ts, answer, messages)
            except SlackFailure as failure:
                if failure.code not in _TOO_MUCH:
                    raise
                log.warning("reply refused", question=question.id, code=failure.code)
                refusal = failure
            else:
                return
        if refusal:
            raise refusal

    async def say(self, question: Question, reply: Reply) -> None:
        """Post a short reply in the question's thread, once however often it is called."""
        if await self._posts.find(question) is None:
            await self._posts.post(question, reply, 0, "said")

    async def thread(self, question: Question) -> tuple[Message, ...]:
        """What was said in the question's thread before it, with roles; empty where it may not be read."""
        return await slack_threads.history(self._calls, question, self._bot_user)

    async def _write(self, question: Question, page: Page, events: AsyncIterator[Event]) -> Answer:
        words = words_for(question)
        text = ""

        async def paint(version: Stage | str) -> None:
            if isinstance(version, str):
                await page.write(version)
            else:
                await page.tell(version)

        async with AsyncExitStack() as stack:
            stack.push_async_callback(close, events)
            painter = await stack.enter_async_context(Painter(paint, page, sleep=self._sleep))
            line = partial(self._status.line, question)
            sign: Painter[str] = Painter(line, self._status.pace, renew=STATUS_SECONDS, sleep=self._sleep)
            stack.push_async_callback(_clear, line, sign)
            await stack.enter_async_context(sign)
            async for event in events:
                match event:
                    case Answer():
                        return event
                    case Stage():
                        sign.offer(replies.stage_text(words, event))
                        if not text and event.name not in _TOLD:
                            painter.offer(event)
                    case Delta():
                        text += event.text
                        if page.legible(text):
                            painter.offer(text)
                if painter.failure and painter.failure.code not in _TOO_MUCH:
                    log.warning("reply given up", question=question.id, code=painter.failure.code)
                    raise painter.failure
        return Answer(question.text, "", "failed")

    async def _wait(self, question: Question, events: AsyncIterator[Event]) -> Answer:
        """A private answer is not streamed: see bot.slack.delivery.private."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(close, events)
            async for event in events:
                if isinstance(event, Answer):
                    return event
        return Answer(question.text, "", "failed")

    async def _finish(self, question: Question, ts: str, answer: Answer, messages: tuple[Reply, ...]) -> None:
        if question.kind == "command":
            for reply in messages[:PRIVATE_PARTS]:
                await slack_private.send(self._calls, question, reply, sleep=self._sleep)
            return
        for part, reply in enumerate(messages):
            if part == 0 and ts:
                await self._calls.call("chat.update", update(question, ts, reply, 0, answer.outcome))
            else:
                await self._posts.put(question, reply, part, answer.outcome)


async def _clear(line: Callable[[str], Awaitable[None]], sign: Painter[str]) -> None:
    if sign.shown:
        await line("")


def _versions(question: Question, answer: Answer) -> Iterator[tuple[Reply, ...]]:
    """The reply as it should be, then in forms that ask less of Slack."""
    yield replies.render(question, answer)
    yield replies.render(question, answer, limit=_SHORT)
    yield replies.render(question, answer, limit=_SHORT, classic=True)
    short = replace(answer, text=slack_text.shorten(answer.text, _SHORT // 3), sources=answer.sources[:3])
    yield replies.render(question, short, limit=_SHORT, classic=True)[:1]
