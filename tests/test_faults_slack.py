"""What goes wrong at Slack's end: the whole bot says each thing once, in its thread, or not at all."""

import socket
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.playground import Playground, shown
from bot.slack.presence.connection import LOOK, PATIENCE
from tests.fakes.bot_process import BotProcess
from tests.fakes.furnished import calls, everything_said, furnished, replies, settle, silent_model
from tests.fakes.house import environment
from tests.fakes.ollama import FakeOllama
from tests.fakes.overheard import overheard

QUESTION = "why does VACUUM leave dead rows behind?"
ANOTHER = "how many approvals does a payment change need?"


async def test_row_1_slack_asking_to_reconnect_loses_no_question(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        opened = home.slack.connections_opened
        with silent_model(home):
            before = await home.ask(QUESTION)
            await home.ollama.wait_for(lambda: home.ollama.streaming)
            await home.slack.send_disconnect("refresh_requested")
            meanwhile = await home.ask(ANOTHER)
        assert "old snapshot" in shown(await home.reply(before))
        assert "payments need two" in shown(await home.reply(meanwhile))
        assert home.slack.connections_opened > opened
        await home.slack.wait_for(lambda: len(home.slack.connections) == 1)


def test_row_3_a_refused_ticket_is_replaced_within_a_minute() -> None:
    # That it is replaced at all: tests/test_connection.py, which waits less patiently.
    assert PATIENCE + 2 * LOOK <= 60


@pytest.mark.parametrize("event", ["the token is revoked", "Socket Mode is switched off"])
async def test_rows_5_and_6_a_bot_that_lost_slack_for_good_is_unready_and_logs_it_without_a_hot_loop(
    tmp_path: Path, event: str
) -> None:
    with overheard() as heard, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        async with furnished(tmp_path, BLOGBOT_HEALTH_PORT=str(port)) as home, ClientSession() as session:
            page = f"http://127.0.0.1:{port}/readyz"
            async with session.get(page) as before:
                assert before.status == 200
            calls_before = len(home.slack.calls)
            if event == "the token is revoked":
                await home.slack.revoke()
            else:
                home.slack.fail("apps.connections.open", error="not_allowed_token_type", times=1000)
                await home.slack.send_disconnect("link_disabled")
            await heard.until("slack connection lost")
            async with session.get(page) as after:
                assert after.status == 503
                assert (await after.json())["slack"] is False
            async with session.get(page.replace("readyz", "healthz")) as alive:
                assert alive.status == 200
            assert len(home.slack.calls) - calls_before < 30


async def test_row_4_a_bad_token_at_the_start_is_named_and_the_status_is_two(tmp_path: Path) -> None:
    async with Playground() as slack, FakeOllama() as ollama:
        blog = await settle(tmp_path)
        env = environment(tmp_path, str(blog), slack, ollama.url, SLACK_BOT_TOKEN="xoxb-no-longer-good")
        bot = BotProcess(tmp_path, env)
        await bot.launch()
        assert await bot.ended() == 2
        said = "".join(bot.said)
        assert "SLACK_BOT_TOKEN" in said
        assert "invalid_auth" in said
        assert "Traceback" not in said
        assert "no-longer-good" not in said


async def test_row_14_a_post_whose_response_was_lost_is_not_repeated(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.slack.lose_response("chat.postMessage")
        ts = await home.ask(QUESTION)
        await home.reply(ts)
    assert len(replies(home, ts)) == 1
    assert len(calls(home, "chat.postMessage")) == 1


async def test_row_15_a_rate_limit_delays_the_answer_by_what_slack_asked(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.slack.fail("chat.postMessage", retry_after=1)
        ts = await home.ask(QUESTION)
        await home.reply(ts)
        posts = [call.time for call in home.slack.calls if call.method == "chat.postMessage"]
        assert posts[1] - posts[0] >= 1
    assert len(replies(home, ts)) == 1


async def test_row_15_a_rate_limit_on_the_last_update_delays_it_and_loses_nothing(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        with silent_model(home):
            ts = await home.ask(QUESTION)
            await home.ollama.wait_for(lambda: home.ollama.streaming)
            home.slack.fail("chat.update", retry_after=1, times=2)
        assert "old snapshot" in shown(await home.reply(ts))
    assert len(replies(home, ts)) == 1


async def test_row_16_a_post_that_slack_answers_with_502_is_tried_again_after_looking(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.slack.fail("chat.postMessage", status=502)
        ts = await home.ask(QUESTION)
        await home.reply(ts)
        methods = [call.method for call in home.slack.calls]
        first, second = (at for at, method in enumerate(methods) if method == "chat.postMessage")
        assert "conversations.replies" in methods[first:second]
    assert len(replies(home, ts)) == 1


@pytest.mark.parametrize("code", ["is_archived", "not_in_channel"])
async def test_row_17_a_channel_that_refuses_is_asked_once_and_the_next_question_is_answered(
    tmp_path: Path, code: str
) -> None:
    async with furnished(tmp_path) as home:
        home.slack.fail("chat.postMessage", error=code)
        refused = await home.ask(QUESTION)
        await home.slack.wait_for(lambda: calls(home, "chat.postMessage"))
        await home.reply(await home.ask(ANOTHER))
    assert replies(home, refused) == []
    assert [post["thread_ts"] for post in calls(home, "chat.postMessage")].count(refused) == 1


async def test_row_18_an_answer_of_thirteen_thousand_characters_arrives_whole(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        sentences = [f"Sentence {number} about the old snapshot." for number in range(350)]
        home.ollama.answer = [f"{sentence} " for sentence in sentences]
        ts = await home.ask(QUESTION)
        await home.reply(ts)
    shown_text = " ".join(" ".join(shown(reply) for reply in replies(home, ts)).split())
    assert sum(map(len, sentences)) > 12_000
    assert all(shown_text.count(sentence) == 1 for sentence in sentences)
    assert len(replies(home, ts)) == 2


async def test_row_19_a_question_deleted_before_its_reply_leaves_nothing_at_top_level(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        async with home.slack.held("chat.postMessage") as gate:
            ts = await home.ask(QUESTION)
            await gate.arrived.wait()
            await home.slack.delete(ts)
        await home.slack.wait_for(lambda: calls(home, "chat.delete"))
    assert everything_said(home) == []
    assert home.ollama.prompts == []


async def test_row_20_a_reply_that_somebody_deletes_stops_the_model_and_is_not_posted_again(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = ["A long transaction. "] * 200
        home.ollama.interval = 0.05
        ts = await home.ask(QUESTION)
        await home.ollama.wait_for(lambda: home.ollama.streaming)
        for reply in replies(home, ts):
            await home.slack.delete(reply["ts"])
        await home.ollama.dropped.wait()
    assert everything_said(home) == []
    assert len(calls(home, "chat.postMessage")) == 1
