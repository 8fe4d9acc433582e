"""Drives the processes of tests.fakes.replica."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.model import Question
from tests.fakes.replica import Slack

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class Replica:
    """One process; everything it says is kept in ``said``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []

    async def hears(self, question: Question) -> bool:
        """Submit a question; whether it was new."""
        self.is_asked(question)
        return bool((await self.says(submitted=question.id))["fresh"])

    def is_asked(self, question: Question) -> None:
        """Submit a question without waiting for what comes of it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(question)).encode() + b"\n")

    def goes_on(self) -> None:
        """Open the door it holds itself up at."""
        assert self._process.stdin
        self._process.stdin.write(b"go\n")

    async def says(self, **event: Any) -> dict[str, Any]:
        """Wait until it has said something with these entries, and return that."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for each in self.said:
                    if event.items() <= each.items():
                        self.said.remove(each)
                        return each
                assert self._process.stdout
                line = await self._process.stdout.readline()
                assert line, f"the replica ended without saying {event}"
                self.said.append(json.loads(line))

    async def kill(self) -> None:
        """End it as kill -9 does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def terminate(self) -> int:
        """Ask it to stop, as a supervisor does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()


class Crew:
    """Replicas over one database and one Slack."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._url = database_url
        self._path = folder / "slack.jsonl"
        self._replicas: list[Replica] = []
        self.slack = Slack(self._path)

    async def start(self, hold: str = "nowhere", look: float = 0.3) -> Replica:
        """A further replica, ready for questions."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fakes.replica",
            self._url,
            str(self._path),
            hold,
            str(look),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        replica = Replica(process)
        self._replicas.append(replica)
        await replica.says(ready=True)
        return replica

    async def end(self) -> None:
        """Kill what still runs."""
        for replica in self._replicas:
            await replica.kill()


@contextlib.asynccontextmanager
async def crew(database_url: str, folder: Path) -> AsyncIterator[Crew]:
    """A crew that is gone afterwards."""
    made = Crew(database_url, folder)
    try:
        yield made
    finally:
        await made.end()
