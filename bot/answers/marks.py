"""Marks, while an answer streams, the sentences that its sources do not support."""

import re
from collections.abc import Sequence

from bot.answers.grounding import CITED, MARK, Evidence, evidence, supported
from bot.answers.sentences import sentences
from bot.model import Source

_CITING_END = re.compile(r"\s*(?:\[\d*)?\Z")
"""What may still belong to the sentence before it."""


class Marker:
    """Takes clean text piece by piece and gives it back with a mark behind each sentence without support.

    *sources* are those of the prompt; a sentence that cites none is held against all of them.
    ``supporting`` are the sources that support sentences which cite nothing, in order.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.n: source for source in sources}
        self._evidence: dict[int, Evidence] = {}
        self._open = ""
        self._given = 0
        self._checked = 0
        self._supported = 0
        self.supporting: list[int] = []

    @property
    def share(self) -> float | None:
        """The share of checked sentences that are supported, None when none could be checked."""
        return self._supported / self._checked if self._checked else None

    def feed(self, text: str) -> str:
        """Return *text* as far as it is settled, with marks; blank space waits for what follows it."""
        self._open += text
        *done, last = sentences(self._open) or [""]
        if done and _CITING_END.match(last):
            last = done.pop() + last
        shown = "".join(self._settled(sentence) for sentence in done)
        kept = _CITING_END.sub("", last)
        shown += kept[self._given :]
        self._open, self._given = last, max(self._given, len(kept))
        return shown

    def finish(self, *, whole: bool = True) -> str:
        """Return what was held back; the last sentence gets its mark unless it is not *whole*."""
        *done, last = sentences(self._open) or [""]
        shown = "".join(self._settled(sentence) for sentence in done)
        shown += self._settled(last) if whole else last[self._given :]
        self._open, self._given = "", 0
        return shown.rstrip()

    def _settled(self, sentence: str) -> str:
        """Return what of *sentence* was not given yet, marked if need be."""
        end = len(sentence.rstrip())
        gap = "\n" if sentence.lstrip().startswith("```") else " "
        mark = "" if self._passes(sentence) else gap + MARK
        shown = sentence[self._given : end] + mark + sentence[end:]
        self._given = 0
        return shown

    def _passes(self, sentence: str) -> bool:
        numbers = [n for n in map(int, CITED.findall(sentence)) if n in self._sources]
        found = {n: supported(sentence, [self._of(n)]) for n in dict.fromkeys(numbers or self._sources)}
        verdicts = [verdict for verdict in found.values() if verdict is not None]
        if not verdicts:
            return True
        self._checked += 1
        self._supported += any(verdicts)
        if not numbers:
            self.supporting += [n for n, verdict in found.items() if verdict and n not in self.supporting]
        return any(verdicts)

    def _of(self, n: int) -> Evidence:
        """What source *n* shows, taken apart when it is first needed."""
        if n not in self._evidence:
            self._evidence[n] = evidence(self._sources[n])
        return self._evidence[n]
