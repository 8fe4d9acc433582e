"""Tokens that end: one replica exchanges each, once, and nobody loses one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Bot
from structlog.testing import capture_logs

from bot.errors import SlackFailure
from bot.playground.faults import Fault
from bot.records.installations import Installations
from bot.records.records import Records
from bot.slack.calls import App, SlackTrouble, SlackUnreachable, client
from bot.slack.presence.rotation import TURN_SECONDS, Rotation
from tests.fakes.several import Slacks, running
from tests.fakes.slack import Naps

ENDED, SOON, LONG = 0, 600, 43_200


@pytest.fixture
async def slacks() -> AsyncIterator[Slacks]:
    async with running(rotates=True) as slacks:
        yield slacks


@pytest.fixture
def installed(records: Records, slacks: Slacks) -> Installations:
    return records.installations(slacks.client_id)


def replica(
    slacks: Slacks, records: Records, naps: Naps | None = None, turn_seconds: float = TURN_SECONDS
) -> Rotation:
    app = App(slacks.client_id, slacks.client_secret, slacks.api_url)
    installations = records.installations(app.client_id)
    sleep = naps or asyncio.sleep
    return Rotation(app, installations, take_turn=records.take_turn, turn_seconds=turn_seconds, sleep=sleep)


async def granted(slacks: Slacks, installed: Installations, seconds: int) -> Bot:
    """An installation of the first workspace whose token ends in so many seconds; later ones last."""
    slacks.grants.expires_in = seconds
    answer = await client(None, slacks.api_url).oauth_v2_access(
        client_id=slacks.client_id, client_secret=slacks.client_secret, code=slacks.code(slacks.first)
    )
    bot = Bot(
        app_id=answer["app_id"],
        team_id=answer["team"]["id"],
        bot_token=answer["access_token"],
        bot_id="B1",
        bot_user_id=answer["bot_user_id"],
        bot_refresh_token=answer["refresh_token"],
        bot_token_expires_in=seconds,
        installed_at=0.0,
    )
    await installed.keep(bot)
    slacks.grants.expires_in = LONG
    return bot


async def test_a_token_that_lasts_is_left_alone(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    bot = await granted(slacks, installed, LONG)
    await replica(slacks, records).look()
    assert await replica(slacks, records).good(bot) is bot
    assert slacks.refreshes == 0


async def test_replicas_exchange_a_token_once_and_all_go_on_with_the_new_one(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    bot = await granted(slacks, installed, ENDED)
    slacks.expire(bot.bot_token)
    found = await asyncio.gather(*(replica(slacks, records).good(bot) for _ in range(5)))
    assert slacks.refreshes == 1
    assert {each.bot_token for each in found} == {slacks.tokens(slacks.first)[-1]}
    assert (await client(found[0].bot_token, slacks.api_url).auth_test())["ok"]


async def test_a_token_that_ends_soon_is_exchanged_while_the_old_one_still_serves(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    bot = await granted(slacks, installed, SOON)
    assert await replica(slacks, records).good(bot) is bot
    await asyncio.gather(*(replica(slacks, records).look() for _ in range(3)))
    assert slacks.refreshes == 1
    found = await installed.find(slacks.first.team_id, "")
    assert found
    assert found.bot_token == slacks.tokens(slacks.first)[-1] != bot.bot_token
    assert found.bot_refresh_token != bot.bot_refresh_token


async def test_what_cannot_be_exchanged_is_told_with_the_mend_and_the_others_are_exchanged(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    lost = await granted(slacks, installed, SOON)
    lost.team_id, lost.bot_refresh_token = "T0AAAAAA1", "xoxe-1-used"
    await installed.keep(lost)
    with capture_logs() as logs:
        await replica(slacks, records).look()
    (told,) = [entry for entry in logs if entry["event"] == "token not exchanged"]
    assert (told["workspace"], told["log_level"]) == ("T0AAAAAA1", "error")
    assert "invalid_refresh_token" in told["reason"]
    assert "/slack/install" in told["fix"]
    assert slacks.refreshes == 1
    lost.bot_token_expires_at = 1
    await installed.keep(lost)
    with pytest.raises(SlackFailure, match="invalid_refresh_token"):
        await replica(slacks, records).good(lost)


async def test_a_slack_that_is_away_is_asked_again_in_a_later_turn(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    bot = await granted(slacks, installed, ENDED)
    slacks.faults.order(Fault("oauth.v2.access", drop=True))
    with pytest.raises(SlackUnreachable):
        await replica(slacks, records).good(bot)
    naps = Naps()
    with pytest.raises(SlackTrouble, match="not there yet"):
        await replica(slacks, records, naps).good(bot)
    assert 1 < sum(naps.waited) < 10
    later = replica(slacks, records, turn_seconds=0.001)
    assert (await later.good(bot)).bot_token == slacks.tokens(slacks.first)[-1]
    assert slacks.refreshes == 1


@pytest.mark.parametrize("how", [{"status": 500}, {"error": "internal_error"}, {"retry_after": 30.0}])
async def test_a_slack_in_trouble_is_no_refusal(
    slacks: Slacks, installed: Installations, records: Records, how: dict[str, Any]
) -> None:
    bot = await granted(slacks, installed, ENDED)
    slacks.faults.order(Fault("oauth.v2.access", **how))
    with pytest.raises(SlackTrouble):
        await replica(slacks, records).good(bot)
    assert slacks.refreshes == 0


async def test_an_exchange_whose_answer_was_lost_is_told_with_the_only_mend_there_is(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    bot = await granted(slacks, installed, ENDED)
    slacks.faults.order(Fault("oauth.v2.access", drop=True, acts=True))
    with pytest.raises(SlackUnreachable):
        await replica(slacks, records).good(bot)
    with pytest.raises(SlackFailure, match="invalid_refresh_token") as caught:
        await replica(slacks, records, turn_seconds=0.001).good(bot)
    assert "Install the app there again" in caught.value.fix


async def test_a_database_that_is_away_stops_no_looking(
    slacks: Slacks, installed: Installations, records: Records
) -> None:
    await records.close()
    with capture_logs() as logs:
        await replica(slacks, records).look()
    assert [entry["event"] for entry in logs] == ["tokens not looked at"]
