"""The tokens of many workspaces, on SQLite and on PostgreSQL: the newest counts, and none is mixed up."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Bot

from bot.errors import DatabaseFailure
from bot.records.installations import Installations
from bot.records.records import Records
from tests.fakes.postgres import Cluster, postgres  # noqa: F401


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Records]:
    if request.param == "sqlite":
        made = Records(f"sqlite:///{tmp_path / 'blogbot.sqlite'}")
    else:
        server: Cluster = request.getfixturevalue("postgres")
        made = Records(server.database())
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def installed(records: Records) -> Installations:
    return records.installations("1.2")


def given(token: str, team: str | None = "T1", enterprise: str | None = None, **more: object) -> Bot:
    found = {"bot_id": "B1", "bot_user_id": "U1", "installed_at": 0.0, "app_id": "A1"}
    return Bot(bot_token=token, team_id=team, enterprise_id=enterprise, **(found | more))  # type: ignore[arg-type]


async def token(installed: Installations, team: str, enterprise: str = "") -> str:
    found = await installed.find(team, enterprise)
    return found.bot_token if found else ""


async def test_each_workspace_has_its_own_token(installed: Installations) -> None:
    await installed.keep(given("xoxb-1"))
    await installed.keep(given("xoxb-2", "T2", "E1"))
    assert [await token(installed, team) for team in ("T1", "T2", "T3", "")] == ["xoxb-1", "xoxb-2", "", ""]
    assert {bot.bot_token for bot in await installed.all()} == {"xoxb-1", "xoxb-2"}


async def test_what_was_given_last_counts_and_nothing_of_the_earlier_is_left(
    installed: Installations, records: Records
) -> None:
    for number in range(5):
        await installed.keep(
            given(f"xoxb-{number}", bot_refresh_token=f"xoxe-{number}", bot_token_expires_in=60)
        )
    found = await installed.find("T1", "")
    assert found
    assert (found.bot_token, found.bot_refresh_token) == ("xoxb-4", "xoxe-4")
    assert len(await installed.all()) == 1
    async with records._database.begin() as connection:
        rows = (await connection.exec_driver_sql("SELECT bot_token FROM slack_bots")).all()
    assert len(rows) == 1


async def test_a_token_keeps_its_end_to_the_second(installed: Installations) -> None:
    await installed.keep(given("xoxb-1", bot_token_expires_at=1_800_000_123))
    found = await installed.find("T1", "")
    assert found
    assert found.bot_token_expires_at == 1_800_000_123


async def test_a_workspaces_own_installation_comes_before_that_of_its_organization(
    installed: Installations,
) -> None:
    await installed.keep(given("xoxb-org", None, "E1", is_enterprise_install=True))
    assert await token(installed, "T1", "E1") == "xoxb-org"
    assert await token(installed, "", "E1") == "xoxb-org"
    assert await token(installed, "T1") == await token(installed, "T1", "E2") == ""
    await installed.keep(given("xoxb-1", "T1", "E1"))
    assert await token(installed, "T1", "E1") == "xoxb-1"
    assert await token(installed, "T2", "E1") == "xoxb-org"


async def test_what_is_forgotten_is_gone_and_nothing_else(installed: Installations) -> None:
    one, org = given("xoxb-1", "T1", "E1"), given("xoxb-org", None, "E1")
    for bot in (one, org, given("xoxb-2", "T2")):
        await installed.keep(bot)
    await installed.forget(one)
    assert await token(installed, "T1", "E1") == "xoxb-org"
    await installed.forget(org)
    assert [await token(installed, team, "E1") for team in ("T1", "T2")] == ["", "xoxb-2"]


async def test_another_apps_tokens_are_not_ours(installed: Installations, records: Records) -> None:
    await installed.keep(given("xoxb-1"))
    other = records.installations("3.4")
    assert await token(other, "T1") == ""
    await other.keep(given("xoxb-other"))
    await other.forget(given("xoxb-other"))
    assert await token(installed, "T1") == "xoxb-1"


async def test_a_state_is_good_once(installed: Installations) -> None:
    state = await installed.new_state()
    assert await installed.states.async_consume(state)
    assert not await installed.states.async_consume(state)
    assert not await installed.states.async_consume("made up")


async def test_a_database_that_is_away_is_told(installed: Installations, records: Records) -> None:
    await records.close()
    with pytest.raises(DatabaseFailure):
        await installed.find("T1", "")
    with pytest.raises(DatabaseFailure):
        await installed.keep(given("xoxb-1"))
    with pytest.raises(DatabaseFailure):
        await installed.new_state()


async def test_states_that_have_ended_are_not_kept(records: Records) -> None:
    later = Records(
        records._database.url.render_as_string(hide_password=False), clock=lambda: time.time() + 601
    )
    await records.installations("1.2").new_state()
    await later.open()
    await later.installations("1.2").new_state()
    async with records._database.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM slack_oauth_states")).scalar() == 1
    await later.close()
