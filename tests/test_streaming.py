"""Streams of Slack's: grown by what is new, ended with sources, repaired, never doubled or lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SlackFailure
from bot.model import Answer, Delta, Event, Message, Question, Source, Stage
from bot.playground import Playground, shown
from bot.slack.delivery.delivery import Delivery
from bot.slack.rendering import text as slack_text
from tests.fakes.blocks import check_message
from tests.fakes.slack import Naps, web_client
from tests.test_delivery import ask, calls, replies, stream
from tests.test_slack_text import LIVE, MARKDOWN_LINK, calm, nasty

SOURCE = Source(1, "Vacuum", "https://b.example/a.md", "a.md", "2024-05-01", "Freeze")
TEXT = "Because of **dead** tuples [1]."
ANSWER = Answer("why?", TEXT, "answered", (SOURCE,), "qwen3:8b")
PIECES = [Delta("Because of "), Delta("**dead** "), Delta("tuples [1].")]


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground() as slack:
        yield slack


@pytest.fixture
def delivery(slack: Playground) -> Delivery:
    return Delivery(web_client(slack), bot_user=slack.bot_user_id, sleep=Naps())


def streams(slack: Playground, question: Question) -> list[dict[str, Any]]:
    """The streams that are still open."""
    return [m for m in replies(slack, question) if m.get("streaming_state") == "in_progress"]


async def opened(slack: Playground, delivery: Delivery) -> tuple[Question, str]:
    question = await ask(slack)
    return question, await delivery.open(question)


def written(
    slack: Playground,
    question: Question,
    meanwhile: Callable[[], Any] = lambda: None,
    answer: Answer = ANSWER,
) -> AsyncIterator[Event]:
    """The answer in pieces, with *meanwhile* done when the first stands in Slack, and more seen to follow."""

    async def events() -> AsyncIterator[Event]:
        yield Stage("writing")
        yield PIECES[0]
        await slack.wait_for(lambda: streams(slack, question))
        meanwhile()
        yield PIECES[1]
        yield PIECES[2]
        yield answer

    return events()


async def test_an_answer_grows_in_a_stream_that_becomes_the_only_reply(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    answer, name = await delivery.show(question, sign, written(slack, question))
    (reply,) = replies(slack, question)
    assert answer is ANSWER
    assert reply["ts"] == name != sign
    assert reply["thread_ts"] == question.root
    assert [b["type"] for b in reply["blocks"]] == ["markdown", "section", "context", "context_actions"]
    assert reply["blocks"][0]["text"] == TEXT
    assert reply["metadata"]["event_payload"] == {"question": question.id, "part": 0, "state": "answered"}
    (start,) = calls(slack, "chat.startStream")
    assert start["recipient_user_id"] == question.person
    assert start["recipient_team_id"] == question.team
    assert calls(slack, "chat.update")[-1]["ts"] == sign, "the stream needed no repair"


async def test_only_what_is_new_is_appended(slack: Playground, delivery: Delivery) -> None:
    question, sign = await opened(slack, delivery)

    async def events() -> AsyncIterator[Event]:
        for piece in PIECES:
            yield piece
            text = piece.text.split()[0]
            await slack.wait_for(lambda text=text: text in str(replies(slack, question)) or text == "tuples")
        yield ANSWER

    await delivery.show(question, sign, events())
    sent = [*calls(slack, "chat.startStream"), *calls(slack, "chat.appendStream")]
    sent += calls(slack, "chat.stopStream")
    assert "".join(call.get("markdown_text", "") for call in sent) == TEXT


async def test_while_a_stream_grows_the_sign_above_it_claims_it(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    claims = []

    def look() -> None:
        (open_stream,) = streams(slack, question)
        claims.append((replies(slack, question)[0], open_stream["ts"]))

    async def events() -> AsyncIterator[Event]:
        yield PIECES[0]
        await slack.wait_for(lambda: "stream" in str(replies(slack, question)[0]["metadata"]))
        look()
        yield ANSWER

    await delivery.show(question, sign, events())
    ((above, ts),) = claims
    assert above["ts"] == sign
    assert above["metadata"]["event_payload"]["stream"] == ts
    assert "Writing" in shown(above)


@pytest.mark.parametrize("code", ["unknown_method", "missing_scope", "feature_not_enabled"])
async def test_a_workspace_without_streams_is_asked_once_and_gets_updates(
    slack: Playground, delivery: Delivery, code: str
) -> None:
    slack.fail("chat.startStream", error=code, times=10)
    for _ in range(2):
        question, sign = await opened(slack, delivery)

        async def events(question: Question = question) -> AsyncIterator[Event]:
            yield PIECES[0]
            await slack.wait_for(lambda: "Because of" in shown(replies(slack, question)[0]))
            yield ANSWER

        assert (await delivery.show(question, sign, events()))[1] == sign
        assert len(replies(slack, question)) == 1
    assert len(calls(slack, "chat.startStream")) == 1


async def test_a_stream_refused_in_one_place_is_asked_for_in_the_next(
    slack: Playground, delivery: Delivery
) -> None:
    slack.fail("chat.startStream", error="invalid_recipient_user_id")
    question, sign = await opened(slack, delivery)

    async def events() -> AsyncIterator[Event]:
        yield PIECES[0]
        await slack.wait_for(lambda: "Because of" in shown(replies(slack, question)[0]))
        yield ANSWER

    await delivery.show(question, sign, events())
    question, sign = await opened(slack, delivery)
    await delivery.show(question, sign, written(slack, question))
    assert len(calls(slack, "chat.startStream")) == 2
    assert len(replies(slack, question)) == 1


async def test_a_stream_that_slack_closed_is_repaired_and_nothing_is_doubled(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)

    def close() -> None:
        (open_stream,) = streams(slack, question)
        slack.close_stream(open_stream["ts"])

    await delivery.show(question, sign, written(slack, question, close))
    (reply,) = replies(slack, question)
    assert reply["blocks"][0]["text"] == TEXT
    assert "Vacuum" in shown(reply)
    check_message(calls(slack, "chat.update")[-1])


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True}, {"drop": True, "acts": True}])
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
async def test_whatever_fails_once_there_is_one_reply_with_the_whole_text_once(
    slack: Playground, delivery: Delivery, method: str, fault: dict[str, Any]
) -> None:
    question, sign = await opened(slack, delivery)
    slack.fail(method, **fault)

    async def events() -> AsyncIterator[Event]:
        for piece in PIECES:
            before = len(slack.calls)
            yield piece
            if piece is not PIECES[-1]:
                await slack.wait_for(lambda before=before: len(slack.calls) > before)
        yield ANSWER

    await delivery.show(question, sign, events())
    (reply,) = replies(slack, question)
    assert reply["blocks"][0]["text"] == TEXT
    assert reply["metadata"]["event_payload"]["state"] == "answered"
    assert "streaming_state" not in reply


async def test_a_rate_limit_on_appending_delays_and_loses_nothing(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    slack.fail("chat.appendStream", retry_after=9, times=2)
    await delivery.show(question, sign, written(slack, question))
    (reply,) = replies(slack, question)
    assert reply["blocks"][0]["text"] == TEXT


async def test_blocks_that_slack_refuses_at_the_end_come_in_older_forms(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    slack.fail("chat.stopStream", error="invalid_blocks")
    slack.fail("chat.update", error="invalid_blocks", times=0)
    await delivery.show(question, sign, written(slack, question))
    (reply,) = replies(slack, question)
    assert TEXT in shown(reply)
    assert "Vacuum" in shown(reply)


async def test_an_answer_beyond_the_limits_of_a_stream_rolls_over_into_a_second_message(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    sentences = [f"Sentence {n}.\n\n" for n in range(900)]

    async def events() -> AsyncIterator[Event]:
        for n, sentence in enumerate(sentences):
            yield Delta(sentence)
            if n % 100 == 0:
                await slack.wait_for(lambda n=n: f"Sentence {n}." in str(replies(slack, question)))
        yield replace(ANSWER, text="".join(sentences))

    await delivery.show(question, sign, events())
    found = replies(slack, question)
    whole = "\n".join(shown(reply) for reply in found)
    assert len(found) == 2
    assert all(whole.count(f"Sentence {n}.") == 1 for n in range(900))
    assert "Vacuum" in shown(found[1])


# After a crash


async def test_a_stream_left_by_a_process_that_died_is_taken_away_and_the_answer_written_anew(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)

    async def dies() -> AsyncIterator[Event]:
        yield PIECES[0]
        await slack.wait_for(lambda: "stream" in str(replies(slack, question)[0]["metadata"]))
        await asyncio.Event().wait()

    first = asyncio.create_task(delivery.show(question, sign, dies()))
    await slack.wait_for(lambda: streams(slack, question))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert len(replies(slack, question)) == 2
    again = Delivery(web_client(slack), bot_user=slack.bot_user_id, sleep=Naps())
    assert await again.open(question) == sign
    await again.show(question, sign, written(slack, question))
    (reply,) = replies(slack, question)
    assert reply["blocks"][0]["text"] == TEXT


async def test_killed_between_the_streams_end_and_the_signs_removal_the_stream_is_the_reply(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    async with slack.held("chat.delete") as gate:
        first = asyncio.create_task(delivery.show(question, sign, written(slack, question)))
        await gate.arrived.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    again = Delivery(web_client(slack), bot_user=slack.bot_user_id, streams=False, sleep=Naps())
    _, name = await again.show(question, sign, stream(*PIECES, ANSWER))
    (reply,) = replies(slack, question)
    assert reply["ts"] == name != sign
    assert reply["blocks"][0]["text"] == TEXT


async def test_a_stream_of_another_question_in_the_thread_is_left_alone(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    other = await ask(slack, "and then?", question.root)
    other_sign = await delivery.open(other)
    recovered = []

    async def recover() -> None:
        await slack.wait_for(lambda: "stream" in str(replies(slack, question)[0]["metadata"]))
        recovered.append(await delivery.show(other, other_sign, stream(ANSWER)))

    async def events() -> AsyncIterator[Event]:
        yield PIECES[0]
        await recover()
        yield ANSWER

    await delivery.show(question, sign, events())
    assert len(replies(slack, question)) == 2
    assert all(TEXT in shown(reply) for reply in replies(slack, question))
    assert recovered


async def test_a_thread_that_cannot_be_read_gets_no_stream_because_none_could_be_found_again(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    slack.fail("conversations.replies", error="missing_scope", times=10)
    await delivery.show(question, sign, stream(*PIECES, ANSWER))
    assert calls(slack, "chat.startStream") == []
    assert len(replies(slack, question)) == 1


@pytest.mark.parametrize("which", ["sign", "stream"])
async def test_deleting_the_reply_while_it_is_written_leaves_nothing_behind(
    slack: Playground, delivery: Delivery, which: str
) -> None:
    question, sign = await opened(slack, delivery)
    closed = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        try:
            if which == "sign":
                await slack.delete(sign)
            yield PIECES[0]
            if which == "stream":
                (open_stream,) = await slack.wait_for(lambda: streams(slack, question))
                await slack.delete(open_stream["ts"])
            for n in range(1_000_000):
                yield Delta(f"{n} ")
                await asyncio.sleep(0)
        finally:
            closed.set()

    with pytest.raises(SlackFailure, match="message_not_found"):
        await delivery.show(question, sign, events())
    assert closed.is_set()
    assert replies(slack, question) == []


async def test_a_streamed_answer_is_read_back_as_an_earlier_turn(
    slack: Playground, delivery: Delivery
) -> None:
    question, sign = await opened(slack, delivery)
    await delivery.show(question, sign, written(slack, question))
    second = await ask(slack, "and then?", question.root)
    assert await delivery.thread(second) == (Message("user", "why?"), Message("assistant", TEXT))


# What may be appended


@calm
@given(text=nasty | st.text("ab [](`)<>&\n好。*~!@U1", max_size=60), ends=st.lists(st.integers(0, 60)))
def test_what_is_streamed_is_never_live(text: str, ends: list[int]) -> None:
    for end in ends:
        part = slack_text.growing(text[:end])
        assert not LIVE.search(part)
        assert not MARKDOWN_LINK.search(part)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "GIN 的倒排列表**只存**行号。RUM 多存了信息 [1], 见 [文档](https://x.example/a) 。\n\n- 一\n- 二\n",
        "Run this:\n\n```sql\nSELECT a[1] < b FROM t; -- `x`\n```\n\nThen `VACUUM FULL` & wait.\n",
        "| a | b |\n|---|---|\n| 1 | `x|y` |\n\n> quoted <!here> [label of two words](https://x.example)\n",
    ],
)
def test_every_beginning_that_is_streamed_is_a_beginning_of_the_whole(text: str) -> None:
    whole = slack_text.markdown(text)
    grown = [slack_text.growing(text[:end]) for end in range(len(text) + 1)]
    assert all(whole.startswith(part) for part in grown)
    assert len(grown[-1]) > len(whole) - 12, "little is held back"


def test_a_fence_that_is_open_is_streamed_open() -> None:
    assert slack_text.growing("Run:\n```sql\nSELECT 1;\nSEL") == "Run:\n```sql\nSELECT 1;\n"
