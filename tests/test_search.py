import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from index.articles.article import opening
from index.embedding.embedder import Embedder
from index.embedding.vectors import write as write_vectors
from index.errors import IndexMissing
from index.model import Blog
from index.retrieval import store
from index.search import Search
from index.storage import generations
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.shelves import BLOG, TOPICS, article, articles, publish


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    data = tmp_path_factory.mktemp("data")
    publish(data, articles())
    return Search(data, BLOG)


def first(search: Search, question: str) -> str:
    return search(question).hits[0].path


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("How do dead tuples go away?", "0/vacuum.md"),
        ("PENDING LIST of a gin index???", "0/gin.md"),
        ("请问倒排索引是怎么合并的？", "0/索引.md"),
        ("缓存击穿怎么办", "0/缓存.md"),
        ("what keeps segments for a standby", "0/replication.md"),
        ("全量 backup 恢复演练", "0/备份.md"),
    ],
)
def test_a_question_finds_its_article(search: Search, question: str, path: str) -> None:
    found = search(question)
    assert found.hits[0].path == path
    assert found.answerable


def test_a_slip_of_the_pen_still_finds_the_article(tmp_path: Path) -> None:
    publish(tmp_path, articles(4))
    assert first(Search(tmp_path, BLOG), "autovacum and bloat") == "0/vacuum.md"


@pytest.mark.parametrize("mark", ["?", "？", " ?!", "*", " AND NOT", '"', "\\", "(((", "~2", "^", ":"])
def test_what_looks_like_query_syntax_still_finds_the_article(search: Search, mark: str) -> None:
    assert first(search, f"dead tuples{mark}") == "0/vacuum.md"


@pytest.mark.parametrize(
    "question", ["", "   ", "？？？", "the of and", "怎么 什么 请问", "xyzzy plugh", "\0\0"]
)
def test_a_question_without_known_words_finds_nothing_and_is_not_answerable(
    search: Search, question: str
) -> None:
    found = search(question)
    assert found.hits == ()
    assert not found.answerable


@pytest.mark.parametrize(
    "question",
    [
        "How do I cook pasta al dente?",
        "明天北京限行尾号是多少",
        "Kafka consumer group keeps rebalancing",
        "年会抽奖几点开始啊",
    ],
)
def test_a_question_about_something_else_is_not_answerable(search: Search, question: str) -> None:
    assert not search(question).answerable


def test_a_question_of_ten_thousand_characters_is_searched(search: Search) -> None:
    assert first(search, "dead tuples and bloat? " * 450) == "0/vacuum.md"


def test_hits_come_best_first_and_no_more_than_asked(search: Search) -> None:
    hits = search("index list 索引 log note team", 3).hits
    assert len(hits) == 3
    assert all(one.score >= other.score for one, other in pairwise(hits))


def test_a_hit_brings_its_best_passages_first_each_with_its_link(tmp_path: Path) -> None:
    filler = "Nothing but words that fill the page until the next heading comes along. " * 9
    text = (
        f"{filler}\n\n## Dead tuples\n\nAutovacuum removes dead tuples. {filler}\n\n## 结尾\n\n{filler} Dead."
    )
    publish(tmp_path, [article("a b.md", "Vacuum", text), *articles()])
    hit = next(hit for hit in Search(tmp_path, BLOG)("autovacuum dead tuples").hits if hit.path == "a b.md")
    assert hit.url == "https://github.com/acme/blog/blob/main/a%20b.md"
    assert hit.passage.headings == ("Dead tuples",)
    assert hit.passage.url == f"{hit.url}#dead-tuples"
    assert len(hit.passages) > 1


def test_a_link_template_wins_over_the_repositorys_address(tmp_path: Path) -> None:
    publish(tmp_path, articles())
    search = Search(tmp_path, Blog("/somewhere/local", link="https://pages.example/{branch}/{path}"))
    assert search("dead tuples").hits[0].url == "https://pages.example/main/0/vacuum.md"


def test_what_an_article_is_about_outweighs_a_passing_mention(tmp_path: Path) -> None:
    mention = article(
        "log.md", "A week in the life", "We met, we ate, someone said GIN index once, and we went home."
    )
    publish(tmp_path, [mention, *articles()])
    assert first(Search(tmp_path, BLOG), "gin index") == "0/gin.md"


def test_equal_articles_stand_in_the_order_of_their_paths(tmp_path: Path) -> None:
    publish(tmp_path, [article(f"{name}.md", "Same", TOPICS["gin"]) for name in "cab"])
    assert [hit.path for hit in Search(tmp_path, BLOG)("posting lists").hits] == ["a.md", "b.md", "c.md"]


def test_without_an_index_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="not been indexed") as failure:
        Search(tmp_path, BLOG)("dead tuples")
    assert "refresh" in failure.value.fix


def test_it_changes_over_to_a_newer_generation_between_two_questions(tmp_path: Path) -> None:
    kept = publish(tmp_path, articles())
    search = Search(tmp_path, BLOG)
    assert first(search, "dead tuples") == "0/vacuum.md"
    before = search.status().generation
    publish(
        tmp_path,
        [article("new.md", "Dead tuples", "Dead tuples, once more and better told than in the old article.")],
        keep=kept,
        gone=["0/vacuum.md"],
    )
    assert first(search, "dead tuples") == "new.md"
    assert search.status().generation > before
    assert search.status().articles == len(TOPICS)


def test_many_workers_get_the_same_answers_while_generations_change(tmp_path: Path) -> None:
    publish(tmp_path, articles())
    search = Search(tmp_path, BLOG)
    found: list[str] = []

    def ask() -> None:
        for _ in range(20):
            found.extend(
                (first(search, "dead tuples"), first(search, "posting list"), first(search, "缓存击穿"))
            )

    workers = [threading.Thread(target=ask) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(3):
        publish(tmp_path, articles())
    for worker in workers:
        worker.join()
    assert found == ["0/vacuum.md", "0/gin.md", "0/缓存.md"] * 80


def test_articles_left_out_are_neither_found_nor_evidence_of_an_answer(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        embedder = Embedder((fake.url,), fake.model, wait=0)
        embedded(tmp_path, embedder)
        for search in (Search(tmp_path, BLOG, embedder), Search(tmp_path, BLOG)):
            every = [hit.path for hit in search("dead tuples and bloat", 3).hits]
            found = search("dead tuples and bloat", 3, (), (every[0], "gone.md"))
            assert every[0] not in [hit.path for hit in found.hits]
            assert [hit.path for hit in found.hits][: len(every) - 1] == every[1:]
            left_out = [hit.path for hit in search("dead tuples", 100).hits]
            assert not search("dead tuples", 10, (), left_out).answerable


def test_the_latest_articles_come_newest_first(search: Search) -> None:
    hits = search.latest(2)
    assert [hit.date for hit in hits] == ["2020-01-12", "2020-01-11"]
    assert hits[0].passage.number == 0


def embedded(data: Path, embedder: Embedder) -> None:
    """Publish a generation with embeddings."""
    index = publish(data, articles())
    held = generations.newest(data)
    assert held is not None
    with generations.aside(data) as folder:
        store.write(folder / "index", [], keep=index)
        items = [(one.path, opening(one)) for one in articles()]
        write_vectors(folder / "vectors", items, embedder, data / "vectors")
        generations.publish(data, folder, replace(held.manifest, embedded=embedder.model))


def test_embeddings_are_heard_beside_the_words(tmp_path: Path) -> None:
    with FakeEmbeddings() as fake:
        embedder = Embedder((fake.url,), fake.model, wait=0)
        embedded(tmp_path, embedder)
        asked = len(fake.texts)
        found = Search(tmp_path, BLOG, embedder)("dead tuples and bloat")
        assert found.hits[0].path == "0/vacuum.md"
        assert not found.words_alone
        assert found.answerable
        assert len(fake.texts) == asked + 1


def test_without_its_embedding_model_words_alone_decide_and_it_is_not_asked_again_at_once(
    tmp_path: Path,
) -> None:
    with FakeEmbeddings() as fake:
        embedder = Embedder((fake.url,), fake.model, wait=0)
        embedded(tmp_path, embedder)
        fake.answer = lambda _: (500, {"error": "out of memory"})
        search = Search(tmp_path, BLOG, embedder)
        asked = len(fake.bodies)
        for _ in range(3):
            found = search("dead tuples and bloat")
            assert found.words_alone
            assert found.hits == Search(tmp_path, BLOG)("dead tuples and bloat").hits
        assert len(fake.bodies) == asked + 1


def test_a_generation_without_embeddings_is_searched_by_words_without_asking_the_model(
    tmp_path: Path,
) -> None:
    with FakeEmbeddings() as fake:
        publish(tmp_path, articles())
        found = Search(tmp_path, BLOG, Embedder((fake.url,), fake.model, wait=0))("dead tuples")
        assert found.hits[0].path == "0/vacuum.md"
        assert found.words_alone
        assert fake.bodies == []
