"""The bot as its own program, killed with -9 or stopped with SIGTERM at bad moments (faults 12, 13, 32)."""

from pathlib import Path

from bot.playground import shown
from tests.fakes.street import street


async def test_row_12_killed_after_the_acknowledgement_it_answers_after_the_restart(tmp_path: Path) -> None:
    async with street(tmp_path) as home:
        home.slack.fail("chat.postMessage", status=503, times=1000)
        ts = await home.ask()
        await home.bot.kill()
        home.slack.mend()
        assert home.replies(ts) == []
        await home.bot.start()
        assert "old snapshot" in shown(await home.answered(ts))
        assert len(home.replies(ts)) == 1


async def test_row_13_killed_after_the_post_it_finds_its_reply_again_and_posts_no_second_one(
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as home:
        async with home.slack.held("chat.postMessage") as gate:
            ts = await home.ask()
            await gate.arrived.wait()
            await home.bot.kill()
        # Slack carries the post out; the bot that asked for it never hears of it.
        await home.slack.wait_for(lambda: home.replies(ts))
        await home.bot.start()
        assert "old snapshot" in shown(await home.answered(ts))
        assert len(home.replies(ts)) == 1


async def test_row_13_killed_in_its_answer_it_writes_the_answer_anew_into_the_same_reply(
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as home:
        home.ollama.interval = 3600
        ts = await home.ask()
        await home.ollama.wait_for(lambda: home.ollama.streaming)
        await home.bot.kill()
        home.ollama.interval = 0
        await home.bot.start()
        assert "old snapshot" in shown(await home.answered(ts))
        home.bot.terminate()
        assert await home.bot.ended() == 0
        assert len(home.replies(ts)) == 1


async def test_row_32_sigterm_lets_the_answer_under_way_end_and_leaves_with_status_zero(
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as home:
        home.ollama.interval = 0.05
        ts = await home.ask()
        await home.ollama.wait_for(lambda: home.ollama.streaming)
        home.bot.terminate()
        assert await home.bot.ended() == 0
        assert "old snapshot" in shown(await home.answered(ts))
