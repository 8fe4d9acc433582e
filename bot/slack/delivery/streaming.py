"""Where an answer grows: a stream of Slack's where the workspace has them, else updates [Slack Web API].

A stream (docs.slack.dev/reference/methods/chat.startStream) is a message of its own that takes no metadata
before its end. So the sign that was posted first, which has metadata, stays until the stream has ended with
its own: at every moment one of the two can be found by the question's id, and a stream that nobody claims was
left by a process that died (posting.py here). At the end the stream is the reply, and the sign is removed.

Slack closes a stream after about five minutes (slackapi/python-slack-sdk#1859) and holds about 12,000
characters in one; then, or when it is unknown whether a text arrived, the whole is put there by chat.update.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import structlog

from bot.errors import SlackFailure
from bot.model import Question, Stage
from bot.slack.calls import SlackLimited, SlackTrouble, SlackUnreachable
from bot.slack.delivery.painter import Pace
from bot.slack.delivery.posting import Posts, update
from bot.slack.delivery.threads import metadata
from bot.slack.rendering import replies
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Reply

UPDATE_SECONDS, TEXT_EARLY, STAGE_EARLY = 1.5, 13.5, 4.5
"""chat.update is Tier 3, 50 a minute for the workspace: all answers being written share these places. First
texts, and some stages before them, may take theirs early (bot.slack.delivery.painter.Pace)."""
START_SECONDS, START_EARLY = 6.0, 54.0
"""chat.startStream is Tier 2, 20 a minute, shared likewise; ten at once. Further answers grow by updates."""
APPEND_SECONDS = 0.6
"""chat.appendStream is Tier 4, 100 a minute, shared likewise."""
STREAM_CHARACTERS = 11_000
"""Streams were seen to refuse more somewhere between this and 12,000 (openabdev/openab#1056)."""

# Refusals that tell about this place or question, not about what the workspace can do.
_HERE = {
    "channel_not_found",
    "channel_type_not_supported",
    "invalid_recipient_team_id",
    "invalid_recipient_user_id",
    "invalid_thread_ts",
    "is_archived",
    "message_not_found",
    "missing_recipient_team_id",
    "missing_recipient_user_id",
    "not_in_channel",
    "thread_not_found",
    "user_not_found",
}

log = structlog.get_logger(__name__)


class Streams:
    """What the answers of one workspace share: the paces, and whether it has streams at all."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, native: bool = True) -> None:
        self.updates = Pace(UPDATE_SECONDS, clock=clock)
        self.starts = Pace(START_SECONDS, clock=clock)
        self.appends = Pace(APPEND_SECONDS, clock=clock)
        self.native = native


class Page:
    """The reply to *question* while it is written, opened as *sign*; ``ts`` is where it stands.

    It is its own pace for a Painter: that of the way by which it is written at the moment.
    """

    def __init__(
        self, posts: Posts, question: Question, sign: str, streams: Streams, *, native: bool = True
    ) -> None:
        self._posts, self._question, self._sign, self._streams = posts, question, sign, streams
        self.ts = sign
        self._sent = ""
        self._begun = False
        self._way: Literal["sign", "stream", "update"] = "sign" if native and streams.native else "update"

    def reserve(self, version: Stage | str, /) -> float:
        """Take the next place; return the seconds until it comes. Stages never wait, see ``tell``."""
        if isinstance(version, Stage):
            return 0.0
        updates = self._streams.updates
        if self._way == "sign":
            if self._streams.starts.free(START_EARLY):
                updates.reserve()  # for the claim
                return self._streams.starts.reserve(early=START_EARLY)
            self._way = "update"
        return self._pace.reserve() if self._begun else updates.reserve(early=TEXT_EARLY)

    def hold(self, seconds: float) -> None:
        """Give no place for *seconds*."""
        self._pace.hold(seconds)

    @property
    def _pace(self) -> Pace:
        return self._streams.appends if self._way == "stream" else self._streams.updates

    def legible(self, text: str) -> bool:
        """Whether so much of the answer is enough to show: a stream cannot begin with half a word."""
        return self._way != "sign" or bool(slack_text.growing(text).strip())

    async def write(self, text: str) -> None:
        """Show the answer as far as it is written. Raises as one call does, and may be repeated."""
        if self._way == "sign":
            await self._begin(slack_text.growing(text))
        elif self._way == "stream":
            await self._append(slack_text.growing(text))
        if self._way == "update":
            await self._put(replies.progress(self._question, text))
        self._begun = self._way != "sign"

    async def tell(self, stage: Stage) -> None:
        """Show what is being done, if that can be at once: the first text is not to stand behind it."""
        if self._streams.updates.free(STAGE_EARLY):
            self._streams.updates.reserve(early=STAGE_EARLY)
            await self._put(replies.stage(self._question, stage))

    async def _put(self, reply: Reply) -> None:
        await self._posts.calls.once("chat.update", update(self._question, self.ts, reply, 0, "open"))

    async def _begin(self, shown: str) -> None:
        if not shown.strip():
            return
        shown = shown[:STREAM_CHARACTERS]
        arguments = {
            "channel": self._question.channel,
            "thread_ts": self._question.root,
            "recipient_user_id": self._question.person,
            "recipient_team_id": self._question.team,
            "markdown_text": shown,
        }
        self._way = "update"
        try:
            started = await self._posts.calls.once("chat.startStream", arguments)
        except SlackTrouble as trouble:
            if isinstance(trouble, SlackLimited):
                self._streams.starts.hold(trouble.seconds)
            # Whether a stream began is unknown; if so it is nobody's, and goes.
            await self._posts.recovered(self._question, self._sign)
            return
        except SlackFailure as failure:
            self._streams.native &= failure.code in _HERE
            log.info("no stream", question=self._question.id, code=failure.code)
            return
        self._way, self._sent, self.ts = "stream", shown, str(started["ts"])
        await self._claim()

    async def _claim(self) -> None:
        """Write on the sign which stream is its own; a sign that somebody deleted ends the answer."""
        sign = update(self._question, self._sign, replies.writing(self._question), 0, "open", stream=self.ts)
        try:
            await self._posts.calls.once("chat.update", sign)
        except SlackTrouble:
            log.info("stream not claimed", question=self._question.id)

    async def _append(self, shown: str) -> None:
        rest = shown.removeprefix(self._sent)
        if not shown.startswith(self._sent) or len(shown) > STREAM_CHARACTERS:
            await self._leave()
        elif rest:
            try:
                await self._posts.calls.once("chat.appendStream", self._named(markdown_text=rest))
            except SlackFailure as failure:
                log.info("stream left", question=self._question.id, code=failure.code)
                await self._leave()
            except SlackUnreachable:
                await self._leave()
            else:
                self._sent = shown

    async def _leave(self) -> None:
        """Close the stream; from now on its message is updated."""
        try:
            await self._posts.calls.once("chat.stopStream", self._named())
        except SlackFailure as failure:
            log.info("stream was closed", question=self._question.id, code=failure.code)
        self._way = "update"

    async def end(self, messages: Sequence[Reply], state: str) -> bool:
        """Close the stream, with the rest of its text and *messages*' blocks if they are one that fits.

        False where that was not to be had, and ``ts`` is a message to be updated.
        """
        if self._way != "stream":
            return False
        first, *below = messages[0]["blocks"]
        whole = first.get("text", "") if first["type"] == "markdown" else ""
        fits = len(messages) == 1 and whole.startswith(self._sent) and len(whole) <= STREAM_CHARACTERS
        last = {"metadata": metadata(self._question, 0, state), "blocks": below}
        if rest := whole[len(self._sent) :]:
            last["markdown_text"] = rest
        fits = fits and await self._stop(self._named(**last))
        if not fits:
            await self._stop(self._named())
        self._way = "update"
        return fits

    async def _stop(self, arguments: dict[str, Any]) -> bool:
        try:
            await self._posts.calls.call("chat.stopStream", arguments)
        except SlackFailure as failure:
            log.info("stream not stopped", question=self._question.id, code=failure.code)
            return False
        return True

    async def clear(self) -> None:
        """Take the sign away where a stream has become the reply."""
        if self.ts != self._sign:
            await self._posts.remove(self._question, self._sign)

    async def drop(self) -> None:
        """Take away what is left of a reply that was given up."""
        if self.ts != self._sign:
            await self._posts.remove(self._question, self.ts, stream=True)
            await self._posts.remove(self._question, self._sign)

    def _named(self, **more: Any) -> dict[str, Any]:
        return {"channel": self._question.channel, "ts": self.ts, **more}
