"""The whole bot in HTTP mode: Slack's own requests are answered, everybody else's turned away (fault 47)."""

import io
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.playground import Playground, shown, sign
from tests.fakes.furnished import everything_said, furnished, replies, untold
from tests.fakes.house import House

QUESTION = "why does VACUUM leave dead rows behind?"


@dataclass(frozen=True, slots=True)
class Door:
    """The bot's Request URL, and somebody who knocks at it."""

    home: House
    address: str
    heard: list[str] = field(default_factory=list)

    async def knock(self, body: bytes, headers: dict[str, str]) -> int:
        """Send a request; the status that comes back."""
        kind = {"Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.address, data=io.BytesIO(body), headers=kind | headers) as answer,
        ):
            self.heard.append(await answer.text())
            return answer.status

    async def event(self) -> bytes:
        """The body by which Slack would tell of a mention that nobody told of yet."""
        event = await untold(self.home.slack, QUESTION)
        envelope = {"type": "event_callback", "team_id": self.home.slack.team_id, "event_id": "Ev1"}
        return json.dumps(envelope | {"api_app_id": self.home.slack.app_id, "event": event}).encode()

    def signed(self, body: bytes) -> dict[str, str]:
        """Slack's own headers for *body* now."""
        return sign(self.home.slack.signing_secret, body, int(time.time()))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    slack = Playground()
    http = {
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "BLOGBOT_HTTP_PORT": str(port),
    }
    async with furnished(tmp_path, slack, **http) as home:
        address = f"http://127.0.0.1:{port}/slack/events"
        slack.deliver_to(address)
        yield Door(home, address)


async def test_row_47_what_slack_signed_is_answered_from_end_to_end(door: Door) -> None:
    assert await door.home.slack.verify_request_url()
    ts = await door.home.ask(QUESTION)
    assert "old snapshot" in shown(await door.home.reply(ts))
    ack = await door.home.slack.command(door.home.slack.ada, door.home.slack.general, "/ask", QUESTION)
    assert ack.acked


async def test_row_47_what_slack_did_not_sign_now_is_refused_and_asks_nothing(door: Door) -> None:
    body = await door.event()
    ours, now = door.home.slack.signing_secret, int(time.time())
    forged = {
        "another secret": sign("not-the-secret", body, now),
        "six minutes old": sign(ours, body, now - 6 * 60),
        "of the future": sign(ours, body, now + 6 * 60),
        "another body": sign(ours, body + b" ", now),
        "no time": sign(ours, body, now) | {"X-Slack-Request-Timestamp": "soon"},
        "unsigned": {},
    }
    statuses = {name: await door.knock(body, headers) for name, headers in forged.items()}
    assert statuses == dict.fromkeys(forged, 401)
    await door.home.reply(
        await door.home.ask(QUESTION)
    )  # whatever the forged ones began would be done by now
    assert len(everything_said(door.home)) == 1
    assert len(door.home.ollama.prompts) == 1


async def test_row_47_a_signed_request_sent_again_by_an_eavesdropper_is_one_question(door: Door) -> None:
    body = await door.event()
    headers = door.signed(body)
    assert [await door.knock(body, headers) for _ in range(3)] == [200, 200, 200]
    ts = json.loads(body)["event"]["ts"]
    await door.home.reply(ts)
    assert len(replies(door.home, ts)) == 1
    assert len(door.home.ollama.prompts) == 1


async def test_a_request_larger_than_slacks_largest_is_not_read(door: Door) -> None:
    body = b'{"type":"event_callback","x":"' + b"x" * 2_000_000 + b'"}'
    assert await door.knock(body, door.signed(body)) == 413


async def test_a_signed_body_that_is_no_event_does_no_harm(door: Door) -> None:
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"event": []}'):
        assert await door.knock(body, door.signed(body)) < 600
    assert not [said for said in door.heard if "Traceback" in said]
    assert "old snapshot" in shown(await door.home.reply(await door.home.ask(QUESTION)))
