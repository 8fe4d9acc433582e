"""Our messages in a thread: posted once, updated, taken away [Slack Web API]."""

from typing import Any

import structlog

from bot.errors import SlackFailure
from bot.model import Question
from bot.slack.calls import Calls, Json
from bot.slack.delivery import threads
from bot.slack.rendering.blocks import Reply

log = structlog.get_logger(__name__)


class Posts:
    """Writes and finds the messages of *bot_user*; raises as *calls* do."""

    def __init__(self, calls: Calls, bot_user: str) -> None:
        self.calls = calls
        self._bot_user = bot_user

    async def find(self, question: Question, part: int = 0) -> Json | None:
        """The message that is part *part* of the reply to *question*, or None."""
        return await threads.find(self.calls, question, self._bot_user, part)

    async def post(self, question: Question, reply: Reply, part: int, state: str) -> Json:
        """Post part *part* of the reply in the thread; where an attempt had its effect unseen, find it."""

        async def done() -> Json | None:
            return await self.find(question, part)

        where = {"thread_ts": question.root, "unfurl_links": False, "unfurl_media": False}
        arguments = _arguments(question, reply, part, state) | where
        try:
            posted = await self.calls.call("chat.postMessage", arguments, done=done)
        except SlackFailure as failure:
            log.warning("reply not posted", question=question.id, code=failure.code)
            raise
        message = posted.get("message") or posted
        if message.get("thread_ts") != question.root:
            # Slack posts at top level, without an error, when the thread's first message is gone.
            await self.calls.call("chat.delete", {"channel": question.channel, "ts": posted["ts"]})
            raise SlackFailure("The message that asked was deleted.", code="parent_deleted")
        return posted

    async def put(self, question: Question, reply: Reply, part: int, state: str) -> None:
        """Post part *part*, or update it where an earlier attempt posted it."""
        found = await self.find(question, part)
        if found is None:
            await self.post(question, reply, part, state)
        else:
            await self.calls.call("chat.update", update(question, str(found["ts"]), reply, part, state))

    async def recovered(self, question: Question, ts: str) -> tuple[str, bool]:
        """The name of the reply that was opened as *ts*, and whether the thread can be read.

        A process that died may have left a stream without its end, which is taken away, or have come to the
        end of one, which then is the reply in place of *ts*.
        """
        left = await threads.left_behind(self.calls, question, self._bot_user, ts)
        if left is None:
            return ts, False
        for stray in left.strays:
            log.info("stream left behind", question=question.id)
            await self.remove(question, stray, stream=True)
        if left.reply:
            await self.remove(question, ts)
        return left.reply or ts, True

    async def remove(self, question: Question, ts: str, *, stream: bool = False) -> None:
        """Take a message of ours away; one that is gone already is fine."""
        place = {"channel": question.channel, "ts": ts}
        for method in ("chat.stopStream", "chat.delete") if stream else ("chat.delete",):
            try:
                await self.calls.call(method, place)
            except SlackFailure as failure:
                if failure.code not in {"message_not_found", "message_not_in_streaming_state"}:
                    log.warning("message not removed", question=question.id, code=failure.code)


def update(
    question: Question, ts: str, reply: Reply, part: int, state: str, *, stream: str = ""
) -> dict[str, Any]:
    """The arguments of chat.update; *stream* is the message in which the answer grows meanwhile."""
    return _arguments(question, reply, part, state, stream) | {"ts": ts}


def _arguments(question: Question, reply: Reply, part: int, state: str, stream: str = "") -> dict[str, Any]:
    marks = threads.metadata(question, part, state, stream)
    return {"channel": question.channel, **reply, "metadata": marks}
