"""Answer a question with the articles that match it, from the newest sound generation."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from index import generations
from index.calibration import evidence
from index.errors import IndexMissing
from index.links import link, link_template
from index.model import Blog, Found, Hit, Passage, Status
from index.ranking import Ranked, rank
from index.reader import Reader
from index.store import CALIBRATION, FORMAT
from index.words import asked

_PASSAGES_A_HIT = 4


class Search:
    """Searches the newest generation in *data*, and changes over to a newer one between two questions.

    Safe to call from several workers at once: questions wait for each other, some milliseconds each.
    """

    def __init__(self, data: Path, blog: Blog) -> None:
        self._data = data
        self._blog = blog
        self._lock = threading.Lock()
        self._seen = ""
        self._open: _Open | None = None

    def __call__(self, question: str, limit: int = 10) -> Found:
        """Return up to *limit* hits, best first, and whether they can be trusted to hold an answer.

        Raises IndexMissing when nothing was ever indexed, IndexDamaged when no generation is sound.
        """
        with self._lock:
            return self._current().found(question, limit)

    def status(self) -> Status:
        """Return which generation is being searched; raises as a search does."""
        with self._lock:
            return self._current().status

    def latest(self, limit: int) -> tuple[Hit, ...]:
        """Return up to *limit* articles with the newest date first, each with its first passage."""
        with self._lock:
            return self._current().latest(limit)

    def _current(self) -> "_Open":
        newest = generations.current(self._data)
        if self._open is None or newest != self._seen:
            generation = generations.newest(self._data, FORMAT)
            if generation is None:
                raise IndexMissing(
                    "The blog has not been indexed yet.",
                    "Run `blogbot refresh`, or wait for the first one to finish.",
                )
            if self._open:
                self._open.close()
            self._open, self._seen = _Open(generation, self._blog), newest
        return self._open


class _Open:
    """One generation, open."""

    def __init__(self, generation: generations.Generation, blog: Blog) -> None:
        made = generation.manifest
        self._reader = Reader(generation.index)
        self._least: float = json.loads((generation.index / CALIBRATION).read_text(encoding="utf-8"))["least_evidence"]
        self._branch = made.branch
        self._template = blog.link or link_template(made.repo, made.branch)
        self.status = Status(generation.name, made.commit, made.articles, made.passages, made.published)

    def close(self) -> None:
        self._reader.close()

    def found(self, question: str, limit: int) -> Found:
        words = self._reader.meant(asked(question))
        ranked = rank(self._reader, words)
        best = np.argsort(-ranked.articles, kind="stable")[: limit + 5]
        entries = sorted(
            (-float(ranked.articles[at]), self._reader.article(int(at)).path, int(at))
            for at in best
            if ranked.articles[at] > 0
        )
        hits = tuple(self._hit(at, -score, ranked) for score, _, at in entries[:limit])
        return Found(hits, bool(hits) and evidence(self._reader, words, ranked) > self._least)

    def latest(self, limit: int) -> tuple[Hit, ...]:
        articles = [(self._reader.article(int(at)), int(at)) for at in np.flatnonzero(self._reader.live)]
        articles.sort(key=lambda pair: (pair[0].date, pair[0].path), reverse=True)
        nothing = Ranked(np.zeros(0, np.float32), np.zeros(len(self._reader.article_of), np.float32))
        return tuple(self._hit(at, 0.0, nothing) for _, at in articles[:limit])

    def _hit(self, number: int, score: float, ranked: Ranked) -> Hit:
        article = self._reader.article(number)
        held = self._reader.passages_of(number)
        order = sorted(held, key=lambda at: (-ranked.passages[at], at))[:_PASSAGES_A_HIT]
        best = [at for at in order if ranked.passages[at] > 0] or order[:1]
        return Hit(
            path=article.path,
            title=article.title,
            url=link(self._template, article.path, self._branch),
            date=article.date,
            score=score,
            passages=tuple(self._with_link(self._reader.passage(at)) for at in best),
        )

    def _with_link(self, passage: Passage) -> Passage:
        return replace(passage, url=link(self._template, passage.path, self._branch, passage.anchor))
