"""The whole bot, as ``serve`` runs it, between the Slack stand-in, a real blog and the Ollama double."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import serve
from bot.config import Config
from bot.playground import Playground, shown
from bot.refreshing import refresh
from tests.fakes.ollama import FakeOllama
from tests.fakes.repositories import BlogRepository

LINK = "https://example.org/{branch}/{path}"
ARTICLES = {
    "notes/vacuum.md": """# Why VACUUM leaves dead rows behind

A long transaction keeps an old snapshot, so VACUUM cannot remove the row versions that it might still see.
End the transaction, or set idle_in_transaction_session_timeout to five minutes.
""",
    "notes/rum.md": """## RUM 索引和 GIN 索引的区别

### 日期
2019-07-06

----

## 结构
GIN 的倒排列表只存行号。RUM 在每个行号后面多存了附加信息, 例如位置和时间戳, 所以可以直接按相关度排序。

## 代价
RUM 索引更大, 写入更慢。
""",
    "notes/backup.md": """# Restoring a backup on the machine egret

Every Tuesday at 04:10 a backup is restored on egret. The restore takes 70 minutes, with a delta only 15.
""",
    "notes/release.md": """# 发布流程

周一到周四十点到十六点可以发布。金丝雀机器先观察十五分钟, 错误率超过百分之零点五就回滚。
""",
    "notes/review.md": """# How we review code

One approval is enough; changes to payments need two. We answer within four hours.
""",
}


@dataclass(frozen=True, slots=True)
class House:
    """A running bot and its neighbours."""

    slack: Playground
    blog: BlogRepository
    ollama: FakeOllama
    config: Config
    said: list[str]

    async def ask(self, text: str, *, thread: str | None = None) -> str:
        """Mention the bot as Ada in #general; return the question's timestamp."""
        mention = f"<@{self.slack.bot_user_id}> {text}"
        return await self.slack.say(self.slack.ada, self.slack.general, mention, thread_ts=thread)

    async def reply(self, ts: str, channel: str = "", number: int = 1) -> dict[str, Any]:
        """The bot's finished *number*-th reply in the thread *ts*."""
        return await self.slack.wait_for(
            lambda: self._finished(channel or self.slack.general, ts, number), 30
        )

    def _finished(self, channel: str, ts: str, number: int) -> dict[str, Any] | None:
        replies = [m for m in self.slack.messages(channel, ts) if m.get("user") == self.slack.bot_user_id]
        if len(replies) < number:
            return None
        reply = replies[number - 1]
        state = (reply.get("metadata") or {}).get("event_payload", {}).get("state")
        return reply if state != "open" else None


def environment(
    tmp_path: Path, blog: BlogRepository | str, slack: Playground, ollama: str, **more: str
) -> dict[str, str]:
    """The environment of a bot under *tmp_path*."""
    return {
        "BLOGBOT_REPO": str(blog),
        "BLOGBOT_LINK": LINK,
        "BLOGBOT_DATA": str(tmp_path / "data"),
        "BLOGBOT_HEALTH_PORT": "0",
        "OLLAMA_HOST": ollama,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "BLOGBOT_ADMINS": slack.ada,
    } | more


def config_of(
    tmp_path: Path, blog: BlogRepository | str, slack: Playground, ollama: str, **more: str
) -> Config:
    """Settings for a bot under *tmp_path*."""
    return Config.from_env(environment(tmp_path, blog, slack, ollama, **more))


def blog_at(path: Path) -> BlogRepository:
    """A blog of five articles."""
    blog = BlogRepository(path)
    for name, text in ARTICLES.items():
        blog.write(name, text)
    blog.commit()
    return blog


def remember_a_refresh(data: Path) -> None:
    """Let the schedule find that it has done its work, so that no refresh is made up for at the start."""
    (data / "schedule.json").write_text(json.dumps({"refreshed": datetime.now(UTC).isoformat()}))


@asynccontextmanager
async def serving(config: Config, said: list[str] | None = None) -> AsyncIterator[list[str]]:
    """The bot of *config*, ready; at the end it is stopped as by SIGTERM, and its failure raised."""
    heard = said if said is not None else []
    stop, ready = asyncio.Event(), asyncio.Event()

    def announce(sentence: str) -> None:
        heard.append(sentence)
        if sentence.startswith("Ready"):
            ready.set()

    task = asyncio.create_task(serve(config, announce, stop))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield heard
    finally:
        waiting.cancel()
        stop.set()
        await task


@asynccontextmanager
async def house(
    tmp_path: Path, *, indexed: bool = True, slack: Playground | None = None, **settings: str
) -> AsyncIterator[House]:
    """Everything running, with the blog indexed beforehand unless *indexed* is false."""
    blog = blog_at(tmp_path / "blog")
    async with slack or Playground() as workspace, FakeOllama() as ollama:
        config = config_of(tmp_path, blog, workspace, ollama.url, **settings)
        if indexed:
            await refresh(config)
            remember_a_refresh(config.data)
        async with serving(config) as said:
            yield House(workspace, blog, ollama, config, said)


__all__ = ["ARTICLES", "House", "blog_at", "config_of", "environment", "house", "serving", "shown"]
