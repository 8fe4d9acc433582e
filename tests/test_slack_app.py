"""The Bolt app: only Slack's own requests get in, and a failure shows no text of people in the log."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from structlog.testing import capture_logs

from bot.errors import SlackFailure
from bot.playground import Playground, shown, sign
from bot.slack.calls import Calls, SlackUnreachable, client
from bot.slack.listeners import app as slack_app
from bot.slack.presence.connection import HttpLine
from bot.slack.presence.workspaces import Identity, identify
from tests.fakes.slack import connected, there, web_client

SECRET_TEXT = "the-merger-is-on-friday"


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground(retries=()) as slack:
        yield slack


@pytest.fixture
async def line(slack: Playground) -> AsyncIterator[str]:
    """The address of the app in HTTP mode."""
    app = slack_app.build(await there(slack), slack.api_url, slack.signing_secret)

    @app.event("app_mention")
    async def heard() -> None:
        pass

    line = HttpLine(app, 0, "127.0.0.1")
    await line.start()
    yield f"{line.address}/slack/events"
    await line.stop()


async def post(address: str, headers: dict[str, str], body: bytes) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=body, headers={"Content-Type": "application/json", **headers}) as answer,
    ):
        return answer.status


BODY = json.dumps({"type": "event_callback", "event": {"type": "app_mention", "text": SECRET_TEXT}}).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=ünsigned"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "9" * 5_000},
        {"X-Slack-Request-Timestamp": ""},
    ],
    ids=str,
)
async def test_a_request_that_slack_did_not_sign_is_refused_and_its_text_not_logged(
    slack: Playground, line: str, change: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    headers = sign(slack.signing_secret, BODY, int(time.time()))
    assert await post(line, headers, BODY) == 200
    assert await post(line, headers | change, BODY) == 401
    assert SECRET_TEXT not in caplog.text


@pytest.mark.parametrize("age", [-360, 360])
async def test_a_signature_of_another_time_is_refused(slack: Playground, line: str, age: int) -> None:
    headers = sign(slack.signing_secret, BODY, int(time.time()) + age)
    assert await post(line, headers, BODY) == 401


async def test_a_signature_over_another_body_is_refused(slack: Playground, line: str) -> None:
    headers = sign(slack.signing_secret, BODY, int(time.time()))
    assert await post(line, headers, BODY + b" ") == 401


@pytest.mark.parametrize("path", ["/slack/install", "/slack/oauth_redirect", "/slack/events", "/"])
async def test_credentials_left_in_the_environment_open_no_further_page(
    slack: Playground, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "hush")
    app = slack_app.build(await there(slack), slack.api_url, slack.signing_secret)
    line = HttpLine(app, 0, "127.0.0.1")
    await line.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(line.address + path) as answer:
            status = answer.status
    await line.stop()
    assert status in {404, 405}


async def test_bolt_takes_no_settings_behind_our_back(
    slack: Playground, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "hush"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    app = slack_app.build(await there(slack), slack.api_url)
    assert (app.oauth_flow, app.installation_store) == (None, None)
    assert caplog.messages == []
    assert {name: os.environ[name] for name in ours} == ours


async def test_a_listener_that_fails_tells_the_person_and_logs_no_text(slack: Playground) -> None:
    acknowledged = asyncio.Event()

    def register(app: AsyncApp) -> None:
        @app.command("/ask")
        async def ask(ack: AsyncAck, command: dict[str, Any]) -> None:
            await ack()
            await acknowledged.wait()
            raise RuntimeError(command["text"])

    with capture_logs() as logs:
        async with connected(slack, register):
            await slack.command(slack.ada, slack.general, "/ask", SECRET_TEXT)
            acknowledged.set()
            (note,) = await slack.wait_for(lambda: slack.private(slack.ada))
    assert "went wrong" in shown(note)
    (entry,) = [entry for entry in logs if entry["event"] == "listener failed"]
    assert entry["error"] == "RuntimeError"
    assert "in ask" in entry["where"]
    assert SECRET_TEXT not in str(logs)


async def test_the_bot_learns_who_it_is_before_it_listens(slack: Playground) -> None:
    me = await identify(web_client(slack))
    assert me == Identity(slack.team_id, slack.bot_user_id, slack.bot_id, "https://playground.invalid/")


async def test_a_token_that_slack_refuses_is_told_by_its_code(slack: Playground) -> None:
    with pytest.raises(SlackFailure, match="invalid_auth") as caught:
        await identify(client("xoxb-wrong", slack.api_url))
    assert caught.value.code == "invalid_auth"


async def test_a_slack_that_answers_no_json_is_trouble_and_no_refusal(slack: Playground) -> None:
    with pytest.raises(SlackUnreachable):
        await Calls(client("xoxb-x", f"{slack.url}nowhere/")).once("auth.test", {})
