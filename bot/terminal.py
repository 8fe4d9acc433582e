"""What the command line shows: progress, hits, checks and answers, on a terminal or into a pipe."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from bot.doctor import Check
from bot.model import Answer, Message, Source
from bot.phrases import choose
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
        plain(out, f"   {' '.join(hit.passage.text.split())[:EXCERPT]}", "dim")
    if not found.hits:
        plain(out, "Nothing matches.")


class Waiting:
    """A spinner with words in it until text comes, then the text as it comes."""

    def __init__(self, status: Status | None) -> None:
        self._status = status

    def say(self, words: str) -> None:
        """Show what is being done."""
        if self._status is not None:
            self._status.update(Text(words))

    def write(self, text: str) -> None:
        """Append *text* to what was written."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        exactly(printable(text), end="")


@contextmanager
def waiting(*, quiet: bool) -> Iterator[Waiting]:
    """A place for an answer that is being written; *quiet* shows nothing of it."""
    if quiet or not err.is_terminal:
        yield Waiting(None)
        return
    with err.status(Text("")) as status:
        yield Waiting(status)


def exactly(text: str, end: str = "\n") -> None:
    """Write *text* to standard output as it is."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def closing(answer: Answer) -> None:
    """What stands under an answer: the sentence for its outcome where there is one, and the sources."""
    if answer.text:
        exactly("")
    if answer.outcome != "answered":
        plain(err, _sentence(answer), "yellow")
    if answer.sources:
        plain(out, "")
        sources(answer.sources, passages=not answer.text)
    if answer.outcome == "answered":
        checked = "" if answer.supported is None else f", {answer.supported:.0%} of its sentences supported"
        plain(
            err,
            f"{answer.model}: {answer.prompt_tokens} tokens read, {answer.answer_tokens} written,"
            f" first after {answer.first_token_ms / 1000:.1f} s{checked}",
            "dim",
        )


def _sentence(answer: Answer) -> str:
    words = choose(answer.question)
    return str(getattr(words, answer.outcome)).format(detail=answer.detail or answer.model).replace("`", "")


def side_by_side(before: Answer, after: Answer) -> None:
    """Two answers beside each other on a wide terminal, below each other on a narrow one."""
    panels = [
        Panel(
            Text(printable(answer.text or _sentence(answer))), title=title, width=max(40, out.width // 2 - 1)
        )
        for title, answer in (("without the blog", before), ("with the blog", after))
    ]
    out.print(Columns(panels))
    sources(after.sources)


def messages(sent: Sequence[Message], tokens: int) -> None:
    """A prompt, message by message."""
    for message in sent:
        plain(err, f"── {message.role}", "bold cyan")
        exactly(printable(message.content))
    plain(err, f"about {tokens} tokens", "dim")


def figures(measured: Mapping[str, Any]) -> None:
    """What ``evaluate`` measured, a line a group of questions."""
    table = Table(box=None, pad_edge=False)
    names = ["questions", "recall@1", "recall@5", "mrr@10", "unanswerable", "refused"]
    for name in ["", *names]:
        table.add_column(name, justify="left" if not name else "right")
    for group, values in measured.items():
        if isinstance(values, Mapping):
            table.add_row(group, *(_figure(values.get(name)) for name in names))
    out.print(table)


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def sources(listed: Sequence[Source], *, passages: bool = False) -> None:
    """The numbered sources under an answer, with what matched in them where there is no answer."""
    for source in listed:
        plain(out, f"[{source.n}] {source.title}", "bold")
        plain(out, f"    {source.url or source.path}", "cyan")
        if passages and source.passage:
            plain(out, f"    {' '.join(source.passage.split())[:EXCERPT]}", "dim")


def answer_dict(answer: Answer) -> dict[str, Any]:
    """The form of ``ask --json``."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "outcome": answer.outcome,
        "sources": [{"n": s.n, "title": s.title, "url": s.url, "path": s.path} for s in answer.sources],
        "model": answer.model,
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "first_token_ms": answer.first_token_ms,
        "total_ms": answer.total_ms,
        "supported": answer.supported,
    }


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


def checks(seen: Sequence[Check]) -> None:
    """The doctor's table, each fault with its mend below it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in seen:
        mark = Text("ok", "green") if check.ok else Text("FAULT", "bold red")
        words = Text(printable(check.detail))
        if check.fix:
            words.append(f"\n{printable(check.fix)}", "yellow")
        table.add_row(mark, Text(check.name, "bold"), words)
    out.print(table)
