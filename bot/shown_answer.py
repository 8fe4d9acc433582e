"""How an answer looks in a terminal: while it is written, when it is there, and as JSON."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.columns import Columns
from rich.panel import Panel
from rich.status import Status
from rich.text import Text

from bot import terminal
from bot.answers.grounding import MARK
from bot.model import Answer, Message
from bot.phrases import choose

_NARROWEST = 39
"""Columns of an answer beside another; half of a common terminal."""


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
        terminal.exactly(terminal.printable(text), end="")


@contextmanager
def waiting(*, quiet: bool) -> Iterator[Waiting]:
    """A place for an answer that is being written; *quiet* shows nothing of it."""
    if quiet or not terminal.err.is_terminal:
        yield Waiting(None)
        return
    with terminal.err.status(Text("")) as status:
        yield Waiting(status)


def closing(answer: Answer) -> None:
    """What stands under an answer: the sentence for its outcome where there is one, and the sources."""
    if answer.text:
        terminal.exactly("")
    if answer.outcome != "answered":
        terminal.plain(terminal.err, _sentence(answer), "yellow")
    if answer.sources:
        terminal.plain(terminal.out, "")
        terminal.sources(answer.sources, passages=not answer.text)
    if MARK in answer.text:
        terminal.plain(terminal.err, choose(answer.question).mark_means.format(mark=MARK), "dim")
    if answer.outcome == "answered":
        checked = "" if answer.supported is None else f", {answer.supported:.0%} of its sentences supported"
        terminal.plain(
            terminal.err,
            f"{answer.model}: {answer.prompt_tokens} tokens read, {answer.answer_tokens} written,"
            f" first after {answer.first_token_ms / 1000:.1f} s{checked}",
            "dim",
        )


def _sentence(answer: Answer) -> str:
    words = choose(answer.question)
    return str(getattr(words, answer.outcome)).format(detail=answer.detail or answer.model).replace("`", "")


def side_by_side(before: Answer, after: Answer) -> None:
    """Two answers beside each other on a wide terminal, below each other on a narrow one."""
    half = (terminal.out.width - 1) // 2  # rich keeps one column between
    width = half if half >= _NARROWEST else terminal.out.width
    panels = [
        Panel(
            Text(terminal.printable(answer.text or _sentence(answer))),
            title=title,
            width=width,
        )
        for title, answer in (("without the blog", before), ("with the blog", after))
    ]
    terminal.out.print(Columns(panels))
    terminal.sources(after.sources)


def messages(sent: Sequence[Message], tokens: int) -> None:
    """A prompt, message by message."""
    for message in sent:
        terminal.plain(terminal.err, f"── {message.role}", "bold cyan")
        terminal.exactly(terminal.printable(message.content))
    terminal.plain(terminal.err, f"about {tokens} tokens", "dim")


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
