"""A tiny real Bolt app that connects to the playground: what the unchanged bot does, without the bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground


def client_of(slack: Playground) -> AsyncWebClient:
    """A Web API client with the bot's token that never repeats a call by itself."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def app_of(slack: Playground) -> AsyncApp:
    """An app without listeners."""
    return AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)


@asynccontextmanager
async def connected(
    slack: Playground, app: AsyncApp, ping_interval: float = 10
) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect *app* in Socket Mode while the block runs."""
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=ping_interval)
    await handler.connect_async()
    try:
        await slack.connected()
        yield handler
    finally:
        await handler.close_async()
