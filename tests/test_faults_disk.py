"""A disk that fills up under the running bot: the old index answers, no question is lost (faults 11, 35)."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.playground import Playground, shown
from bot.refreshing import refresh
from tests.fakes.bot_process import bot_process
from tests.fakes.furnished import untold
from tests.fakes.house import blog_at, config_of, environment, remember_a_refresh
from tests.fakes.ollama import FakeOllama
from tests.fakes.street import QUESTION, Street


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """While this lasts the process, and what it starts, cannot write one byte to a file."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def test_row_35_on_a_full_disk_a_refresh_says_so_a_question_waits_and_the_old_index_answers(
    tmp_path: Path,
) -> None:
    blog = blog_at(tmp_path / "blog")
    async with Playground(retries=()) as slack, FakeOllama() as ollama:
        config = config_of(tmp_path, blog, slack, ollama.url)
        await refresh(config)
        remember_a_refresh(config.data)
        blog.write(
            "notes/new.md", "# Restoring a tape\n\nA tape is restored in the cellar, by hand.\n"
        ).commit()
        async with bot_process(tmp_path, environment(tmp_path, blog, slack, ollama.url)) as bot:
            home = Street(bot, slack, ollama)
            with full_disk(bot.pid):
                await slack.command(slack.ada, slack.general, "/blog", "refresh")
                notes = await slack.wait_for(lambda: slack.private(slack.ada)[1:], 30)
                event = await untold(slack, QUESTION)
                first = await slack.send_event(event)
            again = await slack.send_event(event)
            reply = await home.answered(event["ts"])
        assert "disk" in shown(notes[0])
        assert not first.acked
        assert again.acked
        assert "old snapshot" in shown(reply)
        assert len(home.replies(event["ts"])) == 1
