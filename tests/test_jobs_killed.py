"""A bot killed with -9 anywhere answers what it acknowledged, in one message (faults 12, 13, 32)."""

from pathlib import Path

import pytest

from tests.fakes.jobs import asked, file
from tests.fakes.replicas import crew


@pytest.mark.parametrize("point", ["opening", "posted", "writing", "written"])
async def test_a_killed_bot_answers_after_its_restart_in_one_message(tmp_path: Path, point: str) -> None:
    async with crew(await file(tmp_path), tmp_path) as bots:
        question = asked()
        first = await bots.start(hold=point)
        assert await first.hears(question)
        await first.says(at=point, id=question.id)
        await first.kill()
        second = await bots.start()
        await second.says(at="written", id=question.id)
        assert not await second.hears(question)
        assert await second.terminate() == 0
        assert bots.slack.posts() == [question.id]
        assert set(bots.slack.finals()) == {question.id}


async def test_sigterm_parks_an_answer_within_its_grace_and_a_second_start_writes_it(tmp_path: Path) -> None:
    async with crew(await file(tmp_path), tmp_path) as bots:
        question = asked()
        first = await bots.start(hold="writing")
        await first.hears(question)
        await first.says(at="writing", id=question.id)
        assert await first.terminate() == 0
        await first.says(stopped=True)
        second = await bots.start()
        await second.says(at="written", id=question.id)
        assert bots.slack.posts() == bots.slack.finals() == [question.id]


async def test_the_queue_talks_to_nobody(tmp_path: Path) -> None:
    async with crew(await file(tmp_path), tmp_path) as bots:
        bot = await bots.start()
        question = asked()
        await bot.hears(question)
        await bot.says(at="written", id=question.id)
        await bot.terminate()
        await bot.says(stopped=True)
        assert [said for said in bot.said if "socket" in said] == []
