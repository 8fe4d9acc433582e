"""No text of people and no secret in any log line, whatever the bot goes through (fault 49)."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import serve
from bot.errors import BotFailure
from bot.playground import Playground, shown
from tests.conftest import LEAK
from tests.fakes.furnished import HOSTILE, calls, furnished, replies, settle
from tests.fakes.house import ARTICLES, House, config_of
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault, FaultKind
from tests.fakes.overheard import Overheard, overheard

QUESTION = "why does VACUUM leave dead rows of project zebrafish behind?"
ANSWER = "The okapi keeps an old snapshot [1]."
REASON = "The quagga is missing."
TEXTS = ("zebrafish", "okapi", "quagga", *(text[20:44] for text in (ARTICLES | HOSTILE).values()))


@pytest.fixture
def heard() -> Iterator[Overheard]:
    with overheard() as stream:
        yield stream


def assert_discreet(heard: Overheard, slack: Playground, *secrets: str, event: str = "") -> None:
    """Fail where a line holds a text or a secret, or where nothing was logged of *event* at all."""
    said = heard.getvalue()
    assert event in said
    assert said
    tokens = (slack.bot_token, slack.app_token, slack.signing_secret)
    found = [each for each in (*TEXTS, *tokens, *secrets) if each in said]
    assert not found, said
    assert not re.search(r"/hooks/\w|ticket=\w", said)


async def test_answers_follow_ups_opinions_and_shared_answers_leave_no_text(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = ANSWER
        ts = await home.ask(QUESTION)
        reply = await home.reply(ts)
        await home.ask("and how long does the zebrafish take?", thread=ts)
        await home.reply(ts, number=2)
        await home.slack.press(home.slack.ada, reply["ts"], "feedback", "Not helpful")
        (form,) = await home.slack.wait_for(lambda: home.slack.modals(home.slack.ada))
        await home.slack.submit(home.slack.ada, form["id"], {"feedback_reason": REASON})
        await _ask_privately_and_share(home, heard)
        await home.slack.open_home(home.slack.ada)
        for words in ("search zebrafish", "status", "zebrafish"):
            await home.slack.command(home.slack.ada, home.slack.general, "/blog", words)
    assert_discreet(heard, home.slack, event="answered")


async def _ask_privately_and_share(home: House, heard: Overheard) -> None:
    """Ask with /ask, and show the answer to the channel."""
    await home.slack.command(home.slack.lin, home.slack.general, "/ask", QUESTION)

    def answer() -> dict[str, object] | None:
        return next((note for note in home.slack.private(home.slack.lin) if "okapi" in shown(note)), None)

    note = await home.slack.wait_for(answer, 30)
    await heard.until("outcome=answered", times=3)  # from now on it can be found again
    before = len(home.slack.messages(home.slack.general))
    await home.slack.press(home.slack.lin, str(note["ts"]), "share")
    await home.slack.wait_for(lambda: len(home.slack.messages(home.slack.general)) > before)


@pytest.mark.parametrize("kind", ["no_memory", "error_line", "garbage"])
async def test_a_model_that_fails_leaves_no_text(tmp_path: Path, heard: Overheard, kind: FaultKind) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = ANSWER
        home.ollama.fault = Fault(kind, after=3)
        await home.reply(await home.ask(QUESTION))
    assert_discreet(heard, home.slack, event="answered")


async def test_a_slack_that_fails_leaves_no_text(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = ANSWER
        home.slack.fail("chat.postMessage", retry_after=1)
        home.slack.lose_response("chat.postMessage")
        home.slack.fail("chat.update", error="invalid_blocks", times=2)
        await home.reply(await home.ask(QUESTION))
        home.slack.fail("chat.postMessage", error="not_in_channel")
        refused = await home.ask(QUESTION)
        posts = len(calls(home, "chat.postMessage"))
        await home.slack.wait_for(
            lambda: len(calls(home, "chat.postMessage")) > posts or replies(home, refused)
        )
    assert_discreet(heard, home.slack, event="slack call waits")


async def test_a_database_that_fails_leaves_no_text(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path, Playground(retries=())) as home:
        other = sqlite3.connect(tmp_path / "data" / "blogbot.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await home.ask(QUESTION)
        await heard.until("question not recorded")
        other.execute("ROLLBACK")
        other.close()
    assert_discreet(heard, home.slack, event="question not recorded")


async def test_a_connection_that_fails_leaves_no_ticket_and_no_token(
    tmp_path: Path, heard: Overheard
) -> None:
    async with furnished(tmp_path) as home:
        home.slack.refuse_tickets(1)
        await home.slack.drop_connections()
        await heard.until("Failed to connect")
        await home.slack.revoke()
        await home.ask(QUESTION)
    assert_discreet(heard, home.slack, event="Failed to connect")


async def test_credentials_in_the_blogs_address_are_shown_to_nobody(
    tmp_path: Path, heard: Overheard, capfd: pytest.CaptureFixture[str]
) -> None:
    async with FakeOllama() as nowhere:
        repo = nowhere.url.replace("http://", "http://robot:ghp_s3cr3t@") + "/blog.git"
    async with furnished(tmp_path, BLOGBOT_REPO=repo) as home:
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        notes = await home.slack.wait_for(lambda: home.slack.private(home.slack.ada)[1:], 30)
    assert "ghp_s3cr3t" not in json.dumps([notes, list(home.slack.workspace.homes.values())])
    assert_discreet(heard, home.slack, "ghp_s3cr3t", event="refresh failed")
    out, err = capfd.readouterr()
    assert "ghp_s3cr3t" not in out + err


async def test_a_databases_password_is_in_no_line_and_in_no_sentence(
    tmp_path: Path, heard: Overheard
) -> None:
    blog = await settle(tmp_path)
    async with Playground() as slack, FakeOllama() as ollama:
        url = "postgresql://anna:geheim@127.0.0.1:1/blog"
        config = config_of(tmp_path, str(blog), slack, ollama.url, BLOGBOT_DATABASE_URL=url)
        with pytest.raises(BotFailure) as failure:
            await serve(config, lambda _: None)
    assert "geheim" not in f"{failure.value} {failure.value.fix} {config!r} {heard.getvalue()}"


async def test_a_refused_token_is_in_no_line_and_in_no_sentence(tmp_path: Path, heard: Overheard) -> None:
    blog = await settle(tmp_path)
    async with Playground() as slack, FakeOllama() as ollama:
        config = config_of(tmp_path, str(blog), slack, ollama.url, SLACK_BOT_TOKEN="xoxb-refused-1")
        with pytest.raises(BotFailure, match="SLACK_BOT_TOKEN") as failure:
            await serve(config, lambda _: None)
    assert "refused-1" not in f"{failure.value} {failure.value.fix} {config!r} {heard.getvalue()}"


@pytest.mark.parametrize("fault", [None, Fault("no_memory")], ids=["answered", "failed"])
async def test_a_response_url_leaves_the_disk_with_the_answer(tmp_path: Path, fault: Fault | None) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.fault = fault
        await home.slack.command(home.slack.lin, home.slack.general, "/ask", QUESTION)
        await home.slack.wait_for(lambda: len(home.slack.private(home.slack.lin)) > 1, 30)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("blogbot.sqlite*"))
    assert b"zebrafish" in kept
    assert b"/hooks/" not in kept
    assert home.slack.bot_token.encode() not in kept


def test_whatever_any_test_of_the_suite_logs_is_listened_to() -> None:
    slack = Playground()
    secrets = (slack.bot_token, slack.app_token, slack.signing_secret, f"http://h/hooks/{'a' * 22}")
    for text in (QUESTION, *secrets, *(ARTICLES | HOSTILE).values()):
        assert LEAK.search(f"[info] answered {text}")
