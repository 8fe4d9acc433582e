"""What the bot adds to the model's own time, from Slack's side: ``python -m tests.benchmarks.house``.

The whole bot runs in one process with the Slack stand-in and the Ollama double, so their work counts too.
``--repo`` names the blog (a Git URL, path or bundle; without it the sample blog), ``--question`` what to ask;
with ``--updates`` the workspace has no streams, and answers grow by chat.update. ``--pause`` is seconds
between two questions: Slack allows so few calls a minute that questions without one wait for their texts.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.config import SAMPLE_BLOG
from bot.playground import Playground, shown
from bot.refreshing import refresh
from tests.fakes.house import config_of, serving
from tests.fakes.ollama import FakeOllama

WORDS = [f"word{n} " for n in range(400)]


class Timed(FakeOllama):
    """Remembers when a prompt arrived and when the first token of its answer left."""

    def __init__(self) -> None:
        super().__init__(answer=self.reply)
        self.arrived: list[float] = []
        self.words: Sequence[str] = WORDS[:40]
        self.interval = 0.02

    def reply(self, _messages: list[dict[str, Any]]) -> list[str]:
        """The words of the moment."""
        self.arrived.append(time.perf_counter())
        return list(self.words)


async def main(given: argparse.Namespace) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        async with Playground() as slack, Timed() as ollama:
            if given.updates:
                slack.fail("chat.startStream", error="unknown_method")
            config = config_of(Path(folder), given.repo, slack, ollama.url, BLOGBOT_PARALLEL="20")
            await refresh(config)
            async with serving(config):
                await latencies(slack, ollama, given)
                await acknowledgements(slack, ollama, given.question)


async def latencies(slack: Playground, ollama: Timed, given: argparse.Namespace) -> None:
    """From the mention to the model's request, and from its first token to the first text in the thread."""
    to_model, to_text = [], []
    for _ in range(given.rounds):
        await asyncio.sleep(given.pause)
        asked = time.perf_counter()
        ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> {given.question}")
        await slack.wait_for(lambda ts=ts: said(slack, ts, "word0"), 30)
        seen = time.perf_counter()
        to_model.append(ollama.arrived[-1] - asked)
        to_text.append(seen - ollama.arrived[-1] - ollama.interval)
        await slack.wait_for(lambda ts=ts: said(slack, ts, WORDS[39].strip()), 30)
    tell("mention to the request at the model", to_model)
    tell("first token to the first text in the thread", to_text)


async def acknowledgements(slack: Playground, ollama: Timed, question: str) -> None:
    """How long Slack waits for an acknowledgement while twenty answers stream at 50 tokens a second."""
    ollama.words = WORDS
    for n in range(20):
        person = slack.add_person(f"Person {n}")
        await slack.say(person, slack.general, f"<@{slack.bot_user_id}> {question}")
    await ollama.wait_for(lambda: ollama.streaming == 20, 60)
    waits, cpu, begun = [], time.process_time(), time.perf_counter()
    while ollama.streaming == 20:
        ack = await slack.command(slack.lin, slack.general, "/blog", "status")
        waits.append(ack.seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - begun)
    tell("acknowledgement while twenty answers stream", waits)
    print(f"{'CPU of one core meanwhile, all in one process':<48} {share:.0%}")


def said(slack: Playground, ts: str, word: str) -> bool:
    """Whether the bot's reply in the thread *ts* shows *word*."""
    return any(word in shown(message).split() for message in slack.messages(slack.general, ts)[1:])


def tell(name: str, seconds: Sequence[float]) -> None:
    """One line of figures."""
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(
        f"{name:<48} p50 {statistics.median(seconds) * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms"
        f"   most {max(seconds) * 1000:6.1f} ms   ({len(seconds)})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", default=str(SAMPLE_BLOG))
    parser.add_argument("--question", default="VACUUM 为什么清不掉死元组?")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--updates", action="store_true", help="no streams")
    parser.add_argument("--pause", type=float, default=3.0)
    asyncio.run(main(parser.parse_args()))
