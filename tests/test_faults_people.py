"""Who may do what, failing closed (fault 48), and what administrators are told of the index (37, 42)."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.playground import shown
from tests.fakes.furnished import furnished
from tests.fakes.house import ARTICLES, House, house

QUESTION = "why does VACUUM leave dead rows behind?"


async def told(home: House, person: str, *, nth: int = 1) -> str:
    """The *nth* private message that *person* gets."""
    notes = await home.slack.wait_for(
        lambda: home.slack.private(person) if len(home.slack.private(person)) >= nth else None, 30
    )
    return shown(notes[nth - 1])


async def test_row_48_who_is_no_administrator_may_not_refresh(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await assert_refused(home, home.slack.lin)


@pytest.mark.parametrize(
    "fault", [{"error": "missing_scope"}, {"status": 500}, {"drop": True}], ids=["no scope", "500", "dropped"]
)
async def test_row_48_where_slack_does_not_tell_who_is_an_administrator_nobody_else_is(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with furnished(tmp_path, BLOGBOT_ADMINS="U0SOMEBODY1") as home:
        home.slack.fail("users.info", times=100, **fault)
        await assert_refused(home, home.slack.ada)


async def assert_refused(home: House, person: str) -> None:
    """Fail where *person* may refresh the index."""
    memory = home.config.data / "schedule.json"
    before = memory.read_text()
    await home.slack.command(person, home.slack.general, "/blog", "refresh")
    assert re.search("administrator|管理员", await told(home, person))
    assert len(home.slack.private(person)) == 1
    assert memory.read_text() == before


async def test_row_37_an_offline_blog_is_told_to_the_administrator_and_the_old_index_answers(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        home.blog.path.rename(tmp_path / "gone")
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        assert str(home.blog.path) in await told(home, home.slack.ada, nth=2)
        assert "old snapshot" in shown(await home.reply(await home.ask(QUESTION)))


async def test_row_42_a_blog_that_lost_its_articles_is_refused_and_the_old_index_answers(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        for number in range(20):
            said = f"The machine numbered {number} stands in the cellar and is restarted on its own day. " * 5
            home.blog.write(f"more/{number}.md", f"# The machine numbered {number}\n\n{said}\n")
        home.blog.commit()
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        assert "25" in await told(home, home.slack.ada, nth=2)
        home.blog.delete(*(f"more/{number}.md" for number in range(15)), *list(ARTICLES)[:1])
        home.blog.commit()
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        assert "16" in await told(home, home.slack.ada, nth=4)
        assert "old snapshot" in shown(await home.reply(await home.ask(QUESTION)))
