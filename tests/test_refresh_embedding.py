"""Embeddings come with the index where a model answers, and their absence is never anybody's error."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from index.embedding.vectors import Embedder, Vectors, read
from index.errors import EmbeddingUnavailable
from index.model import Blog
from index.storage import generations
from tests.fakes.embeddings import PLACES, FakeEmbeddings
from tests.fakes.refreshing import ROOT, start
from tests.fakes.repositories import BlogRepository
from tests.fakes.topics import TOPICS, article, found, refreshed, topics_blog


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return topics_blog(tmp_path / "blog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def embedder(fake: FakeEmbeddings, model: str = "e5-small") -> Embedder:
    return Embedder((fake.url,), model, wait=0)


def passages(fake: FakeEmbeddings) -> int:
    """How many passages were embedded."""
    return sum(text.startswith("passage: ") for text in fake.texts)


def vectors(data: Path) -> Vectors | None:
    newest = generations.newest(data)
    assert newest is not None
    return read(newest.vectors)


def embedded(data: Path) -> list[str]:
    found_ = vectors(data)
    return sorted(found_.paths) if found_ else []


def test_every_article_is_embedded_by_what_it_is_about(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        refreshed(blog, data, embed=embedder(fake))
        made = vectors(data)
        assert made is not None
        best = made.rank(embedder(fake).passages(["about cursors how cursors work"])[0], 1)
    assert len(made.paths) == 12
    assert best[0][0] == "posts/cursors.md"


def test_the_first_index_serves_while_it_is_being_embedded(blog: BlogRepository, data: Path) -> None:
    served: list[list[str]] = []

    def progress(step: str, done: int, total: int) -> None:
        if (step, done) == ("embed", 0):
            served.append(found(blog, data, "triggers"))

    with FakeEmbeddings() as fake:
        report = refreshed(blog, data, embed=embedder(fake), progress=progress)
    assert served == [["posts/triggers.md"]]
    assert report.added == 12
    assert report.generation == generations.current(data)


def test_only_what_changed_is_embedded(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        refreshed(blog, data, embed=embedder(fake))
        blog.write("posts/new.md", article("logical decoding")).write("posts/locks.md", article("latches"))
        blog.delete("posts/vacuum.md").commit()
        refreshed(blog, data, embed=embedder(fake))
        assert passages(fake) == 12 + 2
    left = {f"posts/{topic}.md" for topic in TOPICS} - {"posts/vacuum.md"} | {"posts/new.md"}
    assert embedded(data) == sorted(left)


def test_nothing_new_embeds_and_publishes_nothing(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        first = refreshed(blog, data, embed=embedder(fake))
        assert refreshed(blog, data, embed=embedder(fake)).generation == first.generation
        assert passages(fake) == 12


def test_without_an_answer_the_words_are_indexed_and_the_log_says_so(
    blog: BlogRepository, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeEmbeddings() as fake:
        report = refreshed(blog, data, embed=embedder(fake, "not-pulled"))
    assert report.articles == 12
    assert vectors(data) is None
    assert found(blog, data, "triggers") == ["posts/triggers.md"]
    said = capsys.readouterr()
    assert "embedding_unavailable" in said.out + said.err
    assert "not-pulled" in said.out + said.err


def test_what_was_missed_is_embedded_when_the_model_answers_again(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        fake.answer = lambda _: (500, {"error": "out of memory"})
        words = refreshed(blog, data, embed=embedder(fake))
        assert refreshed(blog, data, embed=embedder(fake)).generation == words.generation
        fake.answer = None
        assert refreshed(blog, data, embed=embedder(fake)).generation != words.generation
    assert len(embedded(data)) == 12


def test_a_model_that_fails_midway_costs_no_words(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        fake.answer = lambda texts: (
            (200, {"embeddings": [[1.0] * PLACES]}) if texts == ["blog"] else (500, {"error": "lost"})
        )
        report = refreshed(blog, data, embed=embedder(fake))
    assert report.articles == 12
    assert vectors(data) is None
    assert found(blog, data, "triggers") == ["posts/triggers.md"]


def test_another_model_embeds_everything_anew(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        refreshed(blog, data, embed=embedder(fake))
        fake.model = "bge-m3"
        fake.dimensions = 32
        refreshed(blog, data, embed=embedder(fake, "bge-m3"))
    made = vectors(data)
    assert made is not None
    assert (made.model, made.matrix.shape) == ("bge-m3", (12, 32))


def test_a_refresh_killed_while_embedding_goes_on_where_it_was(tmp_path: Path, data: Path) -> None:
    blog = BlogRepository(tmp_path / "blog")
    for number in range(40):
        blog.write(f"{number}.md", article(f"subject{number}"))
    blog.commit()
    with FakeEmbeddings() as fake:
        with start(blog, data, kill=("embed", 32), ollama=fake.url) as process:
            process.communicate()
        assert process.returncode == -9
        assert found(blog, data, "subject7")[0] == "7.md"
        assert passages(fake) == 32
        refreshed(blog, data, embed=embedder(fake))
        assert passages(fake) == 40
    assert len(embedded(data)) == 40


def test_a_rebuilt_index_takes_its_vectors_from_the_cache(blog: BlogRepository, data: Path) -> None:
    with FakeEmbeddings() as fake:
        refreshed(blog, data, embed=embedder(fake))
        before = vectors(data)
        for name in ("generations", "mirror.git"):
            (data / name).rename(data / f"lost-{name}")
        refreshed(blog, data, embed=embedder(fake))
        assert passages(fake) == 12
    after = vectors(data)
    assert before is not None
    assert after is not None
    assert np.array_equal(before.matrix, after.matrix)


def test_a_warning_does_not_get_between_the_lines_of_the_refresh_process(
    blog: BlogRepository, data: Path
) -> None:
    order = {
        "blog": asdict(Blog(str(blog))),
        "data": str(data),
        "force": False,
        "embed_hosts": ["http://127.0.0.1:9"],
        "embed_model": "e5-small",
    }
    done = subprocess.run(
        [sys.executable, "-m", "index"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "embedding_unavailable" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["report"]["articles"] == 12
    assert all(json.loads(line) for line in done.stdout.splitlines())


def test_the_question_itself_may_find_nobody(data: Path) -> None:
    with pytest.raises(EmbeddingUnavailable, match="does not answer"):
        Embedder(("http://127.0.0.1:9",), "e5-small").query("why")
