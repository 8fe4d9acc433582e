"""The nightly refresh where nights are missed or odd, with the whole bot and with frozen clocks (43, 44)."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.playground import Playground, shown
from bot.refreshing import refresh
from tests.fakes.house import House, blog_at, config_of, serving
from tests.fakes.ollama import FakeOllama
from tests.fakes.overheard import overheard
from tests.test_schedule import Blog, Clock, made


async def test_row_43_a_bot_that_was_down_at_night_follows_the_blog_when_it_starts(tmp_path: Path) -> None:
    blog = blog_at(tmp_path / "blog")
    async with Playground() as slack, FakeOllama() as ollama:
        config = config_of(tmp_path, blog, slack, ollama.url)
        await refresh(config)
        yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
        (config.data / "schedule.json").write_text(json.dumps({"refreshed": yesterday.isoformat()}))
        blog.write(
            "notes/tape.md", "# Restoring a tape\n\nA tape is restored in the cellar, by hand.\n"
        ).commit()
        with overheard() as heard:
            async with serving(config) as said:
                await heard.until("refreshed")
                home = House(slack, blog, ollama, config, said)
                assert "cellar" in shown(await home.reply(await home.ask("how is a tape restored?")))


@pytest.fixture
def local_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let the machine's own clock be that of a place."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("local_time", "first"),
    [
        ("Europe/Berlin", "2026-10-24"),
        ("Europe/Berlin", "2026-03-28"),
        ("America/New_York", "2026-10-31"),
        ("Asia/Shanghai", "2026-10-24"),
    ],
    indirect=["local_time"],
)
@pytest.mark.parametrize("line", ["30 2 * * *", "30 1 * * *", "30 6 * * *"])
async def test_row_44_however_often_it_restarts_a_bot_refreshes_once_a_day_while_clocks_change(
    tmp_path: Path, local_time: str, first: str, line: str
) -> None:
    blog, clock = Blog(), Clock(2026, 1, 1)
    clock.now = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(local_time)).astimezone(UTC)
    await made(blog, tmp_path, clock, line).run_now()
    runs = []
    for _ in range(3 * 24 * 4):
        clock.now += timedelta(minutes=15)
        bot = made(blog, tmp_path, clock, line)
        if bot.missed():
            await bot.run_now()
            runs.append(clock.now)
    assert len(runs) == 3
    assert len({run.date() for run in runs}) == 3
