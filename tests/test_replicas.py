"""Several bots on one PostgreSQL: one answer a question, none lost with a bot that dies (faults 10, 11)."""

import asyncio
import time
from pathlib import Path

import psycopg
import pytest

from bot.errors import DatabaseFailure
from bot.jobs.seats import PostgresSeats
from bot.records.database import parse
from tests.fakes.jobs import Desk, asked
from tests.fakes.postgres import Cluster, cluster, postgres  # noqa: F401
from tests.fakes.replicas import crew

pytestmark = pytest.mark.postgres


async def test_an_event_that_reaches_two_replicas_at_once_is_answered_once(
    postgres: Cluster,  # noqa: F811
    tmp_path: Path,
) -> None:
    async with crew(postgres.database(), tmp_path) as bots:
        one, two = await asyncio.gather(bots.start(), bots.start())
        questions = [asked(f"U{number}") for number in range(5)]
        for question in questions:
            assert sorted(await asyncio.gather(one.hears(question), two.hears(question))) == [False, True]
        await asyncio.gather(one.terminate(), two.terminate())
        last = await bots.start()
        assert [await last.hears(question) for question in questions] == [False] * 5
        while len(bots.slack.finals()) < 5:
            await last.says(at="written")
        assert (
            sorted(bots.slack.posts()) == sorted(set(bots.slack.finals())) == sorted(q.id for q in questions)
        )


@pytest.mark.parametrize("point", ["posted", "writing"])
async def test_a_living_replica_takes_over_from_a_dead_one_within_a_minute(
    postgres: Cluster,  # noqa: F811
    tmp_path: Path,
    point: str,
) -> None:
    async with crew(postgres.database(), tmp_path) as bots:
        question = asked()
        doomed = await bots.start(hold=point)
        await doomed.hears(question)
        await doomed.says(at=point, id=question.id)
        living = await bots.start(look=1.0)
        began = time.monotonic()
        await doomed.kill()
        await living.says(at="written", id=question.id)
        # Two looks and the poll of DBOS's own queue; with the 10 s look of the bot that makes 20 s and a bit.
        assert time.monotonic() - began < 8
        assert bots.slack.posts() == [question.id]
        assert bots.slack.finals() == [question.id]


async def test_a_living_replicas_work_is_left_alone(postgres: Cluster, tmp_path: Path) -> None:  # noqa: F811
    async with crew(postgres.database(), tmp_path) as bots:
        slow = await bots.start(hold="writing")
        question = asked()
        await slow.hears(question)
        await slow.says(at="writing", id=question.id)
        neighbour = await bots.start(look=0.05)
        for number in range(4):
            await neighbour.hears(asked(f"U{number}"))
        for _ in range(
            3
        ):  # the slow one has a second hand and may take one; each takes longer than several looks
            await neighbour.says(at="written")
        assert question.id not in bots.slack.finals()
        assert bots.slack.posts().count(question.id) == 1


async def test_a_replica_that_starts_again_sits_on_its_old_seat(postgres: Cluster) -> None:  # noqa: F811
    url = parse(postgres.database())
    one, two, three = PostgresSeats(url), PostgresSeats(url), PostgresSeats(url)
    assert [await one.take(), await two.take()] == ["seat-1", "seat-2"]
    assert not await two.empty("seat-1")
    await one.leave()
    assert await two.empty("seat-1")
    assert await three.take() == "seat-1"
    assert not await two.empty("seat-1")
    for seat in (two, three):
        await seat.leave()


async def test_a_replica_whose_connection_was_cut_takes_its_seat_again(postgres: Cluster) -> None:  # noqa: F811
    database = postgres.database()
    seat = PostgresSeats(parse(database))
    assert await seat.take() == "seat-1"
    with psycopg.connect(database, autocommit=True) as other:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        other.execute(cut)
        assert await seat.keep()
        other.execute(cut)
        thief = PostgresSeats(parse(database))
        assert await thief.take() == "seat-1"
        assert not await seat.keep()
    await seat.leave()
    await thief.leave()


async def test_without_postgresql_a_question_is_not_acknowledged_and_with_it_again_answered_once(
    tmp_path: Path,
) -> None:
    with cluster() as server:
        async with crew(server.database(), tmp_path) as bots:
            bot = await bots.start()
            question = asked()
            server.stop()
            bot.is_asked(question)
            refusal = await bot.says(refused=question.id)
            assert "blogbot@" not in refusal["failure"]
            server.start()
            await bot.hears(question)
            await bot.says(at="written", id=question.id)
            assert not await bot.hears(question)
            assert bots.slack.posts() == bots.slack.finals() == [question.id]


async def test_a_bot_stops_in_time_without_postgresql_and_its_work_is_done_later(tmp_path: Path) -> None:
    with cluster() as server:
        async with crew(server.database(), tmp_path) as bots:
            bot = await bots.start(hold="writing")
            question = asked()
            await bot.hears(question)
            await bot.says(at="writing", id=question.id)
            server.stop()
            bot.goes_on()
            await bot.says(at="written", id=question.id)
            began = time.monotonic()
            assert await bot.terminate() == 0
            assert time.monotonic() - began < 15
            server.start()
            other = await bots.start()
            await other.says(at="written", id=question.id)
            assert bots.slack.posts() == [question.id]


async def test_a_postgresql_that_is_not_there_is_named_without_its_password() -> None:
    bot = Desk("postgresql://anna:geheim@127.0.0.1:1/blog")
    with pytest.raises(DatabaseFailure, match=r"127\.0\.0\.1:1, database blog does not answer") as failure:
        await bot.start()
    assert "geheim" not in f"{failure.value}{failure.value.fix}"
    with pytest.raises(DatabaseFailure, match="does not answer"):
        await bot.jobs.start()
