"""Extras around a reply that not every workspace has: the status line, the agent session [Slack Web API]."""

import time
from collections.abc import Callable
from typing import Literal

import structlog

from bot.errors import SlackFailure
from bot.model import Question
from bot.slack.calls import Calls, Json, SlackTrouble
from bot.slack.delivery.painter import Pace

STATUS_PACE = 1.2
STATUS_SECONDS = 100.0
"""A status is set again after so long: Slack clears it after 120 s without a message."""

log = structlog.get_logger(__name__)


class Status:
    """Sets what the workspace has; a method that it refuses is not asked for again. Never raises."""

    def __init__(self, calls: Calls, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._lacking: set[str] = set()
        self.pace = Pace(STATUS_PACE, clock=clock)

    async def line(self, question: Question, line: str) -> None:
        """Say *line* at the end of the thread; "" takes it away."""
        arguments = {"channel_id": question.channel, "thread_ts": question.root, "status": line}
        await self._extra("assistant.threads.setStatus", arguments)

    async def session(self, question: Question, state: Literal["processing", "active"]) -> None:
        """Have Slack show its own stop button while the thread is ``processing``."""
        arguments = {"channel_id": question.channel, "thread_ts": question.root, "status": state}
        await self._extra("agents.sessions.setStatus", arguments)

    async def _extra(self, method: str, arguments: Json) -> None:
        if method in self._lacking:
            return
        try:
            await self._calls.once(method, arguments)
        except SlackTrouble:
            pass
        except SlackFailure as failure:
            log.info("not in this workspace", method=method, code=failure.code)
            self._lacking.add(method)
