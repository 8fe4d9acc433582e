"""The breaker keeps requests from a server that fails, and lets one find out whether it is well again."""

from bot.llm.breaker import Breaker
from tests.fakes.models import Clock


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.begin()
        breaker.end("bad")
    return breaker


def test_four_failures_leave_it_closed_and_the_fifth_opens_it() -> None:
    breaker = Breaker(Clock())
    for _ in range(4):
        breaker.end("bad")
    assert breaker.admits
    breaker.end("bad")
    assert not breaker.admits


def test_only_failures_in_a_row_count() -> None:
    breaker = Breaker(Clock())
    for _ in range(4):
        breaker.end("bad")
    breaker.end("good")
    for _ in range(4):
        breaker.end("bad")
    assert breaker.admits


def test_it_admits_one_trial_after_thirty_seconds_and_no_second_one() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 29.9
    assert not breaker.admits
    clock.now += 0.1
    assert breaker.admits
    breaker.begin()
    assert not breaker.admits


def test_a_bad_trial_opens_it_for_thirty_seconds_more() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 30
    breaker.begin()
    breaker.end("bad")
    assert not breaker.admits
    assert breaker.wait == 30


def test_a_trial_that_said_nothing_leaves_the_way_to_another() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 30
    breaker.begin()
    breaker.end("none")
    assert breaker.admits


def test_a_good_trial_closes_it() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 30
    breaker.begin()
    breaker.end("good")
    assert breaker.admits
    assert not breaker.troubled


def test_a_fresh_failure_is_trouble_and_an_old_one_is_not() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.end("bad")
    assert breaker.troubled
    clock.now += 30
    assert not breaker.troubled
