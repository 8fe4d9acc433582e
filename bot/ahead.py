"""Events taken from their source at once, while their reader is busy with something else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Gives out *events* in their order, and raises what they raise; takes them from now on.

    ``aclose`` it in the end.
    """

    def __init__(self, events: AsyncIterator[T]) -> None:
        self._taken: asyncio.Queue[T | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._take(events))

    async def _take(self, events: AsyncIterator[T]) -> None:
        try:
            async for event in events:
                self._taken.put_nowait(event)
        finally:
            self._taken.put_nowait(None)
            await close(events)

    def __aiter__(self) -> AsyncIterator[T]:
        """Itself: it can be read once."""
        return self

    async def __anext__(self) -> T:
        """The next event."""
        event = await self._taken.get()
        if event is not None:
            return event
        self._taken.put_nowait(None)
        await self._task
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Take no more, and let the source clean up."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def close(events: object) -> None:
    """Let a generator that is left early clean up at once, so that the model stops writing."""
    aclose = getattr(events, "aclose", None)
    if aclose is not None:
        await aclose()
