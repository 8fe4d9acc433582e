"""When the index follows the blog: nightly, on request, at start for a night missed [APScheduler, clock]."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from index.errors import RefreshRunning, ShrinkRefused

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
_LOOKS_BACK = tuple(timedelta(hours=hours) for hours in (1, 24, 8 * 24, 32 * 24, 366 * 24))
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


def turn(when: CronTrigger, moment: datetime) -> str:
    """The name of the run that *when* wanted last, up to *moment*: after its day and hour, in UTC.

    Every replica gives a run the same name, also one that begins late, tries again or makes up for it.
    """
    for back in _LOOKS_BACK:
        due, following = None, when.get_next_fire_time(None, moment - back)
        while following is not None and following <= moment:
            due, following = following, when.get_next_fire_time(following, following)
        if due is not None:
            return _named(due)
    return _named(moment)


def _named(due: datetime) -> str:
    return f"refresh {due.astimezone(UTC):%Y-%m-%d %H:%M}"


class Hears(Protocol[T_contra]):
    """Who is told of refreshes; *run* is the name of a scheduled one, "" for one that a person asked for."""

    async def refreshed(self, done: T_contra, run: str, *, recovered: bool) -> None:
        """One succeeded; *recovered* where scheduled ones had failed since the last success."""

    async def failed(self, failure: Exception, run: str, *, first: bool) -> None:
        """A scheduled one failed; *first* where none had since the last success."""


class Schedule(Generic[T]):
    """Runs *refresh* by the cron *line*, one at a time; times are UTC, so that no night has two or none.

    ``memory`` is a file that remembers the last success, so that a night missed while the bot was down is
    made up for at start, and whether runs have failed since. A scheduled run that fails is tried again after
    each of ``pauses``. ``hears`` is told how refreshes end.
    """

    def __init__(
        self,
        line: str,
        refresh: Callable[[], Awaitable[T]],
        *,
        memory: Path,
        hears: Hears[T],
        pauses: tuple[timedelta, ...] = PAUSES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._trigger = trigger(line)
        self._refresh = refresh
        self._memory = memory
        self._hears = hears
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
            return datetime.fromisoformat(self._remembered()["refreshed"]).astimezone(UTC)
        except (ValueError, KeyError, TypeError):
            return None

    def next(self) -> datetime | None:
        """When the next run is due."""
        due: datetime | None = self._trigger.get_next_fire_time(None, self._clock())
        return due

    async def run_now(self) -> T:
        """Refresh now and return what came of it, or raise its failure; joins a run that is under way."""
        return await self._run_or_join("")

    async def _run_or_join(self, name: str) -> T:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(name))
        return await asyncio.shield(self._running)

    async def _run(self, name: str) -> T:
        began = self._clock()
        done = await self._refresh()
        recovered = self._is_failing()
        self._remember(refreshed=began.isoformat())
        await self._hears.refreshed(done, name, recovered=recovered)
        return done

    async def _scheduled(self) -> None:
        name = turn(self._trigger, self._clock())
        for pause in (*self._pauses, None):
            try:
                await self._run_or_join(name)
            except Exception as failure:
                again = None if isinstance(failure, ShrinkRefused) else pause
                log.exception("refresh failed", run=name, again=str(again or "next time"))
                if not isinstance(failure, RefreshRunning):  # which does what this one would have done
                    first = not self._is_failing()
                    self._remember(**self._remembered() | {"failing": True})
                    await self._hears.failed(failure, name, first=first)
                if again is None:
                    return
                await asyncio.sleep(again.total_seconds())
            else:
                return

    def _is_failing(self) -> bool:
        return self._remembered().get("failing") is True

    def _remembered(self) -> dict[str, Any]:
        try:
            found = json.loads(self._memory.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _remember(self, **facts: Any) -> None:
        """A memory that cannot be written costs one refresh too many at the next start, and no more."""
        aside = self._memory.with_suffix(".new")
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(facts))
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
