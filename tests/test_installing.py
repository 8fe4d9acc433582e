"""The pages on which a workspace installs the app: who may, and what a person reads when it fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.playground.faults import Fault
from bot.records.records import Records
from bot.slack.presence.installing import SCOPES
from tests.fakes.house import serving
from tests.fakes.joined import Joined, joined, prepared
from tests.fakes.overheard import overheard


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Joined]:
    async with joined(tmp_path) as home:
        yield home


async def installed(home: Joined) -> list[str | None]:
    """The workspaces whose tokens are kept."""
    records = Records(home.config.database_url)
    await records.open()
    found = await records.installations(home.slacks.client_id).all()
    await records.close()
    return [bot.team_id for bot in found]


async def begun(home: Joined) -> str:
    """The state that a browser is sent to Slack with, and keeps in a cookie."""
    async with ClientSession() as browser:
        async with browser.get(f"{home.site}/slack/install", allow_redirects=False) as answer:
            return answer.cookies["slack-app-oauth-state"].value


async def returns(home: Joined, state: str, code: str) -> tuple[int, str]:
    """What a browser that kept *state* is shown when Slack sends it back with it and *code*."""
    address = f"{home.site}/slack/oauth_redirect?state={state}&code={code}"
    cookie = {"Cookie": f"slack-app-oauth-state={state}"}
    async with ClientSession() as browser, browser.get(address, headers=cookie) as answer:
        return answer.status, await answer.text()


@asynccontextmanager
async def for_none_but(home: Joined, *workspaces: str) -> AsyncIterator[None]:
    """The bot for these workspaces alone."""
    async with serving(replace(home.config, workspaces=workspaces)):
        yield


async def test_the_page_asks_slack_for_what_the_manifest_asks_for_and_says_when_it_is_done(
    home: Joined,
) -> None:
    status, page = await home.install(home.slacks.first)
    assert status == 200
    assert "blogbot is installed" in page
    assert "/invite @blogbot" in page
    (asked,) = home.slacks.asked
    assert asked["scope"] == ",".join(SCOPES)
    assert await installed(home) == [home.slacks.first.team_id]


async def test_a_person_who_says_no_reads_that_nothing_changed(home: Joined) -> None:
    status, page = await home.install(None)
    assert status == 200
    assert "Nothing was changed" in page
    assert "/slack/install" in page
    assert await installed(home) == []


async def test_a_browser_that_did_not_begin_cannot_end(home: Joined) -> None:
    status, page = await home.install(home.slacks.first, cookies=False)
    assert status == 400
    assert "did not begin" in page
    assert await installed(home) == []


async def test_an_installation_ends_once(home: Joined) -> None:
    await home.install(home.slacks.first)
    (asked,) = home.slacks.asked
    status, page = await returns(home, asked["state"], home.slacks.code(home.slacks.first))
    assert status == 401
    assert "opened twice" in page


async def test_a_code_that_slack_does_not_know_installs_nothing(home: Joined) -> None:
    status, page = await returns(home, await begun(home), "<script>")
    assert status == 401
    assert "invalid_code" in page
    assert "<script>" not in page
    assert await installed(home) == []


async def test_what_slack_or_a_stranger_says_in_the_address_is_shown_as_text(home: Joined) -> None:
    address = f"{home.site}/slack/oauth_redirect?error=<img src=x onerror=alert(1)>"
    async with ClientSession() as browser, browser.get(address) as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "&lt;img" in page
    assert "<img" not in page


async def test_a_workspace_that_nobody_named_cannot_read_the_blog(tmp_path: Path) -> None:
    async with prepared(tmp_path) as home:
        first, second = home.slacks.workspaces
        async with for_none_but(home, first.team_id):
            status, page = await home.install(second)
            assert status == 500
            assert f"not for {second.team_id}" in page
            assert await installed(home) == []
            assert ("apps.uninstall", second.team_id) in [
                (method, team) for method, team, _ in home.slacks.calls
            ]
            assert (await home.install(first))[0] == 200


async def test_a_workspace_that_is_named_no_more_is_not_answered(tmp_path: Path) -> None:
    async with prepared(tmp_path) as home:
        first, second = home.slacks.workspaces
        async with serving(home.config):
            await home.install(second)
        async with for_none_but(home, first.team_id):
            await second.command(second.ada, second.general, "/blog", "help")
            (note,) = await second.wait_for(lambda: second.private(second.ada))
            assert "not installed" in note["text"]


async def test_a_slack_that_is_away_is_told_in_a_sentence_and_installs_nothing(home: Joined) -> None:
    home.slacks.faults.order(Fault("oauth.v2.access", drop=True))
    status, page = await home.install(home.slacks.first)
    assert status == 503
    assert "does not answer" in page
    assert await installed(home) == []
    assert (await home.install(home.slacks.first))[0] == 200


async def test_no_code_and_no_token_is_logged(tmp_path: Path) -> None:
    with overheard() as heard:
        async with joined(tmp_path, rotates=True) as home:
            await home.install(home.slacks.first)
            state = await begun(home)
            assert (await returns(home, state, "guessed-code"))[0] == 401
            await home.reply(home.slacks.first, await home.ask(home.slacks.first, "what is a delta?"))
            said = heard.getvalue()
            (token,) = home.slacks.tokens(home.slacks.first)
    for secret in (token, home.slacks.client_secret, "guessed-code", state):
        assert secret not in said
