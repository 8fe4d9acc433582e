"""An answer while the model writes it: cleaned, marked, counted."""

import re
from collections.abc import Sequence

from bot.answers.citations import Cleaner
from bot.answers.grounding import MARK
from bot.answers.marks import Marker
from bot.model import Done, Source

_DECLINED = re.compile(
    r"博客.{0,8}(?:没有|未|不)|(?:文章|资料|段落|来源).{0,8}(?:没有|未|不)(?:提|说|写|涉|给|包|找|含)|"
    r"\b(?:not|no \w+)\b.{0,60}\b(?:blog|articles?|passages?)\b|"
    r"\b(?:blog|articles?|passages?)\b.{0,40}(?:\b(?:not|no)\b|n['’]t\b)",
    re.IGNORECASE,
)
_LONGEST_DECLINE = 300


class Draft:
    """Takes the model's text and gives back what people may read of it; *sources* are those of the prompt.

    ``text`` is all that was given back, ``plain`` the same without marks, as the next prompt shows it.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.n: source for source in sources}
        self._cleaner = Cleaner(self._sources)
        self._marker = Marker(sources)
        self._plain: list[str] = []
        self._text: list[str] = []
        self.done: Done | None = None

    def feed(self, piece: str) -> str:
        """Return what *piece* lets be shown."""
        return self._given(self._cleaner.feed(piece))

    def finish(self) -> str:
        """Return what was held back until the end; the last sentence of an incomplete text is not judged."""
        shown = self._given(self._cleaner.finish())
        return shown + self._kept(self._marker.finish(whole=self.complete))

    def _given(self, clean: str) -> str:
        self._plain.append(clean)
        return self._kept(self._marker.feed(clean))

    def _kept(self, shown: str) -> str:
        self._text.append(shown)
        return shown

    @property
    def text(self) -> str:
        """What people read, marks included."""
        return "".join(self._text)

    @property
    def plain(self) -> str:
        """What the model wrote, cleaned."""
        return "".join(self._plain).strip()

    @property
    def supported(self) -> float | None:
        """The share of checked sentences that the sources support."""
        return self._marker.share

    @property
    def complete(self) -> bool:
        """Whether the model came to its own end."""
        return self.done is not None and self.done.reason != "length"

    @property
    def declined(self) -> bool:
        """Whether the model says, in few words and without a source, that the blog does not tell."""
        short = len(self.plain) <= _LONGEST_DECLINE
        return short and not self._cleaner.cited and bool(_DECLINED.search(self.plain.replace(MARK, "")))

    @property
    def used(self) -> tuple[Source, ...]:
        """The sources cited, in order of first use; without any, those that support it; else all."""
        numbers = self._cleaner.cited or self._marker.supporting or list(self._sources)
        return tuple(self._sources[n] for n in numbers)
