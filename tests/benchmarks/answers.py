"""What the bot adds to the model's own time, on a real blog with the index warm.

``python -m tests.benchmarks.answers REPO QUESTIONS.jsonl [--data FOLDER] [--corpus NAME]`` indexes REPO
(any Git URL, path or bundle) into FOLDER unless it is there, asks each question of the file, and prints
milliseconds from the question to its request at the model, from the model's first token to the first
visible text, and of checking an answer against its sources. The model is the protocol double in a process
of its own, whose tokens are the machine's monotonic clock.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from bot.answers.answering import Settings, answer
from bot.answers.drafting import Draft
from bot.answers.prompt import Prompt, build
from bot.llm import Ollama
from bot.model import Conversation, Delta, Done
from index.errors import IndexMissing
from index.model import Blog, Found
from index.refresh import refresh
from index.search import Search
from tests.fakes import ollama_wire as wire
from tests.fakes.ollama import FakeOllama

MODEL = "qwen3:8b"
TOKENS, RATE = 5, 50.0


class Stamping(FakeOllama):
    """Writes the time instead of words, as models write them: each with the space before it."""

    async def _lines(
        self, path: str, body: wire.Json, _: list[wire.Json], sizes: tuple[int, int]
    ) -> AsyncIterator[wire.Json]:
        for _token in range(TOKENS):
            yield wire.chunk(body["model"], path, f" {time.monotonic_ns()}")
            await asyncio.sleep(1 / RATE)
        yield wire.last(body["model"], path, "stop", (sizes[0], TOKENS))


def serve(told: Connection) -> None:
    """Run the server and tell its address."""

    async def run() -> None:
        async with Stamping() as fake:
            told.send(fake.url)
            await asyncio.Event().wait()

    asyncio.run(run())


async def ask(url: str, search: Search, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """Milliseconds to the request, and from first token to first text, for each answerable question."""
    requests, texts = [], []

    async def find(question: str, limit: int) -> Found:
        return await asyncio.to_thread(search, question, limit)

    async with Ollama((url,), MODEL, context=8192, answer_tokens=800) as model:
        for question in (*questions[:10], *questions):  # the first ten warm up
            begun = time.monotonic_ns()
            events = answer(question, Conversation(), search=find, generate=model.chat, settings=Settings())
            shown = [(event.text, time.monotonic_ns()) async for event in events if isinstance(event, Delta)]
            for text, seen in shown[:1]:
                stamp = int(text)
                requests.append((stamp - begun) / 1e6)
                texts.append((seen - stamp) / 1e6)
    warm = len(requests) - len(questions)
    return requests[max(0, warm) :], texts[max(0, warm) :]


def checked(search: Search, questions: Sequence[str]) -> list[float]:
    """CPU milliseconds of cleaning and checking an answer made of thirty of its sources' sentences."""
    spent = []
    for question in questions:
        found = search(question, 5)
        if found.hits:
            prompt = build(question, found.hits)
            text = _parrot(prompt)
            begun = time.process_time()
            draft = Draft(prompt.sources)
            draft.done = Done(0, 0, "stop")
            draft.feed(text)
            draft.finish()
            spent.append((time.process_time() - begun) * 1000)
    return spent


def _parrot(prompt: Prompt) -> str:
    """An answer of up to thirty lines of the sources."""
    lines = [
        (line, source.n) for source in prompt.sources for line in source.shown.split("\n") if line.strip()
    ]
    return "\n".join(f"{line.removeprefix(f'[{n}] ')} [{n}]" for line, n in lines[:30])


def figures(name: str, values: Sequence[float]) -> str:
    """One line of figures."""
    p95 = statistics.quantiles(values, n=20)[-1]
    middle, most = statistics.median(values), max(values)
    return f"{name}: p50 {middle:.1f} ms, p95 {p95:.1f} ms, most {most:.1f} ms ({len(values)})"


def opened(repo: str, data: Path) -> Search:
    """The search over *repo*, indexed into *data* if it is not yet."""
    blog = Blog(repo, link="https://blog.example/{path}")
    search = Search(data, blog)
    try:
        search.status()
    except IndexMissing:
        refresh(blog, data)
    return search


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--corpus", default="", help="ask only the questions whose corpus is this")
    parser.add_argument("--data", type=Path, default=None)
    given = parser.parse_args()
    rows = map(json.loads, given.questions.read_text().splitlines())
    questions = [row["question"] for row in rows if given.corpus in {"", row.get("corpus")}]
    search = opened(given.repo, given.data or Path(tempfile.mkdtemp(prefix="answers-")))
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    try:
        requests, texts = asyncio.run(ask(ours.recv(), search, questions))
    finally:
        server.terminate()
        server.join()
    print(figures("question to its request at the model", requests))
    print(figures(f"first token to first visible text, at {RATE:g} tokens/s", texts))
    print(figures("cleaning and checking an answer, CPU", checked(search, questions)))


if __name__ == "__main__":
    main()
