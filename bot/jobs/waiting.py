"""How many questions wait for their turn, and whether one more may."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at a time, and how much may wait.

    ``concurrency`` bounds the answers written at a time by one process, ``per_person`` those of one person
    over all replicas; more than ``waiting`` questions, or ``waiting_per_person`` of one person, are refused.
    ``poll`` is how often (seconds) the queue is looked at for work that other replicas have no room for: for
    its own a process looks at once. ``look`` is how often the neighbours are looked after.
    """

    concurrency: int = 2
    per_person: int = 1
    waiting: int = 200
    waiting_per_person: int = 50
    poll: float = 0.5
    look: float = 10.0


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Waiter:
    """A question on the queue."""

    id: str
    person: str


class Waiting:
    """The queue as *look* shows it, oldest first, and the questions of this process on their way to it."""

    def __init__(self, limits: Limits, look: Callable[[], Awaitable[list[Waiter]]]) -> None:
        self._limits, self._look = limits, look
        self._looking: asyncio.Task[list[Waiter]] | None = None
        self._opening: dict[str, str] = {}

    @contextlib.contextmanager
    def opening(self, name: str, person: str) -> Iterator[None]:
        """Count the question *name* as waiting before it is on the queue."""
        self._opening[name] = person
        try:
            yield
        finally:
            self._opening.pop(name, None)

    async def count(self) -> int:
        """How many wait."""
        return len(await self._seen()) + len(self._opening)

    async def before(self, name: str) -> int:
        """How many came before *name* and still wait; 0 when it is next or at work."""
        ids = [waiter.id for waiter in await self._seen()]
        return ids.index(name) if name in ids else 0

    async def too_many(self, person: str) -> bool:
        """Whether more wait than may, over all or of *person*, the one being opened included."""
        people = [waiter.person for waiter in await self._seen()] + list(self._opening.values())
        return len(people) > self._limits.waiting or people.count(person) > self._limits.waiting_per_person

    async def _seen(self) -> list[Waiter]:
        """One look for all who ask meanwhile: while the database is away a look lasts, and holds a thread."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._made(), context=contextvars.Context())
        return await asyncio.shield(self._looking)

    async def _made(self) -> list[Waiter]:
        return await self._look()
