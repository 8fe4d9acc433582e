"""Events taken from their source at once, while their reader is busy with something else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Gives out *events* in their order, and raises what they raise; takes them from now on.

    One task takes them from beginning to end: time limits within *events* belong to the task they began in.
    ``aclose`` it in the end.
    """

    def __init__(self, events: AsyncIterator[T]) -> None:
        self._taken: asyncio.Queue[T | None] = asyncio.Queue()
        self._cut = False
        self._task = asyncio.create_task(self._take(events))
        self._task.add_done_callback(lambda _: self._taken.put_nowait(None))  # even when it never began

    async def _take(self, events: AsyncIterator[T]) -> None:
        try:
            async for event in events:
                self._taken.put_nowait(event)
        finally:
            await close(events)

    def cut(self) -> None:
        """Take no more, and let the source clean up: what was taken is given out, and then this ends."""
        self._cut = True
        self._task.cancel()

    @property
    def was_cut(self) -> bool:
        """Whether ``cut`` came before the end of the events."""
        return self._cut and self._task.cancelled()

    def __aiter__(self) -> AsyncIterator[T]:
        """Itself: it can be read once."""
        return self

    async def __anext__(self) -> T:
        """The next event."""
        event = await self._taken.get()
        if event is not None:
            return event
        self._taken.put_nowait(None)
        if not self.was_cut:
            self._task.result()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Take no more, and wait until the source has cleaned up."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def close(events: object) -> None:
    """Let a generator that is left early clean up at once, so that the model stops writing."""
    aclose = getattr(events, "aclose", None)
    if aclose is not None:
        await aclose()
