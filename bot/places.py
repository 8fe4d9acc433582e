"""Where the waiting questions stand in the queue, shown while they wait."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.model import Question

Place = Callable[[Question], Awaitable[int]]
"""How many questions that came before this one still wait."""


class Places:
    """Shows places by *show* (question, reply, place), which ends where there is nothing more to show."""

    def __init__(
        self, show: Callable[[Question, str, Place], Coroutine[Any, Any, None]], place: Place
    ) -> None:
        self._show, self._place = show, place
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def follow(self, question: Question, reply: str) -> None:
        """Begin to show a question's place in *reply*."""
        # With a context of its own: the caller's belongs to a durable step that is about to end.
        task = asyncio.create_task(self._show(question, reply, self._place), context=contextvars.Context())
        self._waiting[question.id] = task
        task.add_done_callback(lambda _: self._waiting.pop(question.id, None))

    async def leave(self, question: Question) -> None:
        """Show a question's place no more, and wait for what is being shown right now."""
        if question.id in self._waiting:
            await _ended(self._waiting[question.id])

    async def close(self) -> None:
        """Show no more places."""
        await _ended(*self._waiting.values())


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
