"""The pages for supervisors and monitors."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import ConfigFailure
from bot.health import Health
from bot.metrics import Metrics, Reading
from bot.model import Answer
from index.model import Status

INDEX = Status("g-1", "abc", 120, 900, datetime.now(UTC) - timedelta(hours=2))


class Bot:
    """What the pages look at."""

    def __init__(self) -> None:
        self.reading = Reading(index=INDEX, slack=True, model="ready", waiting=3)
        self.failure: Exception | None = None
        self.metrics = Metrics()
        self.address = ""

    async def read(self) -> Reading:
        if self.failure:
            raise self.failure
        return self.reading

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(self.address + path) as response:
            return response.status, await response.text()

    async def samples(self) -> dict[tuple[str, str], float]:
        """Every sample by name and label value."""
        _, page = await self.get("/metrics")
        return {
            (sample.name, "".join(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    made = Bot()
    health = Health("127.0.0.1", 0, metrics=made.metrics, read=made.read)
    made.address = await health.start()
    yield made
    await health.stop()


async def test_a_living_process_is_healthy_whatever_else_is_down(bot: Bot) -> None:
    bot.failure = OSError("all is lost")
    assert await bot.get("/healthz") == (200, "ok\n")


async def test_a_bot_with_an_index_and_slack_is_ready(bot: Bot) -> None:
    async with aiohttp.ClientSession() as session, session.get(bot.address + "/readyz") as response:
        assert response.status == 200
        page = await response.json()
    assert page == {
        "ready": True,
        "slack": True,
        "index": {"generation": "g-1", "articles": 120, "published": INDEX.published.isoformat()},
        "model": "ready",
    }


@pytest.mark.parametrize("reading", [Reading(index=None, slack=True), Reading(index=INDEX, slack=False)])
async def test_without_an_index_or_without_slack_it_is_not_ready(bot: Bot, reading: Reading) -> None:
    bot.reading = reading
    assert (await bot.get("/readyz"))[0] == 503


async def test_a_missing_model_is_told_but_leaves_it_ready(bot: Bot) -> None:
    bot.reading = Reading(index=INDEX, slack=True, model="missing")
    status, page = await bot.get("/readyz")
    assert (status, '"missing"' in page) == (200, True)


async def test_a_state_that_cannot_be_read_is_unready_and_tells_nothing_of_why(bot: Bot) -> None:
    bot.failure = ValueError("postgresql://anna:geheim@db")
    status, page = await bot.get("/readyz")
    assert (status, "geheim" in page) == (503, False)
    assert ("blogbot_slack_connected", "") in await bot.samples()


async def test_what_is_counted_and_measured_is_shown(bot: Bot) -> None:
    bot.metrics.answered(Answer("q", "a", "answered", first_token_ms=400, total_ms=3000))
    bot.metrics.answered(Answer("q", "", "no_source", total_ms=20))
    bot.metrics.refreshed(done=True)
    bot.metrics.refreshed(done=False)
    bot.metrics.embedding_failed()
    bot.reading = Reading(index=INDEX, slack=True, waiting=3, breaker_open=True, tasks=40)
    found = await bot.samples()
    assert found["blogbot_questions_total", "answered"] == 1
    assert found["blogbot_questions_total", "no_source"] == 1
    assert found["blogbot_questions_total", "failed"] == 0
    assert found["blogbot_first_token_seconds_sum", ""] == 0.4
    assert found["blogbot_first_token_seconds_count", ""] == 1
    assert found["blogbot_answer_seconds_bucket", "5.0"] == 2
    assert found["blogbot_refreshes_total", "failed"] == found["blogbot_refreshes_total", "done"] == 1
    assert found["blogbot_embedding_failures_total", ""] == 1
    assert found["blogbot_index_articles", ""] == 120
    age = (datetime.now(UTC) - INDEX.published).total_seconds()
    assert 7200 <= found["blogbot_index_age_seconds", ""] <= age
    assert found["blogbot_queue_waiting", ""] == 3
    assert found["blogbot_tasks", ""] == 40
    assert found["process_open_fds", ""] > 3
    assert found["process_resident_memory_bytes", ""] > 1_000_000
    assert found["blogbot_model_breaker_open", ""] == found["blogbot_slack_connected", ""] == 1


async def test_no_page_holds_a_question(bot: Bot) -> None:
    bot.metrics.answered(Answer("An unmistakable sentence", "and its answer", "answered", total_ms=1))
    for path in ("/healthz", "/readyz", "/metrics"):
        assert "unmistakable" not in (await bot.get(path))[1]


async def test_a_port_in_use_is_a_failure_that_names_its_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        metrics = Metrics()
        with pytest.raises(ConfigFailure, match=rf"127\.0\.0\.1:{port}.*BLOGBOT_HEALTH_PORT"):
            await Health("127.0.0.1", port, metrics=metrics, read=Bot().read).start()


async def test_a_host_that_is_not_ours_is_a_failure_that_names_its_setting() -> None:
    with pytest.raises(ConfigFailure, match="BLOGBOT_HEALTH_HOST"):
        await Health("192.0.2.1", 0, metrics=Metrics(), read=Bot().read).start()


async def test_two_bots_in_one_process_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.embedding_failed()
    page = two.page(Reading(index=None, slack=False), datetime.now(UTC)).decode()
    assert "blogbot_embedding_failures_total 0.0" in page
