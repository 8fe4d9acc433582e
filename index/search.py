"""Answer a question with the articles that match it, from the newest sound generation."""

import threading
import time
from collections.abc import Collection
from pathlib import Path

import structlog

from index.embedding.embedder import Embedder, Matrix
from index.errors import EmbeddingUnavailable, IndexMissing
from index.model import Blog, Found, Hit, Status
from index.retrieval.opened import Opened
from index.retrieval.store import FORMAT
from index.storage import generations

_REST = 30.0
"""Seconds without asking an embedding model that did not answer, so that not every question waits for it."""

_log = structlog.get_logger()


class Search:
    """Searches the newest generation in *data*, and changes over to a newer one between two questions.

    Safe to call from several workers at once: they take turns, some milliseconds each. With *embed*, and
    where the generation holds that model's embeddings, their opinion is heard too; if the model does not
    answer, words alone decide, which ``Found.words_alone`` tells.
    """

    def __init__(self, data: Path, blog: Blog, embed: Embedder | None = None) -> None:
        self._data = data
        self._blog = blog
        self._embed = embed
        self._turn = threading.Lock()
        self._seen = ""
        self._opened: Opened | None = None
        self._rests_until = 0.0

    def __call__(
        self, question: str, limit: int = 10, within: tuple[str, ...] = (), without: Collection[str] = ()
    ) -> Found:
        """Return up to *limit* hits, best first, and whether they can be trusted to hold an answer.

        *within* are folders of the blog, ending in ``/``, and tags, beginning with ``#``: only articles in
        one of them count. Empty means the whole blog. *without* are paths of articles that do not count.

        Raises IndexMissing when nothing was ever indexed, IndexDamaged when no generation is sound.
        """
        with self._turn:
            embedded = self._current().embedded
        wanted = self._embed is not None
        meaning = self._meaning(question) if self._embed and embedded == self._embed.model else None
        with self._turn:
            found = self._current().found(question, meaning, limit, within, without)
        return Found(found.hits, found.answerable, words_alone=wanted and meaning is None)

    def status(self) -> Status:
        """Return which generation is being searched; raises as a search does."""
        with self._turn:
            return self._current().status

    def latest(self, limit: int) -> tuple[Hit, ...]:
        """Return up to *limit* articles, the newest date first, each with its first passage."""
        with self._turn:
            return self._current().latest(limit)

    def count(self, within: tuple[str, ...]) -> int:
        """Return how many articles are *within*, which is read as in a search; raises as a search does."""
        with self._turn:
            return self._current().count(within)

    def close(self) -> None:
        """Close the index; a later question opens it again."""
        with self._turn:
            if self._opened:
                self._opened.close()
            self._opened = None

    def _current(self) -> Opened:
        newest = generations.current(self._data)
        if self._opened is None or newest != self._seen:
            generation = generations.newest(self._data, FORMAT)
            if generation is None:
                raise IndexMissing(
                    "The blog has not been indexed yet.",
                    "Run `deploy/run refresh`, or wait for the first refresh to finish.",
                )
            opened = Opened(generation, self._blog)
            if self._opened:
                self._opened.close()
            self._opened, self._seen = opened, newest
        return self._opened

    def _meaning(self, question: str) -> Matrix | None:
        """Return the question's embedding, or None when the model does not answer or did not a moment ago."""
        if self._embed is None or time.monotonic() < self._rests_until:
            return None
        try:
            return self._embed.query(question)
        except EmbeddingUnavailable as exc:
            _log.warning("embedding_unavailable", model=self._embed.model, reason=str(exc))
            self._rests_until = time.monotonic() + _REST
            return None
