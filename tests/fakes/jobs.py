"""A bot's jobs in this process, over a Slack of lists, with doors that tests hold shut."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from bot.jobs.jobs import Jobs, Limits
from bot.model import Outcome, Question
from bot.records.records import Records

PATIENCE = 20.0
_numbers = itertools.count(1)


def asked(person: str = "U1ANNA", text: str = "Why does VACUUM keep dead tuples?", **more: str) -> Question:
    """A question in a place of its own, unless told otherwise."""
    number = next(_numbers)
    ts = more.pop("ts", f"1700000000.{number:06}")
    return Question(
        id=more.pop("id", f"Ev{number}"),
        text=text,
        person=person,
        team="T1",
        channel="C1",
        ts=ts,
        root=more.pop("root", ts),
        kind="mention",
        **more,  # type: ignore[arg-type]
    )


class Desk:
    """Jobs over a database in *folder*, and what they did; ``door`` shut holds every answer being written."""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self.url = url
        self.limits = limits or Limits(poll=0.02)
        self.opened: list[str] = []
        self.begun: list[str] = []
        self.finished: list[str] = []
        self.refused: list[tuple[str, str, Outcome]] = []
        self.failures: list[Exception] = []
        self.unnamed = False
        self.door = asyncio.Event()
        self.door.set()
        self.at_once: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self._changed = asyncio.Condition()
        self.records = Records(url)
        self.jobs = self._made()

    def _made(self) -> Jobs:
        return Jobs(
            self.url,
            records=self.records,
            open=self._open,
            finish=self._finish,
            refuse=self._refuse,
            limits=self.limits,
        )

    async def start(self) -> None:
        """Open, as the bot does."""
        await self.records.open()
        await self.jobs.start()

    async def stop(self, grace: float = 0.0) -> None:
        """Close, as the bot does."""
        await self.jobs.stop(grace)
        await self.records.close()

    async def again(self) -> None:
        """Start a second time, as a new process would."""
        self.records = Records(self.url)
        self.jobs = self._made()
        await self.start()

    async def until(self, what: list[object] | list[str], count: int) -> None:
        """Wait until one of the lists has *count* entries."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(what) >= count)

    async def _open(self, question: Question) -> str:
        await self._note(self.opened, question.id)
        return "" if self.unnamed else f"reply-{question.ts}"

    async def _finish(self, question: Question, _reply_ts: str) -> None:
        for key in ("all", question.person):
            self.at_once[key] = self.at_once.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.at_once[key])
        await self._note(self.begun, question.id)
        try:
            if self.failures:
                raise self.failures.pop(0)
            await self.door.wait()
        finally:
            for key in ("all", question.person):
                self.at_once[key] -= 1
        await self._note(self.finished, question.id)

    async def _refuse(self, question: Question, reply_ts: str, outcome: Outcome) -> None:
        self.refused.append((question.id, reply_ts, outcome))
        await self._note([], "")

    async def _note(self, where: list[str], what: str) -> None:
        async with self._changed:
            where.append(what)
            self._changed.notify_all()


_used: dict[str, bytes] = {}


async def file(folder: Path) -> str:
    """The address of a SQLite file that a bot has used before: a new queue DBOS sees after a second."""
    if not _used:
        first = folder / "first.sqlite"
        bot = Desk(f"sqlite:///{first}")
        await bot.start()
        await bot.stop()
        _used["bytes"] = first.read_bytes()
    path = folder / "blogbot.sqlite"
    path.write_bytes(_used["bytes"])
    return f"sqlite:///{path}"


@contextlib.asynccontextmanager
async def desk(folder: Path, limits: Limits | None = None) -> AsyncIterator[Desk]:
    """A desk at work, over SQLite."""
    made = Desk(await file(folder), limits)
    await made.start()
    try:
        yield made
    finally:
        made.door.set()
        await made.stop()
