"""One generation, open for searching: a question's words, and perhaps its embedding, to hits."""

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

import numpy as np

from index.articles.links import link, link_template
from index.embedding import vectors
from index.embedding.embedder import Matrix
from index.model import Blog, Found, Hit, Passage, Status
from index.retrieval.calibration import evidence
from index.retrieval.fusion import fused, seconded
from index.retrieval.part import Numbers
from index.retrieval.ranking import Ranked, rank
from index.retrieval.reader import Reader
from index.retrieval.store import CALIBRATION
from index.storage.generations import Generation
from index.words import asked

_PASSAGES_A_HIT = 4
_TIES = 5
_MOST_SHELVES = 64

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Opened:
    """Not thread-safe. ``embedded`` names the model whose embeddings it holds, "" for none."""

    def __init__(self, generation: Generation, blog: Blog) -> None:
        made = generation.manifest
        self._reader = Reader(generation.index)
        self._least: float = json.loads((generation.index / CALIBRATION).read_text(encoding="utf-8"))[
            "least_evidence"
        ]
        self._branch = made.branch
        self._template = blog.link or link_template(made.repo, made.branch)
        self._vectors = vectors.read(generation.vectors) if made.embedded else None
        self._owners = self._owners_of(self._vectors.paths) if self._vectors else np.empty(0, np.int64)
        self._shelves: dict[tuple[str, ...], Mask] = {}
        self.embedded = self._vectors.model if self._vectors else ""
        self.status = Status(generation.name, made.commit, made.articles, made.passages, made.published)

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def found(
        self,
        question: str,
        meaning: Matrix | None,
        limit: int,
        within: tuple[str, ...] = (),
        without: Collection[str] = (),
    ) -> Found:
        """Search for the words of *question* and, where there is one, for its embedding.

        Articles that *within* or *without* leaves out are neither found nor evidence that there is an answer.
        """
        allowed = self._allowed(within)
        if without:
            allowed = allowed.copy()
            allowed[[self._numbers[path] for path in without if path in self._numbers]] = False
        if not allowed.any():
            return Found((), answerable=False)
        words = self._reader.meant(asked(question))
        ranked = rank(self._reader, words)
        ranked = replace(ranked, articles=np.where(allowed, ranked.articles, np.float32(0)))
        proof = evidence(self._reader, words, ranked)
        scores, least = ranked.articles, 0.0
        if meaning is not None and self._vectors and meaning.shape == self._vectors.matrix.shape[1:]:
            cosines = self._cosines(meaning)
            scores, least = np.full_like(scores, -np.inf), -np.inf
            scores[allowed] = fused(ranked.articles[allowed], cosines[allowed])
            proof = seconded(proof, cosines[allowed])
        hits = tuple(self._hit(at, score, ranked) for at, score in self._best(scores, least, limit, allowed))
        return Found(hits, bool(hits) and proof > self._least)

    def latest(self, limit: int) -> tuple[Hit, ...]:
        """Return up to *limit* articles, the newest date first."""
        articles = [(self._reader.article(int(at)), int(at)) for at in np.flatnonzero(self._reader.live)]
        articles.sort(key=lambda pair: (pair[0].date, pair[0].path), reverse=True)
        nothing = rank(self._reader, [])
        return tuple(self._hit(at, 0.0, nothing) for _, at in articles[:limit])

    def count(self, within: tuple[str, ...]) -> int:
        """Return how many articles are *within*."""
        return int(self._allowed(within).sum())

    def _allowed(self, within: tuple[str, ...]) -> Mask:
        """Return which articles are in one of the folders (``notes/``) or carry a tag (``#wal``)."""
        if not within:
            return self._reader.live
        if within not in self._shelves:
            if len(self._shelves) >= _MOST_SHELVES:
                self._shelves.clear()
            folders = tuple(item for item in within if not item.startswith("#"))
            tags = {item[1:].casefold() for item in within if item.startswith("#")}
            mask = np.zeros(len(self._reader.live), np.bool_)
            for at in np.flatnonzero(self._reader.live):
                article = self._reader.article(int(at))
                tagged = tags.intersection(tag.casefold() for tag in article.tags)
                mask[at] = bool(tagged) or article.path.startswith(folders)
            self._shelves[within] = mask
        return self._shelves[within]

    def _best(self, scores: Numbers, least: float, limit: int, allowed: Mask) -> list[tuple[int, float]]:
        """Return the articles with the highest scores above *least*; equal ones by path."""
        candidates = np.flatnonzero(allowed & (scores > least))
        top = candidates[np.argsort(-scores[candidates], kind="stable")[: limit + _TIES]]
        entries = sorted((-float(scores[at]), self._reader.article(int(at)).path, int(at)) for at in top)
        return [(at, -score) for score, _, at in entries[:limit]]

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
            passages=tuple(self._linked(self._reader.passage(at)) for at in best),
        )

    def _linked(self, passage: Passage) -> Passage:
        return replace(passage, url=link(self._template, passage.path, self._branch, passage.anchor))

    def _owners_of(self, paths: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the number of the article that each row of the embeddings belongs to."""
        return np.array([self._numbers.get(path, -1) for path in paths], np.int64)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Return each article's number by its path."""
        return {self._reader.article(int(at)).path: int(at) for at in np.flatnonzero(self._reader.live)}

    def _cosines(self, meaning: Matrix) -> Numbers:
        """Return each article's best cosine to the question; for one without embedding, the mean."""
        cosines = self._vectors.matrix @ meaning if self._vectors else np.empty(0, np.float32)
        known = self._owners >= 0
        best = np.full(len(self._reader.starts), -np.inf, np.float32)
        np.maximum.at(best, self._owners[known], cosines[known])
        missing = np.isinf(best)
        best[missing] = best[~missing].mean() if not missing.all() else 0.0
        return best
