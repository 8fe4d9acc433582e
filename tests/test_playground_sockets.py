"""Socket Mode and HTTP mode of the Slack stand-in, with the real Bolt client."""

import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground, sign
from tests.fakes.tiny_app import app_of, client_of, connected, hearing, mention, names, refused
from tests.fakes.tiny_forms import FEEDBACK

QUICK = {"retries": (0.0, 0.0, 0.0), "ack_seconds": 0.3}


@pytest.fixture
def client(slack: Playground) -> AsyncWebClient:
    return client_of(slack)


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
