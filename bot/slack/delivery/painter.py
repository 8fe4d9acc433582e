"""Many versions of one thing to show, a slow place to show them: the newest wins, at a bounded pace."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from bot.errors import SlackFailure
from bot.slack.calls import LONGEST_WAIT, SlackLimited, SlackUnreachable, Sleep

T = TypeVar("T")
V_contra = TypeVar("V_contra", contravariant=True)


class Places(Protocol[V_contra]):
    """Who says when the next call may be made."""

    def reserve(self, version: V_contra, /) -> float:
        """Take the next place, for *version*; return the seconds until it comes."""

    def hold(self, seconds: float) -> None:
        """Give no place for *seconds*."""


class Pace:
    """Places *interval* seconds apart, shared by all that draw on one rate limit.

    A place may be taken some seconds *early*, so that what somebody waits for does not stand behind what can
    wait. In *t* seconds no more than (t + early) / interval + 1 places are given.
    """

    def __init__(self, interval: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next = 0.0
        self._held = 0.0

    def free(self, early: float = 0.0) -> bool:
        """Whether the next place is there at once, if taken up to *early* seconds before it comes."""
        return not self._until(early)

    def reserve(self, _for: object = None, /, *, early: float = 0.0) -> float:
        """Take the next place; return the seconds until it comes, less *early*."""
        wait = self._until(early)
        self._next = max(self._clock(), self._next) + self._interval
        return wait

    def hold(self, seconds: float) -> None:
        """Give no place for *seconds*, because the other side asked for it."""
        self._held = self._clock() + min(seconds, LONGEST_WAIT)
        self._next = max(self._next, self._held)

    def _until(self, early: float) -> float:
        return max(0.0, max(self._held, self._next - early) - self._clock())


class Painter(Generic[T]):
    """Shows what is offered while its ``async with`` lasts, and nothing after it.

    What *show* is busy with when the block ends is waited for, so that what is shown next stays last. With
    *renew*, the newest version is shown again after so many seconds without a change. ``failure`` holds the
    refusal after which showing was given up.
    """

    def __init__(
        self,
        show: Callable[[T], Awaitable[None]],
        pace: Places[T],
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
            if self._newest is not None and (wait := self._pace.reserve(self._newest)):
                await self._sleep(wait)
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
