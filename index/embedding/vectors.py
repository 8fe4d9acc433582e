"""A second opinion on which articles match: embeddings, written beside the index and ranked by cosine.

::

    <generation>/vectors/matrix.npy     float32, a row of unit length for each text
    <generation>/vectors/rows.json      the model, and the article of each row
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from index.embedding.cache import VectorCache
from index.embedding.embedder import BATCH, Embedder, Matrix
from index.errors import EmbeddingUnavailable
from index.model import Progress, silent

__all__ = ["Embedder", "Vectors", "read", "write"]

_MATRIX, _ROWS = "matrix.npy", "rows.json"


@dataclass(frozen=True, slots=True)
class Vectors:
    """The embeddings of one generation: row *i* of ``matrix`` belongs to the article ``paths[i]``."""

    model: str
    paths: tuple[str, ...]
    matrix: Matrix

    def rank(self, query: Matrix, limit: int) -> list[tuple[str, float]]:
        """Return up to *limit* articles with the cosine of their best row to *query*, best first.

        EmbeddingUnavailable if *query* has another length: the model has changed since.
        """
        if query.shape != self.matrix.shape[1:]:
            raise EmbeddingUnavailable(
                f"{self.model} gives {len(query)} numbers now and gave {self.matrix.shape[1]} before.",
                "Run `deploy/run refresh`.",
            )
        cosines = self.matrix @ query
        best: dict[str, float] = {}
        for row in np.argsort(-cosines, kind="stable"):
            best.setdefault(self.paths[row], float(cosines[row]))
            if len(best) == limit:
                break
        return list(best.items())


def write(
    folder: Path,
    items: Iterable[tuple[str, str]],
    embedder: Embedder,
    cache: Path,
    progress: Progress = silent,
    *,
    keep: Path | None = None,
    gone: Collection[str] = (),
) -> None:
    """Embed *items* (path, text) into *folder*, with what the folder *keep* has of paths not in *gone*.

    Only texts that the folder *cache* does not know are sent to the model; each batch is kept there at once,
    so that an interrupted run goes on where it was. Raises EmbeddingUnavailable and StorageFailure.
    """
    items = list(items)
    known = _embedded([text for _, text in items], embedder, cache, progress)
    paths = [path for path, _ in items]
    rows = [known[text] for _, text in items]
    kept = read(keep) if keep else None
    if kept:
        left_out = {*gone, *paths}
        stay = [row for row, path in enumerate(kept.paths) if path not in left_out]
        paths = [*(kept.paths[row] for row in stay), *paths]
        rows = [*kept.matrix[stay], *rows]
    if len({len(row) for row in rows}) != 1:
        raise EmbeddingUnavailable(
            f"{embedder.model} gives vectors of another length than before, or none.",
            "The next refresh embeds everything anew.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / _MATRIX, np.stack(rows), allow_pickle=False)
    (folder / _ROWS).write_text(
        json.dumps({"model": embedder.model, "paths": paths}, ensure_ascii=False), encoding="utf-8"
    )


def read(folder: Path) -> Vectors | None:
    """Return what ``write`` left in *folder* (its matrix stays on disk until used), or None if it did not."""
    try:
        facts = json.loads((folder / _ROWS).read_text(encoding="utf-8"))
        matrix = np.load(folder / _MATRIX, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    return Vectors(facts["model"], tuple(facts["paths"]), matrix)


def _embedded(texts: list[str], embedder: Embedder, cache: Path, progress: Progress) -> dict[str, Matrix]:
    """The vector of each text, from the cache or the model."""
    with VectorCache(cache, embedder.model) as stored:
        keys = {text: embedder.prepared(text) for text in texts}
        known = {text: vector for text, key in keys.items() if (vector := stored.get(key)) is not None}
        missing = iter([text for text in keys if text not in known])
        progress("embed", len(known), len(keys))
        while batch := list(islice(missing, BATCH)):
            made = dict(zip(batch, embedder.passages(batch), strict=True))
            if known and len(next(iter(known.values()))) != len(next(iter(made.values()))):
                stored.forget()
            stored.put({keys[text]: vector for text, vector in made.items()})
            known |= made
            progress("embed", len(known), len(keys))
    return known
