"""Whatever goes wrong in a refresh, a whole index serves, and the next refresh works."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import (
    IndexFailure,
    NothingToIndex,
    RepositoryUnreachable,
    ShrinkRefused,
    StorageFailure,
)
from index.model import Blog
from index.refresh import refresh
from index.storage import generations
from tests.fakes.git_http import GitServer
from tests.fakes.repositories import BlogRepository
from tests.fakes.topics import TOPICS, article, found, refreshed, topics_blog


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return topics_blog(tmp_path / "blog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def largest(folder: Path) -> Path:
    return max((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)


def test_a_corrupt_segment_makes_the_generation_before_serve(blog: BlogRepository, data: Path) -> None:
    """Faults, row 34."""
    refreshed(blog, data)
    blog.write("posts/new.md", article("logical decoding")).commit()
    refreshed(blog, data)
    newest = generations.newest(data)
    assert newest is not None
    file = largest(newest.index)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(byte ^ 0xFF for byte in content[middle : middle + 4096])
    file.write_bytes(content)
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"
    assert "posts/new.md" not in found(blog, data, "logical decoding")
    refreshed(blog, data)
    assert found(blog, data, "logical decoding")[0] == "posts/new.md"


def test_when_every_generation_is_damaged_a_refresh_mends_it(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    newest = generations.newest(data)
    assert newest is not None
    os.truncate(largest(newest.index), 10)
    assert refreshed(blog, data).added == 12
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"


def test_an_offline_or_refusing_remote_leaves_the_old_index(blog: BlogRepository, data: Path) -> None:
    """Faults, row 37."""
    with GitServer(blog.path.parent, user="me", password="right") as server:
        url = f"http://me:right@{server.address}/blog"
        refresh(Blog(url), data)
        with pytest.raises(RepositoryUnreachable, match="refuses us") as refused:
            refresh(Blog(url.replace("right", "s3cret")), data)
    assert "s3cret" not in f"{refused.value} {refused.value.fix}"
    blog.path.rename(blog.path.with_name("away"))
    with pytest.raises(RepositoryUnreachable):
        refresh(Blog(str(blog)), data)
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"


def test_a_force_push_gives_the_right_index(blog: BlogRepository, data: Path) -> None:
    """Faults, row 38."""
    refreshed(blog, data)
    blog.delete("posts/locks.md").write("posts/vacuum.md", article("vacuum", "Rewritten history."))
    commit = blog.force_push()
    report = refreshed(blog, data)
    assert (report.commit, report.changed, report.removed) == (commit, 1, 1)
    assert found(blog, data, "rewritten history")[0] == "posts/vacuum.md"
    assert "posts/locks.md" not in found(blog, data, "locks")


def test_what_is_no_article_is_counted_by_reason(blog: BlogRepository, data: Path) -> None:
    """Faults, rows 40 and 41."""
    blog.symlink("link.md", "posts/locks.md")
    blog.write("large.md", b"# Big\n" + b"words " * 200_000)
    blog.write("pointer.md", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    blog.write("binary.md", b"\x89PNG\0\0\0")
    blog.write("noise.md", bytes(range(128, 255)) * 9)
    blog.write(
        "broken.md", b"# Broken bytes \xff\n\nThe rest of this text about hashing is fine and long enough.\n"
    )
    blog.write(
        "front.md",
        "---\ntitle: [unclosed\n---\n# Bad front\n\nA text about bitmaps, long enough for an article.\n",
    )
    blog.write("empty.md", "")
    blog.write("LOCKS.md", article("spinning"))
    blog.write("locks.md", article("sleeping"))
    blog.commit()
    blog.tree_entry("160000", b"vendored", "1" * 40)
    report = refreshed(blog, data)
    assert report.skipped == {
        "symlink": 1,
        "submodule": 1,
        "larger than 1 MiB": 1,
        "Git LFS pointer": 1,
        "binary": 1,
        "undecodable": 1,
        "no text": 1,
    }
    assert report.articles == 12 + 4
    assert found(blog, data, "hashing")[0] == "broken.md"
    assert found(blog, data, "bitmaps")[0] == "front.md"
    assert found(blog, data, "spinning")[0] == "LOCKS.md"
    assert found(blog, data, "sleeping")[0] == "locks.md"
    assert refreshed(blog, data).skipped == report.skipped


def test_a_large_loss_is_refused_until_asked_for(blog: BlogRepository, data: Path) -> None:
    """Faults, row 42."""
    refreshed(blog, data)
    blog.delete(*(f"posts/{topic}.md" for topic in TOPICS[:6])).commit()
    with pytest.raises(ShrinkRefused, match="6 of 12 articles are gone") as failure:
        refreshed(blog, data)
    assert "--force" in failure.value.fix
    assert found(blog, data, "vacuum")[0] == "posts/vacuum.md"
    assert refreshed(blog, data, force=True).removed == 6
    assert "posts/vacuum.md" not in found(blog, data, "vacuum")


def test_a_new_token_does_not_lift_the_guard(blog: BlogRepository, data: Path) -> None:
    with GitServer(blog.path.parent) as server:
        refresh(Blog(f"http://me:old@{server.address}/blog"), data)
        blog.delete(*(f"posts/{topic}.md" for topic in TOPICS[:6])).commit()
        with pytest.raises(ShrinkRefused):
            refresh(Blog(f"http://me:new@{server.address}/blog"), data)


def test_a_small_loss_is_published(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    blog.delete("posts/locks.md", "posts/vacuum.md").commit()
    assert refreshed(blog, data).removed == 2


def test_a_tiny_blog_is_not_guarded_against_its_author(tmp_path: Path, data: Path) -> None:
    blog = BlogRepository(tmp_path / "tiny")
    for topic in TOPICS[:3]:
        blog.write(f"{topic}.md", article(topic))
    blog.commit()
    refreshed(blog, data)
    blog.delete(f"{TOPICS[0]}.md", f"{TOPICS[1]}.md").commit()
    assert refreshed(blog, data).articles == 1


def test_losing_every_article_is_never_published(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    blog.delete(*(f"posts/{topic}.md" for topic in TOPICS)).commit()
    with pytest.raises(NothingToIndex, match="no Markdown file"):
        refreshed(blog, data, force=True)
    assert found(blog, data, "vacuum")[0] == "posts/vacuum.md"


@pytest.mark.parametrize(
    "damage",
    [
        lambda mirror: [os.truncate(pack, 20) for pack in mirror.glob("objects/pack/*.pack")],
        lambda mirror: [pack.unlink() for pack in mirror.glob("objects/pack/*")],
        lambda mirror: (mirror / "HEAD").unlink(),
        lambda mirror: (mirror / "shallow").write_text("rubbish\n"),
    ],
    ids=["truncated packs", "lost packs", "lost HEAD", "broken shallow"],
)
def test_a_damaged_mirror_is_replaced(
    blog: BlogRepository, data: Path, damage: Callable[[Path], None]
) -> None:
    refreshed(blog, data)
    for pack in (data / "mirror.git").glob("objects/pack/*"):
        pack.chmod(0o600)
    damage(data / "mirror.git")
    blog.write("posts/new.md", article("logical decoding")).commit()
    assert refreshed(blog, data).added == 1
    assert found(blog, data, "logical decoding")[0] == "posts/new.md"


def test_a_damaged_mirror_of_a_plain_folder_is_replaced(tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text(article("hashing"))
    refreshed(folder, data)
    (data / "mirror.git" / "HEAD").unlink()
    (folder / "b.md").write_text(article("sorting"))
    assert refreshed(folder, data).added == 1
    assert found(folder, data, "sorting")[0] == "b.md"


def test_a_mirror_that_cannot_be_made_is_told(blog: BlogRepository, data: Path) -> None:
    data.mkdir()
    (data / "mirror.git").write_text("in the way")
    with pytest.raises(StorageFailure, match=r"mirror\.git") as failure:
        refreshed(blog, data)
    assert "BLOGBOT_DATA" in failure.value.fix


def test_a_failure_lets_the_next_refresh_begin(blog: BlogRepository, data: Path) -> None:
    for _ in range(2):
        with pytest.raises(IndexFailure):
            refresh(Blog(str(blog), branch="gone"), data)
    assert refreshed(blog, data).articles == 12
