"""A few places at a few servers: the least loaded healthy one is taken, whoever comes later waits in line."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from zlib import crc32

from bot.errors import ModelBusy, ModelUnavailable
from bot.llm.breaker import Breaker, Verdict
from bot.llm.values import HostState, PoolState

Member = TypeVar("Member")


@dataclass(slots=True)
class Place(Generic[Member]):
    """A server with its breaker and the number of answers it writes."""

    member: Member
    breaker: Breaker
    in_flight: int = 0

    @property
    def address(self) -> str:
        """What people know the server by."""
        return str(self.member)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter(Generic[Member]):
    key: str
    avoid: Place[Member] | None
    turn: "asyncio.Future[Place[Member]]"


class Pool(Generic[Member]):
    """*parallel* answers at once at each of *members*; past that, *queue* wait at most *patience* seconds."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        parallel: int,
        queue: int,
        patience: float,
        clock: Callable[[], float],
    ) -> None:
        self.places = tuple(Place(member, Breaker(clock)) for member in members)
        self._parallel = parallel
        self._queue = queue
        self._patience = patience
        self._waiting: deque[_Waiter[Member]] = deque()

    @property
    def state(self) -> PoolState:
        """How it stands; cheap."""
        hosts = (HostState(p.address, not p.breaker.admits, p.in_flight) for p in self.places)
        return PoolState(tuple(hosts), len(self._waiting))

    async def take(self, key: str, *, avoid: Place[Member] | None = None) -> Place[Member]:
        """Take a place; it must be given back.

        Among equally loaded servers the same *key* leads to the same one, whose prefix cache knows it. A
        place to *avoid* is taken only where there is no other, and whoever names one was here before and goes
        first. Raises ModelUnavailable while every breaker is open, ModelBusy when too many wait already or we
        waited for too long.
        """
        self._refuse_if_all_rest()
        turn: asyncio.Future[Place[Member]] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(key, avoid, turn)
        (self._waiting.appendleft if avoid else self._waiting.append)(waiter)
        self._serve()
        if waiter in self._waiting and len(self._waiting) > self._queue and not avoid:
            self._waiting.remove(waiter)
            raise _busy(len(self._waiting))
        try:
            async with asyncio.timeout(self._patience):
                return await turn
        except TimeoutError as exc:
            self._leave(waiter)
            raise _busy(len(self._waiting)) from exc
        except asyncio.CancelledError:
            self._leave(waiter)
            raise

    def give_back(self, place: Place[Member], verdict: Verdict) -> None:
        """Free a place, saying how its server did."""
        place.in_flight -= 1
        place.breaker.end(verdict)
        self._serve()

    def _serve(self) -> None:
        """Hand free places to those who wait longest, or tell them all that there will be none."""
        while self._waiting:
            waiter = self._waiting[0]
            if waiter.turn.done():  # cancelled, and about to leave
                self._waiting.popleft()
                continue
            try:
                self._refuse_if_all_rest()
            except ModelUnavailable as failure:
                waiter.turn.set_exception(failure)
            else:
                place = self._free(waiter)
                if place is None:
                    return
                place.in_flight += 1
                place.breaker.begin()
                waiter.turn.set_result(place)
            self._waiting.popleft()

    def _free(self, waiter: "_Waiter[Member]") -> Place[Member] | None:
        free = [p for p in self.places if p.breaker.admits and p.in_flight < self._parallel]
        others = [p for p in free if p is not waiter.avoid]
        return min(others or free, key=lambda p: _rank(p, waiter.key), default=None)

    def _refuse_if_all_rest(self) -> None:
        if any(place.breaker.admits for place in self.places):
            return
        soonest = min(self.places, key=lambda p: p.breaker.wait)
        addresses = ", ".join(place.address for place in self.places)
        raise ModelUnavailable(
            f"Ollama at {addresses} failed several times and is left alone for a moment.",
            f"Ask again in {max(1, soonest.breaker.wait):.0f} seconds; `blogbot doctor` says what is wrong.",
            detail=addresses,
        )

    def _leave(self, waiter: "_Waiter[Member]") -> None:
        turn = waiter.turn
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif not turn.cancelled() and turn.exception() is None:
            self.give_back(turn.result(), "none")


def _rank(place: Place[Member], key: str) -> tuple[bool, int, int]:
    return place.breaker.troubled, place.in_flight, crc32(f"{place.address} {key}".encode())


def _busy(waiting: int) -> ModelBusy:
    return ModelBusy(f"{waiting} questions already wait for the model.", "Ask again in a minute.")
