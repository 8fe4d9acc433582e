"""The blog as people use it beside asking: searched, listed, counted, told of, brought up to date."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from bot import refreshing
from bot.answerer import Answerer
from bot.config import Config
from bot.errors import ModelFailure, ModelMissing
from bot.metrics import Metrics
from bot.model import Policy, Question
from bot.slack.listeners.intake import PolicyOf
from bot.slack.rendering.notices import Facts, ModelState
from index.errors import IndexFailure
from index.model import Found, Hit, Progress, Report, Status, silent

MODEL_SECONDS = 2.0
"""Longest that a status waits to hear of the model."""

log = structlog.get_logger(__name__)


class Library:
    """What is asked of the blog; ``progress`` hears of every refresh, ``report`` is the last one's."""

    def __init__(self, config: Config, answers: Answerer, metrics: Metrics, *, policy_of: PolicyOf) -> None:
        self._config, self._answers, self._metrics = config, answers, metrics
        self._policy_of = policy_of
        self.progress: Progress = silent
        self.report: Report | None = None

    async def search(self, question: Question, limit: int) -> Found:
        """Search for a person, not for a prompt, in what the policy of the channel allows."""
        policy = await self._policy_of(question)
        return await self._answers.find(question.text, limit, policy.within, question.without)

    async def status(self) -> Status:
        """The generation being searched."""
        return await asyncio.to_thread(self._answers.search.status)

    async def latest(self, limit: int) -> Sequence[Hit]:
        """The newest articles."""
        return await asyncio.to_thread(self._answers.search.latest, limit)

    async def articles(self, policy: Policy) -> int | None:
        """How many articles a policy leaves; None without an index."""
        try:
            return await asyncio.to_thread(self._answers.search.count, policy.within)
        except IndexFailure:
            return None

    async def facts(self) -> Facts:
        """What ``/blog status`` and App Home tell."""
        status, state = await asyncio.gather(self.status(), self._model_state())
        return Facts(status, self._config.model, datetime.now(UTC), self.report, state)

    async def _model_state(self) -> ModelState:
        try:
            async with asyncio.timeout(MODEL_SECONDS):
                await self._answers.model.facts()
        except ModelMissing:
            return "missing"
        except (ModelFailure, TimeoutError):
            return "away"
        return "ready"

    async def refresh(self) -> Report:
        """Bring the index up to date; the old one answers meanwhile."""
        try:
            self.report = await refreshing.refresh(self._config, progress=self.progress)
        except IndexFailure:
            self._metrics.refreshed(done=False)
            raise
        self._metrics.refreshed(done=True)
        log.info("refreshed", generation=self.report.generation, articles=self.report.articles,
                 seconds=round(self.report.seconds, 1))  # fmt: skip
        return self.report
