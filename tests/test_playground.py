"""The server of the Slack stand-in: whom it serves, and how much it keeps."""

import socket

import aiohttp
import pytest

from bot.playground import Playground


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
