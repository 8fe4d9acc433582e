"""Embeddings that were paid for, kept by the content they are of, so that none is asked for twice."""

import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from index.embedding.embedder import Matrix
from index.errors import StorageFailure

MOST = 100_000
"""So many newest vectors of all models stay (400 MB at 1,024 numbers each)."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vector (id INTEGER PRIMARY KEY, model TEXT, key BLOB, value BLOB,"
    " UNIQUE (model, key))"
)


class VectorCache:
    """The vectors of one *model* in the folder *folder*; a context manager.

    What was put stays, whatever happens to the process. A damaged file is started anew.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._file = folder / "cache.sqlite"
        self._model = model

    def __enter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError:
            for file in self._file.parent.glob(f"{self._file.name}*"):
                file.unlink()
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    def get(self, text: str) -> Matrix | None:
        """Return the vector of *text*, or None."""
        row = self._base.execute(
            "SELECT value FROM vector WHERE model = ? AND key = ?", (self._model, _key(text))
        ).fetchone()
        return np.frombuffer(row[0], np.float32) if row else None

    def put(self, vectors: Mapping[str, Matrix]) -> None:
        """Keep the vectors of some texts, at the cost of the oldest when there are too many."""
        rows = [
            (self._model, _key(text), vector.astype(np.float32).tobytes()) for text, vector in vectors.items()
        ]
        try:
            with self._base:
                self._base.executemany(
                    "INSERT OR REPLACE INTO vector (model, key, value) VALUES (?, ?, ?)", rows
                )
                self._base.execute("DELETE FROM vector WHERE id <= (SELECT max(id) FROM vector) - ?", (MOST,))
        except sqlite3.Error as exc:
            raise StorageFailure(
                f"The embeddings cannot be kept in {self._file}: {exc}.", "Free some disk, and refresh again."
            ) from exc

    def forget(self) -> None:
        """Forget what is known of the model: it gives other vectors now."""
        with self._base:
            self._base.execute("DELETE FROM vector WHERE model = ?", (self._model,))

    def _open(self) -> None:
        self._base = sqlite3.connect(self._file)
        with self._base:
            self._base.execute(_SCHEMA)


def _key(text: str) -> bytes:
    return sha256(text.encode()).digest()
