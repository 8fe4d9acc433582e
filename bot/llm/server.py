"""One Ollama server: its facts, and one streamed answer at a time, within limits [ollama].

Nothing here tries twice or chooses: that is bot/llm.py. Every failure leaves as one of bot/errors.py.
"""

import asyncio
import ipaddress
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import ollama

from bot.errors import ModelFailure, ModelUnavailable
from bot.llm import translation
from bot.llm.bounded import PLAIN, bound
from bot.llm.client import Client, Line, Path
from bot.llm.reading import Reading
from bot.llm.values import LIMITS, Limits, ModelFacts
from bot.model import Done

Answer = TypeVar("Answer")
KEEP_ALIVE = "30m"
TEMPERATURE = 0.2
NO_TRUNCATE_SINCE = (0, 12, 6)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same in every request, because a change of it reloads the model or loses its cache.

    ``context`` and ``answer_tokens`` are num_ctx and num_predict.
    """

    model: str
    context: int
    answer_tokens: int
    limits: Limits = LIMITS


class Server:
    """The server at *address*; ``close`` it in the end.

    ``context`` is num_ctx, the setting or what the model was trained for where that is less; None before the
    server was asked for the first time.
    """

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = address
        self._settings = settings
        self._limits = settings.limits
        self._facts: ModelFacts | None = None
        self.context: int | None = None
        self._loading = 0
        timeout = httpx.Timeout(None, connect=self._limits.connect)
        self._client = Client(
            address,
            timeout=timeout,
            trust_env=not _is_loopback(address),
            headers=PLAIN,
            event_hooks={"response": [bound]},
        )

    def __str__(self) -> str:
        """The address: what a person knows the server by."""
        return self.address

    async def version(self) -> str:
        """The version of Ollama."""
        return await self._ask(self._client.version())

    async def facts(self) -> ModelFacts:
        """What the server says of the model; asked once, and again after the server was away."""
        if self._facts is None:
            version = await self.version()
            shown = await self._ask(self._client.show(self._settings.model))
            self._facts = facts = _facts(self._settings.model, version, shown)
            self.context = min(self._settings.context, facts.context_length or self._settings.context)
        return self._facts

    async def loaded(self) -> bool:
        """Whether the model is in memory, so that the first token comes soon."""
        running = await self._ask(self._client.ps())
        names = {_full_name(held.model or held.name or "") for held in running.models}
        return _full_name(self._settings.model) in names and not self._loading

    async def preload(self) -> None:
        """Load the model as the answers will want it; returns when it is in memory."""
        body = await self._body() | {"messages": [], "stream": False}
        self._loading += 1
        try:
            async with asyncio.timeout(self._limits.first_token_cold):
                await self._client.post("/api/chat", body)
        except translation.FAULTS as fault:
            raise self._before(fault) from fault
        finally:
            self._loading -= 1

    async def stream(
        self, path: Path, prompt: Mapping[str, Any], *, patient: bool = False
    ) -> AsyncGenerator[str | Done, None]:
        """Yield the answer's text as it comes and Done at its end; closing it stops the server.

        *patient* waits for the first token as long as for a model that is being loaded.
        """
        body = await self._body() | dict(prompt)
        patient = patient or not await self.loaded()
        reading = Reading(self._settings.model)
        lines = await self._client.stream(path, body)
        async with aclosing(lines):
            while not reading.done:
                line = await self._next(lines, reading, patient=patient)
                if text := reading.take(line):
                    yield text
        yield reading.end()

    async def _next(self, lines: AsyncGenerator[Line, None], reading: Reading, *, patient: bool) -> Line:
        first = self._limits.first_token_cold if patient else self._limits.first_token
        left = self._limits.whole - reading.writing
        if left <= 0:
            raise translation.overtime(self.address, self._limits.whole)
        seconds = min(self._limits.between, left) if reading.begun else first
        try:
            async with asyncio.timeout(seconds):
                line = await anext(lines, None)
        except translation.FAULTS as fault:
            if not reading.begun:
                raise self._before(fault) from fault
            if isinstance(fault, TimeoutError) and seconds == left:
                raise translation.overtime(self.address, self._limits.whole) from fault
            raise translation.within(fault, self.address) from fault
        if line is None:
            raise translation.within(None, self.address)
        return line

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _body(self) -> dict[str, Any]:
        facts, settings = await self.facts(), self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "stream": True,
            "keep_alive": KEEP_ALIVE,
            "options": {
                "num_ctx": self.context,
                "num_predict": settings.answer_tokens,
                "temperature": TEMPERATURE,
            },
        }
        if _numbers(facts.version) >= NO_TRUNCATE_SINCE or facts.version == "0.0.0":  # built from source
            body |= {"truncate": False, "shift": False}
        return body | {"think": False} if facts.thinks else body

    async def _ask(self, request: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._limits.question):
                return await request
        except translation.FAULTS as fault:
            raise self._before(fault) from fault

    def _before(self, fault: Exception) -> ModelFailure:
        failure = translation.before(fault, self.address, self._settings.model)
        if isinstance(failure, ModelUnavailable):
            self._facts = None  # it may come back as another version
        return failure


def _facts(model: str, version: str, shown: ollama.ShowResponse) -> ModelFacts:
    info = shown.modelinfo or {}
    length = info.get(f"{info.get('general.architecture')}.context_length")
    details = shown.details
    return ModelFacts(
        name=model,
        context_length=length if isinstance(length, int) else 0,
        capabilities=tuple(shown.capabilities or ()),
        family=(details.family if details else None) or "",
        template=shown.template or "",
        parameters=(details.parameter_size if details else None) or "",
        version=version,
    )


def _full_name(model: str) -> str:
    """The name with its tag, as /api/ps has it: ``qwen3`` is ``qwen3:latest``; case does not matter."""
    return (model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest").lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version.partition("-")[0])[:3]))


def _is_loopback(address: str) -> bool:
    """Whether the address is this machine's own, where no proxy belongs."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
