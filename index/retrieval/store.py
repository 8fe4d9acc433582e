"""Write one generation's full-text index.

::

    <folder>/
        part-0/, part-1/, …     see index/retrieval/part.py
        gone.json               for each part, the paths in it that a later refresh took out
        calibration.json        how much evidence a question must find, see index/retrieval/calibration.py

A nightly refresh adds a small part to copies of the old ones, because merging in Whoosh costs as much as
writing anew; when there are many parts, all are written anew. The search adds up the parts as if they were
one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from index.articles.article import passages
from index.errors import StorageFailure
from index.model import Article, Progress, silent
from index.retrieval.calibration import least_evidence
from index.retrieval.part import Entry, Part
from index.retrieval.reader import GONE, Reader, parts
from index.retrieval.workers import fill


def form(code: Path) -> str:
    """Name the form of an index that the modules in *code* and the libraries they use would write.

    Another name means to build anew. It changes with every byte of what parses, cuts words, writes, or ranks
    (which the calibration measures), so that nobody has to remember a number.
    """
    digest = hashlib.sha256()
    for module in sorted(
        chain(code.glob("*words.py"), code.glob("articles/*.py"), code.glob("retrieval/*.py"))
    ):
        digest.update(module.read_bytes())
    for library in ("Whoosh-Reloaded", "rjieba", "PyStemmer"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]


FORMAT = form(Path(__file__).parents[1])
"""The form that this program writes and reads."""

CALIBRATION = "calibration.json"
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Counts:
    """What a finished index holds."""

    articles: int
    passages: int


def write(
    folder: Path,
    articles: Iterable[Article],
    *,
    keep: Path | None = None,
    gone: Collection[str] = (),
    progress: Progress = silent,
    workers: int | None = None,
) -> Counts:
    """Write a complete index into the empty *folder* and return what it holds in the end.

    With *keep*, the folder of a sound index of the same FORMAT, everything in that is carried over except the
    paths in *gone*, and *articles* come on top. *workers* is the number of processes, by default one a
    core, and none for a few articles. Raises StorageFailure when the disk is full or a worker dies.
    """
    try:
        return _write(folder, articles, keep, frozenset(gone), progress, workers or os.cpu_count() or 1)
    except (OSError, EOFError) as exc:
        raise StorageFailure(
            f"The index cannot be written to {folder}: {exc or 'a worker died'}.",
            "Free some disk space or memory, check who may write there, and refresh again.",
        ) from exc


def _write(
    folder: Path,
    articles: Iterable[Article],
    keep: Path | None,
    gone: frozenset[str],
    progress: Progress,
    workers: int,
) -> Counts:
    folder.mkdir(parents=True, exist_ok=True)
    kept = parts(keep) if keep else []
    entries: Iterable[Entry] = ((replace(article, body=""), passages(article)) for article in articles)
    if len(kept) >= _MOST_PARTS:
        entries, kept = chain(_entries(kept, gone), entries), []
    for part, _ in kept:
        shutil.copytree(part, folder / part.name)
    names = [f"part-{_number(kept) + worker}" for worker in range(workers)]
    added = fill([folder / name for name in names], entries, progress)
    tombs = {part.name: sorted(old | (gone | added) & _sizes(part).keys()) for part, old in kept}
    tombs |= {name: [] for name in names if (folder / name).exists()}
    (folder / GONE).write_text(json.dumps(tombs, ensure_ascii=False), encoding="utf-8")
    return _finish(folder)


def _number(kept: Iterable[tuple[Path, object]]) -> int:
    """Return the first number that no part has."""
    return max((int(part.name.rpartition("-")[2]) + 1 for part, _ in kept), default=0)


def _entries(kept: Iterable[tuple[Path, frozenset[str]]], gone: frozenset[str]) -> Iterator[Entry]:
    for folder, old in kept:
        with closing(Part(folder)) as part:
            yield from (entry for entry in part.entries() if entry[0].path not in old | gone)


def _sizes(folder: Path) -> dict[str, int]:
    with closing(Part(folder)) as part:
        return part.sizes()


def _finish(folder: Path) -> Counts:
    """Measure the finished index and write down what the search needs to know of it."""
    with closing(Reader(folder)) as reader:
        (folder / CALIBRATION).write_text(
            json.dumps({"least_evidence": least_evidence(reader)}), encoding="utf-8"
        )
        return Counts(int(reader.live.sum()), int(reader.live[reader.article_of].sum()))
