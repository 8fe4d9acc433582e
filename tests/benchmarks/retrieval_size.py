"""What an index costs: to build, to bring up to date, to keep in memory, and as a blog grows.

::

    python -m tests.benchmarks.retrieval_size REPOSITORY QUESTIONS.jsonl --corpus NAME
        [--before COMMIT --after COMMIT]

Builds REPOSITORY at its head; refreshes with nothing new; measures the memory of a process that searches
against one that has only imported the same; then builds *before*, carries on to *after* and compares the hits
of every question with those of a full build of *after*; then builds the passages five times over.
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from index.model import Article, Blog
from index.refresh import refresh
from index.retrieval import store
from index.retrieval.calibration import evidence
from index.retrieval.ranking import rank
from index.retrieval.reader import Reader
from index.search import Search
from index.storage.generations import newest
from index.words import asked

_TIMES = 5


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--before")
    parser.add_argument("--after")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.questions.read_text(encoding="utf-8").splitlines()]
    questions = [row["question"] for row in rows if row.get("corpus") == args.corpus]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _apart("full build", _refresh, args.repository, folder / "data")
        size = sum(
            file.stat().st_size for file in (folder / "data" / "generations").rglob("*") if file.is_file()
        )
        print(f"index on disk: {size / 2**20:.0f} MB")
        _apart("nothing new", _refresh, args.repository, folder / "data")
        idle = _apart("idle process", _idle, folder / "data", questions)
        serving = _apart("after all questions twice", _serve, folder / "data", questions)
        print(f"memory of a searching process above an idle one: {serving - idle:.0f} MB")
        if args.before and args.after:
            _carry_on(folder, args, questions)
        _grow(folder, questions)


def _apart(label: str, work: Callable[..., None], *args: object) -> float:
    """Run *work* in a process of its own, print what it took, and return its peak memory in MB."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_measured, args=(sender, work, *args))
    process.start()
    own, children = receiver.recv()
    process.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.perf_counter() - began
    peaks = f"peak {own:.0f} MB and {children:.0f} MB in its largest child"
    print(f"{label}: {cpu:.1f} CPU s, {wall:.1f} s, {peaks}", flush=True)
    return float(own)


def _measured(sender: Connection, work: Callable[..., None], *args: object) -> None:
    work(*args)
    peaks = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    sender.send(tuple(peaks))


def _refresh(repository: str, data: Path) -> None:
    report = refresh(Blog(repository), data)
    print(
        f"  {report.articles} articles, {report.passages} passages, {report.added} added,"
        f" {report.changed} changed, {report.seconds:.2f} s"
    )


def _idle(data: Path, questions: list[str]) -> None:
    Search(data, Blog("x"))


def _serve(data: Path, questions: list[str]) -> None:
    search = Search(data, Blog("x"))
    for question in questions * 2:
        search(question)


def _carry_on(folder: Path, args: argparse.Namespace, questions: list[str]) -> None:
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", args.repository, str(clone)], check=True)
    for commit, data in ((args.before, "nightly"), (args.after, "nightly"), (args.after, "anew")):
        subprocess.run(["git", "-C", str(clone), "checkout", "--quiet", "-B", "measured", commit], check=True)
        _apart(f"{data} at {commit}", _refresh_branch, str(clone), folder / data)
    found = [
        [Search(folder / data, Blog("x"))(question) for question in questions] for data in ("nightly", "anew")
    ]
    same = sum(one == other for one, other in zip(*found, strict=True))
    print(f"same hits, scores and passages as a full build for {same} of {len(questions)} questions")


def _refresh_branch(repository: str, data: Path) -> None:
    report = refresh(Blog(repository, branch="measured"), data)
    print(
        f"  {report.added} added, {report.changed} changed, {report.removed} removed, {report.seconds:.2f} s"
    )


def _grow(folder: Path, questions: list[str]) -> None:
    for times in (1, _TIMES):
        _apart(
            f"{times} times the passages, built", _build, folder / "data", folder / f"grown-{times}", times
        )
        with_words = Reader(folder / f"grown-{times}")
        spent = []
        for _ in range(2):
            for question in questions:
                began = time.process_time()
                words = with_words.meant(asked(question))
                evidence(with_words, words, rank(with_words, words))
                spent.append((time.process_time() - began) * 1000)
        first, warm = sorted(spent[: len(questions)]), sorted(spent[len(questions) :])
        late = int(len(warm) * 0.95)
        print(
            f"  {len(with_words.article_of)} passages: one question p50 {warm[len(warm) // 2]:.2f},"
            f" p95 {warm[late]:.2f} CPU ms warm, p95 {first[late]:.2f} first"
        )
        with_words.close()


def _build(data: Path, folder: Path, times: int) -> None:
    generation = newest(data)
    assert generation
    reader = Reader(generation.index)
    bodies = []
    for at in range(len(reader.starts)):
        texts = [reader.passage(number).text for number in reader.passages_of(at)]
        bodies.append(replace(reader.article(at), body="\n\n".join(texts)))
    copies: list[Article] = [
        replace(one, path=f"{copy}/{one.path}") for copy in range(times) for one in bodies
    ]
    store.write(folder, copies)


if __name__ == "__main__":
    main()
