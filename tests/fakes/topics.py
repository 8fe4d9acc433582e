"""A small blog of articles that can be told apart, and the few calls every test of a refresh makes."""

from pathlib import Path
from typing import Any

from index.model import Blog, Report
from index.refresh import refresh
from index.search import Search
from tests.fakes.repositories import BlogRepository

TOPICS = (
    "vacuum", "replication", "partitions", "locks", "backup", "sharding",
    "collation", "triggers", "cursors", "tablespaces", "checkpoints", "sequences",
)  # fmt: skip


def article(topic: str, extra: str = "") -> str:
    """Write an article about *topic*."""
    return (
        f"# About {topic}\n\nThis article explains how {topic} work in our database, in some words. {extra}\n"
    )


def topics_blog(path: Path) -> BlogRepository:
    """Make a repository with an article on each of the topics, committed."""
    repository = BlogRepository(path)
    for topic in TOPICS:
        repository.write(f"posts/{topic}.md", article(topic))
    repository.commit()
    return repository


def refreshed(blog: object, data: Path, **more: Any) -> Report:
    """Refresh the index of *blog* in *data*."""
    return refresh(Blog(str(blog)), data, **more)


def found(blog: object, data: Path, question: str) -> list[str]:
    """Return the paths that a newly opened search finds."""
    return [hit.path for hit in Search(data, Blog(str(blog)))(question).hits]


def published(data: Path) -> list[str]:
    """Return the names of what is in the folder of generations."""
    return sorted(path.name for path in (data / "generations").iterdir())
