"""Buttons under an answer, pressed in the stand-in."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from slack_bolt.async_app import AsyncApp

from bot.model import Answer, Person, Question, Source
from bot.playground import Playground, shown
from bot.slack.delivery.delivery import Delivery
from bot.slack.listeners import feedback
from bot.slack.rendering import replies
from bot.slack.rendering.blocks import actions, button
from tests.fakes.blocks import check_message, check_view
from tests.fakes.slack import connected, web_client

SOURCE = Source(1, "Vacuum", "https://b.example/a.md", "a.md")
ANSWER = Answer("why?", "Because of **dead** tuples [1].", "answered", (SOURCE,), "qwen3:8b")


class Book:
    """Keeps opinions and knows answers by the names of their replies, as the records do."""

    def __init__(self) -> None:
        self.opinions: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.known: dict[tuple[str, str], tuple[Question, Answer]] = {}

    async def record(
        self, channel: str, reply: str, person: Person, verdict: str, reason: str = "", /
    ) -> None:
        self.opinions[channel, reply, person.id] = (verdict, reason)

    async def find(self, channel: str, reply: str) -> tuple[Question, Answer] | None:
        return self.known.get((channel, reply))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
async def slack(book: Book) -> AsyncIterator[Playground]:
    def register(app: AsyncApp) -> None:
        feedback.register(app, record=book.record, find=book.find)

    async with Playground() as slack, connected(slack, register):
        yield slack


@pytest.fixture
def delivery(slack: Playground) -> Delivery:
    return Delivery(web_client(slack), bot_user=slack.bot_user_id)


async def answered(slack: Playground, delivery: Delivery) -> str:
    """An answer in the general channel; the ts of its message."""
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> why?", told=False)
    question = Question("q1", "why?", slack.ada, slack.team_id, slack.general, ts, ts, "mention")
    reply = await delivery.open(question)
    await delivery.finish(question, reply, ANSWER)
    return reply


async def privately_answered(slack: Playground, delivery: Delivery, book: Book) -> tuple[Question, str]:
    """An answer to Ada alone; its question and the ts of its note."""
    url = slack.lent.response_url(slack.ada, slack.general)
    question = Question("q2", "why <!here>?", slack.ada, slack.team_id, slack.general, "", "", "command", url)
    await delivery.finish(question, await delivery.open(question), ANSWER)
    book.known[slack.general, question.id] = (question, ANSWER)
    return question, str(slack.private(slack.ada)[-1]["ts"])


async def test_a_good_opinion_is_recorded_under_the_question(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    reply = await answered(slack, delivery)
    assert (await slack.press(slack.lin, reply, "feedback", "good q1")).acked
    await slack.wait_for(lambda: book.opinions)
    assert book.opinions == {(slack.general, "q1", slack.lin): ("good", "")}


async def test_a_bad_opinion_counts_at_once_and_asks_for_a_reason(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    reply = await answered(slack, delivery)
    await slack.press(slack.lin, reply, "feedback", "bad q1")
    (form,) = await slack.wait_for(lambda: slack.modals(slack.lin))
    check_view(form)
    assert book.opinions == {(slack.general, "q1", slack.lin): ("bad", "")}
    await slack.submit(slack.lin, form["id"], {"feedback_reason": "wrong article"})
    await slack.wait_for(lambda: book.opinions[slack.general, "q1", slack.lin] == ("bad", "wrong article"))
    assert slack.modals(slack.lin) == []


async def test_a_form_that_slack_refuses_leaves_the_opinion_recorded(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    reply = await answered(slack, delivery)
    slack.fail("views.open", error="expired_trigger_id")
    await slack.press(slack.lin, reply, "feedback", "bad q1")
    await slack.wait_for(lambda: any(call.method == "views.open" for call in slack.calls))
    assert book.opinions == {(slack.general, "q1", slack.lin): ("bad", "")}


async def test_the_older_buttons_work_the_same(slack: Playground, delivery: Delivery, book: Book) -> None:
    slack.fail("chat.update", error="invalid_blocks", times=2)
    reply = await answered(slack, delivery)
    await slack.press(slack.lin, reply, "feedback_good")
    await slack.wait_for(lambda: book.opinions)
    assert book.opinions == {(slack.general, "q1", slack.lin): ("good", "")}


async def test_a_button_of_an_earlier_version_names_its_reply_by_the_timestamp(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    old = button("Helpful", "feedback_good", "good ")
    posted = await web_client(slack).chat_postMessage(
        channel=slack.general, text="Because.", blocks=[actions(old)]
    )
    await slack.press(slack.lin, str(posted["ts"]), "feedback_good")
    await slack.wait_for(lambda: book.opinions)
    assert book.opinions == {(slack.general, posted["ts"], slack.lin): ("good", "")}


async def test_the_buttons_below_a_second_message_mean_the_same_reply(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> why?", told=False)
    question = Question("q1", "why?", slack.ada, slack.team_id, slack.general, ts, ts, "mention")
    await delivery.finish(question, await delivery.open(question), replace(ANSWER, text="Because. " * 2_000))
    _, first, second = slack.messages(slack.general, ts)
    assert "feedback_buttons" not in str(first["blocks"])
    await slack.press(slack.lin, second["ts"], "feedback", "good q1")
    await slack.wait_for(lambda: book.opinions)
    assert book.opinions == {(slack.general, "q1", slack.lin): ("good", "")}


async def test_an_opinion_on_a_private_answer_is_recorded_under_its_question(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    question, note = await privately_answered(slack, delivery, book)
    await slack.press(slack.ada, note, "feedback", f"good {question.id}")
    await slack.wait_for(lambda: book.opinions)
    assert book.opinions == {(slack.general, question.id, slack.ada): ("good", "")}


async def test_a_private_answer_is_shared_with_its_question_and_pings_nobody_by_it(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    _, note = await privately_answered(slack, delivery, book)
    assert slack.messages(slack.general) == []
    await slack.press(slack.ada, note, "share")
    (message,) = await slack.wait_for(lambda: slack.messages(slack.general))
    check_message(message)
    assert f"<@{slack.ada}> asked: why &lt;!here&gt;?" in shown(message)
    assert "dead" in shown(message)
    assert "https://b.example/a.md" in shown(message)
    await slack.wait_for(lambda: "Shared in the channel." in shown(slack.private(slack.ada)[-1]))


async def test_an_answer_that_was_forgotten_cannot_be_shared_and_says_so(
    slack: Playground, delivery: Delivery, book: Book
) -> None:
    _, note = await privately_answered(slack, delivery, book)
    book.known.clear()
    await slack.press(slack.ada, note, "share")
    await slack.wait_for(lambda: "no longer have this answer" in shown(slack.private(slack.ada)[-1]))
    assert slack.messages(slack.general) == []


def test_a_shared_answer_keeps_the_language_of_its_question() -> None:
    question = Question("q", "为什么?", "U1", "T1", "C1", "", "", "command")
    assert "提问" in str(replies.shared(question, replace(ANSWER, text="因为。"), "U1"))
