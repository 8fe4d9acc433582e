"""The mirror brings the blog's Markdown and nothing else, from whatever serves it."""

import os
from pathlib import Path

import pytest

from index.errors import BranchMissing
from index.model import Skip
from index.repository.files import LARGEST
from tests.fakes.git_http import GitServer
from tests.fakes.mirrors import IMAGE, illustrated_blog, mirror_of, packs, size, texts
from tests.fakes.repositories import BlogRepository


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return illustrated_blog(tmp_path / "blog")


def test_images_are_not_brought_from_a_remote_that_can_leave_them_out(
    tmp_path: Path, blog: BlogRepository
) -> None:
    blog.git("config", "uploadpack.allowFilter", "true")
    found = texts(mirror_of(tmp_path, blog.url))
    assert len(found) == 30
    assert found["2024/7.md"] == "# 文章 7\n\nText of article 7.\n"
    assert size(tmp_path / "mirror.git") < 100_000 < size(blog.path / ".git")


def test_images_are_not_brought_from_a_path_however_it_is_configured(
    tmp_path: Path, blog: BlogRepository
) -> None:
    assert len(texts(mirror_of(tmp_path, blog))) == 30
    assert size(tmp_path / "mirror.git") < 100_000


def test_the_missing_articles_come_in_one_batch(tmp_path: Path, blog: BlogRepository) -> None:
    texts(mirror_of(tmp_path, blog))
    assert packs(tmp_path) == 2  # one of commit and trees, one of all articles


def test_images_are_not_brought_over_http(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("config", "uploadpack.allowFilter", "true")
    with GitServer(tmp_path) as server:
        assert len(texts(mirror_of(tmp_path, f"http://{server.address}/blog"))) == 30
    assert size(tmp_path / "mirror.git") < 100_000


def test_nothing_is_fetched_when_the_branch_has_not_moved(tmp_path: Path, blog: BlogRepository) -> None:
    with GitServer(tmp_path) as server:
        mirror = mirror_of(tmp_path, f"http://{server.address}/blog")
        texts(mirror)
        server.paths.clear()
        texts(mirror)
        assert len(server.paths) == 2  # what it offers, and where its branches are


def test_a_remote_that_cannot_leave_files_out_is_read_all_the_same(
    tmp_path: Path, blog: BlogRepository
) -> None:
    assert len(texts(mirror_of(tmp_path, blog.url))) == 30


def test_an_old_server_that_refuses_blobs_by_name_is_read_all_the_same(
    tmp_path: Path, blog: BlogRepository
) -> None:
    blog.git("config", "uploadpack.allowFilter", "true")
    with GitServer(tmp_path, old=True) as server:
        mirror = mirror_of(tmp_path, f"http://{server.address}/blog")
        assert len(texts(mirror)) == 30
        blog.write("new.md", "# New").commit()
        assert len(texts(mirror)) == 31


def test_a_server_of_plain_files_is_read_all_the_same(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("update-server-info")
    with GitServer(tmp_path, dumb=True) as server:
        assert len(texts(mirror_of(tmp_path, f"http://{server.address}/blog/.git"))) == 30


def test_a_bundle_is_read(tmp_path: Path, blog: BlogRepository) -> None:
    mirror = mirror_of(tmp_path, blog.bundle(tmp_path / "blog.bundle"))
    tip = mirror.fetch()
    assert (tip.commit, tip.branch) == (blog.head, "main")
    assert len(texts(mirror, tip)) == 30


def test_a_bare_repository_is_read(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert len(texts(mirror_of(tmp_path, tmp_path / "bare.git"))) == 30


def test_a_shallow_clone_is_read(tmp_path: Path, blog: BlogRepository) -> None:
    blog.write("new.md", "# New").commit()
    blog.git("clone", "--quiet", "--depth=1", blog.url, str(tmp_path / "shallow"))
    assert len(texts(mirror_of(tmp_path, tmp_path / "shallow"))) == 31


def test_a_plain_folder_is_read_like_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / '索引 "1"\\.md').write_text("# 索引")
    (folder / "top.MD").write_text("# Top")
    (folder / "picture.png").write_bytes(IMAGE)
    (folder / ".trash").mkdir()
    (folder / ".trash" / "old.md").write_text("# Old")
    (folder / "link.md").symlink_to("top.MD")
    (folder / "huge.md").write_bytes(b"x" * (3 * LARGEST))
    mirror = mirror_of(tmp_path, folder)
    tip = mirror.fetch()
    assert tip.branch == ""
    assert mirror.tree(tip.commit).skipped == {"symlink": 1}
    assert texts(mirror, tip) == {
        'a/索引 "1"\\.md': "# 索引",
        "huge.md": Skip("larger than 1 MiB"),
        "top.MD": "# Top",
    }
    assert size(tmp_path / "mirror.git") < 100_000


def test_an_unchanged_folder_gives_the_same_commit(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# A")
    mirror = mirror_of(tmp_path, folder)
    first = mirror.fetch().commit
    os.utime(folder / "a.md", (1, 1))
    assert mirror.fetch().commit == first
    (folder / "a.md").write_text("# B")
    assert mirror.fetch().commit != first
    assert texts(mirror) == {"a.md": "# B"}


def test_a_folder_inside_a_repository_is_served_as_it_stands(tmp_path: Path, blog: BlogRepository) -> None:
    blog.write("2024/uncommitted.md", "# New")
    assert "uncommitted.md" in texts(mirror_of(tmp_path, blog.path / "2024"))


def test_a_plain_folder_has_no_branches(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(BranchMissing, match="plain folder"):
        mirror_of(tmp_path, tmp_path / "notes", "main").fetch()


def test_another_repository_in_the_same_data_folder_starts_anew(tmp_path: Path, blog: BlogRepository) -> None:
    texts(mirror_of(tmp_path, blog))
    other = BlogRepository(tmp_path / "other").write("b.md", "# B")
    other.commit()
    assert texts(mirror_of(tmp_path, other)) == {"b.md": "# B"}


def test_a_force_push_is_followed(tmp_path: Path, blog: BlogRepository) -> None:
    mirror = mirror_of(tmp_path, blog)
    texts(mirror)
    commit = blog.delete("2024/1.md").write("2024/2.md", "# Other").force_push()
    tip = mirror.fetch()
    found = texts(mirror, tip)
    assert tip.commit == commit
    assert "2024/1.md" not in found
    assert found["2024/2.md"] == "# Other"


def test_locks_left_by_a_killed_git_are_no_obstacle(tmp_path: Path, blog: BlogRepository) -> None:
    mirror = mirror_of(tmp_path, blog)
    texts(mirror)
    folder = tmp_path / "mirror.git"
    for lock in ("shallow.lock", "refs/blog/tip.lock", "config.lock", "packed-refs.lock"):
        (folder / lock).touch()
    (folder / "objects" / "pack" / "tmp_pack_xyz").write_text("half")
    blog.write("new.md", "# New").commit()
    assert "new.md" in texts(mirror)
    assert not (folder / "objects" / "pack" / "tmp_pack_xyz").exists()


def test_many_fetches_are_packed_together(tmp_path: Path, blog: BlogRepository) -> None:
    mirror = mirror_of(tmp_path, blog)
    for number in range(5):
        blog.write("2024/0.md", f"# Version {number}").commit()
        texts(mirror)
    before = packs(tmp_path)
    mirror.tidy(packs=before)
    assert packs(tmp_path) == before
    mirror.tidy(packs=before - 1)
    assert packs(tmp_path) < before
    assert size(tmp_path / "mirror.git") < 100_000
    assert texts(mirror)["2024/0.md"] == "# Version 4"


def test_what_is_no_readable_file_is_skipped_and_counted(tmp_path: Path, blog: BlogRepository) -> None:
    blog.symlink("link.md", "2024/0.md").commit()
    blob = blog.git("rev-parse", "HEAD:2024/0.md")
    blog.tree_entry("160000", b"vendored", "1" * 40)
    blog.tree_entry("100644", b"latin-\xe9.md", blob)
    blog.tree_entry("100644", b"..", blob)
    mirror = mirror_of(tmp_path, blog, include=("**/*.md", ".."))
    tree = mirror.tree(mirror.fetch().commit)
    assert tree.skipped == {"symlink": 1, "submodule": 1, "unusable name": 2}
    assert len(tree.files) == 30


def test_paths_that_differ_only_in_case_are_two_articles(tmp_path: Path, blog: BlogRepository) -> None:
    blog.write("A.md", "# Upper").write("a.md", "# Lower").commit()
    found = texts(mirror_of(tmp_path, blog))
    assert (found["A.md"], found["a.md"]) == ("# Upper", "# Lower")


def test_globs_choose_what_is_read(tmp_path: Path, blog: BlogRepository) -> None:
    blog.write("top.md", "# Top").write("drafts/d.md", "# Draft").commit()
    found = texts(mirror_of(tmp_path, blog, exclude=("drafts", "2024/?[0-9].md")))
    assert "top.md" in found
    assert "drafts/d.md" not in found
    assert len(found) == 1 + 10
