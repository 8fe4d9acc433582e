"""A Bolt app built as in the product, connected to the stand-in's sockets, and sleeps that tests can see."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from bot.slack import calls as slack_calls
from bot.slack.listeners import app as slack_app
from bot.slack.presence.workspaces import At, identify, only, workspace


def web_client(slack: Playground) -> AsyncWebClient:
    """A Web API client as the product builds it."""
    return slack_calls.client(slack.bot_token, slack.api_url)


async def there(slack: Playground, *admins: str) -> At:
    """The bot in the stand-in's workspace."""
    web = web_client(slack)
    return only(workspace(web, await identify(web), admins))


@asynccontextmanager
async def connected(slack: Playground, register: Callable[[AsyncApp], None]) -> AsyncIterator[AsyncApp]:
    """The product's Bolt app with what *register* puts on it, connected by Socket Mode."""
    app = slack_app.build(await there(slack), slack.api_url)
    register(app)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    await slack.connected()
    try:
        yield app
    finally:
        await handler.close_async()


class Naps:
    """A ``sleep`` that takes no time and remembers how long it should have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Let the others run once instead of waiting."""
        self.taken.append(seconds)
        await asyncio.sleep(0)

    @property
    def waited(self) -> list[float]:
        """The naps that asked for any time at all."""
        return [seconds for seconds in self.taken if seconds]
