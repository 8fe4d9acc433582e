"""App Home: how to ask, what could be asked, how fresh the index is [Bolt]."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Source
from bot.phrases import choose
from bot.slack import notices
from bot.slack.blocks import Block, plain, section, sections, source_line
from bot.slack.notices import Facts
from index.errors import IndexFailure
from index.model import Hit

log = structlog.get_logger(__name__)


def register(
    app: AsyncApp,
    *,
    facts: Callable[[], Awaitable[Facts]],
    latest: Callable[[int], Awaitable[Sequence[Hit]]],
) -> None:
    """Publish a person's App Home whenever they open it."""

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event.get("tab") != "home":
            return
        try:
            view = home(await facts(), await latest(3))
        except IndexFailure as failure:
            log.info("home without index", error=type(failure).__name__)
            view = home(None, ())
        try:
            await client.api_call("views.publish", json={"user_id": event["user"], "view": view})
        except SlackApiError as exc:
            log.warning("home not published", code=exc.response.get("error"))


def home(facts: Facts | None, articles: Sequence[Hit], locale: str = "") -> dict[str, Any]:
    """The view: at most 100 blocks (docs.slack.dev/reference/views/home-tab-views)."""
    words = choose("", locale)
    blocks: list[Block] = [{"type": "header", "text": plain(words.home_title, 150)}, section(words.help)]
    if articles:
        lines = [
            source_line(Source(n, hit.title, hit.url, hit.path, hit.date))
            for n, hit in enumerate(articles, 1)
        ]
        blocks += sections([f"*{words.home_prompts}*", *lines])
    state = notices.status(facts) if facts else notices.index_missing()
    blocks += [section(f"*{words.home_freshness}*"), *state["blocks"]]
    return {"type": "home", "blocks": blocks}
