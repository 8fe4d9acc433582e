"""One question, one answer: intake, fairness, refusal, the end of a bot (faults 7 to 11, 30 to 32)."""

import asyncio
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import BotFailure, DatabaseFailure, SlackFailure
from bot.jobs.jobs import ACK_SECONDS, Jobs, Limits
from bot.model import Person
from tests.fakes.jobs import Desk, asked, desk, file


async def test_a_question_is_opened_then_answered(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        question = asked()
        assert await bot.jobs.submit(question)
        await bot.until(bot.finished, 1)
        assert bot.opened == bot.finished == [question.id]


async def test_the_first_visible_sign_does_not_wait_for_the_queue(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=1)) as bot:
        bot.door.clear()
        first, second = asked("U1"), asked("U2")
        await bot.jobs.submit(first)
        await bot.until(bot.begun, 1)
        await bot.jobs.submit(second)
        await bot.until(bot.opened, 2)
        assert bot.begun == [first.id]
        bot.door.set()


async def test_a_question_waits_for_those_before_it_and_not_for_a_look_at_the_queue(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=2, poll=60)) as bot:
        for person in ("U1", "U1", "U2", "U3", "U1"):
            await bot.jobs.submit(asked(person))
        await bot.until(bot.finished, 5)
        assert bot.most["U1"] == 1
        assert bot.most["all"] <= 2


async def test_a_question_delivered_four_times_is_answered_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        question = asked()
        assert [await bot.jobs.submit(question) for _ in range(4)] == [True, False, False, False]
        await bot.until(bot.finished, 1)
        assert not await bot.jobs.submit(question)
        assert bot.opened == [question.id]


async def test_a_mention_and_its_message_event_at_once_are_one_question(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        events = [asked(id=name, ts="1700000000.5") for name in ("EvMention", "EvMessage")]
        assert sorted(await asyncio.gather(*map(bot.jobs.submit, events))) == [False, True]
        await bot.until(bot.finished, 1)
        assert len(bot.opened) == 1


async def test_an_edited_mention_is_not_answered_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        await bot.jobs.submit(asked(ts="1700000000.7"))
        await bot.until(bot.finished, 1)
        assert not await bot.jobs.submit(asked(text="Why, really?", ts="1700000000.7"))


async def test_slash_commands_without_a_timestamp_are_told_apart_by_their_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        assert await bot.jobs.submit(asked(ts="", id="Tr1"))
        assert await bot.jobs.submit(asked(ts="", id="Tr2"))
        assert not await bot.jobs.submit(asked(ts="", id="Tr2"))


async def test_a_reply_without_a_name_is_finished_like_any_other(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        bot.unnamed = True
        question = asked(ts="", id="Tr1")
        await bot.jobs.submit(question)
        await bot.until(bot.finished, 1)
        assert bot.finished == [question.id]


async def test_a_question_that_cannot_be_recorded_is_not_acknowledged_and_answered_once_later(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as bot:
        question = asked()
        with sqlite3.connect(tmp_path / "blogbot.sqlite", isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            with pytest.raises(DatabaseFailure, match="too long"):
                await bot.jobs.submit(question)
            assert time.monotonic() - began < ACK_SECONDS + 0.4
            other.execute("ROLLBACK")
        other.close()
        await bot.jobs.submit(question)
        await bot.until(bot.finished, 1)
        assert bot.opened == [question.id]


async def test_fifty_questions_of_one_person_do_not_hold_up_another(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=2, per_person=1, poll=0.02)) as bot:
        bot.door.clear()
        eager = [asked("U1EAGER") for _ in range(50)]
        await bot.jobs.submit(eager[0])
        await bot.until(bot.begun, 1)
        for question in eager[1:]:
            await bot.jobs.submit(question)
        patient = asked("U2PATIENT")
        await bot.jobs.submit(patient)
        await bot.until(bot.begun, 2)
        assert bot.begun == [eager[0].id, patient.id]
        assert await bot.jobs.waiting() == 49
        assert await bot.jobs.place(eager[0]) == 0
        async with asyncio.timeout(30):  # the last ones may still be on their way into the queue
            while await bot.jobs.place(eager[49]) < 40:
                pass
        assert 40 <= await bot.jobs.place(eager[49]) <= 48
        bot.door.set()
        await bot.until(bot.finished, 51)
        assert bot.most == {"all": 2, "U1EAGER": 1, "U2PATIENT": 1}
        assert sorted(bot.finished) == sorted(question.id for question in (*eager, patient))


async def test_no_more_answers_are_written_at_a_time_than_allowed(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=3, per_person=2, poll=0.02)) as bot:
        for number in range(12):
            await bot.jobs.submit(asked(f"U{number % 4}"))
        await bot.until(bot.finished, 12)
        assert bot.most["all"] <= 3
        assert max(bot.most.values()) <= 3
        assert all(most <= 2 for person, most in bot.most.items() if person != "all")


async def test_a_question_too_many_is_refused_politely_and_once(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=1, waiting=3, poll=0.02)) as bot:
        bot.door.clear()
        await bot.jobs.submit(asked("U0"))
        await bot.until(bot.begun, 1)
        for number in range(1, 4):
            await bot.jobs.submit(asked(f"U{number}"))
        await bot.until(bot.opened, 4)
        extra = asked("U9")
        assert await bot.jobs.submit(extra)
        await bot.until(bot.refused, 1)
        assert not await bot.jobs.submit(extra)
        assert bot.refused == [(extra.id, "", "busy")]
        bot.door.set()
        await bot.until(bot.finished, 4)
        assert extra.id not in bot.opened


async def test_one_persons_flood_is_refused_to_that_person_alone(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=1, waiting_per_person=2, poll=0.02)) as bot:
        bot.door.clear()
        await bot.jobs.submit(asked("U1EAGER"))
        await bot.until(bot.begun, 1)
        flood = [asked("U1EAGER") for _ in range(3)]
        for question in flood:
            await bot.jobs.submit(question)
        await bot.jobs.submit(asked("U2PATIENT"))
        await bot.until(bot.opened, 4)
        await bot.until(bot.refused, 1)
        assert bot.refused == [(flood[2].id, "", "busy")]


async def test_an_answer_that_fails_is_tried_three_times_and_then_owned_up_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        bot.failures = [ValueError("a defect") for _ in range(3)]
        question = asked()
        await bot.jobs.submit(question)
        await bot.until(bot.refused, 1)
        assert bot.begun == [question.id] * 3
        assert bot.refused == [(question.id, f"reply-{question.ts}", "failed")]


async def test_an_answer_that_fails_once_is_written_at_the_second_try(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        bot.failures = [ValueError("a defect")]
        await bot.jobs.submit(asked())
        await bot.until(bot.finished, 1)
        assert bot.refused == []


async def test_what_slack_refuses_for_good_is_not_tried_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        bot.failures = [SlackFailure("The channel is archived.", code="is_archived")]
        question = asked()
        await bot.jobs.submit(question)
        await bot.jobs.submit(asked("U2"))
        await bot.until(bot.finished, 1)
        assert bot.begun.count(question.id) == 1
        assert bot.refused == []


async def test_stopping_lets_an_answer_end(tmp_path: Path) -> None:
    bot = Desk(await file(tmp_path))
    await bot.start()
    bot.door.clear()
    await bot.jobs.submit(asked())
    await bot.until(bot.begun, 1)
    stopping = asyncio.create_task(bot.stop(grace=10))
    bot.door.set()
    await stopping
    assert len(bot.finished) == 1


async def test_stopping_parks_what_does_not_end_in_time_and_a_second_start_goes_on_with_it(
    tmp_path: Path,
) -> None:
    bot = Desk(await file(tmp_path))
    await bot.start()
    bot.door.clear()
    questions = [asked("U1"), asked("U1"), asked("U2")]
    for question in questions:
        await bot.jobs.submit(question)
    await bot.until(bot.begun, 2)
    began = time.monotonic()
    await bot.stop(grace=0.3)
    assert time.monotonic() - began < 3
    assert bot.finished == []
    bot.door.set()
    await bot.again()
    await bot.until(bot.finished, 3)
    await bot.stop()
    assert sorted(bot.finished) == sorted(question.id for question in questions)
    assert sorted(bot.opened) == sorted(bot.finished)
    assert bot.refused == []


async def test_a_question_whose_answer_never_comes_to_an_end_is_given_up_honestly(tmp_path: Path) -> None:
    bot = Desk(await file(tmp_path))
    await bot.start()
    bot.door.clear()
    question = asked()
    await bot.jobs.submit(question)
    for count in range(1, 11):
        await bot.until(bot.begun, count)
        await bot.stop()
        await bot.again()
    await bot.until(bot.refused, 1)
    await bot.stop()
    assert bot.refused == [(question.id, f"reply-{question.ts}", "failed")]
    assert bot.begun == [question.id] * 10


async def test_a_stopping_bot_takes_no_question_so_that_slack_brings_it_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        await bot.jobs.stop(0)
        with pytest.raises(BotFailure, match="stopping"):
            await bot.jobs.submit(asked())


async def test_the_loops_threads_work_after_the_jobs_have_stopped(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        await bot.jobs.submit(asked())
        await bot.jobs.stop(0)
        assert await asyncio.to_thread(lambda: 42) == 42


async def test_a_second_bot_on_the_same_file_is_refused_with_a_mend(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        with pytest.raises(DatabaseFailure, match="Another blogbot is at work") as failure:
            await Desk(bot.url).jobs.start()
        assert "BLOGBOT_DATA" in failure.value.fix


async def test_a_question_forgotten_while_it_waits_is_not_answered(tmp_path: Path) -> None:
    async with desk(tmp_path, Limits(concurrency=1, poll=0.02)) as bot:
        bot.door.clear()
        await bot.jobs.submit(asked("U1"))
        await bot.until(bot.begun, 1)
        forgotten = asked("U2FORGET")
        await bot.jobs.submit(forgotten)
        await bot.until(bot.opened, 2)
        assert await bot.records.forget(Person("U2FORGET", "T1")) == 1
        await bot.jobs.submit(asked("U3"))
        bot.door.set()
        await bot.until(bot.finished, 2)
        assert forgotten.id not in bot.begun


async def test_the_queues_own_tables_hold_no_text_and_no_secret_and_the_url_is_spent(tmp_path: Path) -> None:
    secret = "https://hooks.slack.com/commands/T1/2/three"
    async with desk(tmp_path) as bot:
        question = asked(text="An unmistakable sentence", response_url=secret)
        await bot.jobs.submit(question)
        await bot.until(bot.finished, 1)
        other = asked("U2")
        await bot.jobs.submit(other)
        await bot.until(bot.finished, 2)
        with sqlite3.connect(tmp_path / "blogbot.sqlite") as connection:
            dump = list(connection.iterdump())
        connection.close()
    assert any("An unmistakable sentence" in line and '"questions"' in line for line in dump)
    assert not any("An unmistakable sentence" in line and '"questions"' not in line for line in dump)
    assert not any(secret in line for line in dump)


async def test_claims_are_kept_for_a_day_however_short_the_retention(tmp_path: Path) -> None:
    async with desk(tmp_path) as bot:
        question = asked()
        await bot.jobs.submit(question)
        await bot.until(bot.finished, 1)
        assert await bot.jobs.prune(timedelta(0)) == 0
        assert not await bot.jobs.submit(question)


async def test_jobs_that_were_never_started_stop_quietly(tmp_path: Path) -> None:
    bot = Desk(f"sqlite:///{tmp_path / 'blogbot.sqlite'}")
    await bot.jobs.stop(1)
    assert isinstance(bot.jobs, Jobs)
