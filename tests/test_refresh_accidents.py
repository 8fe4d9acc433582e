"""A refresh that is killed, out of disk or not alone leaves a whole index, and the next one works."""

import os
import threading
from pathlib import Path

import pytest

from index.errors import (
    RefreshRunning,
    StorageFailure,
)
from index.storage import generations
from tests.fakes.refreshing import start
from tests.fakes.repositories import BlogRepository
from tests.fakes.topics import article, found, published, refreshed, topics_blog


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return topics_blog(tmp_path / "blog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


KILLS = [
    ("fetch", 0),
    ("read", 1),
    ("index", 0),
    ("index", 1),
    ("publish", 0),
    ("publish", 1),
    ("publish", 2),
    ("publish", 3),
]


@pytest.mark.parametrize("point", KILLS, ids=lambda point: f"{point[0]}-{point[1]}")
def test_a_refresh_killed_at_any_point_leaves_a_whole_index(
    blog: BlogRepository, data: Path, point: tuple[str, int]
) -> None:
    """Faults, row 33."""
    refreshed(blog, data)
    blog.write("posts/new.md", article("logical decoding")).commit()
    with start(blog, data, kill=point) as process:
        process.communicate()
    assert process.returncode == -9
    new_one_serves = KILLS.index(point) >= KILLS.index(("publish", 2))
    assert ("posts/new.md" in found(blog, data, "logical decoding")) == new_one_serves
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"
    refreshed(blog, data)
    assert found(blog, data, "logical decoding")[0] == "posts/new.md"
    assert all(
        name == generations.current(data) or name < generations.current(data) for name in published(data)
    )
    assert not [name for name in published(data) if name.startswith(".")]


def test_a_first_refresh_that_is_killed_is_begun_again(blog: BlogRepository, data: Path) -> None:
    with start(blog, data, kill=("index", 0)) as process:
        process.communicate()
    assert generations.newest(data) is None
    assert refreshed(blog, data).articles == 12


@pytest.mark.parametrize("most", [2_000, 30_000])
def test_a_full_disk_leaves_the_old_index(blog: BlogRepository, data: Path, most: int) -> None:
    """Faults, row 35: the limit on a file's size stops git (2,000 bytes) or the writing of the index."""
    refreshed(blog, data)
    words = " ".join(f"{os.urandom(3).hex()}" for _ in range(4000))
    blog.write("posts/new.md", article("logical decoding", words)).commit()
    with start(blog, data, most=most) as process:
        said, _ = process.communicate()
    assert said.startswith("StorageFailure")
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"
    assert not [name for name in published(data) if name.startswith(".")]
    assert refreshed(blog, data).added == 1


def test_a_data_folder_that_cannot_be_written_is_told(blog: BlogRepository, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailure, match="cannot be written") as failure:
        refreshed(blog, tmp_path / "file" / "data")
    assert "BLOGBOT_DATA" in failure.value.fix


def test_of_two_refreshes_at_once_one_works_and_the_other_says_so(blog: BlogRepository, data: Path) -> None:
    """Faults, row 36, in two processes."""
    with start(blog, data, hold=("fetch", 0)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RefreshRunning, match=f"process {process.pid} ") as failure:
            refreshed(blog, data)
        assert failure.value.fix
        said, _ = process.communicate()
    assert said.strip() == generations.current(data)


def test_two_refreshes_in_one_process_exclude_each_other_too(blog: BlogRepository, data: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def hold(step: str, done: int, total: int) -> None:
        inside.set()
        go_on.wait(30)

    worker = threading.Thread(target=refreshed, args=(blog, data), kwargs={"progress": hold})
    worker.start()
    assert inside.wait(30)
    with pytest.raises(RefreshRunning):
        refreshed(blog, data)
    go_on.set()
    worker.join()
    assert found(blog, data, "triggers")
