"""Search and model wired together: what happens to a question when a part of it is away."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.answerer import answerer
from bot.config import Config
from bot.metrics import Metrics, Reading
from index import generations, vectors
from index.article import opening
from index.embedder import Embedder
from tests.fakes.embeddings import FakeEmbeddings
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
