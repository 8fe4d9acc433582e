"""What every command shows with: consoles, progress, hits, sources, figures; on a terminal or into a pipe."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.model import Source
from index.articles import markdown
from index.model import Found, Report, Step
from index.model import Progress as ProgressCall

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

STEPS: Mapping[str, str] = {
    "fetch": "fetching the blog",
    "read": "reading articles",
    "index": "indexing passages",
    "embed": "embedding articles",
    "publish": "publishing the index",
}
EXCERPT = 220
"""Characters of a passage shown under a hit."""


def dump(value: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def plain(console: Console, text: str, style: str = "") -> None:
    """Print text from outside: no markup, no control characters that could drive the terminal."""
    console.print(Text(printable(text), style=style))


def printable(text: str) -> str:
    """The text without control characters other than line ends and tabs."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u3000")


def failure(sentence: str, fix: str) -> None:
    """An expected failure: what, which, and what to do next."""
    plain(err, sentence, "bold red")
    if fix:
        plain(err, fix)


@contextmanager
def progress_bar() -> Iterator[ProgressCall]:
    """A bar a step on standard error; off a terminal it keeps quiet."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    ) as bars:
        tasks = {step: bars.add_task(words, total=None, visible=False) for step, words in STEPS.items()}

        def show(step: Step, done: int, total: int) -> None:
            bars.update(tasks[step], completed=done, total=total or None, visible=True)

        yield show


def report(done: Report) -> None:
    """One line that says what a refresh did."""
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(done.skipped.items()))
    plain(
        out,
        f"{done.articles} articles in {done.passages} passages at {done.commit[:10]}: {done.added} added,"
        f" {done.changed} changed, {done.removed} removed in {done.seconds:.1f} s"
        + (f"; left out: {skipped}" if skipped else ""),
    )


def hits(found: Found) -> None:
    """The hits, best first, each with the passage that matched."""
    if not found.answerable:
        plain(out, "The blog does not seem to answer this; the nearest articles are:", "yellow")
    for n, hit in enumerate(found.hits, 1):
        plain(out, f"{n}. {hit.title}", "bold")
        plain(out, f"   {hit.url or hit.path}" + (f"  {hit.date}" if hit.date else ""), "cyan")
        plain(out, f"   {_excerpt(hit.passage.text)}", "dim")
    if not found.hits:
        plain(out, "Nothing matches.")


def _excerpt(passage: str) -> str:
    """The beginning of what a reader sees of a passage, in one line."""
    seen = markdown.line(passage)
    return seen if len(seen) <= EXCERPT else seen[: EXCERPT - 1] + "…"


def exactly(text: str, end: str = "\n") -> None:
    """Write *text* to standard output as it is."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def figures(measured: Mapping[str, Any]) -> None:
    """What ``evaluate`` measured, a line a group of questions, as wide as it needs."""
    names = ["questions", "recall@1", "recall@5", "mrr@10", "kept", "unanswerable", "refused"]
    groups = {group: values for group, values in measured.items() if isinstance(values, Mapping)}
    rows = [
        ["", *names],
        *([group, *(_figure(of.get(name)) for name in names)] for group, of in groups.items()),
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for first, *others in rows:
        cells = [value.rjust(width) for value, width in zip(others, widths[1:], strict=True)]
        plain(out, "  ".join([first.ljust(widths[0]), *cells]))
    if alone := measured.get("words_alone"):
        plain(out, f"{alone} of the questions were searched by words alone: no embeddings to hear.", "yellow")


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def sources(listed: Sequence[Source], *, passages: bool = False) -> None:
    """The numbered sources under an answer, with what matched in them where there is no answer."""
    for source in listed:
        plain(out, f"[{source.n}] {source.title}", "bold")
        plain(out, f"    {source.url or source.path}", "cyan")
        if passages and source.passage:
            plain(out, f"    {_excerpt(source.passage)}", "dim")


def search_dict(question: str, found: Found, milliseconds: float) -> dict[str, Any]:
    """The form of ``search --json``."""
    return {
        "question": question,
        "answerable": found.answerable,
        "ms": round(milliseconds, 1),
        "hits": [
            {
                "path": hit.path,
                "title": hit.title,
                "url": hit.url,
                "date": hit.date,
                "score": round(hit.score, 4),
                "passage": hit.passage.text,
            }
            for hit in found.hits
        ],
    }
