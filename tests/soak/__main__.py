"""``python -m tests.soak``: see the package."""

import argparse
import asyncio
import contextlib
import socket
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from random import Random

from bot.playground import Playground
from tests.fakes.bot_process import BotProcess
from tests.fakes.furnished import settle
from tests.fakes.house import environment
from tests.fakes.postgres import cluster
from tests.soak.bots import Bots, Sample
from tests.soak.people import Crowd
from tests.soak.verdict import judge
from tests.soak.weather import MoodyOllama, Storm

RETRIES = (0.0, 5.0, 25.0)
"""Seconds before an unacknowledged event comes again: Slack's 0, 60 and 300, twelve times as fast."""
OUTSTANDING = 40
"""Questions open at a time; the bot refuses more than 200."""
KILLING_SHARE = 0.6
"""The kills fall into this first part of the questions; the rest shows what a bot that lives on grows to."""
REDELIVERED = 0.05
API_FAULTS = 0.02
MODEL_FAULTS = 0.05


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="See tests/soak/__init__.py.")
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="share a private PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="stop asking after that long")
    parser.add_argument("--logs", type=Path, help="write what the bots logged there")
    wanted = parser.parse_args()
    if wanted.replicas > 1 and not wanted.postgres:
        parser.error("several replicas share a PostgreSQL: add --postgres")
    return wanted


class Soak:
    """One run."""

    def __init__(
        self, wanted: argparse.Namespace, slack: Playground, bots: Bots, crowd: Crowd, dice: Random
    ) -> None:
        self._wanted, self._slack, self._bots, self._crowd, self._dice = wanted, slack, bots, crowd, dice
        self._asking = asyncio.Semaphore(OUTSTANDING)
        self._ends = time.monotonic() + wanted.minutes * 60
        self.dropped = 0
        self.waits: list[float] = []
        self.samples: list[tuple[int, list[Sample]]] = []

    async def run(self) -> None:
        """Ask everything, killing and dropping meanwhile; return when all is answered, or patience ends."""
        calm = asyncio.Event()
        last = max(6, int(self._wanted.questions * KILLING_SHARE))
        moments = sorted(self._dice.sample(range(5, last), min(self._wanted.kills, last - 5)))
        killing = asyncio.create_task(self._kill(moments, calm))
        dropping = asyncio.create_task(self._drop())
        sampling = asyncio.create_task(self._sample(calm))
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._wanted.questions):
                    if time.monotonic() > self._ends:
                        print(f"Time is up: only {number} questions were asked.")
                        break
                    await self._slack.wait_for(partial(self._killed_enough, moments, number), 600)
                    await self._asking.acquire()
                    group.create_task(self._follow(number))
            await killing
        finally:
            for task in (killing, dropping, sampling):
                task.cancel()
            await asyncio.gather(killing, dropping, sampling, return_exceptions=True)

    async def _follow(self, number: int) -> None:
        began = time.monotonic()
        asked = await self._crowd.ask(number, REDELIVERED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(240):
                await asked.done.wait()
            self.waits.append(time.monotonic() - began)
        self._asking.release()

    def _killed_enough(self, moments: list[int], number: int) -> bool:
        """Whether the kills keep up with the questions: an idle bot is not worth killing."""
        return self._bots.kills >= bisect(moments, number - 2 * OUTSTANDING)

    async def _kill(self, moments: list[int], calm: asyncio.Event) -> None:
        for moment in moments:
            await self._slack.wait_for(partial(self._crowd.has_finished, moment), 600)
            await self._bots.kill_one()
            self._slack.workspace.wake()
        calm.set()

    async def _drop(self) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(5, 20))
            self.dropped += 1
            match self._dice.randrange(3):
                case 0:
                    await self._slack.drop_connections()
                case 1:
                    await self._slack.send_disconnect("refresh_requested")
                case _:
                    self._slack.go_deaf()

    async def _sample(self, calm: asyncio.Event) -> None:
        await calm.wait()
        while True:
            self.samples.append((self._crowd.finished, await self._bots.samples()))
            await asyncio.sleep(1)


@contextlib.contextmanager
def database(wanted: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The settings that name the database: none for SQLite."""
    if not wanted.postgres:
        yield {}
        return
    with cluster() as server:
        yield {"BLOGBOT_DATABASE_URL": server.database()}


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.asynccontextmanager
async def bots_of(
    wanted: argparse.Namespace, folder: Path, slack: Playground, ollama: str, storm: Storm, dice: Random
) -> AsyncIterator[Bots]:
    """The bots, each with a folder and an index of its own, running."""
    with database(wanted) as shared:
        made, ports = [], free_ports(wanted.replicas)
        for number, port in enumerate(ports):
            home = folder / f"bot{number}"
            blog = await settle(home)
            settings = shared | {"BLOGBOT_HEALTH_PORT": str(port)}
            made.append(BotProcess(home, environment(home, str(blog), slack, ollama, **settings)))
        bots = Bots(made, ports, storm, dice)
        try:
            await bots.start()
            yield bots
        finally:
            await bots.kill_all()
            if wanted.logs:
                wanted.logs.write_text("".join(line for bot in made for line in bot.said))


def growth(samples: list[tuple[int, list[Sample]]]) -> Iterator[str]:
    """What the bots held at the start, the quarters and the end of the calm after the last kill.

    At first the pools of connections and threads fill up; what goes on growing after that is a leak.
    """
    steady = [(done, sample) for done, sample in samples if sample]
    if len(steady) < 5:
        yield "growth              too short a calm to say"
        return
    chosen = [steady[(len(steady) - 1) * quarter // 4] for quarter in range(5)]
    yield f"in calm, questions  {' → '.join(str(done) for done, _ in chosen)}"
    for name, unit in (("rss", "MiB"), ("descriptors", ""), ("threads", ""), ("tasks", "")):
        held = (max(getattr(sample, name) for sample in several) for _, several in chosen)
        yield f"{name:<19} {' → '.join(f'{each:.0f}' for each in held)} {unit}"


def waits(seconds: list[float]) -> Iterator[str]:
    """How long people waited for the end of an answer, kills and queue included."""
    ordered = sorted(seconds)
    if ordered:
        middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        yield f"seconds to the end  median {middle:.1f}, 99% {late:.1f}, most {ordered[-1]:.1f}"


async def main() -> int:
    """Run and print the figures."""
    wanted = options()
    dice = Random(wanted.seed)
    storm = Storm(dice, API_FAULTS)
    with tempfile.TemporaryDirectory(prefix="blogbot-soak-") as name:
        async with Playground(retries=RETRIES) as slack, MoodyOllama(dice, MODEL_FAULTS) as ollama:
            slack._api.faults = storm
            crowd = Crowd(slack, wanted.people, max(3, wanted.questions // 150), dice)
            async with bots_of(wanted, Path(name), slack, ollama.url, storm, dice) as bots:
                soak = Soak(wanted, slack, bots, crowd, dice)
                began = time.monotonic()
                await soak.run()
                seconds = time.monotonic() - began
                statuses = await bots.stop()
            verdict = judge(slack, crowd.asked)
    database = "PostgreSQL" if wanted.postgres else "SQLite"
    print(f"database            {database}, {wanted.replicas} bot(s), seed {wanted.seed}")
    print(f"questions           {len(crowd.asked)} of {wanted.people} people in {seconds:.0f} s")
    print(f"killed with -9      {bots.kills} times, {bots.ambushed} of them within a post or update")
    print(f"events redelivered  {crowd.redelivered}")
    print(f"sockets broken      {soak.dropped} times")
    print(f"Web API faults      {dict(storm.happened)}")
    print(f"model faults        {dict(ollama.happened)}")
    print(*verdict.lines(), *waits(soak.waits), *growth(soak.samples), sep="\n")
    print(f"exit statuses       {statuses}")
    print(f"tracebacks logged   {bots.tracebacks()}")
    for event, count in bots.complaints().most_common(12):
        print(f"  {count:>5} × {event}")
    return 0 if verdict.kept and not any(statuses) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
