"""All parts of a generation added up as one; articles and passages are numbered through from 0."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.model import Article, Passage
from index.retrieval.part import Ids, Numbers, Part
from index.spelling import corrected

Weights = NDArray[np.float64]
Flags = NDArray[np.bool_]

GONE = "gone.json"
"""For each part, the paths in it that a later refresh took out."""

_RARE = 3
BYTES_A_POSTING = 8
_MOST_POSTINGS_HELD = 32_000_000 // BYTES_A_POSTING
POSTINGS_A_TERM = 180
"""What a word takes that no article holds, in postings: people may ask for any number of such words."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Who holds a word, ascending, and how often; ``idf`` is BM25's: ln(1 + (N - df + ½) / (df + ½))."""

    ids: Ids
    often: Numbers
    idf: float


@dataclass(frozen=True, slots=True)
class Term:
    """A word's postings: in the text by passage and by article, in titles and other names by article."""

    passages: Postings
    articles: Postings
    titles: Postings
    names: Postings


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many words each one has, and the mean of those that count."""

    each: Numbers
    mean: float

    @classmethod
    def of(cls, each: Numbers, live: Flags) -> "Lengths":
        """Measure *each*; what is gone or has no word does not count."""
        counted = each[live & (each > 0)]
        return cls(each, float(counted.sum(dtype=np.float64)) / max(len(counted), 1))


def parts(folder: Path) -> list[tuple[Path, frozenset[str]]]:
    """Return the folder of each part of the index in *folder*, with the paths in it that are gone."""
    gone: Mapping[str, list[str]] = json.loads((folder / GONE).read_text(encoding="utf-8"))
    return [(folder / name, frozenset(paths)) for name, paths in gone.items()]


class Reader:
    """An open index: lengths as arrays, postings by word. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        listed = parts(folder)
        self._parts = [Part(part) for part, _ in listed]
        self._first_passage = np.cumsum([0, *(part.passages for part in self._parts)])
        self._first_article = np.cumsum([0, *(len(part.firsts) for part in self._parts)])
        self.starts: Ids = _joined(
            [part.firsts + base for part, base in zip(self._parts, self._first_passage, strict=False)]
        )
        self.article_of: Ids = np.repeat(
            np.arange(len(self.starts), dtype=np.int32),
            np.diff(np.append(self.starts, self._first_passage[-1])),
        )
        self.live = self._alive([gone for _, gone in listed])
        self._passage_live = self.live[self.article_of]
        words = self._lengths("text")
        by_article = np.bincount(self.article_of, words, len(self.starts)).astype(np.float32)
        self.passage_lengths = Lengths.of(words, self._passage_live)
        self.article_lengths = Lengths.of(by_article, self.live)
        self.title_lengths = Lengths.of(self._lengths("title")[self.starts], self.live)
        self.names_lengths = Lengths.of(self._lengths("names")[self.starts], self.live)
        self._terms: OrderedDict[str, Term] = OrderedDict()
        self._held = 0

    def close(self) -> None:
        """Close the files."""
        for part in self._parts:
            part.close()

    def term(self, word: str) -> Term:
        """Return the postings of *word*, read once and then held while there is room."""
        if word in self._terms:
            self._terms.move_to_end(word)
            return self._terms[word]
        term = self._terms[word] = self._read(word)
        self._held += _size(term)
        while self._held > _MOST_POSTINGS_HELD and len(self._terms) > 1:
            self._held -= _size(self._terms.popitem(last=False)[1])
        return term

    def meant(self, asked: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
        """Return the words to search for: for one nobody holds, the shorter ones or a likelier spelling.

        A word that stays unknown is kept, since what no article holds tells something about the question.
        """
        found: dict[str, None] = {}
        for word, shorter in asked:
            known = self.often(word) > 0
            meant = "" if self.often(word) > _RARE else corrected(word, self._starting, self.often)
            parts = [] if known else [part for part in shorter if self.often(part)]
            found |= dict.fromkeys(
                ([meant] if meant else []) + (parts or ([word] if known or not meant else []))
            )
        return list(found)

    def often(self, word: str) -> int:
        """Return in how many articles *word* stands, in the text or the names."""
        term = self.term(word)
        return max(len(term.articles.ids), len(term.titles.ids), len(term.names.ids))

    def _starting(self, start: str) -> set[str]:
        return {word for part in self._parts for word in part.starting(start)}

    def article(self, number: int) -> Article:
        """Return an article, without its body."""
        part = int(np.searchsorted(self._first_article, number, "right")) - 1
        return self._parts[part].article(number - int(self._first_article[part]))

    def passage(self, number: int) -> Passage:
        """Return a passage."""
        part = int(np.searchsorted(self._first_passage, number, "right")) - 1
        return self._parts[part].passage(number - int(self._first_passage[part]))

    def passages_of(self, article: int) -> range:
        """Return the numbers of an article's passages."""
        end = self.starts[article + 1] if article + 1 < len(self.starts) else self._first_passage[-1]
        return range(int(self.starts[article]), int(end))

    def shares(self, article: int, words: Sequence[str], weights: Weights) -> Weights:
        """Return for each passage of *article* the sum of the *weights* of those *words* that it holds."""
        held = self.passages_of(article)
        shares = np.zeros(len(held))
        for word, weight in zip(words, weights, strict=True):
            ids = self.term(word).passages.ids
            first, past = np.searchsorted(ids, (held.start, held.stop))
            shares[ids[first:past] - held.start] += weight
        return shares

    def _read(self, word: str) -> Term:
        ids, often = self._postings("text", word)
        owners = self.article_of[ids]
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        by_article = np.add.reduceat(often, firsts) if len(firsts) else often
        articles = int(self.live.sum())
        title, names = (self._postings(field, word) for field in ("title", "names"))
        return Term(
            _with_idf(ids, often, int(self._passage_live.sum())),
            _with_idf(owners[firsts], by_article, articles),
            _with_idf(self.article_of[title[0]], title[1], articles),
            _with_idf(self.article_of[names[0]], names[1], articles),
        )

    def _postings(self, field: str, word: str) -> tuple[Ids, Numbers]:
        found = [part.postings(field, word) for part in self._parts]
        ids = _joined([ids + base for (ids, _), base in zip(found, self._first_passage, strict=False)])
        often = np.concatenate([often for _, often in found]) if found else np.empty(0, np.float32)
        live = self._passage_live[ids]
        return ids[live], often[live]

    def _lengths(self, field: str) -> Numbers:
        lengths = [part.lengths(field) for part in self._parts]
        return np.concatenate(lengths) if lengths else np.empty(0, np.float32)

    def _alive(self, gone: list[frozenset[str]]) -> Flags:
        alive = [
            path not in dead
            for part, dead in zip(self._parts, gone, strict=True)
            for path in (part.sizes() if dead else part.firsts)
        ]
        return np.array(alive, np.bool_)


def _joined(ids: list[Ids]) -> Ids:
    return np.concatenate(ids).astype(np.int32) if ids else np.empty(0, np.int32)


def _with_idf(ids: Ids, often: Numbers, total: int) -> Postings:
    return Postings(ids, often, float(np.log1p((total - len(ids) + 0.5) / (len(ids) + 0.5))))


def _size(term: Term) -> int:
    return (
        POSTINGS_A_TERM
        + len(term.passages.ids)
        + len(term.articles.ids)
        + len(term.titles.ids)
        + len(term.names.ids)
    )
