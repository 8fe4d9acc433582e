"""Which articles and passages go into a prompt: the best that fit, whole, and how they are laid out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.answers.excerpts import excerpt, one_line, opening, tidy
from bot.answers.tokens import TURN, Size, size
from bot.model import Message, Source
from index.model import Hit

Layout = Literal["turns", "documents"]
Tokens = Callable[[Size], int]
"""A text's measure -> its tokens, as estimated for one model."""

_NUMBERED = Size(0.0, 6.0)
"""What a number of three digits in brackets and the gap before it take at most."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a prompt may hold: ``context`` and ``answer`` in tokens, articles, passages of each."""

    context: int = 8192
    answer: int = 800
    articles: int = 3
    passages: int = 3
    layout: Layout = "turns"

    @property
    def room(self) -> int:
        """Tokens for the messages, once the answer has its own."""
        return self.context - self.answer


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage as the model reads it, by its place in the article, and how long it is."""

    number: int
    text: str
    size: Size


@dataclass(frozen=True, slots=True)
class Choice:
    """An article for the prompt: its title as the model reads it, its pieces, its number once it has one."""

    hit: Hit
    title: str
    pieces: tuple[Piece, ...]
    n: int = 0

    @property
    def text(self) -> str:
        """The pieces in the article's order, each under the number it is cited by."""
        return "\n\n".join(
            f"[{self.n}] {each.text}" for each in sorted(self.pieces, key=lambda each: each.number)
        )

    @property
    def size(self) -> Size:
        """What the article takes in either layout, at most."""
        total = Size(0.0, 2.0 * TURN) + size(self.title)
        for each in self.pieces:
            total += each.size + _NUMBERED
        return total

    def source(self, before: str = "") -> Source:
        """Return the article as a source of the thread, whose prompt showed *before* of it already."""
        best = self.hit.passage
        return Source(
            n=self.n,
            title=self.hit.title,
            url=self.hit.url,
            path=self.hit.path,
            date=self.hit.date,
            section=best.headings[-1] if best.headings else "",
            passage=best.text,
            shown="\n\n".join(filter(None, (before, self.text))),
        )


def choose(
    hits: Sequence[Hit], room: int, budget: Budget, tokens: Tokens, known: Mapping[str, Source]
) -> tuple[Choice, ...]:
    """Return what fits *room* tokens of *hits*, which come best first and leave best last.

    What *known* sources show already is left out. The best article may take all of *room*; others, and
    further passages, are added up to half the budget's room, so that a thread has room to go on. Numbers of
    *known* articles stay, new ones follow from the best on: what is cited first is then mostly [1].
    """
    wanted = min(room, budget.room // 2)
    whole = [_choice(hit, known, budget.passages) for hit in hits[: budget.articles]]
    chosen: list[Choice] = []
    for choice in (each for each in whole if each.pieces):
        grown = [*chosen, replace(choice, pieces=choice.pieces[:1])]
        if tokens(_sum(grown)) > (wanted if chosen else room):
            break
        chosen = grown
    for depth in range(1, budget.passages):
        for i, choice in enumerate(chosen):
            more = next(each for each in whole if each.hit is choice.hit).pieces[depth : depth + 1]
            grown = [*chosen[:i], replace(choice, pieces=(*choice.pieces, *more)), *chosen[i + 1 :]]
            if more and tokens(_sum(grown)) <= wanted:
                chosen = grown
    return _numbered(chosen, known)[::-1]


def beginning(hit: Hit, room: int, tokens: Tokens, known: Mapping[str, Source]) -> tuple[Choice, ...]:
    """Return *hit* with as many whole sentences of its best passage as fit *room*, or nothing."""
    title = one_line(hit.title)

    def of(text: str) -> Choice:
        return Choice(hit, title, (Piece(hit.passage.number, text, size(text)),))

    text = opening(tidy(hit.passage.text), lambda text: tokens(of(text).size) <= room)
    return _numbered([of(text)], known) if text else ()


def laid(chosen: Sequence[Choice], layout: Layout, asked: Message | None = None) -> tuple[Message, ...]:
    """Return *chosen* and the question *asked* behind them as messages."""
    end = (asked,) if asked else ()
    if layout == "turns":
        pairs = ((Message("user", each.title), Message("assistant", each.text)) for each in chosen)
        return (*(message for pair in pairs for message in pair), *end)
    documents = [f"[{each.n}] {each.title}\n\n{each.text}" for each in chosen]
    return (Message("user", "\n\n".join((*documents, *(message.content for message in end)))),)


def _choice(hit: Hit, known: Mapping[str, Source], most: int) -> Choice:
    """Return *hit* with its best passages that are not shown yet, best first."""
    shown = known[hit.path].shown if hit.path in known else ""
    texts = ((passage.number, excerpt(passage)) for passage in hit.passages[:most])
    pieces = (Piece(number, text, size(text)) for number, text in texts if text and text not in shown)
    return Choice(hit, one_line(hit.title), tuple(pieces))


def _sum(chosen: Sequence[Choice]) -> Size:
    return sum((choice.size for choice in chosen), Size())


def _numbered(chosen: Sequence[Choice], known: Mapping[str, Source]) -> tuple[Choice, ...]:
    following = max((source.n for source in known.values()), default=0)
    numbered = []
    for choice in chosen:
        source = known.get(choice.hit.path)
        following += source is None
        numbered.append(replace(choice, n=source.n if source else following))
    return tuple(numbered)
