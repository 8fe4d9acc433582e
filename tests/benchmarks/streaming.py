"""What streaming costs: from the model's token to the chunk handed on, and the CPU it takes.

``python -m tests.benchmarks.streaming`` prints the figures. The server is the protocol double in a process
of its own, stamping each chunk with the machine's monotonic clock just before it is written.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from multiprocessing.connection import Connection

from bot.llm import Ollama
from bot.model import Message
from tests.fakes import ollama_wire as wire
from tests.fakes.ollama import FakeOllama

ASKED = (Message("user", "What is MVCC?"),)


class Stamping(FakeOllama):
    """Writes the time instead of words, *rate* times a second."""

    def __init__(self, tokens: int, rate: float) -> None:
        super().__init__()
        self.tokens = tokens
        self.pause = 1 / rate if rate else 0.0

    async def _lines(
        self, path: str, body: wire.Json, _: list[wire.Json], sizes: tuple[int, int]
    ) -> AsyncIterator[wire.Json]:
        due = time.monotonic()
        for _token in range(self.tokens):
            due += self.pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield wire.chunk(body["model"], path, f"{time.monotonic_ns()} ")
        yield wire.last(body["model"], path, "stop", (sizes[0], self.tokens))


def serve(told: Connection, tokens: int, rate: float) -> None:
    """Run the server and tell its address."""

    async def run() -> None:
        async with Stamping(tokens, rate) as fake:
            told.send(fake.url)
            await asyncio.Event().wait()

    asyncio.run(run())


async def stream(model: Ollama) -> list[float]:
    """Milliseconds from each token to its chunk."""
    return [
        (time.monotonic_ns() - int(part)) / 1e6 async for part in model.chat(ASKED) if isinstance(part, str)
    ]


async def first_chunks(url: str, answers: int) -> None:
    """Ask one after the other; the first chunk of each counts."""
    async with Ollama((url,), "qwen3:8b", context=8192, answer_tokens=5000) as model:
        await stream(model)
        firsts = [(await stream(model))[0] for _ in range(answers)]
    p95 = statistics.quantiles(firsts, n=20)[-1]
    print(
        f"first token to first chunk handed on: p50 {statistics.median(firsts):.2f} ms,"
        f" p95 {p95:.2f} ms, most {max(firsts):.2f} ms ({answers} answers)"
    )


async def cpu(url: str, at_once: int, tokens: int, rate: float) -> None:
    """Stream *at_once* answers side by side and measure this process."""
    async with Ollama((url,), "qwen3:8b", context=8192, answer_tokens=5000, parallel=at_once) as model:
        await model.facts()
        wall, spent = time.perf_counter(), time.process_time()
        lates = await asyncio.gather(*(stream(model) for _ in range(at_once)))
        wall, spent = time.perf_counter() - wall, time.process_time() - spent
    p95 = statistics.quantiles([late for answer in lates for late in answer], n=20)[-1]
    print(
        f"{at_once} x {rate:g} tokens/s for {wall:.1f} s: {100 * spent / wall:.2f}% of one core,"
        f" {1e6 * spent / (tokens * at_once):.0f} us a token; token to chunk p95 {p95:.2f} ms"
    )


def measure(tokens: int, rate: float, work: Callable[[str], Coroutine[None, None, None]]) -> None:
    """Run *work* against a server that writes *tokens* chunks, *rate* of them a second."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, tokens, rate))
    server.start()
    try:
        asyncio.run(work(ours.recv()))
    finally:
        server.terminate()
        server.join()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0)
    given = parser.parse_args()
    tokens, rate = given.tokens, given.rate
    measure(2, 0.0, partial(first_chunks, answers=given.answers))
    measure(tokens, rate, partial(cpu, at_once=1, tokens=tokens, rate=rate))
    measure(tokens, rate, partial(cpu, at_once=20, tokens=tokens, rate=rate))


if __name__ == "__main__":
    main()
