"""What is logged, and what never is (fault 49)."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import logs

SECRETS = [
    "xoxb-1234567890-abcDEF",
    "xoxe.xoxp-1-Mi0yLTEyMzQ",
    "xapp-1-A0123-456-789abc",
    "https://hooks.slack.com/commands/T01/234/abcdef",
    "wss://wss-primary.slack.com/link/?ticket=1234-5678&app_id=9",
    "postgresql://anna:geheim@db.example/blog",
    "https://x-token:ghp_abcdef@github.com/team/blog.git",
    "Authorization: Bearer abc.def-ghi",
    "{'token': 'abcdef123', 'ok': False}",
    "SLACK_SIGNING_SECRET=0123456789abcdef",
]
PARTS = [
    "1234567890-abc",
    "Mi0yLTEy",
    "456-789abc",
    "abcdef",
    "1234-5678",
    "geheim",
    "ghp_",
    "abc.def",
    "0123456789",
]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the process's: put it back for the tests after these."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("bot", "index", "__main__", "slack_sdk")}
    propagate = logging.getLogger("dbos").propagate
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.getLogger("dbos").propagate = propagate
    structlog.reset_defaults()


@pytest.fixture(params=[True, False], ids=["json", "lines"])
def out(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(json=request.param, stream=stream)
    return stream


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_blanked_in_events_values_tracebacks_and_libraries_lines(
    out: io.StringIO, secret: str
) -> None:
    log = structlog.get_logger("bot.test")
    event = f"refused {secret}"
    log.warning(event, address=secret)
    log.error("failed", exc_info=ValueError(secret))
    logging.getLogger("slack_sdk.web").error("failed: %s", secret)
    assert out.getvalue().count("failed") >= 2
    assert not [part for part in PARTS if part in out.getvalue()]


def test_a_value_named_after_a_secret_is_blanked_whatever_it_looks_like(out: io.StringIO) -> None:
    structlog.get_logger("bot.test").warning(
        "odd", app_token="plain", response_url="plain", first_token_ms=12
    )
    assert "plain" not in out.getvalue()
    assert "12" in out.getvalue()


def test_libraries_stay_silent_below_warnings_whatever_their_level(out: io.StringIO) -> None:
    for name in (
        "slack_sdk.web.async_client",
        "slack_bolt.AsyncApp",
        "httpx",
        "httpcore.http11",
        "aiohttp.access",
    ):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).debug("body of %s", name)
        logging.getLogger(name).info("body of %s", name)
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert out.getvalue() == ""


async def test_slack_sdk_tells_no_message_even_when_it_is_set_to_debug(out: io.StringIO) -> None:
    logging.getLogger("slack_sdk").setLevel(logging.DEBUG)
    client = AsyncWebClient("xoxb-1-2", base_url="http://127.0.0.1:1/", timeout=1, retry_handlers=[])
    with pytest.raises(OSError, match="connect"):
        await client.chat_postMessage(channel="C1", text="An unmistakable sentence")
    assert "unmistakable" not in out.getvalue()


def test_our_own_lines_carry_their_ids_and_timings() -> None:
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)
    structlog.get_logger("bot.jobs").info("answered", claim="T1:C1:1.2", total_ms=812)
    line = json.loads(stream.getvalue())
    assert {
        "event": "answered",
        "claim": "T1:C1:1.2",
        "total_ms": 812,
        "level": "info",
    }.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_debug_lines_are_ours_alone_and_only_on_request(out: io.StringIO) -> None:
    structlog.get_logger("bot.test").debug("hidden")
    assert out.getvalue() == ""
    logs.configure(debug=True, stream=out)
    structlog.get_logger("bot.test").debug("shown")
    logging.getLogger("httpx").debug("body")
    assert "shown" in out.getvalue()
    assert "body" not in out.getvalue()


def test_a_value_too_long_to_be_an_id_is_cut(out: io.StringIO) -> None:
    structlog.get_logger("bot.test").warning("odd", value="a" * 5000)
    assert len(out.getvalue()) < 600


def test_a_library_that_repeats_itself_is_heard_once_and_our_own_lines_each_time(out: io.StringIO) -> None:
    for number in range(50):
        logging.getLogger("dbos").warning("database away, try %d", number)
        structlog.get_logger("bot.test").warning("ours")
    logging.getLogger("dbos").error("something else")
    assert out.getvalue().count("database away") == 1
    assert out.getvalue().count("something else") == 1
    assert out.getvalue().count("ours") == 50


def test_configuring_twice_writes_each_line_once() -> None:
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)
    logs.configure(json=True, stream=stream)
    structlog.get_logger("bot.test").warning("once")
    logging.getLogger("dbos").warning("once too")
    assert len(stream.getvalue().splitlines()) == 2


def test_a_task_that_nobody_awaited_is_logged_without_its_locals(out: io.StringIO) -> None:
    async def forgotten() -> None:
        text = "An unmistakable sentence"
        raise ValueError(len(text))

    async def main() -> None:
        task = asyncio.create_task(forgotten())
        await asyncio.wait([task])

    asyncio.run(main())
    assert "ValueError: 24" in out.getvalue()
    assert "unmistakable" not in out.getvalue()
