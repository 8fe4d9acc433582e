"""Follow-ups on a real index of the sample blog, and the set that measures them on larger ones."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.answers.lookup import Lookup, look_up
from bot.config import SAMPLE_BLOG
from bot.model import Conversation, Source
from index.model import Blog, Found
from index.refresh import refresh
from index.search import Search

SET = Path(__file__).parent / "sets" / "follow_ups.jsonl"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """A search over the sample blog."""
    data = tmp_path_factory.mktemp("data")
    blog = Blog(str(SAMPLE_BLOG), link="https://blog.example/{path}")
    refresh(blog, data)
    return Search(data, blog)


def thread(search: Search, first: str) -> Conversation:
    """The thread after *first* was answered from its three best articles."""
    sources = tuple(
        Source(n, hit.title, hit.url, hit.path, shown="\n".join(each.text for each in hit.passages))
        for n, hit in enumerate(search(first, 3).hits, 1)
    )
    return Conversation(sources=sources, questions=(first,))


def follow(search: Search, first: str, question: str) -> Lookup:
    async def find(asked: str, limit: int) -> Found:
        return await asyncio.to_thread(search, asked, limit)

    return asyncio.run(look_up(question, thread(search, first), find, 5))


@pytest.mark.parametrize(
    ("first", "question", "path"),
    [
        ("GIN 和 B-tree 怎么选？", "为什么？", "database/gin-or-btree.md"),
        ("VACUUM 为什么清不掉死元组？", "那磁盘满了呢？", "operations/disk-full.md"),
        ("How do we review code?", "and who is on call?", "operations/on-call.md"),
        ("How do we restore a backup?", "what about rotating a password?", "operations/rotate-password.md"),
        ("慢查询日志怎么开？", "怎么看它？", "database/slow-query-log.md"),
        ("发布流程是怎样的？", "新同事第一周要做什么", "team/first-week.md"),
    ],
)
def test_a_follow_up_finds_the_article_it_means(search: Search, first: str, question: str, path: str) -> None:
    found = follow(search, first, question)
    assert found.answerable
    assert path in [hit.path for hit in found.hits]


def test_chatter_in_a_thread_finds_no_source(search: Search) -> None:
    assert not follow(search, "GIN 和 B-tree 怎么选？", "年会抽奖几点开始啊").answerable


def test_the_set_for_larger_blogs_has_threads_of_every_kind_in_both_halves() -> None:
    rows = [json.loads(line) for line in SET.read_text().splitlines()]
    assert len(rows) >= 30
    assert len({row["id"] for row in rows}) == len(rows)
    for split in ("dev", "held"):
        half = [row for row in rows if row["split"] == split]
        assert len(half) >= 15
        assert any(row["change"] for row in half)
        assert any(row["full"].isascii() for row in half)
        assert all(row["gold"] for row in half)
