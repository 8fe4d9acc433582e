"""The bots under load: started, sampled, killed and started again."""

import asyncio
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.fakes.bot_process import BotProcess
from tests.soak.weather import Storm

LEVEL = re.compile(r"\[(warning|error|critical)\s*\]\s+(.{1,60}?)(?:\s{2,}|\s\w+=|$)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a bot: memory in MiB, open file descriptors, threads, asyncio tasks."""

    rss: float
    descriptors: int
    threads: int
    tasks: int


def process(pid: int) -> dict[str, int] | None:
    """What /proc tells of a process: VmRSS in KiB, Threads, descriptors; None when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - a count, thousands of times
    except OSError:
        return None
    found = re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE)
    numbers = {name: int(number) for name, number in found} | {"descriptors": descriptors}
    return numbers if "VmRSS" in numbers else None


async def sample(session: ClientSession, pid: int, metrics: str) -> Sample | None:
    """Look at a bot through /proc and its page *metrics*; None when it is gone, or cannot say."""
    try:
        async with session.get(metrics) as answer:
            tasks = re.search(r"^blogbot_tasks ([1-9]\d*)", await answer.text(), re.MULTILINE)
    except (OSError, ClientError):
        return None
    numbers = process(pid)
    if tasks is None or numbers is None:
        return None
    return Sample(numbers["VmRSS"] / 1024, numbers["descriptors"], numbers["Threads"], int(tasks[1]))


class Bots:
    """Replicas of the bot, whose health pages are at *ports*; ``kills`` counts those that died."""

    def __init__(self, bots: list[BotProcess], ports: list[int], storm: Storm, dice: Random) -> None:
        self._bots, self._ports, self._storm, self._dice = bots, ports, storm, dice
        self.kills = 0
        self.ambushed = 0

    async def start(self) -> None:
        """Start them all; the first alone, since it makes the tables."""
        await self._bots[0].start()
        await asyncio.gather(*(bot.start() for bot in self._bots[1:]))

    async def kill_one(self) -> None:
        """Kill one at once or at its next post, and start it again after a moment."""
        bot = self._dice.choice(self._bots)
        if self._dice.random() < 0.6:
            await self._ambush(bot)
        await bot.kill()
        self.kills += 1
        if len(self._bots) > 1:  # long enough, now and then, for a neighbour to take its work over
            await asyncio.sleep(self._dice.choice((0, 0, 1, 3, 25)))
        await bot.start()

    async def _ambush(self, bot: BotProcess) -> None:
        struck = asyncio.Event()

        def strike() -> None:
            if bot.alive:
                os.kill(bot.pid, 9)
            struck.set()

        self._storm.ambush = strike
        try:
            async with asyncio.timeout(5):
                await struck.wait()
            self.ambushed += 1
        except TimeoutError:
            self._storm.ambush = None

    async def samples(self) -> list[Sample]:
        """One look at each that runs."""
        async with ClientSession(timeout=ClientTimeout(5)) as session:
            found = [
                await sample(session, bot.pid, f"http://127.0.0.1:{port}/metrics")
                for bot, port in zip(self._bots, self._ports, strict=True)
                if bot.alive
            ]
        return [each for each in found if each]

    async def stop(self) -> list[int]:
        """Ask all to stop; their exit statuses."""
        for bot in self._bots:
            if bot.alive:
                bot.terminate()
        return [await bot.ended() for bot in self._bots]

    async def kill_all(self) -> None:
        """Leave nothing running."""
        for bot in self._bots:
            if bot.alive:
                await bot.kill()

    def complaints(self) -> Counter[str]:
        """What they logged as warnings and errors, by event."""
        said = (LEVEL.search(line) for bot in self._bots for line in bot.said)
        return Counter(f"{match[1]}: {match[2].strip()}" for match in said if match)

    def tracebacks(self) -> int:
        """How many tracebacks they logged."""
        return sum(line.startswith("Traceback") for bot in self._bots for line in bot.said)
