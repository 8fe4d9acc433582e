"""One answer as far as it was read: its text without thoughts, its counts and times."""

import time

from ollama import ChatResponse

from bot.llm.client import Line
from bot.llm.thoughts import Thoughts
from bot.model import Done


class Reading:
    """Takes the lines of one stream; *model* is its name."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._thoughts = Thoughts()
        self._thought_tokens = 0
        self._last: Line | None = None
        self._start = time.monotonic()
        self._first: float | None = None

    @property
    def begun(self) -> bool:
        """Whether the model wrote anything, be it a thought."""
        return self._first is not None

    @property
    def done(self) -> bool:
        """Whether the last line was taken."""
        return self._last is not None

    @property
    def writing(self) -> float:
        """Seconds since the first token."""
        return 0.0 if self._first is None else time.monotonic() - self._first

    def take(self, line: Line) -> str:
        """Return what a line adds to the answer."""
        if self._first is None:
            self._first = time.monotonic()
        part = line.message if isinstance(line, ChatResponse) else line
        written = line.message.content if isinstance(line, ChatResponse) else line.response
        text = self._thoughts.show(written or "")
        if part.thinking or self._thoughts.thinking:
            self._thought_tokens += 1
        if line.done:
            self._last = line
            text += self._thoughts.rest()
        return text

    def end(self) -> Done:
        """Done, once the last line was taken."""
        now, last, first = time.monotonic(), self._last, self._first
        written = (last.eval_count if last else None) or 0
        return Done(
            prompt_tokens=(last.prompt_eval_count if last else None) or 0,
            answer_tokens=max(0, written - self._thought_tokens),
            reason=(last.done_reason if last else None) or "stop",
            model=self._model,
            thought_tokens=self._thought_tokens,
            first_token_ms=round(((first or now) - self._start) * 1000),
            total_ms=round((now - self._start) * 1000),
        )
