"""Mirrors of small blogs with large images, and what can be measured of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from index.model import Skip
from index.repository.files import matcher
from index.repository.mirror import Mirror
from index.repository.remote import Remote, Tip
from tests.fakes.repositories import BlogRepository

IMAGE = os.urandom(300_000)


def mirror_of(
    data: Path,
    repo: object,
    branch: str = "",
    include: Sequence[str] = ("**/*.md",),
    exclude: Sequence[str] = (),
) -> Mirror:
    """Make the mirror of *repo* in *data*; it never tries twice."""
    return Mirror(data / "mirror.git", Remote(str(repo), branch, waits=()), matcher(include, exclude))


def texts(mirror: Mirror, tip: Tip | None = None) -> dict[str, str | Skip]:
    """Read every wanted file of the newest commit."""
    tip = tip or mirror.fetch()
    return dict(mirror.read(mirror.tree(tip.commit).files))


def size(folder: Path) -> int:
    """Return the bytes of all files under *folder*."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def packs(data: Path) -> int:
    """Return how many packs the mirror in *data* has."""
    return len(list((data / "mirror.git" / "objects" / "pack").glob("*.pack")))


def illustrated_blog(path: Path) -> BlogRepository:
    """Thirty articles with three large images, committed."""
    repository = BlogRepository(path)
    for number in range(30):
        repository.write(f"2024/{number}.md", f"# 文章 {number}\n\nText of article {number}.\n")
    for number in range(3):
        repository.write(f"2024/{number}.png", IMAGE[number:])
    repository.commit()
    return repository
