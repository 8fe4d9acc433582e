"""The Slack stand-in: what Slack promises an app, over real sockets and the real Bolt client."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground import Playground, shown, sign
from tests.fakes.tiny_app import app_of, client_of, connected

QUICK = {"retries": (0.0, 0.0, 0.0), "ack_seconds": 0.3}


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground(port=0) as playground:
        yield playground


@pytest.fixture
def client(slack: Playground) -> AsyncWebClient:
    return client_of(slack)


def hearing(app: AsyncApp) -> list[dict[str, Any]]:
    """Let *app* hear every event there is; returns what it heard."""
    heard: list[dict[str, Any]] = []

    @app.event({"type": "app_mention"})
    async def mention(body: dict[str, Any]) -> None:
        heard.append(body)

    @app.event("message")
    async def message(body: dict[str, Any]) -> None:
        heard.append(body)

    for subtype in ("message_changed", "message_deleted"):
        app.event({"type": "message", "subtype": subtype})(message)
    return heard


def mention(slack: Playground, text: str = "how do I ask?") -> str:
    return f"<@{slack.bot_user_id}> {text}"


async def refused(calling: Any) -> str:
    with pytest.raises(SlackApiError) as failure:
        await calling
    return str(failure.value.response["error"])


def names(heard: list[dict[str, Any]]) -> list[str]:
    return [body["event"].get("subtype", body["event"]["type"]) for body in heard]


# Socket Mode


async def test_a_mention_reaches_the_app_as_both_events_with_one_ts(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)
    async with connected(slack, app):
        ts = await slack.say(slack.ada, slack.general, mention(slack))
        await slack.wait_for(lambda: len(slack.events) == 2 and len(heard) == 2)
    assert sorted(names(heard)) == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in heard} == {ts}
    assert len({body["event_id"] for body in heard}) == 2
    assert heard[0]["authorizations"][0]["user_id"] == slack.bot_user_id
    assert heard[0]["team_id"] == slack.team_id


async def test_a_direct_message_is_a_message_im_and_no_mention(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)
    async with connected(slack, app):
        await slack.say(slack.lin, slack.direct(slack.lin), mention(slack, "你好"))
        await slack.wait_for(lambda: heard)
    assert names(heard) == ["message"]
    assert heard[0]["event"]["channel_type"] == "im"


async def test_what_is_not_subscribed_to_is_not_sent() -> None:
    async with Playground(port=0, subscriptions={"app_mention"}) as slack:
        await slack.say(slack.ada, slack.general, mention(slack))
        await slack.say(slack.ada, slack.general, "no mention")
        assert names(slack.events) == ["app_mention"]


async def test_an_unacknowledged_event_comes_again_three_times_with_the_same_event_id() -> None:
    async with Playground(port=0, subscriptions={"app_mention"}, **QUICK) as slack:
        app, seen = app_of(slack), []

        @app.middleware
        async def never(body: dict[str, Any]) -> None:
            seen.append(body["event_id"])
            slack.workspace.wake()
            raise RuntimeError("not stored")

        app.logger.setLevel("CRITICAL")
        async with connected(slack, app):
            await slack.say(slack.ada, slack.general, mention(slack))
            await slack.wait_for(lambda: len(seen) == 4)
        assert len(set(seen)) == 1


async def test_an_event_sent_before_the_app_is_there_waits_for_it(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)
    await slack.say(slack.ada, slack.general, mention(slack))
    async with connected(slack, app):
        await slack.wait_for(lambda: len(heard) == 2)


async def test_each_event_goes_to_one_of_several_connections() -> None:
    async with Playground(port=0, subscriptions={"app_mention"}) as slack:
        one, two = app_of(slack), app_of(slack)
        heard_by_one, heard_by_two = hearing(one), hearing(two)
        async with connected(slack, one), connected(slack, two):
            for number in range(4):
                await slack.say(slack.ada, slack.general, mention(slack, str(number)))
            await slack.wait_for(lambda: len(heard_by_one) + len(heard_by_two) == 4)
        assert len(heard_by_one) == len(heard_by_two) == 2


async def test_a_redelivery_carries_the_same_event_id(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)
    async with connected(slack, app):
        await slack.say(slack.ada, slack.general, "hello")
        await slack.wait_for(lambda: len(heard) == 1)
        acks = await slack.redeliver(slack.events[0], times=3)
    assert [ack.acked for ack in acks] == [True] * 3
    assert len(heard) == 4
    assert len({body["event_id"] for body in heard}) == 1


async def test_after_refresh_requested_the_client_connects_anew_and_hears_on(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)
    async with connected(slack, app, ping_interval=0.2):
        await slack.send_disconnect("refresh_requested")
        await slack.wait_for(lambda: slack.connections_opened >= 2 and slack.connections)
        await slack.say(slack.ada, slack.general, "still there?")
        await slack.wait_for(lambda: heard)


async def test_a_warning_leaves_the_connection_open(slack: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        address = slack._sockets.ticket(slack.url)
        async with session.ws_connect(address) as line:
            assert (await line.receive_json())["type"] == "hello"
            await slack.send_disconnect("warning")
            assert (await line.receive_json())["reason"] == "warning"
            assert len(slack.connections) == 1


async def test_a_deaf_connection_answers_no_ping_and_the_client_leaves_it(slack: Playground) -> None:
    app = app_of(slack)
    async with connected(slack, app, ping_interval=0.2):
        slack.go_deaf()
        await slack.wait_for(lambda: slack.connections_opened >= 2)


async def test_a_ticket_lets_one_connection_in_and_a_refused_one_none(slack: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        address = slack._sockets.ticket(slack.url)
        async with session.ws_connect(address):
            with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
                await session.ws_connect(address)
        assert failure.value.status == 404
        slack.refuse_tickets(1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(slack._sockets.ticket(slack.url))
        async with session.ws_connect(slack._sockets.ticket(slack.url)) as line:
            assert (await line.receive_json())["num_connections"] >= 1


async def test_an_eleventh_connection_is_one_too_many(slack: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        lines = [await session.ws_connect(slack._sockets.ticket(slack.url)) for _ in range(11)]
        first = [await line.receive_json() for line in lines]
        assert [hello["type"] for hello in first[:10]] == ["hello"] * 10
        assert first[10]["reason"] == "too_many_websockets"


async def test_revoked_tokens_close_the_connections_and_are_refused(
    slack: Playground, client: AsyncWebClient
) -> None:
    async with aiohttp.ClientSession() as session:
        line = await session.ws_connect(slack._sockets.ticket(slack.url))
        assert (await line.receive_json())["type"] == "hello"
        await slack.revoke()
        assert (await line.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    assert await refused(client.auth_test()) == "token_revoked"
    assert await refused(client.apps_connections_open(app_token=slack.app_token)) == "token_revoked"


# The Web API


async def test_tokens_are_checked_by_kind(slack: Playground, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == slack.bot_user_id
    stranger = AsyncWebClient("xoxb-wrong", base_url=slack.api_url, retry_handlers=[])
    assert await refused(stranger.auth_test()) == "invalid_auth"
    nobody = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    assert await refused(nobody.auth_test()) == "not_authed"
    assert await refused(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    assert await refused(client.api_call("chat.unheard_of")) == "unknown_method"


async def test_missing_scopes_are_named() -> None:
    async with Playground(port=0, scopes={"chat:write"}) as slack:
        client = client_of(slack)
        with pytest.raises(SlackApiError) as failure:
            await client.users_info(user=slack.ada)
        assert failure.value.response["error"] == "missing_scope"
        assert failure.value.response["needed"] == "users:read"
        assert (await client.auth_test()).headers["x-oauth-scopes"] == "chat:write"


async def test_form_and_json_bodies_mean_the_same(slack: Playground) -> None:
    blocks = [{"type": "markdown", "text": "**你好**"}]
    fields = {"channel": slack.general, "text": "hi", "blocks": json.dumps(blocks)}
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        await session.post(f"{slack.api_url}chat.postMessage", data=fields)
        await session.post(f"{slack.api_url}chat.postMessage", json={**fields, "blocks": blocks})
    first, second = slack.messages()
    assert shown(first) == shown(second) == "**你好**"


async def test_posted_metadata_is_found_in_the_thread_only_when_asked_for(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    metadata = {"event_type": "question", "event_payload": {"id": "q1"}}
    posted = await client.chat_postMessage(
        channel=slack.general, thread_ts=root, text="…", metadata=metadata, unfurl_links=False
    )
    whole = await client.conversations_replies(channel=slack.general, ts=root, include_all_metadata=True)
    plain = await client.conversations_replies(channel=slack.general, ts=root)
    assert [m["ts"] for m in whole["messages"]] == [root, posted["ts"]]
    assert whole["messages"][1]["metadata"] == metadata
    assert "metadata" not in plain["messages"][1]
    assert (
        await refused(client.conversations_replies(channel=slack.general, ts="1.000000"))
        == "thread_not_found"
    )


async def test_a_long_thread_is_read_page_by_page(slack: Playground, client: AsyncWebClient) -> None:
    root = await slack.say(slack.ada, slack.general, "root")
    for number in range(4):
        await slack.say(slack.lin, slack.general, str(number), root)
    found, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = await client.conversations_replies(channel=slack.general, ts=root, limit=2, cursor=cursor)
        found += [m["text"] for m in page["messages"]]
        cursor, pages = page["response_metadata"]["next_cursor"], pages + 1
    assert (found, pages) == (["root", "0", "1", "2", "3"], 3)


async def test_history_is_newest_first_without_replies(slack: Playground, client: AsyncWebClient) -> None:
    root = await slack.say(slack.ada, slack.general, "first")
    await slack.say(slack.ada, slack.general, "reply", root)
    await slack.say(slack.ada, slack.general, "second")
    history = await client.conversations_history(channel=slack.general)
    assert [m["text"] for m in history["messages"]] == ["second", "first"]
    assert history["messages"][1]["reply_count"] == 1


async def test_a_reply_whose_parent_was_deleted_lands_at_top_level(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    await slack.delete(root)
    posted = await client.chat_postMessage(channel=slack.general, thread_ts=root, text="answer")
    assert "thread_ts" not in posted["message"]


async def test_a_deleted_parent_with_replies_leaves_a_tombstone(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    await client.chat_postMessage(channel=slack.general, thread_ts=root, text="answer")
    await slack.delete(root)
    first, second = slack.messages(slack.general, root)
    assert (first["subtype"], second["text"]) == ("tombstone", "answer")


async def test_places_that_refuse_a_post_say_why(slack: Playground, client: AsyncWebClient) -> None:
    archived = slack.add_channel("old", archived=True)
    foreign = slack.add_channel("foreign", bot_in=False)
    assert await refused(client.chat_postMessage(channel=archived, text="x")) == "is_archived"
    assert await refused(client.chat_postMessage(channel=foreign, text="x")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel="C0NOWHERE1", text="x")) == "channel_not_found"
    posted = await client.chat_postMessage(channel=slack.lin, text="to a person")
    assert posted["channel"] == slack.direct(slack.lin)


def text_object(text: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": text}


BUTTON = {"type": "button", "action_id": "a", "text": text_object("Go", "plain_text")}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([{"type": "section", "text": text_object("x" * 3001)}], "invalid_blocks"),
        ([{"type": "section", "text": text_object("")}], "invalid_blocks"),
        ([{"type": "header", "text": text_object("x" * 151, "plain_text")}], "invalid_blocks"),
        ([{"type": "header", "text": text_object("mrkdwn is not for headers")}], "invalid_blocks"),
        ([{"type": "context", "elements": [text_object("x")] * 11}], "invalid_blocks"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "action_id": str(n)} for n in range(26)]}],
            "invalid_blocks",
        ),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "invalid_blocks"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "text": text_object("x" * 76, "plain_text")}]}],
            "invalid_blocks",
        ),
        ([{"type": "actions", "elements": [{**BUTTON, "url": "javascript:alert(1)"}]}], "invalid_blocks"),
        ([{"type": "context_actions", "elements": [BUTTON]}], "invalid_blocks"),
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "divider", "block_id": "same"}] * 2, "invalid_blocks"),
        ([{"type": "marquee"}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 12_001}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 7000}] * 2, "msg_blocks_too_long"),
    ],
)
async def test_blocks_beyond_slacks_limits_are_refused(
    slack: Playground, client: AsyncWebClient, blocks: list[dict[str, Any]], error: str
) -> None:
    assert await refused(client.chat_postMessage(channel=slack.general, text="x", blocks=blocks)) == error
    assert slack.messages() == []


async def test_texts_beyond_slacks_limits_are_refused(slack: Playground, client: AsyncWebClient) -> None:
    channel = slack.general
    assert await refused(client.chat_postMessage(channel=channel, text="x" * 40_001)) == "msg_too_long"
    empty = client.api_call("chat.postMessage", json={"channel": channel, "text": " "})
    assert await refused(empty) == "no_text"
    long = client.chat_postMessage(channel=channel, markdown_text="x" * 12_001)
    assert await refused(long) == "msg_too_long"
    kept = await client.chat_postMessage(channel=channel, text="x" * 40_000)
    assert len(kept["message"]["text"]) == 40_000


async def test_only_the_bots_own_messages_can_be_changed(slack: Playground, client: AsyncWebClient) -> None:
    theirs = await slack.say(slack.ada, slack.general, "mine")
    ours = (await client.chat_postMessage(channel=slack.general, text="ours"))["ts"]
    change = client.chat_update(channel=slack.general, ts=theirs, text="x")
    assert await refused(change) == "cant_update_message"
    await client.chat_update(channel=slack.general, ts=ours, text="better")
    assert slack.messages()[1]["text"] == "better"
    await client.chat_delete(channel=slack.general, ts=ours)
    gone = client.chat_update(channel=slack.general, ts=ours, text="x")
    assert await refused(gone) == "message_not_found"


# Streaming


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


# What people do


async def test_an_edited_mention_comes_with_a_new_event_id_and_the_same_ts(slack: Playground) -> None:
    ts = await slack.say(slack.ada, slack.general, mention(slack, "hwo?"))
    await slack.edit(ts, mention(slack, "how?"))
    mentions = [body for body in slack.events if body["event"]["type"] == "app_mention"]
    assert [body["event"]["ts"] for body in mentions] == [ts, ts]
    assert mentions[0]["event_id"] != mentions[1]["event_id"]
    assert "edited" in mentions[1]["event"]
    changed = slack.events[-1]["event"]
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)


async def test_the_bots_own_posts_come_back_as_message_events_with_its_bot_id(
    slack: Playground, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=slack.general, text=mention(slack))
    assert names(slack.events) == ["message"]
    assert slack.events[0]["event"]["bot_id"] == slack.bot_id


async def test_a_command_shows_its_ack_privately_and_answers_by_response_url(slack: Playground) -> None:
    app = app_of(slack)

    @app.command("/ask")
    async def ask(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack("Looking …")
        await respond(f"You asked {body['text']}")
        await respond("For everyone", response_type="in_channel")

    async with connected(slack, app):
        ack = await slack.command(slack.ada, slack.general, "/ask", "why?")
        await slack.wait_for(slack.messages)
    assert ack.acked
    assert sorted(note["text"] for note in slack.private(slack.ada)) == ["Looking …", "You asked why?"]
    assert slack.private(slack.lin) == []
    assert slack.messages()[0]["text"] == "For everyone"


async def test_a_command_nobody_acknowledges_fails_where_it_was_typed() -> None:
    async with Playground(port=0, **QUICK) as slack:
        ack = await slack.command(slack.ada, slack.general, "/ask", "why?")
        assert not ack.acked
        assert "did not respond" in slack.private(slack.ada)[0]["text"]


async def test_a_response_url_serves_five_times_within_half_an_hour() -> None:
    now = time.time()
    async with Playground(port=0, clock=lambda: now) as slack:
        hook = AsyncWebhookClient(slack.lent.response_url(slack.ada, slack.general))
        statuses = [(await hook.send(text=str(n))).status_code for n in range(6)]
        assert statuses == [200] * 5 + [404]
        late = AsyncWebhookClient(slack.lent.response_url(slack.ada, slack.general))
        now += 1801
        assert (await late.send(text="late")).status_code == 404


FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": text_object("Good", "plain_text"), "value": "good"},
            "negative_button": {"text": text_object("Bad", "plain_text"), "value": "bad"},
        }
    ],
}
FORM = {
    "type": "modal",
    "callback_id": "why",
    "title": text_object("Why?", "plain_text"),
    "submit": text_object("Send", "plain_text"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": text_object("Reason", "plain_text"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


async def test_bad_feedback_opens_a_form_whose_words_reach_the_app(slack: Playground) -> None:
    app, reasons = app_of(slack), []

    @app.action("feedback")
    async def feedback(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        assert body["actions"][0]["value"] == "bad"
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("why")
    async def why(ack: Any, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["reason"]["text"]["value"]
        if not reason:
            await ack(response_action="errors", errors={"reason": "Say something."})
            return
        reasons.append(reason)
        await ack()

    async with connected(slack, app):
        posted = await app.client.chat_postMessage(channel=slack.general, text="x", blocks=[FEEDBACK])
        await slack.press(slack.ada, posted["ts"], "feedback", "bad")
        view = (await slack.wait_for(lambda: slack.modals(slack.ada)))[0]
        refusal = await slack.submit(slack.ada, view["id"], {"text": ""})
        assert (refusal.payload or {})["response_action"] == "errors"
        assert slack.modals(slack.ada)
        await slack.submit(slack.ada, view["id"], {"text": "过时了"})
    assert reasons == ["过时了"]
    assert slack.modals(slack.ada) == []


async def test_a_trigger_opens_one_form_within_three_seconds() -> None:
    now = time.time()
    async with Playground(port=0, clock=lambda: now) as slack:
        client = client_of(slack)
        trigger = slack.lent.trigger(slack.ada)
        await client.views_open(trigger_id=trigger, view=FORM)
        assert await refused(client.views_open(trigger_id=trigger, view=FORM)) == "invalid_trigger_id"
        late = slack.lent.trigger(slack.ada)
        now += 3.1
        assert await refused(client.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"


async def test_views_hold_no_blocks_meant_for_messages(slack: Playground, client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]}
    assert await refused(client.views_publish(user_id=slack.ada, view=home)) == "invalid_arguments"
    home["blocks"] = [{"type": "section", "text": text_object("x")}]
    await client.views_publish(user_id=slack.ada, view=home)
    assert shown(slack.workspace.homes[slack.ada]) == "x"


async def test_opening_the_home_and_using_a_shortcut_tell_the_app(slack: Playground) -> None:
    app, seen = app_of(slack), []

    @app.event("app_home_opened")
    async def home(event: dict[str, Any]) -> None:
        seen.append(event["tab"])
        slack.workspace.wake()

    @app.shortcut("ask_about")
    async def shortcut(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        seen.append(shortcut["message"]["text"])

    async with connected(slack, app):
        await slack.open_home(slack.ada)
        await slack.wait_for(lambda: seen)
        ts = await slack.say(slack.ada, slack.general, "look here", told=False)
        await slack.shortcut(slack.ada, ts, "ask_about")
    assert seen == ["home", "look here"]


async def test_buttons_that_are_not_there_cannot_be_pressed(slack: Playground) -> None:
    ts = await slack.say(slack.ada, slack.general, "no buttons")
    with pytest.raises(LookupError, match="feedback"):
        await slack.press(slack.ada, ts, "feedback", "good")


async def test_a_status_line_a_title_and_prompts_are_kept(slack: Playground, client: AsyncWebClient) -> None:
    direct = slack.direct(slack.ada)
    root = await slack.say(slack.ada, direct, "a question")
    await client.assistant_threads_setStatus(
        channel_id=direct, thread_ts=root, status="is thinking…", loading_messages=["Searching…"]
    )
    assert slack.workspace.statuses[direct, root]["status"] == "is thinking…"
    await client.assistant_threads_setStatus(channel_id=direct, thread_ts=root, status="")
    assert slack.workspace.statuses == {}
    await client.assistant_threads_setTitle(channel_id=direct, thread_ts=root, title="A question")
    assert slack.workspace.titles[direct, root] == "A question"
    prompts = [{"title": "Ask", "message": "How?"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id=direct, prompts=prompts)
    assert slack.workspace.prompts[direct]["prompts"] == prompts
    five = client.assistant_threads_setSuggestedPrompts(channel_id=direct, prompts=prompts * 5)
    assert await refused(five) == "invalid_arguments"


# Faults


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


# HTTP mode


async def serve(slack: Playground, app: AsyncApp) -> web.AppRunner:
    runner = web.AppRunner(app.web_app(port=0), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    return runner


async def test_over_http_events_commands_and_presses_come_signed(slack: Playground) -> None:
    app = app_of(slack)
    heard = hearing(app)

    @app.command("/ask")
    async def ask(ack: Any) -> None:
        await ack("heard")

    @app.action("feedback")
    async def feedback(ack: Any) -> None:
        await ack()

    runner = await serve(slack, app)
    try:
        assert await slack.verify_request_url()
        await slack.say(slack.ada, slack.general, mention(slack, "你好"))
        await slack.wait_for(lambda: len(heard) == 2)
        assert (await slack.command(slack.ada, slack.general, "/ask", "why?")).payload == {"text": "heard"}
        posted = await app.client.chat_postMessage(channel=slack.general, text="x", blocks=[FEEDBACK])
        assert (await slack.press(slack.ada, posted["ts"], "feedback", "good")).acked
    finally:
        await runner.cleanup()


async def test_over_http_an_answer_other_than_2xx_is_redelivered() -> None:
    async with Playground(port=0, subscriptions={"app_mention"}, **QUICK) as slack:
        retries: list[str] = []

        async def refuse(request: web.Request) -> web.Response:
            retries.append(request.headers.get("X-Slack-Retry-Num", "0"))
            slack.workspace.wake()
            return web.Response(status=503)

        server = web.Application()
        server.router.add_post("/slack/events", refuse)
        runner = web.AppRunner(server)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        await slack.say(slack.ada, slack.general, mention(slack))
        await slack.wait_for(lambda: len(retries) == 4)
        await runner.cleanup()
    assert retries == ["0", "1", "2", "3"]


def test_signatures_are_those_the_sdk_verifies() -> None:
    body, now = '{"text": "你好"}'.encode(), int(time.time())
    verifier = SignatureVerifier("secret")
    assert verifier.is_valid_request(body, sign("secret", body, now))
    assert not verifier.is_valid_request(body, sign("other", body, now))
    assert not verifier.is_valid_request(body, sign("secret", body, now - 360))


# The server


async def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"Port {port} .*BLOGBOT_PLAYGROUND_PORT"):
            await Playground(port=port).start()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_foreign_pages_get_nothing(slack: Playground, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("", "live", "api/auth.test"):
            async with session.get(slack.url + path) as answer:
                assert answer.status == 403


async def test_the_line_of_the_page_needs_the_pages_own_origin(slack: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
            await session.ws_connect(f"{slack.url}live")
        assert failure.value.status == 403
        async with session.ws_connect(f"{slack.url}live", origin=slack.url.rstrip("/")) as line:
            assert (await line.receive_json())["kind"] == "whole"
            await line.send_str("[]")
            await line.send_str("{not json")
            await line.send_json({"act": "fly"})
            await line.send_json(
                {"act": "say", "person": "U0NOBODY00", "channel": slack.general, "text": "x"}
            )
            assert "cannot" in (await line.receive_json())["data"]["text"]
            await line.send_json({"act": "say", "person": slack.ada, "channel": slack.general, "text": "hi"})
            assert (await line.receive_json())["data"]["text"] == "hi"


async def test_the_page_comes_with_a_policy_that_forbids_foreign_and_inline_scripts(
    slack: Playground,
) -> None:
    async with aiohttp.ClientSession() as session, session.get(slack.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "not Slack" in page
    async with aiohttp.ClientSession() as session, session.get(f"{slack.url}page/..%2fserver.py") as answer:
        assert answer.status == 404


async def test_memory_is_bounded(slack: Playground) -> None:
    for number in range(1005):
        await slack.say(slack.ada, slack.general, str(number), told=False)
    assert len(slack.messages()) == 1000
    assert slack.messages()[-1]["text"] == "1004"
    for number in range(205):
        slack.workspace.note(slack.general, slack.ada, {"text": str(number)})
    assert len(slack.private(slack.ada)) == 200
