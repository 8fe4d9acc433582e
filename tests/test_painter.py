"""The painter: the newest version, at a bounded pace, and nothing after its end."""

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import SlackFailure
from bot.slack.calls import SlackLimited, SlackUnreachable
from bot.slack.delivery.painter import Pace, Painter
from bot.slack.delivery.streaming import START_EARLY, START_SECONDS, TEXT_EARLY, UPDATE_SECONDS


class Clock:
    """Time that passes only while somebody sleeps; ``until`` holds a sleeper back."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Wall:
    """Where things are shown: keeps what and when, fails as ordered."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seen: list[tuple[str, float]] = []
        self.faults: list[Exception] = []
        self.shown = asyncio.Condition()
        self.failed = asyncio.Event()

    async def show(self, version: str) -> None:
        if self.faults:
            self.failed.set()
            raise self.faults.pop(0)
        self.seen.append((version, self.clock.now))
        async with self.shown:
            self.shown.notify_all()

    async def until(self, version: str) -> None:
        """Wait until *version* is on the wall."""
        async with asyncio.timeout(5), self.shown:
            await self.shown.wait_for(lambda: any(seen == version for seen, _ in self.seen))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wall(clock: Clock) -> Wall:
    return Wall(clock)


async def test_versions_that_come_too_fast_are_skipped(clock: Clock, wall: Wall) -> None:
    async with Painter(wall.show, Pace(1.0, clock=clock), sleep=clock.sleep) as painter:
        painter.offer("a")
        await wall.until("a")
        for version in ("b", "c", "d"):
            painter.offer(version)
        await wall.until("d")
    assert wall.seen == [("a", 0.0), ("d", 1.0)]


async def test_two_painters_share_the_places_of_one_pace(clock: Clock, wall: Wall) -> None:
    pace = Pace(1.0, clock=clock)
    first, second = (Painter(wall.show, pace, sleep=clock.sleep) for _ in range(2))
    async with first, second:
        first.offer("one")
        await wall.until("one")
        second.offer("two")
        await wall.until("two")
    assert wall.seen == [("one", 0.0), ("two", 1.0)]


async def test_a_limit_holds_every_place_back_and_the_newest_is_shown_after_it(
    clock: Clock, wall: Wall
) -> None:
    wall.faults.append(SlackLimited("chat.update", 30))
    async with Painter(wall.show, Pace(1.0, clock=clock), sleep=clock.sleep) as painter:
        painter.offer("a")
        await wall.until("a")
    assert wall.seen == [("a", 30.0)]


async def test_a_limit_of_an_hour_holds_back_for_a_minute(clock: Clock) -> None:
    pace = Pace(1.0, clock=clock)
    pace.hold(3_600)
    assert pace.reserve() == 60.0


def test_a_place_may_be_taken_early_before_those_that_can_wait(clock: Clock) -> None:
    pace = Pace(1.0, clock=clock)
    assert [pace.reserve(early=2.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    assert pace.reserve() == 4.0


def test_what_was_asked_to_wait_is_not_taken_early(clock: Clock) -> None:
    pace = Pace(1.0, clock=clock)
    pace.hold(30)
    assert not pace.free(5.0)
    assert pace.reserve(early=5.0) == 30.0


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=120))
@example([(0.0, True)] * 30 + [(0.0, False)] * 30)
@example([(0.0, False)] * 20 + [(20.0, False)] + [(0.0, True)] * 60)
def test_in_no_minute_are_there_more_updates_or_streams_than_slack_allows(
    asked: list[tuple[float, bool]],
) -> None:
    for interval, early, allowed in ((UPDATE_SECONDS, TEXT_EARLY, 50), (START_SECONDS, START_EARLY, 20)):
        clock = Clock()
        pace = Pace(interval, clock=clock)
        times = []
        for pause, urgent in asked:
            clock.now += pause
            times.append(clock.now + pace.reserve(early=early if urgent else 0.0))
        assert all(sum(start <= time < start + 60 for time in times) <= allowed for start in times)


async def test_trouble_leaves_the_painter_painting(clock: Clock, wall: Wall) -> None:
    wall.faults.append(SlackUnreachable("chat.update", "status 502"))
    async with Painter(wall.show, Pace(1.0, clock=clock), sleep=clock.sleep) as painter:
        painter.offer("lost")
        await wall.failed.wait()
        painter.offer("next")
        await wall.until("next")
    assert painter.failure is None


async def test_a_refusal_is_kept_and_ends_the_painting(clock: Clock, wall: Wall) -> None:
    refusal = SlackFailure("gone", code="message_not_found")
    wall.faults.append(refusal)
    async with Painter(wall.show, Pace(1.0, clock=clock), sleep=clock.sleep) as painter:
        painter.offer("a")
        await wall.failed.wait()
        painter.offer("b")
    assert painter.failure is refusal
    assert wall.seen == []


async def test_nothing_is_shown_after_the_end(clock: Clock, wall: Wall) -> None:
    async with Painter(wall.show, Pace(1.0, clock=clock), sleep=clock.sleep) as painter:
        painter.offer("a")
        await wall.until("a")
        painter.offer("too late")
    assert [seen for seen, _ in wall.seen] == ["a"]


async def test_a_version_that_stays_is_shown_again_before_it_would_fade(clock: Clock, wall: Wall) -> None:
    async with Painter(wall.show, Pace(0.0, clock=clock), renew=0.01, sleep=clock.sleep) as painter:
        painter.offer("status")
        async with asyncio.timeout(5), wall.shown:
            await wall.shown.wait_for(lambda: len(wall.seen) == 3)
    assert {seen for seen, _ in wall.seen} == {"status"}
