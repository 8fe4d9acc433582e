"""When the index follows the blog: nightly, on request, at start for a night missed [APScheduler, clock]."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from index.errors import ShrinkRefused

T = TypeVar("T")
Reported = Callable[[Exception, timedelta | None], Awaitable[None]]

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

log = structlog.get_logger(__name__)


def trigger(line: str) -> CronTrigger:
    """The cron line (minute hour day month weekday, UTC) as a trigger, or ValueError saying what is wrong.

    Weekdays count as in crontab(5), 0 and 7 being Sunday, where APScheduler by itself begins with Monday. A
    line that names a day of the month and a weekday is refused: cron takes either, APScheduler wants both.
    """
    fields = line.split()
    if len(fields) != 5:  # noqa: PLR2004
        raise ValueError(f"{len(fields)} fields instead of 5")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise ValueError("name a day of the month or a weekday, not both")
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC
    )


def turn(moment: datetime) -> str:
    """The name of a day's refresh, under which all replicas together announce it once."""
    return f"refresh {moment.astimezone(UTC):%Y-%m-%d}"


class Schedule(Generic[T]):
    """Runs *refresh* by the cron *line*, one at a time; times are UTC, so that no night has two or none.

    ``memory`` is a file that remembers the last success, so that a night missed while the bot was down is
    made up for at start. A scheduled run that fails is tried again after each of ``pauses``; failures go to
    ``reported`` with the pause until the next try, None after the last.
    """

    def __init__(
        self,
        line: str,
        refresh: Callable[[], Awaitable[T]],
        *,
        memory: Path,
        reported: Reported,
        pauses: tuple[timedelta, ...] = PAUSES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._trigger = trigger(line)
        self._refresh = refresh
        self._memory = memory
        self._reported = reported
        self._pauses = pauses
        self._clock = clock
        self._running: asyncio.Task[T] | None = None
        self._made_up: asyncio.Task[None] | None = None
        # A run that comes late, say after the machine slept, is made once however late it is.
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        self.scheduler.add_job(
            self._scheduled,
            self._trigger,
            id="refresh",
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    async def start(self) -> None:
        """Begin to keep the hours, and make up for a missed run at once, in the background."""
        self.scheduler.start()
        if self.missed():
            log.info("a scheduled refresh was missed")
            self._made_up = asyncio.create_task(self._scheduled())

    async def stop(self) -> None:
        """Stop keeping the hours, and cut a run that is under way."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        tasks = [task for task in (self._made_up, self._running) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def missed(self) -> bool:
        """Whether a run was due since the last success; so where no success is remembered."""
        last = self.last()
        if last is None:
            return True
        due = self._trigger.get_next_fire_time(None, last + timedelta(microseconds=1))
        return due is not None and due <= self._clock()

    def last(self) -> datetime | None:
        """When a refresh last succeeded here."""
        try:
            return datetime.fromisoformat(json.loads(self._memory.read_text())["refreshed"]).astimezone(UTC)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def next(self) -> datetime | None:
        """When the next run is due."""
        due: datetime | None = self._trigger.get_next_fire_time(None, self._clock())
        return due

    async def run_now(self) -> T:
        """Refresh now and return what came of it, or raise its failure; joins a run that is under way."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> T:
        began = self._clock()
        done = await self._refresh()
        self._remember(began)
        return done

    async def _scheduled(self) -> None:
        name = turn(self._clock())
        for pause in (*self._pauses, None):
            try:
                await self.run_now()
            except Exception as failure:
                again = None if isinstance(failure, ShrinkRefused) else pause
                log.warning("refresh failed", run=name, exc_info=failure, again=str(again))
                await self._reported(failure, again)
                if again is None:
                    return
                await asyncio.sleep(again.total_seconds())
            else:
                return

    def _remember(self, moment: datetime) -> None:
        """A memory that cannot be written costs one refresh too many at the next start, and no more."""
        aside = self._memory.with_suffix(".new")
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps({"refreshed": moment.isoformat()}))
            aside.replace(self._memory)
        except OSError as exc:
            log.warning("the refresh's time could not be kept", failure=exc.strerror)


def _weekdays(field: str) -> str:
    """crontab(5)'s weekday field in APScheduler's names."""
    if field == "*":
        return "*"
    chosen: set[int] = set()
    for part in field.lower().split(","):
        span, _, every = part.partition("/")
        first, dash, last = span.partition("-")
        low = 0 if span == "*" else _weekday(first)
        high = 6 if span == "*" or (every and not dash) else _weekday(last) if dash else low
        high += 7 if high < low else 0
        if every and not (every.isascii() and every.isdigit() and int(every)):
            raise ValueError(f"the weekday step {every!r} is no number")
        chosen.update(day % 7 for day in range(low, high + 1, int(every or 1)))
    return ",".join(_DAYS[day] for day in sorted(chosen))


def _weekday(name: str) -> int:
    if name in _DAYS:
        return _DAYS.index(name)
    if name.isascii() and name.isdigit() and int(name) <= 7:  # noqa: PLR2004
        return int(name)
    raise ValueError(f"{name!r} is no weekday: give 0 to 7, or sun to sat")
