"""Asking again: another answer in the same thread, from articles that the first did not use."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.playground import shown
from bot.slack.listeners.again import asked_again
from tests.fakes.blocks import check_message
from tests.fakes.furnished import furnished, replies, silent_model
from tests.fakes.house import House
from tests.fakes.ollama_wire import quote
from tests.fakes.overheard import Overheard, overheard
from tests.test_more import ANSWER, ASKED
from tests.test_stopping import QUESTION

VACUUM = "why does VACUUM leave dead rows behind while a long transaction keeps its snapshot"
ARTICLES = ("notes/vacuum.md", "notes/backup.md")


@pytest.fixture(autouse=True)
def heard() -> Iterator[Overheard]:
    with overheard() as stream:
        yield stream


def used(message: dict[str, Any]) -> list[str]:
    """The articles that a message links."""
    return [path for path in ARTICLES if path in str(message["blocks"])]


async def answered(home: House, heard: Overheard) -> dict[str, Any]:
    """A reply to Ada that says what stands in the best of two articles, and can be found again."""
    home.ollama.answer = quote
    reply = await home.reply(await home.ask(ASKED))
    await heard.until("outcome=answered")
    check_message(reply)
    return reply


async def test_who_asked_gets_another_answer_from_other_articles_in_the_same_thread(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        await home.slack.press(home.slack.ada, first["ts"], "again")
        second = await home.reply(first["thread_ts"], number=2)
        check_message(second)
        assert len(used(first)) == len(used(second)) == 1
        assert set(used(first)) | set(used(second)) == set(ARTICLES)
        prompt = str(home.ollama.prompts[-1]["messages"])
        assert ASKED in prompt
        assert shown(first)[:60] not in prompt


async def test_the_numbers_of_a_thread_stay_those_of_its_articles(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        await home.slack.press(home.slack.ada, first["ts"], "again")
        second = await home.reply(first["thread_ts"], number=2)
        assert "[1] <https" in shown(first)
        assert "[1] <https" not in shown(second)


async def test_when_no_other_article_answers_that_is_said_and_the_model_not_asked(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = "A long transaction keeps an old snapshot [1]."
        first = await home.reply(await home.ask(f"{VACUUM}, on which machine?"))
        await heard.until("outcome=answered")
        await home.slack.press(home.slack.ada, first["ts"], "again")
        second = await home.reply(first["thread_ts"], number=2)
        check_message(second)
        assert "nothing else in the blog" in shown(second)
        assert used(second) == ["notes/backup.md"]
        assert len(home.ollama.prompts) == 1


async def test_where_the_search_found_nothing_else_there_is_no_button(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        await home.slack.press(home.slack.ada, first["ts"], "again")
        second = await home.reply(first["thread_ts"], number=2)
        with pytest.raises(LookupError):
            await home.slack.press(home.slack.ada, second["ts"], "again")


async def test_a_double_click_is_one_answer_and_the_second_is_told_so(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        with silent_model(home):
            await asyncio.gather(*(home.slack.press(home.slack.ada, first["ts"], "again") for _ in range(2)))
            (note,) = await home.slack.wait_for(lambda: home.slack.private(home.slack.ada))
        check_message(note)
        assert "already" in shown(note)
        await home.reply(first["thread_ts"], number=2)
        assert len(replies(home, first["thread_ts"])) == 2


async def test_somebody_else_may_not_and_is_told_so_alone(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        await home.slack.press(home.slack.lin, first["ts"], "again")
        (note,) = await home.slack.wait_for(lambda: home.slack.private(home.slack.lin))
        assert "Only the person who asked" in shown(note)
        assert len(replies(home, first["thread_ts"])) == 1


async def test_a_private_answer_is_given_again_privately(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        slack = home.slack
        await slack.command(slack.lin, slack.general, "/ask", ASKED)
        first = (await slack.wait_for(lambda: [n for n in slack.private(slack.lin) if used(n)], 30))[0]
        await heard.until("outcome=answered")
        await slack.press(slack.lin, first["ts"], "again")
        notes = await slack.wait_for(
            lambda: [n for n in slack.private(slack.lin) if used(n) and used(n) != used(first)], 30
        )
        check_message(notes[0])
        assert slack.messages(slack.general) == []


async def test_a_forgotten_answer_cannot_be_asked_again_and_says_so(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        first = await answered(home, heard)
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "forget me")
        await home.slack.wait_for(
            lambda: any("Forgotten" in shown(n) for n in home.slack.private(home.slack.ada))
        )
        await home.slack.press(home.slack.ada, first["ts"], "again")
        await home.slack.wait_for(
            lambda: any("no longer have" in shown(n) for n in home.slack.private(home.slack.ada))
        )


def test_asked_a_third_time_it_does_without_the_articles_of_both_answers() -> None:
    again = asked_again(QUESTION, ANSWER, "https://hooks.example/1")
    third = asked_again(again, ANSWER, "https://hooks.example/2")
    assert again.without == third.without == ("gin.md",)
    assert (QUESTION.id, again.id, third.id) == ("q1", "q1-again", "q1-again-again")
    assert again.response_url == ""
