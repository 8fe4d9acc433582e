"""How well follow-ups are searched for: Recall@5 against that of the question written out by hand.

``python -m tests.benchmarks.answers_follow_ups NAME=REPO … [--data FOLDER]``, with a REPO (any Git URL, path
or bundle) for each corpus named in ``tests/sets/follow_ups.jsonl``; it is indexed into FOLDER/NAME unless it
is there. Every line of the set is a thread of two questions; ``full`` is the second as it would stand alone,
``gold`` holds the paths that answer it, ``change`` tells a new subject. The split ``held`` was left alone
while the rules were written.
"""

import argparse
import asyncio
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from bot.answers.followups import written_out
from bot.answers.lookup import look_up
from bot.model import Conversation, Source
from index.model import Found
from index.search import Search
from tests.benchmarks.answers import opened

SET = Path(__file__).parent.parent / "sets" / "follow_ups.jsonl"


def thread(search: Search, question: str) -> Conversation:
    """The thread after *question* was answered from its three best articles."""
    hits = search(question, 3).hits
    sources = tuple(
        Source(n, hit.title, hit.url, hit.path, shown="\n".join(each.text for each in hit.passages))
        for n, hit in enumerate(hits, 1)
    )
    return Conversation(sources=sources, questions=(written_out(question, ()),))


def main() -> None:
    """Print the figures by split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", metavar="NAME=REPO")
    parser.add_argument("--data", type=Path, default=None)
    given = parser.parse_args()
    data = given.data or Path(tempfile.mkdtemp(prefix="follow-ups-"))
    searches = {
        name: opened(repo, data / name.replace("/", "-"))
        for name, repo in (corpus.split("=", 1) for corpus in given.corpora)
    }
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for row in map(json.loads, SET.read_text().splitlines()):
        search, gold = searches[row["corpus"]], set(row["gold"])

        async def find(question: str, limit: int, search: Search = search) -> Found:
            return search(question, limit)

        found = asyncio.run(look_up(row["follow"], thread(search, row["first"]), find, 5))
        hits = [search(row["full"], 5).hits, found.hits, search(row["follow"], 5).hits]
        reached = [bool(gold.intersection(hit.path for hit in each)) for each in hits]
        for key in (row["split"], "all"):
            counts[key] = [a + b for a, b in zip(counts[key], [1, *reached, found.answerable], strict=True)]
    for split, (rows, full, follow, bare, answerable) in counts.items():
        print(
            f"{split}: {rows} threads, Recall@5 written out {full / rows:.3f},"
            f" follow-up {follow / rows:.3f} ({follow / full:.3f} of it),"
            f" as typed {bare / rows:.3f}; sent to the model {answerable / rows:.3f}"
        )


if __name__ == "__main__":
    main()
