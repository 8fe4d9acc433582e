"""A model that has to be loaded first: people are told, and how long that took the last time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from bot.ahead import close
from bot.errors import ModelFailure
from bot.model import Event, Stage

LOOK_SECONDS = 1.0
"""Longest look at what is loaded; a server that takes longer has other troubles to tell of."""


class Loading:
    """*loaded* says whether the model is in memory, and may raise ModelFailure.

    ``seconds`` is what the last loading took, to its end or to the first word; 0 when none was seen.
    """

    def __init__(
        self, loaded: Callable[[], Awaitable[bool]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loaded = loaded
        self._clock = clock
        self.seconds = 0.0

    async def measured(self, preload: Callable[[], Awaitable[None]]) -> None:
        """Load the model, and remember how long that took; raises as *preload* does."""
        cold = await self._cold()
        began = self._clock()
        await preload()
        if cold:
            self.seconds = self._clock() - began

    async def told(self, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Yield *events*, with Stage("loading", seconds) where the model has yet to be loaded."""
        began: float | None = None
        try:
            async for event in events:
                yield event
                if isinstance(event, Stage) and event.name == "reading" and await self._cold():
                    began = self._clock()
                    yield Stage("loading", round(self.seconds))
                elif began and isinstance(event, Stage) and event.name == "writing":
                    self.seconds, began = self._clock() - began, None
        finally:
            await close(events)

    async def _cold(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return not await self._loaded()
        except (ModelFailure, TimeoutError):
            return False
