"""Extras of Slack's agent view: suggested prompts and titles, quietly left out elsewhere [Slack Web API]."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotFailure, SlackFailure
from bot.model import Question
from bot.phrases import Phrases
from bot.slack.calls import Calls
from bot.slack.rendering import text as slack_text
from index.model import Hit

PROMPTS = 3
"""Slack shows four at most (docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts)."""
LONGEST_TITLE = 75
SECONDS = 3.0
"""Longest that an answer waits for its title."""

log = structlog.get_logger(__name__)


class Agent:
    """A method that Slack refuses once is not tried again until the next start."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._calls = Calls(web)
        self._refused: set[str] = set()

    async def suggest(self, channel: str, articles: Sequence[Hit], words: Phrases) -> None:
        """Offer the titles of *articles* as questions in a person's conversation with the bot."""
        prompts = [
            {"title": slack_text.shorten(hit.title, LONGEST_TITLE), "message": hit.title}
            for hit in articles[:PROMPTS]
            if hit.title.strip()
        ]
        if prompts:
            arguments = {"channel_id": channel, "prompts": prompts, "title": words.home_prompts}
            await self._try("assistant.threads.setSuggestedPrompts", arguments)

    async def entitle(self, question: Question) -> None:
        """Name a direct conversation after the question it began with."""
        if question.kind == "direct" and question.root == question.ts:
            title = slack_text.shorten(" ".join(question.text.split()), LONGEST_TITLE)
            arguments = {"channel_id": question.channel, "thread_ts": question.root, "title": title}
            await self._try("assistant.threads.setTitle", arguments)

    async def _try(self, method: str, arguments: Mapping[str, Any]) -> None:
        if method in self._refused:
            return
        try:
            async with asyncio.timeout(SECONDS):
                await self._calls.once(method, arguments)
        except SlackFailure as failure:
            log.info("no agent view here", method=method, code=failure.code)
            self._refused.add(method)
        except (BotFailure, TimeoutError) as exc:
            log.info("agent view not reached", method=method, error=type(exc).__name__)
