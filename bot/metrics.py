"""What the bot counts and measures, under its own Prometheus registry: numbers, never text."""

from dataclasses import dataclass
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from bot.model import Answer, Outcome
from index.model import Status

_OUTCOMES: tuple[Outcome, ...] = (
    "answered",
    "no_source",
    "model_unavailable",
    "model_missing",
    "busy",
    "cut_short",
    "failed",
)
_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)


@dataclass(frozen=True, slots=True)
class Reading:
    """The bot's state at a moment: ``index`` None where none was published; ``model`` in a word or two."""

    index: Status | None
    slack: bool
    model: str = ""
    waiting: int = 0
    breaker_open: bool = False
    tasks: int = 0

    @property
    def ready(self) -> bool:
        """Whether questions can come in and be looked up; without a model people still get articles."""
        return self.index is not None and self.slack


class Metrics:
    """Counters that the bot's parts feed, gauges of a Reading at each scrape, and what the process takes."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._questions = Counter(
            "blogbot_questions", "Questions by how they ended.", ["outcome"], registry=registry
        )
        for outcome in _OUTCOMES:
            self._questions.labels(outcome)
        self._first_token = Histogram(
            "blogbot_first_token_seconds",
            "From asking the model to its first word.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._total = Histogram(
            "blogbot_answer_seconds", "From question to whole answer.", buckets=_SECONDS, registry=registry
        )
        self._refreshes = Counter(
            "blogbot_refreshes", "Refreshes of the index by result.", ["result"], registry=registry
        )
        for result in ("done", "failed"):
            self._refreshes.labels(result)
        self._embedding_failures = Counter(
            "blogbot_embedding_failures", "Searches made without embeddings.", registry=registry
        )
        self._prompts_cut = Counter(
            "blogbot_prompts_cut", "Prompts that the model's server cut short.", registry=registry
        )
        self._age = Gauge("blogbot_index_age_seconds", "Since the index was published.", registry=registry)
        self._articles = Gauge("blogbot_index_articles", "Articles in the index.", registry=registry)
        self._waiting = Gauge("blogbot_queue_waiting", "Questions waiting for their turn.", registry=registry)
        self._breaker = Gauge(
            "blogbot_model_breaker_open", "1 while the model is left alone.", registry=registry
        )
        self._slack = Gauge("blogbot_slack_connected", "1 while Slack is connected.", registry=registry)
        self._tasks = Gauge(
            "blogbot_tasks", "asyncio tasks under way; more and more of them is a leak.", registry=registry
        )
        ProcessCollector(registry=registry)  # memory, file descriptors, CPU

    def answered(self, answer: Answer) -> None:
        """Count a question that ended."""
        self._questions.labels(answer.outcome).inc()
        self._total.observe(answer.total_ms / 1000)
        if answer.first_token_ms:
            self._first_token.observe(answer.first_token_ms / 1000)

    def refreshed(self, *, done: bool) -> None:
        """Count a refresh."""
        self._refreshes.labels("done" if done else "failed").inc()

    def embedding_failed(self) -> None:
        """Count a search that had to do without embeddings."""
        self._embedding_failures.inc()

    def prompt_cut(self) -> None:
        """Count a prompt that the model's server cannot have read whole."""
        self._prompts_cut.inc()

    def page(self, reading: Reading, now: datetime) -> bytes:
        """The exposition format of everything, with the gauges as *reading* has them."""
        if reading.index is not None:
            self._age.set((now - reading.index.published).total_seconds())
            self._articles.set(reading.index.articles)
        self._waiting.set(reading.waiting)
        self._breaker.set(reading.breaker_open)
        self._slack.set(reading.slack)
        self._tasks.set(reading.tasks)
        return generate_latest(self.registry)
