"""Two whole bots, each its own program, on one PostgreSQL: as a team runs them (faults 10, 12)."""

import asyncio
from pathlib import Path

import pytest

from bot.playground import shown
from tests.fakes.bot_process import bot_process
from tests.fakes.furnished import settle, untold
from tests.fakes.house import environment
from tests.fakes.postgres import Cluster, postgres  # noqa: F401
from tests.fakes.street import QUESTION, street

pytestmark = pytest.mark.postgres


async def test_a_replica_killed_in_its_answer_is_succeeded_and_an_event_that_both_get_is_answered_once(
    postgres: Cluster,  # noqa: F811
    tmp_path: Path,
) -> None:
    database, other = postgres.database(), tmp_path / "other"
    async with street(tmp_path / "one", BLOGBOT_DATABASE_URL=database) as home:
        home.ollama.interval = 3600
        ts = await home.ask()
        await home.ollama.wait_for(lambda: home.ollama.streaming)
        blog = await settle(other)
        env = environment(other, str(blog), home.slack, home.ollama.url, BLOGBOT_DATABASE_URL=database)
        async with bot_process(other, env):
            home.ollama.interval = 0
            await home.bot.kill()
            assert "old snapshot" in shown(await home.answered(ts))  # within a minute, which it waits at most
            await home.bot.start()
            await home.slack.wait_for(lambda: len(home.slack.connections) == 2)
            event = await untold(home.slack, QUESTION)
            acks = await asyncio.gather(*(home.slack.send_event(event) for _ in range(4)))
            assert all(ack.acked for ack in acks)
            await home.answered(event["ts"])
            home.bot.terminate()
            assert await home.bot.ended() == 0
        assert [len(home.replies(each)) for each in (ts, event["ts"])] == [1, 1]
        assert len(home.ollama.prompts) == 3  # the killed one's, its successor's, the second question's
