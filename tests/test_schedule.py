"""When the index follows the blog, and who is told (faults 36, 43, 44)."""

import asyncio
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.schedule import Schedule, trigger, turn
from index.errors import RefreshRunning, RepositoryUnreachable, ShrinkRefused

NIGHTLY = "0 3 * * *"
QUICK = (timedelta(milliseconds=1), timedelta(milliseconds=2))


class Blog:
    """A refresh that counts, waits at a door, and fails as often as told; it notes what it hears."""

    def __init__(self) -> None:
        self.runs = 0
        self.at_once = 0
        self.most = 0
        self.failures: list[Exception] = []
        self.reports: list[tuple[str, bool]] = []
        self.told: list[tuple[str, bool]] = []
        self.door = asyncio.Event()
        self.door.set()
        self._changed = asyncio.Condition()

    async def refresh(self) -> int:
        self.runs += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self._tell()
        try:
            await self.door.wait()
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.at_once -= 1
        return self.runs

    async def refreshed(self, _done: int, run: str, *, recovered: bool) -> None:
        self.told.append((run, recovered))
        await self._tell()

    async def failed(self, failure: Exception, _run: str, *, first: bool) -> None:
        self.reports.append((str(failure), first))
        await self._tell()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(true)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Clock:
    """A clock that stands still."""

    def __init__(self, *moment: int) -> None:
        self.now = datetime(*moment, tzinfo=UTC)  # type: ignore[misc,arg-type]

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def blog() -> Blog:
    return Blog()


def made(blog: Blog, folder: Path, clock: Clock, line: str = NIGHTLY) -> Schedule[int]:
    return Schedule(
        line,
        blog.refresh,
        memory=folder / "refresh.json",
        hears=blog,
        pauses=QUICK,
        clock=clock,
    )


async def test_a_night_missed_while_the_bot_was_down_is_made_up_for_at_start(
    blog: Blog, tmp_path: Path
) -> None:
    clock = Clock(2026, 11, 22, 3, 0, 5)
    await made(blog, tmp_path, clock).run_now()
    clock.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    second = made(blog, tmp_path, clock)
    assert second.missed()
    await second.start()
    await blog.until(lambda: blog.runs == 2)
    assert await second.run_now() >= 2
    await second.stop()
    assert not made(blog, tmp_path, clock).missed()


async def test_a_restart_on_the_same_day_refreshes_nothing(blog: Blog, tmp_path: Path) -> None:
    clock = Clock(2026, 11, 23, 3, 0, 1)
    await made(blog, tmp_path, clock).run_now()
    clock.now = datetime(2026, 11, 24, 2, 59, 59, tzinfo=UTC)
    second = made(blog, tmp_path, clock)
    await second.start()
    assert not second.missed()
    assert second.next() == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    await second.stop()
    assert blog.runs == 1


async def test_a_bot_that_never_refreshed_is_behind(blog: Blog, tmp_path: Path) -> None:
    assert made(blog, tmp_path, Clock(2026, 11, 23)).missed()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"refreshed": 5}', '{"refreshed": "yesterday"}'])
async def test_a_memory_that_cannot_be_read_counts_as_none(blog: Blog, tmp_path: Path, text: str) -> None:
    (tmp_path / "refresh.json").write_text(text)
    assert made(blog, tmp_path, Clock(2026, 11, 23)).missed()


async def test_a_failed_run_is_not_remembered(blog: Blog, tmp_path: Path) -> None:
    blog.failures = [RepositoryUnreachable("no network")]
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    with pytest.raises(RepositoryUnreachable, match="no network"):
        await schedule.run_now()
    assert schedule.last() is None


async def test_what_is_remembered_is_when_the_run_began(blog: Blog, tmp_path: Path) -> None:
    clock = Clock(2026, 11, 23, 2, 59)
    schedule = made(blog, tmp_path, clock)
    blog.door.clear()
    run = asyncio.create_task(schedule.run_now())
    await blog.until(lambda: blog.runs == 1)
    clock.now = datetime(2026, 11, 23, 3, 1, tzinfo=UTC)
    blog.door.set()
    await run
    assert json.loads((tmp_path / "refresh.json").read_text()) == {"refreshed": "2026-11-23T02:59:00+00:00"}
    assert schedule.missed()


async def test_two_refreshes_asked_for_at_once_are_one(blog: Blog, tmp_path: Path) -> None:
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    blog.door.clear()
    runs = [asyncio.create_task(schedule.run_now()) for _ in range(3)]
    await blog.until(lambda: blog.runs == 1)
    blog.door.set()
    assert await asyncio.gather(*runs) == [1, 1, 1]
    assert await schedule.run_now() == 2
    assert blog.most == 1


async def test_a_person_who_stops_waiting_does_not_stop_the_refresh(blog: Blog, tmp_path: Path) -> None:
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    blog.door.clear()
    first = asyncio.create_task(schedule.run_now())
    await blog.until(lambda: blog.runs == 1)
    second = asyncio.create_task(schedule.run_now())
    first.cancel()
    blog.door.set()
    assert await second == 1
    assert blog.runs == 1


async def test_a_scheduled_run_that_fails_is_tried_again_with_growing_pauses_and_reported(
    blog: Blog, tmp_path: Path
) -> None:
    blog.failures = [RepositoryUnreachable("one"), RepositoryUnreachable("two")]
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    with capture_logs() as lines:
        await schedule.start()
        await blog.until(lambda: len(blog.told) == 1)
    await schedule.stop()
    assert [line["again"] for line in lines if "again" in line] == [str(pause) for pause in QUICK]
    assert blog.reports == [("one", True), ("two", False)]
    assert blog.told == [("refresh 2026-11-22 03:00", True)]
    assert schedule.last() is not None


async def test_a_streak_of_failures_lasts_over_nights_and_restarts_until_a_refresh_succeeds(
    blog: Blog, tmp_path: Path
) -> None:
    clock = Clock(2026, 11, 23)
    for day in (23, 24):
        clock.now = datetime(2026, 11, day, 9, tzinfo=UTC)
        blog.failures = [ShrinkRefused(f"on the {day}th")]
        schedule = made(blog, tmp_path, clock)
        await schedule.start()
        await blog.until(lambda: not blog.at_once and len(blog.reports) == clock.now.day - 22)
        await schedule.stop()
    assert blog.reports == [("on the 23th", True), ("on the 24th", False)]
    await made(blog, tmp_path, clock).run_now()
    await made(blog, tmp_path, clock).run_now()
    assert blog.told == [("", True), ("", False)]


async def test_a_refresh_made_by_hand_in_the_same_folder_is_no_failure_of_the_night(
    blog: Blog, tmp_path: Path
) -> None:
    blog.failures = [RefreshRunning("another works")]
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    await schedule.start()
    await blog.until(lambda: len(blog.told) == 1)
    await schedule.stop()
    assert (blog.runs, blog.reports) == (2, [])
    assert blog.told == [("refresh 2026-11-22 03:00", False)]


async def test_a_scheduled_run_is_given_up_after_its_last_pause_and_that_is_said(
    blog: Blog, tmp_path: Path
) -> None:
    blog.failures = [RepositoryUnreachable(str(number)) for number in range(9)]
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    await schedule.start()
    await blog.until(lambda: len(blog.reports) == 3)
    await schedule.stop()
    assert blog.runs == 3
    assert [said for said, _ in blog.reports] == ["0", "1", "2"]


async def test_a_refused_shrinking_waits_for_a_person_instead_of_being_tried_again(
    blog: Blog, tmp_path: Path
) -> None:
    blog.failures = [ShrinkRefused("half of it would go")]
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    await schedule.start()
    await blog.until(lambda: len(blog.reports) == 1)
    await schedule.stop()
    assert (blog.runs, blog.reports) == (1, [("half of it would go", True)])


async def test_a_run_that_comes_hours_late_is_made_and_only_once(blog: Blog, tmp_path: Path) -> None:
    clock = Clock(2026, 11, 23, 3, 0, 1)
    schedule = made(blog, tmp_path, clock)
    await schedule.run_now()
    await schedule.start()
    overdue = datetime.now(UTC) - timedelta(hours=55)
    schedule.scheduler.modify_job("refresh", next_run_time=overdue)
    await blog.until(lambda: blog.runs == 2)
    assert schedule.scheduler.get_job("refresh").next_run_time > datetime.now(UTC)
    await schedule.stop()
    assert blog.runs == 2


async def test_stopping_cuts_a_refresh_under_way(blog: Blog, tmp_path: Path) -> None:
    schedule = made(blog, tmp_path, Clock(2026, 11, 23))
    blog.door.clear()
    await schedule.start()
    await blog.until(lambda: blog.runs == 1)
    async with asyncio.timeout(5):
        await schedule.stop()
    assert blog.at_once == 0
    assert schedule.last() is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Shanghai"])
@pytest.mark.parametrize("month", [3, 10, 11])
async def test_every_day_has_exactly_one_run_when_clocks_change(zone: str, month: int) -> None:
    when = trigger("30 2 * * *")
    start = datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    fires = [when.get_next_fire_time(None, start)]
    while fires[-1] < start + timedelta(days=30):
        fires.append(when.get_next_fire_time(fires[-1], fires[-1]))
    assert all(later - earlier == timedelta(days=1) for earlier, later in itertools.pairwise(fires))


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", {6}),
        ("7", {6}),
        ("sun", {6}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("5-7", {4, 5, 6}),
        ("Fri-Mon", {4, 5, 6, 0}),
        ("*/2", {6, 1, 3, 5}),
        ("1,3,sat", {0, 2, 5}),
        ("1-6/2", {0, 2, 4}),
        ("4/2", {3, 5}),
        ("*", {0, 1, 2, 3, 4, 5, 6}),
    ],
)
def test_weekdays_are_crontabs(field: str, days: set[int]) -> None:
    when = trigger(f"0 3 * * {field}")
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    fires = []
    for _ in range(14):
        moment = when.get_next_fire_time(None, moment + timedelta(seconds=1))
        fires.append(moment.weekday())
    assert set(fires) == days


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0 3 * *",
        "0 3 * * * *",
        "60 3 * * *",
        "0 24 * * *",
        "0 3 * * 8",
        "0 3 * * moon",
        "0 3 * * */0",
        "0 3 * * 1-",
        "0 3 1 * 1",
        "0 3 32 * *",
        "nightly at three o'clock",
    ],
)
def test_a_line_that_cannot_be_kept_is_refused_with_a_reason(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        trigger(line)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (NIGHTLY, "refresh 2026-11-23 03:00"),
        ("0 9 * * *", "refresh 2026-11-22 09:00"),
        ("*/15 * * * *", "refresh 2026-11-23 04:30"),
        ("30 4 * * *", "refresh 2026-11-23 04:30"),
        ("0 3 1 * *", "refresh 2026-11-01 03:00"),
        ("0 3 24 12 *", "refresh 2025-12-24 03:00"),
        ("0 3 29 2 *", "refresh 2026-11-23 04:30"),
    ],
)
def test_a_run_is_named_after_when_it_was_due_however_late_it_begins(line: str, name: str) -> None:
    now = datetime(2026, 11, 22, 23, 30, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert turn(trigger(line), now) == name
    assert turn(trigger(line), now + timedelta(seconds=59)) in {name, "refresh 2026-11-23 04:30"}
