"""Streaming messages and ordered faults of the Slack stand-in."""

import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from tests.fakes.tiny_app import client_of, refused


@pytest.fixture
def client(slack: Playground) -> AsyncWebClient:
    return client_of(slack)


async def test_a_stream_grows_and_ends_with_its_blocks_below(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    stream = await client.chat_stream(
        channel=slack.general,
        thread_ts=root,
        recipient_team_id=slack.team_id,
        recipient_user_id=slack.ada,
        buffer_size=1,
    )
    await stream.append(markdown_text="one ")
    await stream.append(markdown_text="two")
    assert slack.messages(slack.general, root)[1]["streaming_state"] == "in_progress"
    locked = client.chat_update(channel=slack.general, ts=stream.ts or "", text="x")
    assert await refused(locked) == "streaming_state_conflict"
    await stream.stop(blocks=[{"type": "divider"}])
    message = slack.messages(slack.general, root)[1]
    assert [block["type"] for block in message["blocks"]] == ["markdown", "divider"]
    assert (message["text"], "streaming_state" in message) == ("one two", False)


async def test_a_stream_needs_its_recipient_in_a_channel_but_not_in_a_direct_message(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    start = client.chat_startStream(channel=slack.general, thread_ts=root)
    assert await refused(start) == "missing_recipient_team_id"
    start = client.chat_startStream(channel=slack.general, thread_ts=root, recipient_team_id=slack.team_id)
    assert await refused(start) == "missing_recipient_user_id"
    direct = slack.direct(slack.ada)
    root = await slack.say(slack.ada, direct, "a question")
    assert (await client.chat_startStream(channel=direct, thread_ts=root))["ok"]


async def test_a_stream_that_slack_closed_is_mended_by_one_update(
    slack: Playground, client: AsyncWebClient
) -> None:
    direct = slack.direct(slack.ada)
    root = await slack.say(slack.ada, direct, "a question")
    ts = (await client.chat_startStream(channel=direct, thread_ts=root, markdown_text="half"))["ts"]
    slack.close_stream(ts)
    append = client.chat_appendStream(channel=direct, ts=ts, markdown_text=" an answer")
    assert await refused(append) == "message_not_in_streaming_state"
    await client.chat_update(channel=direct, ts=ts, text="a whole answer")
    assert slack.messages(direct, root)[1]["text"] == "a whole answer"


async def test_a_stream_is_refused_beyond_its_size_and_after_five_minutes() -> None:
    now = time.time()
    async with Playground(port=0, clock=lambda: now) as slack:
        client = client_of(slack)
        direct = slack.direct(slack.ada)
        root = await slack.say(slack.ada, direct, "a question")
        ts = (await client.chat_startStream(channel=direct, thread_ts=root, markdown_text="x" * 9000))["ts"]
        more = client.chat_appendStream(channel=direct, ts=ts, markdown_text="x" * 4000)
        assert await refused(more) == "msg_too_long"
        now += 301
        late = client.chat_appendStream(channel=direct, ts=ts, markdown_text="x")
        assert await refused(late) == "message_not_in_streaming_state"


async def test_the_stop_button_closes_the_stream_and_tells_the_app(
    slack: Playground, client: AsyncWebClient
) -> None:
    direct = slack.direct(slack.ada)
    root = await slack.say(slack.ada, direct, "a question")
    await client.agents_sessions_setStatus(channel_id=direct, thread_ts=root, status="processing")
    ts = (await client.chat_startStream(channel=direct, thread_ts=root, markdown_text="half"))["ts"]
    await slack.stop(slack.ada, direct, root)
    event = slack.events[-1]["event"]
    assert (event["type"], event["streaming_message_ts"]) == ("agent_session_stopped", [ts])
    assert slack.workspace.sessions[direct, root] == "processing"
    stop = client.chat_stopStream(channel=direct, ts=ts)
    assert await refused(stop) == "message_not_in_streaming_state"


async def test_an_ordered_fault_meets_so_many_calls_and_no_more(
    slack: Playground, client: AsyncWebClient
) -> None:
    slack.fail("auth.test", error="fatal_error", times=2)
    assert [await refused(client.auth_test()) for _ in range(2)] == ["fatal_error"] * 2
    assert (await client.auth_test())["ok"]
    slack.fail("auth.test", retry_after=7)
    with pytest.raises(SlackApiError) as failure:
        await client.auth_test()
    assert failure.value.response.status_code == 429
    assert failure.value.response.headers["Retry-After"] == "7"
    slack.fail("auth.test", status=502)
    with pytest.raises(SlackApiError) as failure:
        await client.auth_test()
    assert failure.value.response.status_code == 502


async def test_a_lost_response_leaves_the_message_posted(slack: Playground, client: AsyncWebClient) -> None:
    slack.lose_response("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.general, text="once")
    assert [m["text"] for m in slack.messages()] == ["once"]
    slack.fail("chat.postMessage", drop=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.general, text="never")
    assert len(slack.messages()) == 1


async def test_held_calls_wait_until_they_are_let_go(slack: Playground, client: AsyncWebClient) -> None:
    async with slack.held("auth.test") as gate:
        calling = asyncio.create_task(client.auth_test())
        await gate.arrived.wait()
        assert not slack.calls
    assert (await calling)["ok"]


async def test_rate_limits_hold_when_asked_for() -> None:
    now = time.time()
    async with Playground(port=0, rate_limits=True, clock=lambda: now) as slack:
        client = client_of(slack)
        await client.chat_postMessage(channel=slack.general, text="one")
        assert await refused(client.chat_postMessage(channel=slack.general, text="two")) == "ratelimited"
        await client.chat_postMessage(channel=slack.lin, text="elsewhere")
        now += 1.0
        await client.chat_postMessage(channel=slack.general, text="two")
