"""A breaker: leaves a server alone that failed again and again, then tries it with one request.

::

    closed ──failures in a row──> open ──rest seconds──> one trial ──good──> closed
                                    ^                        └──────bad────> open
"""

from collections.abc import Callable
from typing import Literal

Verdict = Literal["good", "bad", "none"]
"""How a request ended; ``none`` says nothing of the server: the model is missing, the person stopped it."""


class Breaker:
    """Counts failures in a row of one server; *clock* gives seconds, *rest* is seconds."""

    def __init__(self, clock: Callable[[], float], *, failures: int = 5, rest: float = 30.0) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._failures = 0
        self._failed_at = float("-inf")
        self._trial = False

    @property
    def admits(self) -> bool:
        """Whether a request may go to the server now."""
        if self._failures < self._most:
            return True
        return not self._trial and self.wait == 0

    @property
    def troubled(self) -> bool:
        """Whether its last failure is fresh: another server is the better choice."""
        return self._failures > 0 and self.wait > 0

    @property
    def wait(self) -> float:
        """Seconds until a server that failed just now is worth another look."""
        return max(0.0, self._failed_at + self._rest - self._clock())

    def begin(self) -> None:
        """A request goes to the server: past the rest, it is the trial, and others stay away."""
        self._trial = self._failures >= self._most

    def end(self, verdict: Verdict) -> None:
        """The request ended."""
        self._trial = False
        if verdict == "good":
            self._failures = 0
        elif verdict == "bad":
            self._failures += 1
            self._failed_at = self._clock()
