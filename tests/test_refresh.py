"""The index follows the blog, only as far as it changed."""

from pathlib import Path

import pytest

from index.errors import NothingToIndex
from index.model import Blog, Newcomer
from index.refresh import refresh
from index.search import Search
from index.storage import generations, seals
from tests.fakes.git_http import GitServer
from tests.fakes.repositories import BlogRepository
from tests.fakes.topics import TOPICS, article, found, published, refreshed, topics_blog


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return topics_blog(tmp_path / "blog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_first_refresh_makes_the_blog_searchable(blog: BlogRepository, data: Path) -> None:
    report = refreshed(blog, data)
    assert (report.articles, report.added, report.changed, report.removed) == (12, 12, 0, 0)
    assert report.commit == blog.head
    assert report.generation == generations.current(data)
    assert found(blog, data, "how do triggers work")[0] == "posts/triggers.md"


def test_progress_goes_through_every_step_to_its_end(blog: BlogRepository, data: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    refreshed(blog, data, progress=lambda *step: seen.append(step))
    assert list(dict.fromkeys(step for step, _, _ in seen)) == ["fetch", "read", "index", "publish"]
    assert any(step == "fetch" and done == total > 0 for step, done, total in seen)
    assert ("read", 12, 12) in seen
    assert ("index", 12, 12) in seen
    assert seen[-1] == ("publish", 3, 3)


def test_nothing_new_publishes_nothing(blog: BlogRepository, data: Path) -> None:
    first = refreshed(blog, data)
    second = refreshed(blog, data)
    assert second.generation == first.generation
    assert (second.added, second.changed, second.removed) == (0, 0, 0)
    assert (second.articles, second.passages) == (first.articles, first.passages)
    assert published(data) == [first.generation]


def test_a_commit_without_articles_publishes_nothing(blog: BlogRepository, data: Path) -> None:
    first = refreshed(blog, data)
    blog.write("picture.png", b"\x89PNG").commit()
    second = refreshed(blog, data)
    assert second.generation == first.generation
    assert second.commit == blog.head


def test_the_newest_of_the_articles_added_are_named_with_their_links(
    blog: BlogRepository, data: Path
) -> None:
    refreshed(blog, data)
    for day in range(10, 30):
        text = article("checkpoints").split("\n", 1)[1]
        blog.write(f"posts/{day} b.md", f"---\ntitle: Day {day}\ndate: 2026-10-{day}\n---\n{text}")
    blog.commit()
    report = refresh(Blog(str(blog.path), link="https://example.org/{path}"), data)
    assert (report.added, len(report.newcomers)) == (20, 10)
    assert report.newcomers[0] == Newcomer("Day 29", "https://example.org/posts/29%20b.md", "2026-10-29")
    blog.write("posts/29 b.md", article("changed")).commit()
    assert refresh(Blog(str(blog.path)), data).newcomers == ()


def test_an_address_beyond_all_bounds_is_left_out_of_a_report(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    blog.write(f"{'很' * 80}/{'很' * 80}.md", article("far below")).commit()
    (far,) = refresh(Blog(str(blog.path), link="https://example.org/{path}"), data).newcomers
    assert far.url == ""


def test_added_changed_renamed_and_deleted_articles_are_followed(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    blog.write("posts/new.md", article("logical decoding"))
    blog.write("posts/locks.md", article("advisory latches"))
    blog.rename("posts/vacuum.md", "maintenance/vacuum.md")
    blog.delete("posts/cursors.md")
    blog.commit()
    report = refreshed(blog, data)
    assert (report.added, report.changed, report.removed, report.articles) == (2, 1, 2, 12)
    assert found(blog, data, "logical decoding")[0] == "posts/new.md"
    assert found(blog, data, "advisory latches")[0] == "posts/locks.md"
    assert found(blog, data, "vacuum")[0] == "maintenance/vacuum.md"
    assert "posts/cursors.md" not in found(blog, data, "cursors")


def test_the_link_of_a_renamed_or_deleted_article_is_gone(blog: BlogRepository, data: Path) -> None:
    """Faults, row 39."""
    link = "https://example.com/{path}"
    refresh(Blog(str(blog), link=link), data)
    blog.rename("posts/vacuum.md", "posts/vacuuming.md").delete("posts/locks.md").commit()
    refresh(Blog(str(blog), link=link), data)
    search = Search(data, Blog(str(blog), link=link))
    urls = {hit.url for topic in TOPICS for hit in search(f"about {topic}").hits}
    assert "https://example.com/posts/vacuuming.md" in {url.partition("#")[0] for url in urls}
    assert not [url for url in urls if "vacuum.md" in url or "locks.md" in url]


def test_an_update_finds_what_a_build_from_nothing_finds(
    blog: BlogRepository, data: Path, tmp_path: Path
) -> None:
    refreshed(blog, data)
    for topic in TOPICS[:2]:
        blog.write(f"posts/{topic}.md", article(topic, f"Now with replication and {topic}.")).commit()
        refreshed(blog, data)
    refreshed(blog, tmp_path / "fresh")
    questions = [f"how do {topic} work" for topic in TOPICS]
    updated, fresh = (Search(folder, Blog(str(blog))) for folder in (data, tmp_path / "fresh"))
    for question in questions:
        one, other = updated(question).hits, fresh(question).hits
        assert [hit.path for hit in one] == [hit.path for hit in other]
        assert [hit.passage for hit in one] == [hit.passage for hit in other]
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other])


def test_a_repository_of_other_files_says_what_it_holds(tmp_path: Path, data: Path) -> None:
    blog = BlogRepository(tmp_path / "other").write("a.md", "").write("b.md", b"\0")
    blog.commit()
    with pytest.raises(NothingToIndex, match="1 binary, 1 no text"):
        refreshed(blog, data)


def test_a_narrower_choice_of_files_is_no_loss(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    narrowed = refresh(Blog(str(blog), include=("posts/[a-c]*.md",)), data)
    assert (narrowed.articles, narrowed.removed) == (4, 8)


def test_another_blog_in_the_same_data_folder_takes_over(
    blog: BlogRepository, data: Path, tmp_path: Path
) -> None:
    refreshed(blog, data)
    other = BlogRepository(tmp_path / "other").write("only.md", article("window functions"))
    other.commit()
    report = refreshed(other, data)
    assert (report.articles, report.added, report.removed) == (1, 1, 12)
    assert found(other, data, "window functions") == ["only.md"]


def test_the_same_articles_from_another_address_are_linked_there(
    blog: BlogRepository, data: Path, tmp_path: Path
) -> None:
    refreshed(blog, data)
    with GitServer(tmp_path) as server:
        url = f"http://{server.address}/blog"
        refresh(Blog(url), data)
        hit = Search(data, Blog(url))("triggers").hits[0]
    assert hit.url.startswith(f"{url}/blob/main/posts/triggers.md")


def test_an_index_of_another_format_is_built_anew_by_itself(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    folder = data / "generations" / generations.current(data)
    note = seals.note(folder)
    (folder / "manifest.json").unlink()
    seals.seal(folder, note | {"format": "of the future"})
    report = refreshed(blog, data)
    assert report.generation != folder.name
    assert (report.articles, report.added, report.changed, report.removed) == (12, 0, 0, 0)
    assert found(blog, data, "triggers")[0] == "posts/triggers.md"


def test_a_search_changes_over_between_two_questions(blog: BlogRepository, data: Path) -> None:
    refreshed(blog, data)
    search = Search(data, Blog(str(blog)))
    assert not [hit for hit in search("logical decoding").hits if hit.path == "posts/new.md"]
    blog.write("posts/new.md", article("logical decoding")).commit()
    report = refreshed(blog, data)
    assert search("logical decoding").hits[0].path == "posts/new.md"
    assert search.status().generation == report.generation
