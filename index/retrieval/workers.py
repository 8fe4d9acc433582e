"""Write several parts at once, each in a process of its own that is fed through a pipe."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing.connection import Connection
from pathlib import Path

from index.model import Progress
from index.retrieval.part import Entry, Writer

_WORTH_A_PROCESS = 200
_BATCH = 16

Batch = list[Entry]


def fill(folders: Sequence[Path], entries: Iterable[Entry], progress: Progress) -> frozenset[str]:
    """Write *entries* into new parts in *folders* and return their paths; a few go into the first one alone.

    Raises OSError or EOFError when a process dies or cannot write.
    """
    entries = iter(entries)
    few = list(islice(entries, _WORTH_A_PROCESS))
    if not few:
        return frozenset()
    paths: set[str] = set()
    several = len(few) == _WORTH_A_PROCESS and len(folders) > 1
    with _processes(folders) if several else _here(folders[0]) as add:
        entries = chain(few, entries)
        while batch := list(islice(entries, _BATCH)):
            add(batch)
            paths.update(article.path for article, _ in batch)
            progress("index", len(paths), 0)
    return frozenset(paths)


@contextmanager
def _here(folder: Path) -> Iterator[Callable[[Batch], None]]:
    writer = Writer(folder)

    def add(batch: Batch) -> None:
        for entry in batch:
            writer.add(entry)

    yield add
    writer.close()


@contextmanager
def _processes(folders: Sequence[Path]) -> Iterator[Callable[[Batch], None]]:
    """Start a process a folder; each batch goes to the one with the least to do, and waits for room."""
    context = multiprocessing.get_context("spawn")  # forking a process that has threads can deadlock
    pipes: list[Connection] = []
    workers = []
    given = [0] * len(folders)
    for folder in folders:
        ours, theirs = context.Pipe()
        worker = context.Process(target=_work, args=(folder, theirs), daemon=True)
        worker.start()
        theirs.close()
        pipes.append(ours)
        workers.append(worker)

    def add(batch: Batch) -> None:
        least = given.index(min(given))
        given[least] += sum(len(passage.text) for _, held in batch for passage in held)
        pipes[least].send(batch)

    try:
        yield add
        for pipe in pipes:
            pipe.send([])
        for pipe in pipes:
            if fault := pipe.recv():
                raise OSError(fault)
    finally:
        for pipe in pipes:
            pipe.close()
        for worker in workers:
            worker.join()


def _work(folder: Path, pipe: Connection) -> None:
    """Write what comes through *pipe* until an empty batch, then answer "" or what went wrong.

    The feeder's end going away, whatever the reason, ends the process without a finished part.
    """
    try:
        writer = Writer(folder)
        while batch := pipe.recv():
            for entry in batch:
                writer.add(entry)
        writer.close()
        pipe.send("")
    except EOFError:
        return
    except OSError as exc:
        pipe.send(str(exc))
