"""The bot as its own program between neighbours that outlive it, to be killed at will."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground import Playground
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
        replies = self.replies(ts)
        states = [m.get("metadata", {}).get("event_payload", {}).get("state", "open") for m in replies]
        return (
            replies[0] if replies and "open" not in states else None
        )  # a stream has no state before its end


@asynccontextmanager
async def street(folder: Path, **settings: str) -> AsyncIterator[Street]:
    """A bot that is ready, with *settings* besides its own."""
    blog = await settle(folder)
    async with Playground() as slack, FakeOllama() as ollama:
        env = environment(folder, settings.pop("blog", str(blog)), slack, ollama.url, **settings)
        async with bot_process(folder, env) as bot:
            yield Street(bot, slack, ollama)
