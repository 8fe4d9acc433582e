"""Neighbours in bad weather: a Web API and a model that fail now and then, by the dice of one seed."""

import re
from collections import Counter
from collections.abc import Callable
from random import Random

from bot.playground.faults import Fault, Faults
from tests.fakes import ollama_wire as wire
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault as ModelFault
from tests.fakes.ollama_faults import FaultKind

MODEL_FAULTS: tuple[FaultKind, ...] = ("busy", "no_memory", "reset", "cut", "end", "error_line", "garbage")
"""A hang and a stall are left out: the bot rightly waits minutes for a model, and this is about load."""

POSTING = frozenset({"chat.postMessage", "chat.update"})


class Storm(Faults):
    """Of all Web API calls *share* fail: 429, 500, a lost connection, or a lost response after the effect.

    ``ambush`` is called once, before the next post or update is answered: a good moment for a kill.
    """

    def __init__(self, dice: Random, share: float) -> None:
        super().__init__()
        self._dice, self._share = dice, share
        self.ambush: Callable[[], None] | None = None
        self.happened: Counter[str] = Counter()

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets."""
        if self.ambush and method in POSTING:
            strike, self.ambush = self.ambush, None
            strike()
        if self._dice.random() >= self._share:
            return None
        kind = self._dice.choice(("429", "500", "dropped", "response lost"))
        self.happened[kind] += 1
        return {
            "429": Fault(method, retry_after=1),
            "500": Fault(method, status=500),
            "dropped": Fault(method, drop=True),
            "response lost": Fault(method, drop=True, acts=True),
        }[kind]


class MoodyOllama(FakeOllama):
    """Fails *share* of its answers; the others quote the article and end with the question's own number."""

    def __init__(self, dice: Random, share: float) -> None:
        super().__init__(_quote_with_number)
        self._dice, self._share = dice, share
        self.interval = 0.004
        self.happened: Counter[str] = Counter()

    def _take_fault(self) -> ModelFault | None:
        if self._dice.random() >= self._share:
            return None
        kind = self._dice.choice(MODEL_FAULTS)
        self.happened[kind] += 1
        return ModelFault(kind, after=self._dice.randrange(12))


def _quote_with_number(messages: list[wire.Json]) -> str:
    asked = str(messages[-1]["content"])
    numbers = re.findall(r"\(nr \d+\)", asked)
    return f"{wire.quote(messages)} {numbers[-1] if numbers else ''}"
