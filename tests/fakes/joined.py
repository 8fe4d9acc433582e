"""A whole bot in several workspaces at once, installed there by people with a browser."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aiohttp import ClientSession, CookieJar
from yarl import URL

from bot.config import Config
from bot.playground import Playground
from tests.fakes.furnished import settle
from tests.fakes.house import environment, serving
from tests.fakes.ollama import FakeOllama
from tests.fakes.several import Slacks, neighbours, running

Mode = Literal["socket", "http"]


@dataclass
class Joined:
    """The bot of *config*, which *env* makes, and its neighbours; it runs inside ``serving(config)``."""

    slacks: Slacks
    ollama: FakeOllama
    config: Config
    site: str
    env: dict[str, str]

    async def install(self, workspace: Playground | None, *, cookies: bool = True) -> tuple[int, str]:
        """A person of *workspace* opens the page and agrees; None does not. The status and text they see."""
        self.slacks.choosing = workspace
        # A browser takes a proxy's https for granted; here there is none.
        jar = CookieJar(unsafe=True, treat_as_secure_origin=URL(self.site)) if cookies else None
        async with ClientSession(cookie_jar=jar) as browser:
            async with browser.get(f"{self.site}/slack/install") as answer:
                return answer.status, await answer.text()

    async def ask(self, workspace: Playground, text: str, thread: str | None = None) -> str:
        """Mention the bot as Ada in #general of *workspace*."""
        mention = f"<@{workspace.bot_user_id}> {text}"
        return await workspace.say(workspace.ada, workspace.general, mention, thread)

    async def reply(self, workspace: Playground, ts: str, number: int = 1) -> dict[str, Any]:
        """The bot's finished *number*-th reply there."""

        def finished() -> dict[str, Any] | None:
            ours = [
                m for m in workspace.messages(workspace.general, ts) if m["user"] == workspace.bot_user_id
            ]
            done = len(ours) >= number and state(ours[number - 1]) != "open"
            return ours[number - 1] if done else None

        return await workspace.wait_for(finished, 30)


def state(message: dict[str, Any]) -> str:
    """What the marks of a reply say of it."""
    return str((message.get("metadata") or {}).get("event_payload", {}).get("state"))


@asynccontextmanager
async def prepared(
    folder: Path,
    mode: Mode = "http",
    workspaces: list[Playground] | None = None,
    *,
    rotates: bool = False,
    expires_in: int = 43_200,
    **settings: str,
) -> AsyncIterator[Joined]:
    """Everything but the bot."""
    blog = await settle(folder)
    places = workspaces or neighbours()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        site = f"http://127.0.0.1:{probe.getsockname()[1]}"
    async with running(*places, rotates=rotates, expires_in=expires_in) as slacks, FakeOllama() as ollama:
        slacks.redirect_url = f"{site}/slack/oauth_redirect"
        if mode == "http":
            for place in places:
                place.deliver_to(f"{site}/slack/events")
        tokens = {
            "SLACK_BOT_TOKEN": "",
            "SLACK_APP_TOKEN": slacks.first.app_token if mode == "socket" else "",
            "SLACK_SIGNING_SECRET": slacks.first.signing_secret if mode == "http" else "",
            "SLACK_API_URL": slacks.api_url,
            "SLACK_CLIENT_ID": slacks.client_id,
            "SLACK_CLIENT_SECRET": slacks.client_secret,
            "BLOGBOT_WORKSPACES": ",".join(place.team_id for place in places),
            "BLOGBOT_HTTP_PORT": site.rpartition(":")[2],
        }
        env = environment(folder, str(blog), slacks.first, ollama.url, **(tokens | settings))
        yield Joined(slacks, ollama, Config.from_env(env), site, env)


@asynccontextmanager
async def joined(folder: Path, *how: Any, **settings: Any) -> AsyncIterator[Joined]:
    """The bot running and installed nowhere yet."""
    async with prepared(folder, *how, **settings) as home, serving(home.config):
        yield home
