"""Places at servers: handed out in order, never lost, never too many."""

import asyncio

import pytest

from bot.errors import ModelUnavailable
from bot.llm.pool import Pool
from tests.fakes.models import Clock, until


def pool(*members: str, parallel: int = 1, queue: int = 9) -> Pool[str]:
    return Pool(members or ("a",), parallel=parallel, queue=queue, patience=5, clock=Clock())


async def test_those_who_wait_are_served_in_their_order() -> None:
    places, served = pool(), []

    async def want(name: int) -> None:
        place = await places.take("")
        served.append(name)
        places.give_back(place, "good")

    held = await places.take("")
    wanting = [asyncio.create_task(want(name)) for name in range(4)]
    await until(lambda: places.state.queued == 4)
    places.give_back(held, "good")
    await asyncio.gather(*wanting)
    assert served == [0, 1, 2, 3]


async def test_a_server_that_may_be_tried_again_serves_those_who_wait_first() -> None:
    clock = Clock()
    places = Pool(("a", "b"), parallel=1, queue=9, patience=5, clock=clock)
    held = await places.take("")
    for _ in range(5):
        places.give_back(await places.take(""), "bad")
    first = asyncio.create_task(places.take("first"))
    await until(lambda: places.state.queued == 1)
    clock.now += 30
    second = asyncio.create_task(places.take("second"))
    assert (await first).member != held.member
    assert places.state.queued == 1
    second.cancel()


async def test_a_place_handed_to_someone_who_just_left_is_free_again() -> None:
    places = pool()
    held = await places.take("")
    waiting = asyncio.create_task(places.take(""))
    await until(lambda: places.state.queued == 1)
    places.give_back(held, "good")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert places.state.in_flight == 0


async def test_who_leaves_in_the_moment_of_their_turn_leaves_it_to_the_next() -> None:
    places = pool()
    held = await places.take("")
    leaving, staying = asyncio.create_task(places.take("")), asyncio.create_task(places.take(""))
    await until(lambda: places.state.queued == 2)
    leaving.cancel()
    places.give_back(held, "good")
    assert (await staying).member == "a"
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (places.state.in_flight, places.state.queued) == (1, 0)


async def test_who_tries_again_goes_first_even_where_the_queue_is_full() -> None:
    places = pool(queue=1)
    held = await places.take("")
    waiting = asyncio.create_task(places.take(""))
    await until(lambda: places.state.queued == 1)
    again = asyncio.create_task(places.take("", avoid=held))
    await until(lambda: places.state.queued == 2)
    places.give_back(held, "good")
    place = await again
    assert not waiting.done()
    places.give_back(place, "good")
    assert (await waiting).member == "a"


async def test_who_tries_again_goes_elsewhere() -> None:
    places = pool("a", "b", parallel=2)
    failed = await places.take("key")
    places.give_back(failed, "none")
    assert (await places.take("key")).member == failed.member
    assert (await places.take("key", avoid=failed)).member != failed.member


async def test_no_server_is_asked_for_more_than_its_share() -> None:
    places = pool("a", "b", parallel=3)
    taken = [await places.take(str(n)) for n in range(6)]
    assert sorted(place.member for place in taken) == ["a"] * 3 + ["b"] * 3
    assert {place.in_flight for place in taken} == {3}


async def test_with_every_breaker_open_nobody_waits_and_all_addresses_are_named() -> None:
    places = pool("a", "b")
    for _ in range(10):
        places.give_back(await places.take(""), "bad")
    assert places.state.open
    with pytest.raises(ModelUnavailable, match="a, b") as caught:
        await places.take("")
    assert "30 seconds" in caught.value.fix
