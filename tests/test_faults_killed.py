"""The bot as its own program, killed with -9 or stopped with SIGTERM at bad moments (faults 12, 13, 32)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground import Playground, shown
from tests.fakes.bot_process import BotProcess, bot_process
from tests.fakes.furnished import settle, untold
from tests.fakes.house import environment
from tests.fakes.ollama import FakeOllama

QUESTION = "why does VACUUM leave dead rows behind?"


@dataclass(frozen=True, slots=True)
class Street:
    """A bot that can be killed, and the neighbours that outlive it."""

    bot: BotProcess
    slack: Playground
    ollama: FakeOllama

    async def ask(self) -> str:
        """Mention the bot, and return when Slack was told that the question arrived."""
        event = await untold(self.slack, QUESTION)
        ack = await self.slack.send_event(event)
        assert ack.acked
        return str(event["ts"])

    def replies(self, ts: str) -> list[dict[str, Any]]:
        """What the bot said in the thread."""
        thread = self.slack.messages(self.slack.general, ts)
        return [message for message in thread if message["user"] == self.slack.bot_user_id]

    async def answered(self, ts: str) -> dict[str, Any]:
        """Wait for the finished reply."""
        return await self.slack.wait_for(lambda: self._finished(ts), 60)

    def _finished(self, ts: str) -> dict[str, Any] | None:
        states = [(m["metadata"]["event_payload"]["state"], m) for m in self.replies(ts)]
        return next((message for state, message in states if state != "open"), None)


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    blog = await settle(folder)
    async with Playground() as slack, FakeOllama() as ollama:
        env = environment(folder, str(blog), slack, ollama.url)
        async with bot_process(folder, env) as bot:
            yield Street(bot, slack, ollama)


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
        await home.slack.wait_for(lambda: home.ollama.streaming)
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
        await home.slack.wait_for(lambda: home.ollama.streaming)
        home.bot.terminate()
        assert await home.bot.ended() == 0
        assert "old snapshot" in shown(await home.answered(ts))
