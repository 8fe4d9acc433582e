"""Models under test: Ollama clients, closed in the end, and what they answered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.errors import ModelFailure
from bot.llm import Limits, Ollama
from bot.model import Done, Message
from bot.playground import Playground
from tests.fakes.ollama import FakeOllama

QUICK = Limits(retry=0.01)
HELLO = (Message("user", "What is MVCC?"),)
PATIENCE = 10.0


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Models(AsyncExitStack):
    """Makes models at servers; those are closed when this is left."""

    def __call__(self, *servers: FakeOllama | Playground, model: str = "qwen3:8b", **options: Any) -> Ollama:
        """Make one."""
        settings: dict[str, Any] = {"context": 8192, "answer_tokens": 100, "limits": QUICK} | options
        made = Ollama([server.url for server in servers], model, **settings)
        self.push_async_exit(made)
        return made


async def answer(model: Ollama, messages: Sequence[Message] = HELLO) -> tuple[str, Done]:
    """The whole answer, and how it ended."""
    parts = [part async for part in model.chat(messages)]
    assert isinstance(parts[-1], Done)
    return "".join(part for part in parts if isinstance(part, str)), parts[-1]


async def failure_of(model: Ollama) -> tuple[str, ModelFailure]:
    """What was handed on before the failure, and the failure."""
    text = ""
    try:
        async for part in model.chat(HELLO):
            text += part if isinstance(part, str) else ""
    except ModelFailure as failure:
        return text, failure
    pytest.fail(f"answered {text!r} where a failure was due")


async def until(condition: Callable[[], bool]) -> None:
    """Let others work until *condition* holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - a count that changes, no event of anybody's
            await asyncio.sleep(0)
