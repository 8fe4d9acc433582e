"""Everything the bot logs, ours and the libraries', at its most talkative."""

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from bot import logs


class Overheard(io.StringIO):
    """A text that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def write(self, text: str) -> int:
        """Take a line, and wake who waits."""
        self._news.set()
        return super().write(text)

    async def until(self, words: str, times: int = 1) -> None:
        """Return when *words* were logged so often; TimeoutError after 20 seconds."""
        async with asyncio.timeout(20):
            while self.getvalue().count(words) < times:
                self._news.clear()
                await self._news.wait()


@contextmanager
def overheard() -> Iterator[Overheard]:
    """Log as the program does, with debug lines, into a text; put the process's logging back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    named = [logging.getLogger(name) for name in ("bot", "index", "__main__", "dbos")]
    before = [(logger, logger.level, logger.propagate) for logger in named]
    stream = Overheard()
    logs.configure(debug=True, stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for logger, was, propagated in before:
            logger.setLevel(was)
            logger.propagate = propagated
        structlog.reset_defaults()
