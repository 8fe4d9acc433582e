"""A tiny real Bolt app that connects to the playground: what the unchanged bot does, without the bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
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


def hearing(app: AsyncApp) -> list[dict[str, Any]]:
    """Let *app* hear every event there is; returns what it heard."""
    heard: list[dict[str, Any]] = []

    @app.event({"type": "app_mention"})
    async def mention(body: dict[str, Any]) -> None:
        heard.append(body)

    @app.event("message")
    async def message(body: dict[str, Any]) -> None:
        heard.append(body)

    for subtype in ("message_changed", "message_deleted"):
        app.event({"type": "message", "subtype": subtype})(message)
    return heard


def mention(slack: Playground, text: str = "how do I ask?") -> str:
    """What someone types to ask the bot."""
    return f"<@{slack.bot_user_id}> {text}"


async def refused(calling: Any) -> str:
    """The error with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as failure:
        await calling
    return str(failure.value.response["error"])


def names(heard: list[dict[str, Any]]) -> list[str]:
    """The subtypes, else types, of events."""
    return [body["event"].get("subtype", body["event"]["type"]) for body in heard]
