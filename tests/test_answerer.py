"""Search and model wired together: what happens to a question when a part of it is away."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.answerer import answerer
from bot.answers.choosing import Layout
from bot.config import Config
from bot.metrics import Metrics, Reading
from bot.model import Answer
from index.articles.article import opening
from index.embedding import vectors
from index.embedding.embedder import Embedder
from index.storage import generations
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_wire import Model, render
from tests.fakes.shelves import articles, publish


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A published generation with embeddings."""
    data = tmp_path / "data"
    publish(data, articles())
    held = generations.newest(data)
    assert held
    with FakeEmbeddings() as fake, generations.aside(data) as folder:
        held.index.rename(folder / "index")
        items = [(one.path, opening(one)) for one in articles()]
        vectors.write(folder / "vectors", items, Embedder((fake.url,), fake.model), data / "vectors")
        generations.publish(data, folder, replace(held.manifest, embedded=fake.model))
    return data


async def test_an_embedding_model_that_is_away_is_logged_and_counted_and_the_words_answer(data: Path) -> None:
    config = Config.from_env(
        {
            "BLOGBOT_DATA": str(data),
            "BLOGBOT_EMBED_MODEL": "e5-small",
            "OLLAMA_HOST": "http://127.0.0.1:9",
        }
    )
    metrics = Metrics()
    with capture_logs() as logs:
        async with answerer(config, counts=metrics) as answering:
            found = await answering.find("how do bloat and dead tuples come about", 3)
    assert found.hits[0].path == "0/vacuum.md"
    assert found.answerable
    assert [line["model"] for line in logs if line["event"] == "embedding_unavailable"] == ["e5-small"]
    assert b"blogbot_embedding_failures_total 1.0" in metrics.page(
        Reading(None, slack=True), datetime.now(UTC)
    )


@pytest.mark.parametrize("layout", ["turns", "documents"])
async def test_a_model_trained_for_less_than_the_setting_gets_a_prompt_that_it_can_hold(
    data: Path, layout: Layout
) -> None:
    async with FakeOllama("Because of dead tuples [1].", models=[Model(context_length=700)]) as fake:
        fake.count = lambda text: len(re.findall(r"\w+|[^\w\s]", text))
        config = Config.from_env(
            {"BLOGBOT_DATA": str(data), "OLLAMA_HOST": fake.url, "BLOGBOT_ANSWER_TOKENS": "200"}
        )
        async with answerer(config, layout=layout) as answering:
            question = "how do bloat and dead tuples come about" + ", and why" * 200
            events = [event async for event in answering.answer(question)]
    (prompt,) = fake.prompts
    assert prompt["options"]["num_ctx"] == 700
    assert fake.count(render(prompt["messages"])) <= 500
    assert isinstance(events[-1], Answer)
    assert events[-1].outcome == "answered"


async def test_what_a_model_can_hold_is_known_without_asking_twice_and_while_it_is_away(data: Path) -> None:
    async with FakeOllama(models=[Model(context_length=700)]) as fake:
        config = Config.from_env({"BLOGBOT_DATA": str(data), "OLLAMA_HOST": f"http://127.0.0.1:9,{fake.url}"})
        async with answerer(config) as answering:
            assert [await answering.model.context() for _ in range(3)] == [700] * 3
            assert [request.path for request in fake.requests].count("/api/show") == 1
            await fake.stop()
            assert await answering.model.context() == 700


async def test_where_no_server_ever_answered_the_setting_counts(data: Path) -> None:
    config = Config.from_env({"BLOGBOT_DATA": str(data), "OLLAMA_HOST": "http://127.0.0.1:9"})
    async with answerer(config) as answering:
        assert (await answering.settings.fitting()).context == config.context
