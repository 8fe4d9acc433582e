"""The model: streamed answers from Ollama, within limits, with one further try and a breaker.

::

    chat(messages) ─> a place at the least loaded server ─> text… Done
                        │ too many wait: ModelBusy
                        │ every breaker open: ModelUnavailable
                        └ failed before the first token: once more, elsewhere if possible
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self, TypeVar

from bot.errors import ModelFailure
from bot.llm import translation
from bot.llm.breaker import Verdict
from bot.llm.client import Path
from bot.llm.pool import Place, Pool
from bot.llm.server import Server, Settings
from bot.llm.values import LIMITS, Call, Limits, ModelFacts, PoolState
from bot.model import Done, Message

Answer = TypeVar("Answer")


def _ignore(_: Call) -> None:
    pass


class Ollama:
    """One model at one or more Ollama servers; ``close`` it, or use it as a context manager.

    *context* and *answer_tokens* are tokens (num_ctx, num_predict) and never vary. *parallel* answers at once
    are asked of each server, *queue* more questions may wait. *observe* is told of every answer that ended.
    All methods raise nothing but ModelFailure.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        model: str,
        *,
        context: int,
        answer_tokens: int,
        limits: Limits = LIMITS,
        parallel: int = 2,
        queue: int = 50,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[Call], None] = _ignore,
    ) -> None:
        settings = Settings(model, context, answer_tokens, limits)
        self.model = model
        self._context = context
        self._limits = limits
        self._observe = observe
        self._servers = tuple(Server(host, settings) for host in hosts)
        self._pool = Pool(self._servers, parallel=parallel, queue=queue, patience=limits.queue, clock=clock)

    @property
    def state(self) -> PoolState:
        """Which servers rest, what is in flight and queued; cheap, for health pages."""
        return self._pool.state

    def chat(self, messages: Sequence[Message]) -> AsyncGenerator[str | Done, None]:
        """Yield the answer to *messages* as it is written, and Done last.

        Thoughts of the model are left out. Closing the generator, or cancelling its task, closes the
        connection and so stops the server. Raises ModelUnavailable, ModelMissing, ModelBusy or PromptTooLong
        before any text, AnswerCutShort after the model began.
        """
        sent = [asdict(message) for message in messages]
        return self._answer("/api/chat", {"messages": sent}, _key(messages))

    def raw(self, prompt: str) -> AsyncGenerator[str | Done, None]:
        """Yield what follows *prompt*, sent byte for byte without the model's template; else as ``chat``."""
        return self._answer("/api/generate", {"prompt": prompt, "raw": True}, prompt[:1000])

    async def facts(self) -> ModelFacts:
        """What the first server that answers says of the model."""
        return await self._first_of(lambda server: server.facts())

    async def context(self) -> int:
        """How many tokens the model can hold: *context*, or less where it was trained for less.

        Servers that were asked before are not asked again; *context* too while none can be asked.
        """
        if all(server.context is None for server in self._servers) and not self.state.open:
            with suppress(ModelFailure):
                await self.facts()
        return min((s.context for s in self._servers if s.context is not None), default=self._context)

    async def loaded(self) -> bool:
        """Whether the first server that answers has the model in memory: else the first token is late."""
        return await self._first_of(lambda server: server.loaded())

    async def preload(self) -> None:
        """Load the model at every server; raises the failure only where no server could."""
        tried = await asyncio.gather(*(s.preload() for s in self._servers), return_exceptions=True)
        failures = [result for result in tried if result is not None]
        unexpected = [failure for failure in failures if not isinstance(failure, ModelFailure)]
        if unexpected or len(failures) == len(tried):
            raise (unexpected or failures)[0]

    async def check(self) -> str:
        """Every server with its version, for the doctor; raises the failure of the first that is away."""
        versions = [await server.version() for server in self._servers]
        return ", ".join(f"{s} runs Ollama {v}" for s, v in zip(self._servers, versions, strict=True))

    async def check_model(self) -> str:
        """What the model is, for the doctor; raises the failure of the first server that lacks it."""
        known = [await server.facts() for server in self._servers]
        held = "in memory" if await self.loaded() else "not in memory"
        facts = known[0]
        return f"{facts.name} ({facts.parameters or facts.family}), context {facts.context_length}, {held}"

    async def close(self) -> None:
        """Close every connection."""
        for server in self._servers:
            await server.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _answer(
        self, path: Path, prompt: Mapping[str, Any], key: str
    ) -> AsyncGenerator[str | Done, None]:
        """Take a place and stream; once more where that may help and nothing was handed on."""
        told = _Told()
        place: Place[Server] | None = None
        try:
            while True:
                place = await self._pool.take(key, avoid=place)
                told.taken()
                verdict: Verdict = "none"
                try:
                    busy = place.in_flight > 1
                    async with aclosing(place.member.stream(path, prompt, patient=busy)) as parts:
                        async for part in parts:
                            told.part(part)
                            verdict = "good" if isinstance(part, Done) else verdict
                            yield part
                except ModelFailure as failure:
                    verdict = "bad" if translation.broken(failure) else "none"
                    if not self._worth_again(failure, told.tries):
                        raise
                else:
                    return
                finally:
                    self._pool.give_back(place, verdict)
                await asyncio.sleep(self._limits.retry)
        except ModelFailure as failure:
            told.outcome = failure.outcome
            raise
        finally:
            self._observe(told.call())

    async def _first_of(self, ask: Callable[[Server], Awaitable[Answer]]) -> Answer:
        for server in self._servers[:-1]:
            with suppress(ModelFailure):
                return await ask(server)
        return await ask(self._servers[-1])

    def _worth_again(self, failure: ModelFailure, tries: int) -> bool:
        where = translation.again(failure)
        return tries == 1 and (where == "anywhere" or (where == "elsewhere" and len(self._servers) > 1))


class _Told:
    """What is known of one answer, for the Call that is observed in the end."""

    def __init__(self) -> None:
        self.outcome: str = "stopped"
        self.tries = 0
        self._asked = time.monotonic()
        self._queued = 0.0
        self._first: float | None = None
        self._done: Done | None = None

    def taken(self) -> None:
        self.tries += 1
        if self.tries == 1:
            self._queued = time.monotonic() - self._asked

    def part(self, part: str | Done) -> None:
        if isinstance(part, Done):
            self._done = part
            self.outcome = "answered"
        elif self._first is None:
            self._first = time.monotonic() - self._asked

    def call(self) -> Call:
        total = time.monotonic() - self._asked
        counts = (self._done.prompt_tokens, self._done.answer_tokens) if self._done else (0, 0)
        return Call(self.outcome, self.tries, self._queued, self._first, total, *counts)


def _key(messages: Sequence[Message]) -> str:
    """What a thread's prompts have in common: their first messages, frozen since its first question."""
    return "\n".join(message.content for message in messages[:3])
