"""What the doctor finds in Slack: tokens, scopes, the channel of the news, every workspace."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import Config
from bot.doctor import Check, examine
from bot.errors import SlackFailure
from bot.playground import Playground
from bot.slack.presence import checkup
from tests.fakes.house import config_of, serving
from tests.fakes.joined import Joined, prepared
from tests.fakes.slack import web_client


async def looked(config: Config) -> Check:
    """What the doctor says of Slack."""
    (check,) = [check for check in await examine(config) if check.name == "slack"]
    return check


async def installed(home: Joined, *workspaces: Playground) -> None:
    async with serving(home.config):
        for workspace in workspaces:
            await home.install(workspace)


async def test_a_bot_that_can_work_is_told_by_who_and_where_it_is(slack: Playground, tmp_path: Path) -> None:
    check = await looked(config_of(tmp_path, str(tmp_path), slack, slack.url, BLOGBOT_ANNOUNCE=slack.general))
    assert check.ok
    assert slack.team_id in check.detail
    assert "Socket Mode" in check.detail


async def test_scopes_that_are_missing_are_named() -> None:
    async with Playground(scopes={"chat:write", "commands", "im:history"}) as slack:
        with pytest.raises(SlackFailure, match="lacks the scopes app_mentions:read") as caught:
            await checkup.can_answer(web_client(slack))
        assert "deploy/slack-manifest.yaml" in caught.value.fix


@pytest.mark.parametrize("private", [False, True])
async def test_a_channel_for_the_news_that_the_bot_cannot_speak_in_is_named(
    slack: Playground, tmp_path: Path, *, private: bool
) -> None:
    there = slack.add_channel("news", private=private, bot_in=False)
    check = await looked(config_of(tmp_path, str(tmp_path), slack, slack.url, BLOGBOT_ANNOUNCE=there))
    assert not check.ok
    assert there in check.detail
    assert "/invite @blogbot" in check.fix


async def test_an_app_without_the_scope_to_look_is_believed() -> None:
    async with Playground(scopes={"chat:write"}) as slack:
        await checkup.can_tell_news(web_client(slack), slack.general)


async def test_every_workspace_that_installed_the_app_is_looked_at(tmp_path: Path) -> None:
    async with prepared(tmp_path) as home:
        first, second = home.slacks.workspaces
        assert "installed nowhere yet: open /slack/install" in (await looked(home.config)).detail
        await installed(home, first, second)
        check = await looked(replace(home.config, announce_in=second.team_id, announce=second.general))
        assert check.ok
        assert {first.team_id, second.team_id} <= set(check.detail.replace(",", "").split())
        away = second.add_channel("away", bot_in=False)
        check = await looked(replace(home.config, announce_in=second.team_id, announce=away))
        assert (check.ok, away in check.detail) == (False, True)
        await home.slacks.uninstall(first)
        check = await looked(home.config)
        assert not check.ok
        assert check.detail.startswith(f"{first.team_id}: ")
        assert "token_revoked" in check.detail
        named_no_more = replace(home.config, workspaces=(second.team_id,))
        assert (await looked(named_no_more)).ok
