"""One bot in several workspaces: each is answered with its own token, and none hears of another."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot import app
from bot.errors import DatabaseFailure
from bot.playground import Playground, shown
from bot.records.records import Records
from bot.slack.listeners import app as slack_app
from bot.slack.listeners.app import NOT_HERE
from bot.slack.presence.connection import HttpLine
from bot.slack.presence.workspaces import Workspace
from tests.fakes.bot_process import bot_process
from tests.fakes.furnished import furniture
from tests.fakes.house import serving
from tests.fakes.joined import Joined, Mode, joined, prepared
from tests.fakes.overheard import overheard
from tests.fakes.repositories import BlogRepository
from tests.fakes.several import neighbours

VACUUM = "why does VACUUM leave dead rows behind?"
BACKUP = "how long does restoring a backup take?"


def used(home: Joined, workspace: Playground) -> set[str]:
    """The tokens that the bot spoke with there."""
    calls = [call for call in home.slacks.calls if call[0] != "apps.connections.open"]
    return {token for _, team, token in calls if team == workspace.team_id}


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_each_workspace_is_answered_in_its_own_threads_with_its_own_token(
    tmp_path: Path, mode: Mode
) -> None:
    async with joined(tmp_path, mode) as home:
        first, second = home.slacks.workspaces
        assert (await home.install(first))[0] == (await home.install(second))[0] == 200
        here, there = await home.ask(first, VACUUM), await home.ask(second, BACKUP)
        assert "old snapshot" in shown(await home.reply(first, here))
        assert "70 minutes" in shown(await home.reply(second, there))
        more = await second.say(second.ada, second.general, "and with a delta only?", there)
        assert "15" in shown(await home.reply(second, there, 2)), more
        for workspace in (first, second):
            (token,) = home.slacks.tokens(workspace)
            assert used(home, workspace) == {token}
            words = str([shown(message) for message in workspace.messages(workspace.general)])
            assert ("70 minutes" in words) == (workspace is second)


async def test_a_workspace_without_the_app_is_told_so_until_it_installs_it(tmp_path: Path) -> None:
    async with joined(tmp_path) as home:
        first, second = home.slacks.workspaces
        await home.install(first)
        await second.command(second.ada, second.general, "/ask", VACUUM)
        (note,) = await second.wait_for(lambda: second.private(second.ada))
        assert shown(note) == NOT_HERE
        silent = await home.ask(second, VACUUM)
        await second.wait_for(lambda: second.events)
        await home.install(second)
        asked = await home.ask(second, BACKUP)
        assert "70 minutes" in shown(await home.reply(second, asked))
        assert second.messages(second.general, silent)[1:] == []


async def test_what_a_person_asked_elsewhere_is_not_shown_in_another_workspaces_home(tmp_path: Path) -> None:
    async with joined(tmp_path) as home:
        first, second = home.slacks.workspaces
        assert first.ada == second.ada
        for workspace in (first, second):
            await home.install(workspace)
        await home.reply(first, await home.ask(first, VACUUM))
        for workspace in (first, second):
            await workspace.open_home(workspace.ada)
            view = await workspace.wait_for(
                lambda workspace=workspace: workspace.workspace.homes.get(workspace.ada)
            )  # type: ignore[misc]
            assert ("VACUUM leave dead" in shown(view)) == (workspace is first)


async def test_an_uninstalled_app_forgets_its_token_and_answers_there_no_more(tmp_path: Path) -> None:
    async with joined(tmp_path) as home:
        first, second = home.slacks.workspaces
        for workspace in (first, second):
            await home.install(workspace)
        await home.reply(first, await home.ask(first, VACUUM))
        with overheard() as heard:
            await home.slacks.uninstall(first)
            await heard.until("app uninstalled")
        await home.reply(second, await home.ask(second, VACUUM))
        records = Records(home.config.database_url)
        await records.open()
        left = await records.installations(home.slacks.client_id).all()
        await records.close()
        assert [bot.team_id for bot in left] == [second.team_id]
        await first.command(first.ada, first.general, "/ask", BACKUP)
        (note,) = await first.wait_for(lambda: first.private(first.ada))
        assert shown(note) == NOT_HERE
        await home.install(first)
        assert "70 minutes" in shown(await home.reply(first, await home.ask(first, BACKUP)))


async def test_a_token_is_exchanged_before_it_ends(tmp_path: Path) -> None:
    async with prepared(tmp_path, rotates=True, expires_in=600) as home:
        first, _ = home.slacks.workspaces
        async with serving(home.config):
            await home.install(first)
            await home.reply(first, await home.ask(first, VACUUM))
        (old,) = home.slacks.tokens(first)
        home.slacks.grants.expires_in = 43_200
        with overheard() as heard:
            async with serving(home.config):
                await heard.until("token exchanged", 1)
                home.slacks.expire(old)
                assert "70 minutes" in shown(await home.reply(first, await home.ask(first, BACKUP)))
        assert len(home.slacks.tokens(first)) == 2


async def test_a_token_that_ended_while_the_bot_was_away_is_exchanged_for_the_first_question(
    tmp_path: Path,
) -> None:
    async with joined(tmp_path, rotates=True, expires_in=0) as home:
        first, _ = home.slacks.workspaces
        await home.install(first)
        home.slacks.expire(home.slacks.tokens(first)[0])
        home.slacks.grants.expires_in = 43_200
        assert "old snapshot" in shown(await home.reply(first, await home.ask(first, VACUUM)))
        assert len(home.slacks.tokens(first)) == 2


async def test_one_installation_serves_a_whole_organization_and_is_known_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "GRACE", 0.1)
    grid = neighbours(enterprise_id="E0GRID0001", org_wide=True)
    async with prepared(tmp_path, "http", grid, BLOGBOT_WORKSPACES="E0GRID0001") as home:
        first, _ = home.slacks.workspaces
        async with serving(home.config):
            status, page = await home.install(first)
            assert status == 200, page
            asked = await home.ask(first, VACUUM)
            assert "old snapshot" in shown(await home.reply(first, asked))
            await first.command(first.ada, first.general, "/ask", BACKUP)
            note = await first.wait_for(
                lambda: next((n for n in first.private(first.ada) if "70 minutes" in shown(n)), None)
            )
            assert note
            await first.open_home(first.ada)
            assert "VACUUM leave dead" in shown(
                await first.wait_for(lambda: first.workspace.homes.get(first.ada))
            )
            home.ollama.steps = asyncio.Semaphore(0)
            pending = await home.ask(first, BACKUP)
            await first.wait_for(lambda: home.ollama.streaming)
        home.ollama.steps = None
        async with serving(home.config):
            assert "70 minutes" in shown(await home.reply(first, pending))
            await first.say(first.ada, first.general, "and with a delta only?", pending)
            assert "15" in shown(await home.reply(first, pending, 2))
            with overheard() as heard:
                await home.slacks.uninstall(first)
                await heard.until("app uninstalled")
            await first.command(first.ada, first.general, "/ask", VACUUM)
            assert await first.wait_for(lambda: shown(first.private(first.ada)[-1]) == NOT_HERE)


async def test_the_program_goes_on_where_it_was_killed_though_its_token_ended_meanwhile(
    tmp_path: Path,
) -> None:
    async with prepared(tmp_path, rotates=True, expires_in=0) as home:
        first, second = home.slacks.workspaces
        async with bot_process(tmp_path, home.env) as bot:
            page = home.site.replace("127.0.0.1", "0.0.0.0") + "/slack/install"
            assert f"Workspaces install it at {page}." in "".join(bot.said)
            for workspace in (first, second):
                await home.install(workspace)
            home.slacks.grants.expires_in = 43_200
            home.ollama.steps = asyncio.Semaphore(0)
            asked = await home.ask(second, BACKUP)
            await home.ollama.wait_for(lambda: home.ollama.streaming)
            await bot.kill()
            for token in home.slacks.tokens(second)[:-1]:
                home.slacks.expire(token)
            home.ollama.steps = None
            await bot.start()
            assert "70 minutes" in shown(await home.reply(second, asked))
            assert len(second.messages(second.general, asked)) == 2
            assert first.messages(first.general) == []
            said = "".join(bot.said)
        assert "xoxe" not in said
        assert "warning" not in said.replace("model not loaded", ""), said


async def test_news_are_told_in_the_workspace_that_is_named(tmp_path: Path) -> None:
    places = neighbours()
    first, second = places
    blog = BlogRepository(shutil.copytree((await furniture()) / "blog", tmp_path / "blog"))
    where = f"{second.team_id}/{second.general}"
    async with joined(tmp_path, "http", places, BLOGBOT_REPO=str(blog), BLOGBOT_ANNOUNCE=where) as home:
        for workspace in (first, second):
            await home.install(workspace)
        blog.write("notes/new.md", "# Opening hours\n\nThe office is open from nine to five, all week.\n")
        blog.commit()
        await first.command(first.ada, first.general, "/blog", "refresh")
        (news,) = await second.wait_for(lambda: second.messages(second.general), 30)
        assert "Opening hours" in shown(news)
        assert first.messages(first.general) == []


async def test_a_person_administers_their_own_workspace_alone(tmp_path: Path) -> None:
    async with joined(tmp_path, BLOGBOT_ADMINS="") as home:
        first, second = home.slacks.workspaces
        for workspace in (first, second):
            await home.install(workspace)
        boss = first.add_person("boss", is_admin=True)
        second.workspace.people[boss] = replace(first.workspace.people[boss], is_admin=False)
        second.direct(boss)
        for workspace in (first, second):
            await workspace.command(boss, workspace.general, "/blog", "refresh")
            (note, *_) = await workspace.wait_for(lambda workspace=workspace: workspace.private(boss))  # type: ignore[misc]
            assert ("only" in shown(note).lower()) == (workspace is second), shown(note)


async def test_an_event_whose_workspace_nobody_can_look_up_comes_again(tmp_path: Path) -> None:
    async def at(_team: str, _enterprise: str) -> Workspace:
        raise DatabaseFailure("away")

    async with Playground(retries=(0.0,)) as slack:
        line = HttpLine(slack_app.build(at, slack.api_url, slack.signing_secret), 0, "127.0.0.1")
        await line.start()
        slack.deliver_to(f"{line.address}/slack/events")
        await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> {VACUUM}")
        event = slack.events[0]
        acks = await slack.redeliver(event)
        await line.stop()
        assert [ack.acked for ack in acks] == [False]
