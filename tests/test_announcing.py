"""A channel is told what a refresh brought, and that one failed: once over all replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Policy
from bot.phrases import choose
from bot.playground import Playground, shown
from bot.records.records import Records
from bot.refreshing import refresh
from bot.schedule import Schedule
from bot.slack.presence.announcing import Announcer
from bot.slack.rendering import notices
from index.errors import RepositoryUnreachable
from index.model import Newcomer, Report
from tests.fakes.house import blog_at, config_of, house
from tests.fakes.repositories import BlogRepository
from tests.fakes.slack import Naps, web_client

NIGHT = datetime(2026, 11, 23, 3, 0, 7, tzinfo=UTC)
REPORT = Report("c0ffee", "g2", 40, 90, 12, 3, 0, {}, 1.5, (Newcomer("New", "https://example.org/n", ""),))


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground() as slack:
        yield slack


def announcer(slack: Playground, records: Records, channel: str | None = None) -> Announcer:
    async def web() -> AsyncWebClient:
        return web_client(slack)

    return Announcer(
        web,
        slack.general if channel is None else channel,
        take_turn=records.take_turn,
        language=partial(records.policies.language_of, slack.team_id),
        sleep=Naps(),
    )


def news(slack: Playground) -> list[str]:
    return [shown(message) for message in slack.messages()]


# What is said


def test_news_counts_what_changed_and_links_what_is_new() -> None:
    said = notices.news(choose(""), REPORT)
    assert said["text"] == "📰 News from the blog: 12 new articles, 3 changed"
    assert "• <https://example.org/n|New>\n… and 11 more." in str(said["blocks"][1]["text"]["text"])
    alone = replace(REPORT, added=1, changed=0, removed=2)
    assert notices.news(choose(""), alone)["text"].endswith("1 new article, 2 removed")
    assert notices.news(choose("", "zh"), REPORT)["text"] == "📰 博客更新：新增 12 篇文章，修改 3 篇"


def test_no_title_pings_or_leads_elsewhere() -> None:
    nasty = Newcomer("<!channel> <https://evil.example|x> *`a`*", "javascript:alert(1)", "<@U1>")
    text = str(notices.news(choose(""), replace(REPORT, newcomers=(nasty,))))
    assert "<" not in text


def test_news_of_an_addition_beyond_all_bounds_fits_into_a_message() -> None:
    many = tuple(Newcomer("很" * 200, "https://example.org/" + "x" * 980, "2026-11-23") for _ in range(10))
    said = notices.news(choose(""), replace(REPORT, added=100_000, newcomers=many))
    assert len(said["blocks"]) < 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in said["blocks"])
    assert "99990 more" in str(said["blocks"])


async def test_it_unfurls_nothing_and_speaks_the_channels_language(
    slack: Playground, records: Records
) -> None:
    await records.policies.keep(slack.team_id, slack.general, Policy(language="zh"))
    await announcer(slack, records).refreshed(REPORT, "", recovered=False)
    (call,) = [call for call in slack.calls if call.method == "chat.postMessage"]
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)
    assert "新增 12 篇文章" in news(slack)[0]


# When


@pytest.mark.parametrize(
    "report",
    [replace(REPORT, added=0, changed=0), replace(REPORT, added=40, changed=0)],
    ids=["nothing new", "a blog indexed for the first time"],
)
async def test_what_is_no_news_is_not_told(slack: Playground, records: Records, report: Report) -> None:
    await announcer(slack, records).refreshed(report, "refresh 2026-11-23 03:00", recovered=False)
    assert news(slack) == []


async def test_without_a_channel_nothing_is_said_or_claimed(slack: Playground, records: Records) -> None:
    await announcer(slack, records, "").refreshed(REPORT, "", recovered=True)
    assert slack.calls == []
    assert await records.take_turn("news of c0ffee")


@pytest.mark.parametrize(
    "fault", [{"status": 500, "acts": True}, {"drop": True, "acts": True}], ids=["500", "dropped"]
)
async def test_a_post_whose_answer_was_lost_is_not_made_again(
    slack: Playground, records: Records, fault: dict[str, Any]
) -> None:
    slack.fail("chat.postMessage", times=1, **fault)
    await announcer(slack, records).refreshed(REPORT, "", recovered=False)
    assert len(news(slack)) == 1


async def test_a_channel_that_cannot_be_written_to_stops_nothing(slack: Playground, records: Records) -> None:
    away = slack.add_channel("away", bot_in=False)
    await announcer(slack, records, away).refreshed(REPORT, "", recovered=False)
    assert slack.messages(away) == []


async def test_the_first_failure_of_a_streak_is_told_with_its_mend_and_so_is_its_end(
    slack: Playground, records: Records
) -> None:
    speaker, failure = announcer(slack, records), RepositoryUnreachable("The <blog> is away.", "Look at it.")
    await speaker.failed(failure, "refresh 1", first=True)
    await speaker.failed(failure, "refresh 1", first=False)
    await speaker.failed(failure, "refresh 2", first=False)
    await speaker.refreshed(replace(REPORT, added=0, changed=0), "refresh 3", recovered=True)
    alarm, ended = news(slack)
    assert "The &lt;blog&gt; is away. Look at it." in alarm
    assert "works again" in ended


async def test_what_nobody_expected_is_told_without_its_text(slack: Playground, records: Records) -> None:
    await announcer(slack, records).failed(ValueError("s3cret"), "refresh 1", first=True)
    assert "refresh failed" in news(slack)[0]
    assert "s3cret" not in news(slack)[0]


# Replicas


class Replica:
    """One replica's schedule: an index folder of its own, the database of all."""

    def __init__(self, folder: Path, blog: BlogRepository, slack: Playground, records: Records) -> None:
        self.config = config_of(folder, blog, slack, "http://127.0.0.1:9")
        self.told = asyncio.Queue[str]()
        self._speaker = announcer(slack, records)
        self.now = NIGHT
        self.schedule = Schedule(
            "0 3 * * *",
            partial(refresh, self.config),
            memory=self.config.data / "schedule.json",
            hears=self,
            pauses=(timedelta(milliseconds=1),),
            clock=lambda: self.now,
        )

    async def refreshed(self, done: Report, run: str, *, recovered: bool) -> None:
        await self._speaker.refreshed(done, run, recovered=recovered)
        self.told.put_nowait(run)

    async def failed(self, failure: Exception, run: str, *, first: bool) -> None:
        await self._speaker.failed(failure, run, first=first)
        self.told.put_nowait(str(failure))


async def test_two_replicas_refresh_each_their_index_and_announce_a_night_once(
    slack: Playground, tmp_path: Path
) -> None:
    blog = blog_at(tmp_path / "blog")
    async with AsyncExitStack() as stack:
        both = []
        for name in ("one", "two"):
            records = Records(f"sqlite:///{tmp_path / 'blogbot.sqlite'}")
            await records.open()
            stack.push_async_callback(records.close)
            both.append(Replica(tmp_path / name, blog, slack, records))
        await asyncio.gather(*(each.schedule.run_now() for each in both))
        assert [await each.told.get() for each in both] == ["", ""]
        assert news(slack) == []

        blog.write(
            "notes/new.md", "# A new article\n\nIt says when the office is open: nine to five.\n"
        ).commit()
        for each in both:  # the missed night is made up for at start, at a time of each one's own
            each.now = NIGHT + timedelta(days=1, hours=2 * both.index(each))
            await each.schedule.start()
            stack.push_async_callback(each.schedule.stop)
        name = "refresh 2026-11-24 03:00"
        assert [await each.told.get() for each in both] == [name, name]
        (said,) = news(slack)
        assert "1 new article" in said
        assert "<https://example.org/main/notes/new.md|A new article>" in said


async def test_a_blog_that_is_away_is_reported_by_one_replica_and_its_return_too(
    slack: Playground, records: Records, tmp_path: Path
) -> None:
    blog = blog_at(tmp_path / "blog")
    both = [Replica(tmp_path / name, blog, slack, records) for name in ("one", "two")]
    away = blog.path.rename(tmp_path / "away")
    for each in both:
        await each.schedule.start()
    for each in both:
        for _ in range(2):  # it is tried a second time
            assert str(blog.path) in await each.told.get()
        await each.schedule.stop()
    away.rename(blog.path)
    for each in both:
        each.now = NIGHT + timedelta(days=1)
        await each.schedule.start()
        assert await each.told.get() == "refresh 2026-11-24 03:00"
        await each.schedule.stop()
    alarm, ended = news(slack)
    assert str(blog.path) in alarm
    assert "works again" in ended


async def test_an_administrators_refresh_tells_the_channel_too(tmp_path: Path) -> None:
    async with house(tmp_path, BLOGBOT_ANNOUNCE=Playground.general) as home:
        home.blog.write(
            "notes/new.md", "# Opening hours\n\nThe office is open from nine to five, all week.\n"
        ).commit()
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        said = await home.slack.wait_for(lambda: news(home.slack), 30)
        assert "1 new article" in said[0]
