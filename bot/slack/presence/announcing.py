"""Tells a channel what a refresh brought, or that it failed: once, however many replicas [Slack Web API]."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotFailure
from bot.phrases import Phrases, choose
from bot.slack.calls import Calls, Json, Sleep
from bot.slack.rendering import notices
from bot.slack.rendering.blocks import Reply
from index.model import Report

EVENT_TYPE = "blogbot_news"
_LATELY = 20
"""Messages of the channel among which ours is looked for when its post had an unknown end."""

log = structlog.get_logger(__name__)


class Announcer:
    """Speaks in *channel* through *web*, or nowhere where that is "".

    What cannot be said is logged, and never raised. *take_turn* tells whether this replica is the first to
    say what the names given stand for, *language* the channel's (a code, or ""). That a blog was indexed for
    the first time is no news.
    """

    def __init__(
        self,
        web: Callable[[], Awaitable[AsyncWebClient]],
        channel: str,
        *,
        take_turn: Callable[..., Awaitable[bool]],
        language: Callable[[str], Awaitable[str]],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._web, self._channel, self._sleep = web, channel, sleep
        self._take_turn, self._language = take_turn, language

    async def refreshed(self, report: Report, run: str, *, recovered: bool) -> None:
        """Tell what is new in the blog, once for each commit and each scheduled *run*."""
        if recovered:
            await self._say(notices.refresh_recovered, f"{run or report.generation}: recovered")
        if report.added + report.changed + report.removed and report.added < report.articles:
            names = (f"news of {report.commit}", *([f"{run}: news"] if run else []))
            await self._say(lambda words: notices.news(words, report), *names)

    async def failed(self, failure: Exception, run: str, *, first: bool) -> None:
        """Raise the alarm when the scheduled *run* is the *first* to fail, once for each kind of failure."""
        if first:
            name = f"{run}: {type(failure).__name__}"
            await self._say(lambda words: notices.refresh_alarm(words, failure), name)

    async def _say(self, sentence: Callable[[Phrases], Reply], *names: str) -> None:
        if not self._channel:
            return
        try:
            words = choose("", await self._language(self._channel))
            calls = Calls(await self._web(), sleep=self._sleep)
            if await self._take_turn(*names):
                await self._post(calls, sentence(words), names[0])
        except BotFailure as failure:
            log.warning("not announced", what=names[0], reason=str(failure), fix=failure.fix)

    async def _post(self, calls: Calls, reply: Reply, name: str) -> None:
        async def done() -> Json | None:
            return await self._posted(calls, name)

        marks = {"event_type": EVENT_TYPE, "event_payload": {"name": name}}
        where = {"channel": self._channel, "unfurl_links": False, "unfurl_media": False}
        await calls.call("chat.postMessage", {**where, **reply, "metadata": marks}, done=done)

    async def _posted(self, calls: Calls, name: str) -> Json | None:
        """The message called *name* where it stands in the channel already; None too where we cannot look."""
        look = {"channel": self._channel, "limit": _LATELY, "include_all_metadata": "true"}
        try:
            page = await calls.once("conversations.history", look)
        except BotFailure as failure:
            log.info("channel not read", reason=str(failure))
            return None
        marked = ((message, message.get("metadata") or {}) for message in page.get("messages") or ())
        ours = (message for message, marks in marked if marks.get("event_payload") == {"name": name})
        return next(ours, None)
