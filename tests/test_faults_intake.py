"""What Slack brings is answered once, by the whole bot, however often and in whatever form it comes."""

import sqlite3
from pathlib import Path
from typing import Any

from bot.playground import Playground, shown
from tests.fakes.furnished import calls, everything_said, furnished, replies, silent_model, untold
from tests.fakes.house import House

QUESTION = "why does VACUUM leave dead rows behind?"


def event_of(home: House, ts: str, kind: str = "app_mention") -> dict[str, Any]:
    """The payload by which Slack told of the message *ts*."""
    return next(e for e in home.slack.events if e["event"]["type"] == kind and e["event"].get("ts") == ts)


async def test_row_7_the_same_event_four_times_is_one_answer(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        ts = await home.ask(QUESTION)
        acks = await home.slack.redeliver(event_of(home, ts), times=3)
        await home.reply(ts)
        acks += await home.slack.redeliver(event_of(home, ts))
    assert all(ack.acked for ack in acks)
    assert len(replies(home, ts)) == 1
    assert len(home.ollama.prompts) == 1


async def test_row_8_an_edited_mention_is_not_asked_again(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        ts = await home.ask(QUESTION)
        await home.reply(ts)
        told = len(home.slack.events)
        await home.slack.edit(ts, f"<@{home.slack.bot_user_id}> {QUESTION} And which setting helps?")
        edited = home.slack.events[told:]
        assert edited
        acks = [ack for event in edited for ack in await home.slack.redeliver(event)]
    assert all(ack.acked for ack in acks)
    assert {event["event_id"] for event in edited}.isdisjoint({event_of(home, ts)["event_id"]})
    assert len(replies(home, ts)) == 1
    assert len(home.ollama.prompts) == 1


async def test_row_8_a_mention_edited_in_is_not_answered_while_the_first_is_being_written(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path) as home:
        with silent_model(home):
            ts = await home.ask(QUESTION)
            await home.ollama.wait_for(lambda: home.ollama.streaming)
            await home.slack.edit(ts, f"<@{home.slack.bot_user_id}> {QUESTION} Please.")
        await home.reply(ts)
    assert len(replies(home, ts)) == 1


async def test_row_9_a_mention_and_its_message_event_are_one_answer(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        ts = await home.ask(QUESTION)
        await home.reply(ts)
        mention, message = event_of(home, ts), event_of(home, ts, "message")
        assert mention["event_id"] != message["event_id"]
        await home.slack.redeliver(message)
    assert len(replies(home, ts)) == 1


async def test_row_9_a_mention_in_a_direct_message_is_one_answer_too(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        channel = home.slack.direct(home.slack.lin)
        ts = await home.slack.say(home.slack.lin, channel, f"<@{home.slack.bot_user_id}> {QUESTION}")
        event = event_of(home, ts, "message")["event"]
        ack = await home.slack.send_event({**event, "type": "app_mention"})
        await home.reply(ts, channel)
    assert ack.acked
    assert len(replies(home, ts, channel)) == 1


async def test_row_11_a_question_that_the_database_cannot_take_is_not_acknowledged_and_answered_later(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path, Playground(retries=())) as home:
        # Another writer holds the database, as a backup of it or a full disk might.
        other = sqlite3.connect(tmp_path / "data" / "blogbot.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        event = await untold(home.slack, QUESTION)
        first = await home.slack.send_event(event)
        other.execute("ROLLBACK")
        other.close()
        again = await home.slack.send_event(event)
        reply = await home.reply(event["ts"])
    assert not first.acked
    assert again.acked
    assert "old snapshot" in shown(reply)
    assert len(replies(home, event["ts"])) == 1


async def test_row_21_a_bot_that_mentions_the_bot_gets_no_answer(tmp_path: Path) -> None:
    another = {"bot_id": "B0OTHER001"}
    async with furnished(tmp_path) as home:
        event = await untold(home.slack, QUESTION) | {"user": "U0OTHER001"}
        direct = {"type": "message", "channel_type": "im", "channel": home.slack.direct(home.slack.ada)}
        for aside in (another, another | {"subtype": "bot_message"}, {"user": home.slack.bot_user_id}):
            for place in ({}, direct):
                assert (await home.slack.send_event(event | place | aside)).acked
    assert everything_said(home) == []
    assert home.ollama.prompts == []


async def test_row_21_the_bots_own_reply_with_a_mention_in_it_starts_no_second_answer(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = f"Ask <@{home.slack.bot_user_id}> why VACUUM leaves dead rows behind [1]."
        ts = await home.ask(QUESTION)
        await home.reply(ts)
        own = [e for e in home.slack.events if e["event"].get("user") == home.slack.bot_user_id]
        for event in own:
            await home.slack.redeliver(event)
    assert len(everything_said(home)) == 1
    assert len(calls(home, "chat.postMessage")) == 1
