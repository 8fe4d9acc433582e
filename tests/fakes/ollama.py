"""A protocol double of Ollama v0.32.15 over real HTTP on loopback: no model, the same manners.

In a test::

    async with FakeOllama(answer="MVCC keeps old rows [1].") as fake:
        model = Ollama((fake.url,), "qwen3:8b", context=8192, answer_tokens=800)

``answer`` is a text, a list of chunks, or a function of the messages (for /api/generate: of one user
message). What goes wrong is told by ``fake.fault = Fault("hang")``; ``fake.requests`` holds what came in,
``fake.hung`` is set once a fault holds a request, ``fake.dropped`` once a client closed its connection early.
``fake.steps`` (an asyncio.Semaphore) hands out chunks one by one, ``fake.interval`` is seconds between them.
As a program of its own: ``python -m tests.fakes.ollama --port 11434 --answer "…"`` (see ``--help``).
"""

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes import ollama_faults as faults
from tests.fakes import ollama_wire as wire
from tests.fakes.ollama_catalogue import Catalogue
from tests.fakes.ollama_faults import Fault, error, missing
from tests.fakes.ollama_wire import Json, Model, Text

Reply = Text | Callable[[list[Json]], Text]


class FakeOllama(Catalogue):
    """One server, listening while it is entered; its attributes may be changed at any time."""

    def __init__(
        self, answer: Reply = wire.quote, *, models: Sequence[Model] = (Model(),), port: int = 0
    ) -> None:
        super().__init__(models)
        self.answer = answer
        self.port = port
        self.thoughts: Text = ()
        self.stubborn = False  # thinks even when told not to, as gpt-oss does
        self.interval = 0.0
        self.default_context = 4096
        self.fault: Fault | None = None
        self.steps: asyncio.Semaphore | None = None
        self.load_gate: asyncio.Event | None = None
        self.loads: list[tuple[str, int, bool]] = []
        self.streaming = 0
        self.most_streaming = 0
        self.truncated = 0
        self.hung = asyncio.Event()
        self.dropped = asyncio.Event()
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, also after it was stopped."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen: on the same port again after ``stop``."""
        app = web.Application()
        app.add_routes(self._routes())
        app.router.add_post("/api/chat", self._generate)
        app.router.add_post("/api/generate", self._generate)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop every connection; loaded models are forgotten."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        self.loaded.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        body = await self._received(request)
        try:
            self._count(1)
            return await self._answered(request, body)
        except (asyncio.CancelledError, ConnectionResetError):
            self.dropped.set()
            raise
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        self.streaming += step
        self.most_streaming = max(self.most_streaming, self.streaming)
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], object], seconds: float = 10.0) -> None:
        """Return once *predicate* holds, asked whenever an answer begins or ends; TimeoutError else."""
        async with asyncio.timeout(seconds):
            while not predicate():
                await self._changed.wait()

    async def _answered(self, request: web.Request, body: Json) -> web.StreamResponse:
        model = self._model(body)
        if model is None:
            return missing(body)
        if body.get("think") and "thinking" not in model.capabilities:
            return error(400, f'"{body["model"]}" does not support thinking')
        messages = _messages(body)
        fault = self._take_fault() if messages else None
        if fault and (refusal := await faults.before(request, fault, self.hung)):
            return refusal
        context = await self._load(model, body)
        if not messages:
            return web.json_response(wire.last(body["model"], request.path, "load"))
        return await self._completed(request, body, messages, context, fault)

    async def _completed(
        self, request: web.Request, body: Json, messages: list[Json], context: int, fault: Fault | None
    ) -> web.StreamResponse:
        raw = bool(body.get("raw"))
        if body.get("truncate", True) and not raw:
            fitting = wire.fit(messages, context - 1, self.count)
            self.truncated += len(fitting) < len(messages)
            messages = fitting
        prompt = body["prompt"] if raw else wire.render(messages)
        if body.get("_debug_render_only"):
            debug = {"_debug_info": {"rendered_template": prompt}}
            return web.json_response({"model": body["model"], "created_at": wire.now()} | debug)
        tokens = self.count(prompt)
        if tokens >= context:
            if not body.get("truncate", True) or not body.get("shift", True):
                return error(400, wire.TOO_LONG % (tokens, context))
            self.truncated += 1
            tokens = context // 2
        lines = self._lines(request.path, body, messages, (tokens, context))
        if body.get("stream", True):
            return await self._streamed(request, lines, fault)
        return web.json_response(wire.joined(request.path, [line async for line in lines]))

    async def _lines(
        self, path: str, body: Json, messages: list[Json], sizes: tuple[int, int]
    ) -> AsyncIterator[Json]:
        """The stream: thoughts unless told to leave them, the answer, the line that is done."""
        start, (tokens, context) = time.monotonic(), sizes
        reply = self.answer(messages) if callable(self.answer) else self.answer
        model = self.models[wire.full_name(body["model"])]
        thinks = "thinking" in model.capabilities and (body.get("think", True) or self.stubborn)
        parts = [(text, True) for text in wire.chunks(self.thoughts) if thinks]
        parts += [(text, False) for text in wire.chunks(reply)]
        most = (body.get("options") or {}).get("num_predict", -1)
        room = len(parts) if most < 0 else most
        if not body.get("shift", True):
            room = min(room, context - tokens)
        for text, thought in parts[:room]:
            if self.steps:
                await self.steps.acquire()
            if self.interval:
                await asyncio.sleep(self.interval)
            yield wire.chunk(body["model"], path, text, thought=thought)
        written = min(room, len(parts))
        reason = "stop" if written == len(parts) else "length"
        yield wire.last(body["model"], path, reason, (tokens, written + 1), time.monotonic() - start)

    async def _streamed(
        self, request: web.Request, lines: AsyncIterator[Json], fault: Fault | None
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        sent = 0
        async for line in lines:
            if fault and (sent >= fault.after or line["done"]):
                return await faults.within(request, response, fault, self.hung)
            if not response.prepared:
                await response.prepare(request)
            await response.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            sent += 1
        await response.write_eof()
        return response

    def _take_fault(self) -> Fault | None:
        fault = self.fault
        if fault and fault.times:
            self.fault = Fault(fault.kind, fault.after, fault.times - 1) if fault.times > 1 else None
        return fault

    async def _load(self, model: Model, body: Json) -> int:
        """Load the model as asked, or again where num_ctx or shift differ; return its context in tokens."""
        name = wire.full_name(model.name)
        context = (body.get("options") or {}).get("num_ctx") or self.default_context
        wanted = (min(context, model.context_length), body.get("shift") is not False)
        if self.loaded.get(name) != wanted:
            self.loads.append((name, *wanted))
            self.loaded[name] = wanted  # listed from now on, as by server/sched.go, ready only past the gate
        if self.load_gate:
            await self.load_gate.wait()
        return wanted[0]


def _messages(body: Json) -> list[Json]:
    prompt = body.get("prompt")
    return body.get("messages") or ([{"role": "user", "content": prompt}] if prompt else [])


async def _serve(options: argparse.Namespace) -> None:
    models = [Model(name) for name in options.model or ["qwen3:8b"]]
    fake = FakeOllama(options.answer or wire.quote, models=models, port=options.port)
    fake.interval = options.interval
    fake.thoughts = options.thoughts
    fake.fault = Fault(options.fault, options.after) if options.fault else None
    async with fake:
        print(f"listening on {fake.url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted, telling the address on the first line of standard output."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.ollama", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--answer", help="what it always answers; otherwise it quotes the last article shown")
    parser.add_argument("--thoughts", default="", help="what a thinking model thinks first")
    parser.add_argument("--model", action="append", help="a model it has pulled (qwen3:8b)")
    parser.add_argument("--interval", type=float, default=0.02, help="seconds between chunks")
    parser.add_argument("--fault", help="a kind of Fault, for every answer")
    parser.add_argument("--after", type=int, default=0, help="chunks before the fault")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
