"""Delivery against the Slack stand-in: at once, as it is written, whole at the end, and never twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import SlackFailure
from bot.model import Answer, Delta, Event, Message, Question, Source, Stage
from bot.playground import Playground, shown
from bot.slack.calls import SlackLimited, SlackUnreachable
from bot.slack.delivery import threads as slack_threads
from bot.slack.delivery.delivery import Delivery
from tests.fakes.blocks import check_message
from tests.fakes.slack import Naps, web_client

SOURCE = Source(1, "Vacuum", "https://b.example/a.md", "a.md", "2024-05-01")
ANSWER = Answer("why?", "Because of **dead** tuples [1].", "answered", (SOURCE,), "qwen3:8b")


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground() as slack:
        yield slack


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def delivery(slack: Playground, naps: Naps) -> Delivery:
    return Delivery(web_client(slack), bot_user=slack.bot_user_id, sleep=naps)


@pytest.fixture
def plain(slack: Playground, naps: Naps) -> Delivery:
    """Delivery where the workspace has no streams."""
    return Delivery(web_client(slack), bot_user=slack.bot_user_id, streams=False, sleep=naps)


async def ask(slack: Playground, text: str = "why?", root: str = "", channel: str = "") -> Question:
    """Ada asks in the general channel or another, and the question as the listeners would read it."""
    channel = channel or slack.general
    ts = await slack.say(slack.ada, channel, f"<@{slack.bot_user_id}> {text}", root or None, told=False)
    return Question(f"T-{channel}-{ts}", text, slack.ada, slack.team_id, channel, ts, root or ts, "mention")


async def stream(*events: Event) -> AsyncIterator[Event]:
    for event in events:
        await asyncio.sleep(0)
        yield event


def calls(slack: Playground, method: str) -> list[dict[str, Any]]:
    return [dict(call.arguments) for call in slack.calls if call.method == method]


def replies(slack: Playground, question: Question) -> list[dict[str, Any]]:
    return [m for m in slack.messages(question.channel, question.root) if m["user"] == slack.bot_user_id]


# Opening


async def test_a_sign_appears_in_the_thread_at_once_and_unfurls_nothing(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    (reply,) = replies(slack, question)
    assert reply["ts"] == ts
    assert "🔎" in shown(reply)
    (arguments,) = calls(slack, "chat.postMessage")
    assert arguments["thread_ts"] == question.root
    assert arguments["unfurl_links"] is arguments["unfurl_media"] is False
    assert arguments["metadata"]["event_payload"]["question"] == question.id


async def test_opening_again_after_a_crash_finds_the_first_sign(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    first = await delivery.open(question)
    again = Delivery(web_client(slack), bot_user=slack.bot_user_id)
    assert await again.open(question) == first
    assert len(replies(slack, question)) == 1


async def test_a_message_of_somebody_else_with_our_mark_is_not_taken_for_ours(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    mark = slack_threads.metadata(question)
    forged = {"user": slack.lin, "text": "x", "thread_ts": question.root, "metadata": mark}
    slack.workspace.post(question.channel, forged)
    ts = await delivery.open(question)
    assert [reply["ts"] for reply in replies(slack, question)] == [ts]


async def test_two_questions_in_one_thread_have_two_replies(slack: Playground, delivery: Delivery) -> None:
    first = await ask(slack)
    second = await ask(slack, "and then?", first.root)
    assert await delivery.open(first) != await delivery.open(second)


async def test_a_sign_whose_response_was_lost_is_not_posted_twice(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    slack.lose_response("chat.postMessage")
    ts = await delivery.open(question)
    assert [reply["ts"] for reply in replies(slack, question)] == [ts]


async def test_a_server_error_is_tried_again_after_looking_into_the_thread(
    slack: Playground, delivery: Delivery, naps: Naps
) -> None:
    question = await ask(slack)
    slack.fail("chat.postMessage", status=502, times=2)
    await delivery.open(question)
    assert len(replies(slack, question)) == 1
    assert [call.method for call in slack.calls].count("conversations.replies") == 3
    assert naps.waited == [1.0, 2.0]


async def test_a_slack_that_stays_down_is_given_up_after_three_more_tries(
    slack: Playground, delivery: Delivery, naps: Naps
) -> None:
    question = await ask(slack)
    slack.fail("chat.postMessage", status=503, times=10)
    with pytest.raises(SlackUnreachable, match="status 503"):
        await delivery.open(question)
    assert len(calls(slack, "chat.postMessage")) == 4
    assert naps.waited == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("asked", "waited"), [(7, 7.0), (3_600, 60.0)])
async def test_a_rate_limit_is_waited_for_as_long_as_slack_says_but_a_minute_at_most(
    slack: Playground, delivery: Delivery, naps: Naps, asked: int, waited: float
) -> None:
    question = await ask(slack)
    slack.fail("chat.postMessage", retry_after=asked)
    await delivery.open(question)
    assert naps.waited == [waited]
    assert len(replies(slack, question)) == 1


async def test_a_rate_limit_without_end_is_given_up(slack: Playground, delivery: Delivery) -> None:
    slack.fail("chat.postMessage", retry_after=1, times=100)
    with pytest.raises(SlackLimited):
        await delivery.open(await ask(slack))


@pytest.mark.parametrize("code", ["not_in_channel", "is_archived", "channel_not_found"])
async def test_a_channel_that_refuses_is_asked_once(slack: Playground, delivery: Delivery, code: str) -> None:
    question = await ask(slack)
    slack.fail("chat.postMessage", error=code, times=5)
    with pytest.raises(SlackFailure) as caught:
        await delivery.open(question)
    assert caught.value.code == code
    assert len(calls(slack, "chat.postMessage")) == 1


async def test_an_archived_channel_is_refused_by_the_stand_in_itself(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack, channel=slack.add_channel("old", archived=True))
    with pytest.raises(SlackFailure, match="is_archived"):
        await delivery.open(question)


async def test_a_reply_that_slack_puts_at_top_level_is_taken_away_again(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    await slack.delete(question.ts)
    with pytest.raises(SlackFailure) as caught:
        await delivery.open(question)
    assert caught.value.code == "parent_deleted"
    assert not [m for m in slack.messages(question.channel) if m["user"] == slack.bot_user_id]


async def test_without_the_history_scope_the_sign_is_posted_all_the_same(slack: Playground) -> None:
    delivery = Delivery(web_client(slack), bot_user=slack.bot_user_id)
    question = await ask(slack)
    slack.fail("conversations.replies", error="missing_scope", times=5)
    assert await delivery.open(question)


# Writing


async def test_an_answer_ends_with_its_sources_and_every_version_was_valid(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    given, _ = await delivery.show(
        question, ts, stream(Stage("searching"), Stage("reading", 3), Delta("Because "), Delta("of…"), ANSWER)
    )
    assert given is ANSWER
    (reply,) = replies(slack, question)
    assert "Because of **dead** tuples [1]." in shown(reply)
    assert "<https://b.example/a.md|Vacuum> · 2024-05-01" in shown(reply)
    assert reply["metadata"]["event_payload"]["state"] == "answered"
    for arguments in calls(slack, "chat.update"):
        check_message(arguments)


async def test_what_is_written_is_shown_before_it_is_whole(slack: Playground, plain: Delivery) -> None:
    question = await ask(slack)
    ts = await plain.open(question)
    seen = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        yield Stage("reading", 4)
        await slack.wait_for(lambda: "Reading 4 articles" in shown(replies(slack, question)[0]))
        yield Delta("The first ")
        yield Delta("half")
        await slack.wait_for(lambda: "The first half" in shown(replies(slack, question)[0]))
        seen.set()
        yield ANSWER

    await plain.show(question, ts, events())
    assert seen.is_set()


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def test_updates_keep_the_pace_that_the_workspace_allows_and_skip_to_the_newest(
    slack: Playground,
) -> None:
    clock = Clock()
    delivery = Delivery(
        web_client(slack), bot_user=slack.bot_user_id, streams=False, sleep=clock.sleep, clock=clock
    )
    question = await ask(slack)
    ts = await delivery.open(question)
    times: list[float] = []

    async def events() -> AsyncIterator[Event]:
        for n in range(1, 31):
            yield Delta(f"{n} ")
            yield Delta("and ")
            before = len(calls(slack, "chat.update"))
            if n % 10 == 0:
                await slack.wait_for(lambda before=before: len(calls(slack, "chat.update")) > before)
                times.append(clock.now)
        yield ANSWER

    await delivery.show(question, ts, events())
    updates = calls(slack, "chat.update")
    assert 3 <= len(updates) <= 8, "far fewer than sixty pieces"
    assert all(later - earlier >= 1.2 for earlier, later in pairwise(times))
    assert "dead" in updates[-1]["blocks"][0]["text"]


@pytest.fixture(params=[True, False])
def hasty(slack: Playground, request: pytest.FixtureRequest) -> Delivery:
    """Delivery at a moment that never passes, with streams and without: what has to wait is never shown."""

    async def forever(_: float) -> None:
        await asyncio.Event().wait()

    return Delivery(
        web_client(slack),
        bot_user=slack.bot_user_id,
        streams=request.param,
        sleep=forever,
        clock=lambda: 100.0,
    )


async def test_the_first_text_comes_at_once_whatever_was_shown_just_before(
    slack: Playground, hasty: Delivery
) -> None:
    for _ in range(3):
        question = await ask(slack)
        ts = await hasty.open(question)

        async def events(question: Question = question) -> AsyncIterator[Event]:
            yield Stage("reading", 4)
            yield Stage("writing")
            yield Delta("The first words ")
            await slack.wait_for(lambda: "The first" in str(replies(slack, question)))
            yield ANSWER

        await hasty.show(question, ts, events())


async def test_stages_are_left_out_where_they_would_hold_up_the_first_text(
    slack: Playground, hasty: Delivery
) -> None:
    question = await ask(slack)
    ts = await hasty.open(question)

    async def events() -> AsyncIterator[Event]:
        for n in (2, 3, 4, 5):
            yield Stage("reading", n)
            await slack.wait_for(lambda n=n: f"Reading {n}" in shown(replies(slack, question)[0]))
        yield Stage("reading", 6)
        yield Stage("loading")
        yield Delta("The first words ")
        await slack.wait_for(lambda: "The first" in str(replies(slack, question)))
        yield ANSWER

    await hasty.show(question, ts, events())
    assert not [update for update in calls(slack, "chat.update") if "Loading" in update["text"]]


async def test_the_model_begins_while_slack_is_still_being_asked(slack: Playground, plain: Delivery) -> None:
    question = await ask(slack)
    ts = await plain.open(question)
    begun = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        begun.set()
        yield ANSWER

    async with slack.held("conversations.replies") as gate:
        showing = asyncio.create_task(plain.show(question, ts, events()))
        await gate.arrived.wait()
        await begun.wait()
    await showing
    assert "dead" in shown(replies(slack, question)[0])


async def test_a_reply_that_cannot_be_written_stops_the_model_that_began(
    slack: Playground, plain: Delivery
) -> None:
    question = await ask(slack)
    ts = await plain.open(question)
    closed = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        try:
            yield Stage("searching")
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with slack.held("conversations.replies") as gate:
        showing = asyncio.create_task(plain.show(question, ts, events()))
        await gate.arrived.wait()
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert closed.is_set()


async def test_the_whole_answer_comes_last_even_when_updates_are_refused_for_a_while(
    slack: Playground, plain: Delivery, naps: Naps
) -> None:
    question = await ask(slack)
    ts = await plain.open(question)
    slack.fail("chat.update", retry_after=30, times=2)

    async def events() -> AsyncIterator[Event]:
        yield Delta("a")
        await slack.wait_for(lambda: calls(slack, "chat.update"))
        yield Delta("b")
        yield ANSWER

    await plain.show(question, ts, events())
    assert "dead" in shown(replies(slack, question)[0])
    assert "dead" in calls(slack, "chat.update")[-1]["blocks"][0]["text"]


async def test_an_update_in_flight_is_waited_for_so_that_the_answer_stays(
    slack: Playground, plain: Delivery
) -> None:
    question = await ask(slack)
    ts = await plain.open(question)
    async with slack.held("chat.update") as gate:

        async def events() -> AsyncIterator[Event]:
            yield Delta("half")
            await gate.arrived.wait()
            yield ANSWER

        showing = asyncio.create_task(plain.show(question, ts, events()))
        await gate.arrived.wait()
    await showing
    texts = [arguments["blocks"][0]["text"] for arguments in calls(slack, "chat.update")]
    assert texts == ["half", ANSWER.text]
    assert "dead" in shown(replies(slack, question)[0])


async def test_a_reply_that_somebody_deleted_stops_the_model(slack: Playground, delivery: Delivery) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    await slack.delete(ts)
    closed = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        try:
            for n in range(1_000_000):
                yield Delta(f"{n} ")
                await asyncio.sleep(0)
        finally:
            closed.set()

    with pytest.raises(SlackFailure, match="message_not_found"):
        await delivery.show(question, ts, events())
    assert closed.is_set()


async def test_an_answer_of_thirteen_thousand_characters_arrives_whole_in_two_messages(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    text = "".join(f"Sentence {n}.\n\n" for n in range(900))
    assert len(text) > 13_000
    await delivery.show(question, ts, stream(Delta(text), replace(ANSWER, text=text)))
    whole = "\n".join(shown(reply) for reply in replies(slack, question))
    assert len(replies(slack, question)) == 2
    assert all(whole.count(f"Sentence {n}.") == 1 for n in range(900))


async def test_finishing_a_long_answer_again_posts_no_part_twice(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    answer = replace(ANSWER, text="word " * 5_000)
    await delivery.finish(question, ts, answer)
    await delivery.finish(question, ts, answer)
    assert len(replies(slack, question)) == 3


@pytest.mark.parametrize("code", ["msg_too_long", "msg_blocks_too_long"])
async def test_what_slack_finds_too_long_is_cut_into_smaller_messages(
    slack: Playground, delivery: Delivery, code: str
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    slack.fail("chat.update", error=code)
    await delivery.finish(question, ts, replace(ANSWER, text="word " * 1_500))
    whole = "\n".join(shown(reply) for reply in replies(slack, question))
    assert len(replies(slack, question)) == 3
    assert whole.count("word") == 1_500


async def test_a_workspace_without_the_new_blocks_gets_the_older_ones(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    slack.fail("chat.update", error="invalid_blocks", times=2)
    await delivery.finish(question, ts, ANSWER)
    (reply,) = replies(slack, question)
    assert {block["type"] for block in reply["blocks"]} == {"section", "context", "actions"}


async def test_a_reply_that_nothing_makes_acceptable_is_a_failure(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    slack.fail("chat.update", error="invalid_blocks", times=10)
    with pytest.raises(SlackFailure, match="invalid_blocks"):
        await delivery.finish(question, ts, ANSWER)


async def test_a_refusal_without_a_sign_before_it_is_posted(slack: Playground, delivery: Delivery) -> None:
    question = await ask(slack)
    await delivery.finish(question, "", Answer("why?", "", "busy"))
    (reply,) = replies(slack, question)
    assert "too many questions" in shown(reply)


async def test_events_that_end_without_an_answer_end_in_an_apology(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)
    answer, _ = await delivery.show(question, ts, stream(Stage("searching")))
    assert answer.outcome == "failed"
    assert "went wrong" in shown(replies(slack, question)[0])


async def test_a_short_word_is_said_once(slack: Playground, delivery: Delivery) -> None:
    question = await ask(slack)
    for _ in range(2):
        await delivery.say(question, {"text": "hello", "blocks": [{"type": "divider"}]})
    assert len(replies(slack, question)) == 1


# The status line


async def test_the_status_line_follows_the_work_and_is_cleared_at_the_end(
    slack: Playground, delivery: Delivery
) -> None:
    question = await ask(slack)
    ts = await delivery.open(question)

    def status() -> str:
        return str(slack.workspace.statuses.get((question.channel, question.root), {}).get("status", ""))

    async def events() -> AsyncIterator[Event]:
        yield Stage("reading", 2)
        await slack.wait_for(lambda: "Reading 2 articles" in status())
        yield ANSWER

    await delivery.show(question, ts, events())
    assert status() == ""


async def test_a_workspace_without_status_lines_is_asked_once(slack: Playground, delivery: Delivery) -> None:
    slack.fail("assistant.threads.setStatus", error="unknown_method", times=10)
    for _ in range(2):
        question = await ask(slack)
        ts = await delivery.open(question)

        async def events() -> AsyncIterator[Event]:
            yield Stage("searching")
            await slack.wait_for(lambda: calls(slack, "assistant.threads.setStatus"))
            yield ANSWER

        await delivery.show(question, ts, events())
    assert len(calls(slack, "assistant.threads.setStatus")) == 1


# Private replies


Private = Callable[[str], Awaitable[Question]]


@pytest.fixture
def private(slack: Playground) -> Private:
    async def make(channel: str) -> Question:
        url = slack.lent.response_url(slack.ada, channel)
        return Question("T-C-trigger", "why?", slack.ada, slack.team_id, channel, "", "", "command", url)

    return make


async def test_a_command_is_answered_to_the_person_alone(
    slack: Playground, delivery: Delivery, private: Private
) -> None:
    question = await private(slack.general)
    name = await delivery.open(question)
    assert name == question.id
    assert "🔎" in shown(slack.private(slack.ada)[-1])
    await delivery.show(question, name, stream(Stage("searching"), Delta("Because"), ANSWER))
    assert "dead" in shown(slack.private(slack.ada)[-1])
    assert "Share in channel" in shown(slack.private(slack.ada)[-1])
    assert len(slack.private(slack.ada)) == 2
    assert slack.messages(slack.general) == []


async def test_a_command_whose_response_url_is_used_up_is_still_answered(
    slack: Playground, delivery: Delivery, private: Private
) -> None:
    question = replace(await private(slack.general), response_url=f"{slack.url}hooks/none")
    await delivery.finish(question, question.id, ANSWER)
    assert "dead" in shown(slack.private(slack.ada)[-1])


async def test_a_response_url_that_is_not_reachable_fails_with_a_sentence_when_nothing_else_works(
    slack: Playground, delivery: Delivery, private: Private, naps: Naps
) -> None:
    channel = slack.add_channel("elsewhere", bot_in=False)
    question = replace(await private(channel), response_url="http://127.0.0.1:9/")
    with pytest.raises(SlackFailure, match="not_in_channel"):
        await delivery.finish(question, question.id, ANSWER)
    assert naps.waited == [1.0, 2.0, 4.0]


async def test_no_log_line_holds_a_text_a_token_or_a_response_url(
    slack: Playground, delivery: Delivery, private: Private, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    secret = "the-merger-is-on-friday"
    asked = replace(await private(slack.general), text=secret, response_url=f"{slack.url}hooks/gone")
    answer = replace(ANSWER, question=secret, text=secret)
    with capture_logs() as logs:
        await delivery.finish(asked, asked.id, answer)
        question = await ask(slack, secret)
        slack.fail("chat.postMessage", status=502)
        slack.fail("conversations.replies", error="missing_scope")
        ts = await delivery.open(question)
        slack.fail("chat.update", error="invalid_blocks", times=2)
        await delivery.show(question, ts, stream(Delta(secret), answer))
        slack.fail("chat.update", error="message_not_found")
        with pytest.raises(SlackFailure) as caught:
            await delivery.finish(question, ts, answer)
    said = f"{logs}{caplog.text}{caught.value}{caught.value.fix}"
    assert {"slack call waits", "thread not read", "reply refused", "response_url refused"} <= {
        entry["event"] for entry in logs
    }
    for hidden in (secret, slack.bot_token, "/hooks/"):
        assert hidden not in said


# Earlier turns


async def test_a_thread_is_read_with_roles_and_without_sources_signs_and_apologies(
    slack: Playground, delivery: Delivery
) -> None:
    first = await ask(slack, "what is &lt;WAL&gt;?")
    ts = await delivery.open(first)
    await delivery.show(first, ts, stream(replace(ANSWER, text="A <log> & more [1].")))
    await slack.say(slack.lin, slack.general, "thanks", first.root, told=False)
    second = await ask(slack, "broken?", first.root)
    await delivery.finish(second, await delivery.open(second), Answer("", "", "failed"))
    third = await ask(slack, "and vacuum?", first.root)
    await delivery.open(third)
    assert await delivery.thread(third) == (
        Message("user", "what is <WAL>?"),
        Message("assistant", "A <log> & more [1]."),
        Message("user", "thanks"),
        Message("user", "broken?"),
    )


async def test_the_first_message_of_a_thread_has_nothing_before_it(
    slack: Playground, delivery: Delivery
) -> None:
    assert await delivery.thread(await ask(slack)) == ()
    assert calls(slack, "conversations.replies") == []


@pytest.mark.parametrize("code", ["missing_scope", "thread_not_found", "internal_error"])
async def test_a_thread_that_may_not_be_read_is_empty(
    slack: Playground, delivery: Delivery, code: str
) -> None:
    first = await ask(slack)
    second = await ask(slack, "more?", first.root)
    slack.fail("conversations.replies", error=code, times=10)
    assert await delivery.thread(second) == ()


async def test_a_long_thread_is_read_to_its_end_and_only_the_newest_turns_are_kept(
    slack: Playground, delivery: Delivery
) -> None:
    first = await ask(slack, "start")
    for n in range(230):
        await slack.say(slack.ada, slack.general, f"message {n}", first.root, told=False)
    last = await ask(slack, "and?", first.root)
    turns: Sequence[Message] = await delivery.thread(last)
    assert [turn.content for turn in turns] == [f"message {n}" for n in range(210, 230)]
