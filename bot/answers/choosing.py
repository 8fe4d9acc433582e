"""Which articles and passages go into a prompt: the best that fit, whole, and how they are laid out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.answers.excerpts import excerpt, one_line, opening, tidy
from bot.model import Message, Source
from index.model import Hit

Layout = Literal["turns", "documents"]
Cost = Callable[[Sequence[Message]], int]
"""Messages -> tokens, as estimated for one model."""

_WIDEST_NUMBER = 999  # what an article's number is taken for until it has one


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
class Choice:
    """An article under its number, with passages: place in the article, text as the model reads it."""

    hit: Hit
    passages: tuple[tuple[int, str], ...]
    n: int = _WIDEST_NUMBER

    @property
    def text(self) -> str:
        """The passages in the article's order, each under the number it is cited by."""
        return "\n\n".join(f"[{self.n}] {text}" for _, text in sorted(self.passages))

    @property
    def title(self) -> str:
        """The title as the model reads it."""
        return one_line(self.hit.title)

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
    hits: Sequence[Hit], room: int, budget: Budget, cost: Cost, known: Mapping[str, Source]
) -> tuple[Choice, ...]:
    """Return what fits *room* tokens of *hits*, which come best first and leave best last.

    What *known* sources show already is left out. The best article may take all of *room*; others, and
    further passages, are added up to half the budget's room, so that a thread has room to go on. Numbers of
    *known* articles stay, new ones follow in the order of the prompt.
    """
    wanted = min(room, budget.room // 2)
    texts = {hit.path: _texts(hit, known, budget.passages) for hit in hits[: budget.articles]}
    new = [hit for hit in hits[: budget.articles] if texts[hit.path]]
    chosen: list[Choice] = []
    for hit in new:
        grown = [*chosen, Choice(hit, texts[hit.path][:1])]
        if cost(laid(grown, budget.layout)) > (wanted if chosen else room):
            break
        chosen = grown
    for depth in range(1, budget.passages):
        for i, choice in enumerate(chosen):
            more = texts[choice.hit.path][depth : depth + 1]
            grown = [*chosen[:i], replace(choice, passages=(*choice.passages, *more)), *chosen[i + 1 :]]
            if more and cost(laid(grown, budget.layout)) <= wanted:
                chosen = grown
    return _numbered(chosen[::-1], known)


def beginning(
    hit: Hit, room: int, budget: Budget, cost: Cost, known: Mapping[str, Source]
) -> tuple[Choice, ...]:
    """Return *hit* with as many whole sentences of its best passage as fit *room*, or nothing."""

    def of(text: str) -> Choice:
        return Choice(hit, ((hit.passage.number, text),))

    text = opening(tidy(hit.passage.text), lambda text: cost(laid([of(text)], budget.layout)) <= room)
    return _numbered([of(text)], known) if text else ()


def laid(chosen: Sequence[Choice], layout: Layout, asked: Message | None = None) -> tuple[Message, ...]:
    """Return *chosen* and the question *asked* behind them as messages."""
    end = (asked,) if asked else ()
    if layout == "turns":
        pairs = ((Message("user", each.title), Message("assistant", each.text)) for each in chosen)
        return (*(message for pair in pairs for message in pair), *end)
    documents = [f"[{each.n}] {each.title}\n\n{each.text}" for each in chosen]
    return (Message("user", "\n\n".join((*documents, *(message.content for message in end)))),)


def _texts(hit: Hit, known: Mapping[str, Source], most: int) -> tuple[tuple[int, str], ...]:
    shown = known[hit.path].shown if hit.path in known else ""
    texts = ((passage.number, excerpt(passage)) for passage in hit.passages[:most])
    return tuple((number, text) for number, text in texts if text and text not in shown)


def _numbered(chosen: Sequence[Choice], known: Mapping[str, Source]) -> tuple[Choice, ...]:
    following = max((source.n for source in known.values()), default=0)
    numbered = []
    for choice in chosen:
        source = known.get(choice.hit.path)
        following += source is None
        numbered.append(replace(choice, n=source.n if source else following))
    return tuple(numbered)
