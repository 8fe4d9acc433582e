"""The bot as a program of its own, as people run it, to be stopped and killed at will."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class BotProcess:
    """``python -m bot`` with *env*; ``said`` holds every line it wrote to standard error."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)} | dict(env)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.said: list[str] = []

    async def start(self) -> None:
        """Start it and return when it takes questions; AssertionError with its words when it ends."""
        await self.launch()
        assert self._reading
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._reading}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        assert self._ready.is_set(), "".join(self.said)

    async def launch(self) -> None:
        """Start it without waiting for it."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot"),
            cwd=self._folder,
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._listen(self._process))

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """End it as kill -9 does."""
        if self.alive and self._process:
            self._process.kill()
        await self.ended()

    def terminate(self) -> None:
        """Ask it to stop, as a supervisor does."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its end and return its exit status."""
        assert self._process
        assert self._reading
        async with asyncio.timeout(PATIENCE):
            status = await self._process.wait()
            await self._reading
        return status

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        async for line in process.stderr:
            text = re.sub(r"\x1b\[[0-9;]*m", "", line.decode(errors="replace"))
            self.said.append(text)
            if text.startswith("Ready"):
                self._ready.set()


@asynccontextmanager
async def bot_process(folder: Path, env: Mapping[str, str]) -> AsyncIterator[BotProcess]:
    """A bot that is ready, and gone afterwards."""
    bot = BotProcess(folder, env)
    try:
        await bot.start()
        yield bot
    finally:
        await bot.kill()
        sys.stderr.write("".join(bot.said))  # where tests/conftest.py listens for what nobody may read
