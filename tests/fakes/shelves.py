"""Published generations of made-up blogs, and topics that hold enough words to be told apart."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from index.articles.article import parse
from index.model import Article, Blog
from index.retrieval import store
from index.storage import generations
from index.storage.generations import Manifest

BLOG = Blog("https://github.com/acme/blog")

TOPICS = {
    "vacuum": "Autovacuum removes dead tuples; freezing prevents wraparound, bloat grows with long cursors.",
    "gin": "A GIN index keeps posting lists of keys; fast update holds a pending list for full text search.",
    "replication": "Streaming replication sends the log to standbys; slots keep segments until confirmed.",
    "partition": "Partitioning splits events by month; pruning skips partitions, detach drops them.",
    "backup": "Nightly backups go to object storage; a restore every quarter proves that they work.",
    "release": "Releases leave on Tuesday after the smoke check; rollback takes one command.",
    "review": "Code review asks for small changes; the reviewer answers within a day.",
    "onboarding": "First week: laptop, accounts, a walk through the services, and a tiny change.",
    "索引": "倒排索引把每个词条映射到文档编号，查询时合并倒排列表，再按相关度排序返回结果。",
    "备份": "每天凌晨做全量备份，归档日志持续上传，恢复演练每个季度进行一次，并记录恢复用时。",
    "限流": "网关按令牌桶限流，突发流量排队等待，超过阈值直接拒绝请求，监控面板显示拒绝比例。",
    "缓存": "缓存击穿时大量请求落到数据库，用互斥锁重建热点数据，过期时间加随机抖动避免雪崩。",
}


def article(path: str, title: str, text: str, date: str = "2020-01-01") -> Article:
    """An article as ``parse`` gives it."""
    found = parse(path, f"---\ndate: {date}\n---\n# {title}\n\n{text}\n")
    assert isinstance(found, Article)
    return found


def articles(copies: int = 1) -> Iterator[Article]:
    """An article for each topic, each *copies* times under other paths with a little of their own."""
    for copy in range(copies):
        for number, (topic, text) in enumerate(TOPICS.items()):
            yield article(
                f"{copy}/{topic}.md",
                f"All about {topic}",
                f"{text}\n\nNote {copy} by team {number}.",
                f"2020-01-{number + 1:02d}",
            )


def publish(
    data: Path, written: Iterable[Article], *, keep: Path | None = None, gone: Iterable[str] = ()
) -> Path:
    """Write and publish a generation in *data*; return the folder of its index."""
    with generations.aside(data) as folder:
        counts = store.write(folder / "index", written, keep=keep, gone=set(gone))
        manifest = Manifest(
            format=store.FORMAT,
            source="made up",
            repo=BLOG.repo,
            branch="main",
            commit="0123456789abcdef",
            articles=counts.articles,
            passages=counts.passages,
            blobs={},
            skipped={},
        )
        return generations.publish(data, folder, manifest).index
