"""Stopping an answer while it is written: the model ends at once, what there is becomes the reply."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from bot.ahead import Ahead, close
from bot.errors import AnswerCutShort
from bot.model import Answer, Event, Question

T = TypeVar("T")


class Stop:
    """One answer's stop."""

    def __init__(self) -> None:
        self.asked = False
        self._stream: Ahead[Any] | None = None

    def ask(self) -> None:
        """Stop, now or as soon as there is something to stop."""
        self.asked = True
        if self._stream:
            self._stream.cut()

    async def guard(self, stream: AsyncGenerator[T]) -> AsyncGenerator[T]:
        """Yield what *stream* does; AnswerCutShort, and *stream* closed, when the stop is asked for."""
        async with aclosing(Ahead(stream)) as pieces:
            self._stream = pieces
            if self.asked:
                pieces.cut()
            async for piece in pieces:
                yield piece
            if pieces.was_cut:
                raise AnswerCutShort("Somebody stopped the answer.")

    async def told(self, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Yield *events*, with an Answer that this stop cut short saying so."""
        try:
            async for event in events:
                if isinstance(event, Answer) and self.asked and event.outcome == "cut_short":
                    yield replace(event, stopped=True)
                else:
                    yield event
        finally:
            await close(events)


class Stops:
    """The questions that this process is answering."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Question, Stop]] = {}

    @contextmanager
    def answering(self, question: Question) -> Iterator[Stop]:
        """While this lasts *question* can be stopped."""
        stop = Stop()
        self._open[question.id] = (question, stop)
        try:
            yield stop
        finally:
            del self._open[question.id]

    def stop(self, name: str) -> bool:
        """Stop the answer to the question with that id; False where none is being written."""
        if name not in self._open:
            return False
        self._open[name][1].ask()
        return True

    def in_thread(self, channel: str, root: str) -> tuple[Question, ...]:
        """The questions of a thread that are being answered."""
        questions = (question for question, _ in self._open.values())
        return tuple(each for each in questions if (each.channel, each.root) == (channel, root))
