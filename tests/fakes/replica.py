"""A bot process that is nothing but its jobs, to be killed at will; its Slack is a file it appends lines to.

``python -m tests.fakes.replica DATABASE SLACK HOLD LOOK`` takes questions as JSON lines on stdin and tells on
stdout what happens, one JSON object a line. It stands still at the point named HOLD, until a line "go" comes:
"opening" (before the post), "posted" (before its timestamp is saved), "writing", "written" (before that is).
SIGTERM stops it as the bot stops.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from bot import logs
from bot.errors import DatabaseFailure
from bot.jobs.durable import exit_if_stuck
from bot.jobs.jobs import Jobs, Limits
from bot.model import Outcome, Question
from bot.records.records import Records

GRACE = 3.0


class Slack:
    """The file: posts and final texts, in order, over all processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[dict[str, str]]:
        """Everything written so far."""
        return (
            [json.loads(line) for line in self._path.read_text().splitlines()] if self._path.exists() else []
        )

    def write(self, **line: str) -> None:
        """Append one line at once."""
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def posts(self) -> list[str]:
        """The ids of the questions that were replied to, once for every post."""
        return [line["post"] for line in self.lines() if "post" in line]

    def finals(self) -> list[str]:
        """The ids of the questions answered, once for every time the whole text was shown."""
        return [line["final"] for line in self.lines() if "final" in line]


class Process:
    """What a replica does."""

    def __init__(self, url: str, slack: Slack, hold: str, look: float) -> None:
        self._slack, self._hold = slack, hold
        self._go = asyncio.Event()
        self._records = Records(url)
        self._jobs = Jobs(
            url,
            records=self._records,
            open=self._open,
            finish=self._finish,
            refuse=self._refuse,
            limits=Limits(poll=0.05, look=look),
        )

    async def run(self) -> None:
        """Work until SIGTERM."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        await self._records.open()
        await self._jobs.start()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        tell(ready=True)
        taking = asyncio.create_task(self._take(reader))
        await stop.wait()
        taking.cancel()
        await self._jobs.stop(GRACE)
        await self._records.close()
        tell(stopped=True)

    async def _take(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line == b"go\n":
                self._go.set()
                continue
            question = Question(**json.loads(line))
            try:
                tell(submitted=question.id, fresh=await self._jobs.submit(question))
            except DatabaseFailure as failure:
                tell(refused=question.id, failure=str(failure))

    async def _at(self, point: str, question: Question) -> None:
        tell(at=point, id=question.id)
        if point == self._hold:
            await self._go.wait()

    async def _open(self, question: Question) -> str:
        await self._at("opening", question)
        ts = f"reply-{question.ts}"
        if question.id not in self._slack.posts():
            self._slack.write(post=question.id, ts=ts)
        await self._at("posted", question)
        return ts

    async def _finish(self, question: Question, reply_ts: str) -> None:
        await self._at("writing", question)
        self._slack.write(final=question.id, ts=reply_ts)
        await self._at("written", question)

    async def _refuse(self, question: Question, reply_ts: str, outcome: Outcome) -> None:
        self._slack.write(refused=question.id, ts=reply_ts, outcome=outcome)


def tell(**event: Any) -> None:
    """Say it to whoever drives us."""
    print(json.dumps(event), flush=True)


def report_sockets() -> None:
    """Tell of every address that anything in this process connects or listens to."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
            tell(socket=event, address=str(arguments[-1] if event != "socket.getaddrinfo" else arguments[0]))

    sys.addaudithook(hook)


if __name__ == "__main__":
    report_sockets()
    logs.configure()
    database, path, hold_at, every = sys.argv[1:5]
    asyncio.run(Process(database, Slack(Path(path)), hold_at, float(every)).run())
    exit_if_stuck(0)
