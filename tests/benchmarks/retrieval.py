"""How good and how fast the search is, beside its peers in the same run.

::

    python -m tests.benchmarks.retrieval QUESTIONS.jsonl CORPUS=REPOSITORY … [--peers passages|articles|none]

QUESTIONS are rows as ``evaluate`` takes them, each naming its CORPUS; REPOSITORY is anything Git can clone.
Times are CPU milliseconds of one question, first for each question the first time after opening, then warm.
Peers get whole articles or the same passages as ours (an article counts by its best one).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from index.evaluation import evaluate
from index.model import Blog, Found, Hit, Passage
from index.refresh import refresh
from index.retrieval.reader import Reader
from index.search import Search
from index.storage.generations import newest
from tests.benchmarks.peers import PEERS, Document, missing

_DEEP = 60


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path)
    parser.add_argument("corpora", nargs="+", metavar="CORPUS=REPOSITORY")
    parser.add_argument("--peers", choices=["passages", "articles", "none"], default="passages")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.questions.read_text(encoding="utf-8").splitlines()]
    corpora = dict(pair.split("=", 1) for pair in args.corpora)
    rows = [row for row in rows if row["corpus"] in corpora]
    lacking = missing() if args.peers != "none" else {}
    with tempfile.TemporaryDirectory() as folder:
        data = {name: Path(folder) / name.replace("/", "-") for name in corpora}
        for name, repo in corpora.items():
            report = refresh(Blog(repo), data[name])
            print(f"{name}: {report.articles} articles, {report.passages} passages, {report.seconds:.0f} s")
        heading = f"{'':24} R@1   R@5   MRR@10  kept  refused | first p50  p95 | warm p50   p95 (CPU ms)"
        print(heading)
        row("blogbot", rows, {name: Search(data[name], Blog(repo)) for name, repo in corpora.items()})
        if args.peers == "none":
            return
        documents = {name: list(_documents(data[name], args.peers)) for name in corpora}
        for peer, build in PEERS.items():
            if peer in lacking:
                print(f"{peer:24} left out: install {lacking[peer]}")
            else:
                row(f"{peer}, {args.peers}", rows, {name: _found(build(documents[name])) for name in corpora})


def row(name: str, rows: list[dict[str, Any]], searches: dict[str, Callable[[str, int], Found]]) -> None:
    """Measure one engine and print its line."""
    of = {one["question"]: searches[one["corpus"]] for one in rows}
    first, warm = [], []
    for times in (first, warm):
        for question, search in of.items():
            began = time.process_time()
            search(question, 10)
            times.append((time.process_time() - began) * 1000)
    figures = evaluate(rows, lambda question, limit: of[question](question, limit)).groups["all"]
    quality = " ".join(_share(value) for value in (figures.recall_1, figures.recall_5, figures.mrr_10))
    answers = " ".join(_share(value) for value in (figures.kept, figures.refused))
    answers = answers if name == "blogbot" else "    -     -"
    print(f"{name:24} {quality}   {answers}  | {_spread(first)} | {_spread(warm)}", flush=True)


def _share(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{ordered[len(ordered) // 2]:8.2f} {ordered[int(len(ordered) * 0.95)]:6.2f}"


def _documents(data: Path, level: str) -> Iterator[Document]:
    generation = newest(data)
    assert generation
    with closing(Reader(generation.index)) as reader:
        for at in range(len(reader.starts)):
            article = reader.article(at)
            texts = [reader.passage(number).text for number in reader.passages_of(at)]
            if level == "articles":
                yield article.path, article.title, "\n\n".join(texts)
            else:
                yield from (
                    (f"{article.path}\n{number}", article.title, text) for number, text in enumerate(texts)
                )


def _found(search: Callable[[str, int], list[str]]) -> Callable[[str, int], Found]:
    """A peer's search with its hits as ours: the first passage of each article stands for it."""

    def found(question: str, limit: int) -> Found:
        paths = list(dict.fromkeys(name.partition("\n")[0] for name in search(question, _DEEP)))[:limit]
        return Found(tuple(_hit(path) for path in paths), answerable=True)

    return found


def _hit(path: str) -> Hit:
    return Hit(path, path, "", "", 0.0, (Passage(path=path, number=0, headings=(), anchor="", text=""),))


if __name__ == "__main__":
    main()
