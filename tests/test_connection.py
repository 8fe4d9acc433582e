"""The line to Slack comes back by itself; a refused token is said at the start (faults 1 to 6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession

from bot.errors import ConfigFailure, SlackFailure
from bot.playground import Playground, sign
from bot.slack import calls as slack_calls
from bot.slack.listeners import app as slack_app
from bot.slack.presence.checkup import granted
from bot.slack.presence.connection import PING_SECONDS, HttpLine, SocketLine, preflight
from tests.fakes.slack import there


@asynccontextmanager
async def connected(
    slack: Playground,
    patience: float = 60.0,
    states: asyncio.Queue[bool] | None = None,
    ping: float = 0.2,
) -> AsyncIterator[SocketLine]:
    app = slack_app.build(await there(slack), slack.api_url)
    heard = states.put_nowait if states else lambda _: None
    line = SocketLine(app, slack.app_token, patience=patience, look=0.05, ping=ping, changed=heard)
    await line.start()
    try:
        yield line
    finally:
        await line.stop()


async def test_the_line_stands_when_start_returns() -> None:
    async with Playground() as slack, connected(slack) as line:
        assert line.connected
        assert slack.connections


async def test_slack_asking_to_reconnect_gets_a_new_connection() -> None:
    async with Playground() as slack, connected(slack):
        opened = slack.connections_opened
        await slack.send_disconnect("refresh_requested")
        await slack.wait_for(lambda: slack.connections_opened > opened and slack.connections)


async def test_row_2_a_half_open_socket_is_noticed_within_five_pings_and_so_within_25_seconds() -> None:
    ping = 1.0
    async with Playground() as slack, connected(slack, ping=ping):
        opened = slack.connections_opened
        slack.go_deaf()
        await slack.wait_for(lambda: slack.connections_opened > opened, 5 * ping)
    assert 5 * PING_SECONDS <= 25


async def test_a_refused_ticket_is_followed_by_a_new_one() -> None:
    states: asyncio.Queue[bool] = asyncio.Queue()
    async with Playground() as slack, connected(slack, patience=0.3, states=states):
        slack.refuse_tickets(2)
        await slack.drop_connections()
        assert [await states.get(), await states.get()] == [False, True]


async def test_a_revoked_token_makes_the_bot_unready_without_a_hot_loop() -> None:
    states: asyncio.Queue[bool] = asyncio.Queue()
    async with Playground() as slack, connected(slack, patience=0.3, states=states) as line:
        await slack.revoke()
        await slack.drop_connections()
        before = len(slack.calls)
        assert not await states.get()
        await slack.wait_for(lambda: len(slack.calls) >= before + 3, 20)
        assert not line.connected
        times = [call.time for call in slack.calls[before:]]
        assert (times[-1] - times[0]) / (len(times) - 1) > 0.05


async def test_a_bot_token_that_slack_refuses_is_named_with_its_page() -> None:
    async with Playground() as slack:
        with pytest.raises(SlackFailure, match="SLACK_BOT_TOKEN: invalid_auth") as caught:
            await preflight(slack_calls.client("xoxb-wrong", slack.api_url))
        assert "OAuth & Permissions" in caught.value.fix


async def test_an_app_token_that_slack_refuses_is_named_with_its_page() -> None:
    async with Playground() as slack:
        with pytest.raises(SlackFailure, match="SLACK_APP_TOKEN") as caught:
            await preflight(slack_calls.client(slack.bot_token, slack.api_url), "xapp-wrong")
        assert "App-Level Tokens" in caught.value.fix


async def test_the_granted_scopes_are_read_from_slack() -> None:
    async with Playground(scopes={"chat:write", "commands"}) as slack:
        assert set(await granted(slack_calls.client(slack.bot_token, slack.api_url))) == {
            "chat:write",
            "commands",
        }


async def test_http_mode_takes_signed_requests_and_refuses_forged_and_old_ones() -> None:
    async with Playground() as slack, ClientSession() as session:
        app = slack_app.build(await there(slack), slack.api_url, slack.signing_secret)
        line = HttpLine(app, 0, "127.0.0.1")
        await line.start()
        try:
            events = f"{line.address}/slack/events"
            slack.deliver_to(events)
            assert await slack.verify_request_url()
            body = b'{"type":"url_verification","challenge":"c"}'
            now = int(slack.workspace.clock())
            for secret, stamp in (("forged", now), (slack.signing_secret, now - 360)):
                headers = sign(secret, body, stamp) | {"Content-Type": "application/json"}
                async with session.post(events, data=body, headers=headers) as answer:
                    assert answer.status == 401
        finally:
            await line.stop()


async def test_a_taken_port_for_http_mode_is_a_setting_to_mend() -> None:
    async with Playground() as slack:
        app = slack_app.build(await there(slack), slack.api_url, slack.signing_secret)
        with pytest.raises(ConfigFailure, match="BLOGBOT_HTTP_PORT"):
            await HttpLine(app, slack.port, "127.0.0.1").start()
