"""Faults a test orders from the Web API, and Slack's rate limits, which stay off until asked for."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MINUTE = 60.0
TIERS = {  # calls a minute, https://docs.slack.dev/apis/web-api/rate-limits
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.update": 50,
    "conversations.replies": 50,
    "conversations.history": 50,
    "chat.appendStream": 100,
    "users.info": 100,
}


@dataclass(slots=True)
class Fault:
    """What happens to the next ``times`` calls of ``method`` ("*": of any).

    ``error`` answers ``{"ok": false}`` with that code, ``status`` an HTTP status and no JSON, ``retry_after``
    a 429 with that many seconds, ``drop`` no answer at all: the connection closes. With ``acts`` the call is
    carried out first, so that only its answer is lost.
    """

    method: str
    error: str = ""
    status: int = 0
    retry_after: float | None = None
    drop: bool = False
    acts: bool = False
    times: int = 1


@dataclass(slots=True)
class Gate:
    """A method held up: ``arrived`` is set when the first call waits, ``waiting`` counts those that do."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0


class Faults:
    """Ordered faults, first ordered first served, and gates that hold calls up."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._gates: dict[str, Gate] = {}

    def order(self, fault: Fault) -> None:
        """Let *fault* happen."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Forget every ordered fault."""
        self._ordered.clear()

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, used up by one."""
        for fault in self._ordered:
            if fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None

    @asynccontextmanager
    async def held(self, method: str) -> AsyncIterator[Gate]:
        """Hold every call of *method* until the block is left."""
        gate = self._gates[method] = Gate()
        try:
            yield gate
        finally:
            del self._gates[method]
            gate.opened.set()

    async def pass_gate(self, method: str) -> None:
        """Wait while *method* is held up."""
        if gate := self._gates.get(method):
            gate.waiting += 1
            gate.arrived.set()
            await gate.opened.wait()


class RateLimits:
    """Slack's published limits: so many calls a minute a method, and one post a second a channel."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def wait(self, method: str, channel: str) -> float:
        """Seconds to wait before this call is welcome; 0 lets it in and counts it."""
        key, most, span = (method, ""), TIERS.get(method, 0), MINUTE
        if method == "chat.postMessage":
            key, most, span = (method, channel), 1, 1.0
        if not most:
            return 0.0
        now, calls = self._clock(), self._calls[key]
        while calls and now - calls[0] >= span:
            calls.popleft()
        if len(calls) >= most:
            return span - (now - calls[0])
        calls.append(now)
        return 0.0
