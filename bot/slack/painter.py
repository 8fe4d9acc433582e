"""Many versions of one thing to show, a slow place to show them: the newest wins, at a bounded pace."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from bot.errors import SlackFailure
from bot.slack.calls import LONGEST_WAIT, SlackLimited, SlackUnreachable, Sleep

T = TypeVar("T")


class Places(Protocol):
    """Who says when the next call may be made."""

    def reserve(self) -> float:
        """Take the next place; return the seconds until it comes."""

    def hold(self, seconds: float) -> None:
        """Give no place for *seconds*."""


class Pace:
    """Places at least *interval* seconds apart, shared by all that draw on one rate limit."""

    def __init__(self, interval: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next = 0.0

    @property
    def free(self) -> bool:
        """Whether the next place is there at once."""
        return self._clock() >= self._next

    def reserve(self) -> float:
        """Take the next place; return the seconds until it comes."""
        now = self._clock()
        place = max(now, self._next)
        self._next = place + self._interval
        return place - now

    def hold(self, seconds: float) -> None:
        """Give no place for *seconds*, because the other side asked for it."""
        self._next = max(self._next, self._clock() + min(seconds, LONGEST_WAIT))


class Painter(Generic[T]):
    """Shows what is offered while its ``async with`` lasts, and nothing after it.

    What *show* is busy with when the block ends is waited for, so that what is shown next stays last. With
    *renew*, the newest version is shown again after so many seconds without a change. ``failure`` holds the
    refusal after which showing was given up.
    """

    def __init__(
        self,
        show: Callable[[T], Awaitable[None]],
        pace: Places,
        *,
        renew: float | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._show = show
        self._pace = pace
        self._renew = renew
        self._sleep = sleep
        self._newest: T | None = None
        self._fresh = asyncio.Event()
        self._showing = asyncio.Lock()
        self.shown = False
        self.failure: SlackFailure | None = None

    def offer(self, version: T) -> None:
        """Show *version* when there is a place, unless a newer one is offered before."""
        self._newest = version
        self._fresh.set()

    async def __aenter__(self) -> Self:
        """Begin to show."""
        self._task = asyncio.create_task(self._paint())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, after what is being shown right now."""
        async with self._showing:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _paint(self) -> None:
        while self.failure is None:
            await self._change()
            await self._sleep(self._pace.reserve())
            async with self._showing:
                await self._show_newest()

    async def _change(self) -> None:
        try:
            async with asyncio.timeout(self._renew if self.shown else None):
                await self._fresh.wait()
        except TimeoutError:
            pass

    async def _show_newest(self) -> None:
        self._fresh.clear()
        if self._newest is None:
            return
        try:
            await self._show(self._newest)
            self.shown = True
        except SlackLimited as limit:
            self._pace.hold(limit.seconds)
            self._fresh.set()
        except SlackUnreachable:
            pass  # a newer version, or the last one, will do
        except SlackFailure as failure:
            self.failure = failure
