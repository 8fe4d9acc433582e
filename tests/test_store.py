import shutil
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StorageFailure
from index.retrieval import store
from index.retrieval.part import Part
from index.retrieval.reader import BYTES_A_POSTING, POSTINGS_A_TERM, Reader, parts
from tests.fakes.shelves import TOPICS, article, articles

EVERY_WORD = ("index", "索引", "备份", "autovacuum", "note", "team", "releas", "缓存")


def found(folder: Path) -> dict[str, list[tuple[str, float, float]]]:
    """What a search needs of each word, with articles named by path."""
    with closing(Reader(folder)) as reader:
        paths = [reader.article(at).path for at in range(len(reader.starts))]
        return {
            word: sorted(
                (paths[at], often, term.idf)
                for level in (reader.term(word).articles, reader.term(word).titles, reader.term(word).names)
                for term in [level]
                for at, often in zip(level.ids.tolist(), level.often.tolist(), strict=True)
            )
            for word in EVERY_WORD
        }


def test_what_is_written_is_counted_and_can_be_read_back(tmp_path: Path) -> None:
    counts = store.write(tmp_path / "index", articles())
    assert counts.articles == len(TOPICS)
    with closing(Reader(tmp_path / "index")) as reader:
        held = {reader.article(at).path: reader.article(at) for at in range(len(reader.starts))}
        assert held["0/gin.md"].title == "All about gin"
        assert held["0/gin.md"].date == "2020-01-02"
        (number,) = reader.passages_of(list(held).index("0/gin.md"))
        assert reader.passage(number).text.startswith("A GIN index keeps posting lists")
        assert len(reader.article_of) == counts.passages


def test_an_empty_blog_gives_an_empty_index(tmp_path: Path) -> None:
    assert store.write(tmp_path / "index", []) == store.Counts(0, 0)
    with closing(Reader(tmp_path / "index")) as reader:
        assert reader.often("gin") == 0


def test_several_processes_write_the_same_index_as_one(tmp_path: Path) -> None:
    one = store.write(tmp_path / "one", articles(20), workers=1)
    two = store.write(tmp_path / "two", articles(20), workers=2)
    assert (len(parts(tmp_path / "one")), len(parts(tmp_path / "two"))) == (1, 2)
    assert one == two
    assert found(tmp_path / "one") == found(tmp_path / "two")
    assert calibration(tmp_path / "one") == calibration(tmp_path / "two")


def calibration(folder: Path) -> str:
    return (folder / store.CALIBRATION).read_text()


def test_an_index_carried_on_equals_one_written_anew(tmp_path: Path) -> None:
    store.write(tmp_path / "old", articles(2))
    new = [
        article("0/gin.md", "GIN again", "Autovacuum cleans the pending list of an index."),
        article("9/new.md", "New", "备份 of every team note, kept for a year."),
    ]
    gone = {"0/gin.md", "1/备份.md"}
    carried = store.write(tmp_path / "carried", new, keep=tmp_path / "old", gone=gone)
    anew = store.write(tmp_path / "anew", [*(one for one in articles(2) if one.path not in gone), *new])
    assert carried == anew
    assert found(tmp_path / "carried") == found(tmp_path / "anew")
    assert calibration(tmp_path / "carried") == calibration(tmp_path / "anew")


def test_a_new_version_replaces_the_old_one_even_if_nobody_called_it_gone(tmp_path: Path) -> None:
    store.write(tmp_path / "old", articles())
    new = article("0/gin.md", "GIN again", "Nothing here is as it was before the change.")
    store.write(tmp_path / "new", [new], keep=tmp_path / "old")
    with closing(Reader(tmp_path / "new")) as reader:
        assert reader.often("post") == 0
        assert reader.often("again") == 1


def test_the_kept_index_is_left_as_it_was(tmp_path: Path) -> None:
    store.write(tmp_path / "old", articles())
    before = {file: file.read_bytes() for file in (tmp_path / "old").rglob("*") if file.is_file()}
    store.write(
        tmp_path / "new",
        [article("x.md", "X", "Some more words for the index, and then a few more.")],
        keep=tmp_path / "old",
        gone={"0/gin.md"},
    )
    assert {file: file.read_bytes() for file in (tmp_path / "old").rglob("*") if file.is_file()} == before


def test_carrying_on_night_after_night_keeps_the_parts_few_and_the_hits_right(tmp_path: Path) -> None:
    folder = tmp_path / "0"
    store.write(folder, articles())
    for night in range(1, 12):
        new = article(
            "0/gin.md", f"GIN night {night}", f"A posting list of note {night}, as the team left it."
        )
        last, folder = folder, tmp_path / str(night)
        store.write(folder, [new], keep=last, gone={"0/gin.md"})
        assert len(parts(folder)) <= 9
    store.write(tmp_path / "anew", [*(one for one in articles() if one.path != "0/gin.md"), new])
    assert found(folder) == found(tmp_path / "anew")


def test_progress_is_told_while_articles_are_written(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    store.write(tmp_path / "index", articles(3), progress=lambda step, done, _: told.append((step, done)))
    assert told[-1] == ("index", 3 * len(TOPICS))
    assert len(told) > 1


def test_a_folder_that_cannot_be_written_is_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailure, match="cannot be written") as failure:
        store.write(tmp_path / "file" / "index", articles())
    assert failure.value.fix


def test_a_failure_in_another_process_is_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "part-1").write_text("in the way")
    with pytest.raises(StorageFailure):
        store.write(tmp_path / "index", articles(40), workers=2)


def test_postings_are_those_whoosh_itself_reads(tmp_path: Path) -> None:
    store.write(tmp_path / "index", articles(30), workers=1)
    ((folder, _),) = parts(tmp_path / "index")
    with closing(Part(folder)) as part:
        for word in EVERY_WORD:
            ids, often = part.postings("text", word)
            matcher = part._reader.postings("text", word)
            pairs = []
            while matcher.is_active():
                pairs.append((matcher.id(), matcher.weight()))
                matcher.next()
            assert list(zip(ids.tolist(), often.tolist(), strict=True)) == pairs


def test_a_word_that_no_article_holds_takes_the_memory_it_is_counted_with(tmp_path: Path) -> None:
    store.write(tmp_path / "index", articles())
    with closing(Reader(tmp_path / "index")) as reader:
        tracemalloc.start()
        try:
            for number in range(500):
                reader.term(f"word{number}")
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert held / 500 < 1.2 * POSTINGS_A_TERM * BYTES_A_POSTING


def test_the_form_of_an_index_changes_with_what_parses_cuts_writes_or_ranks_and_with_nothing_else(
    tmp_path: Path,
) -> None:
    code = shutil.copytree(Path(store.__file__).parents[1], tmp_path / "index")
    assert store.form(code) == store.FORMAT
    (code / "refresh.py").write_text("# another way to refresh")
    assert store.form(code) == store.FORMAT
    for name in ("stop_words.py", "articles/markdown.py", "retrieval/ranking.py"):
        before = store.form(code)
        (code / name).write_text("# other words")
        assert store.form(code) != before


def test_opening_a_part_runs_nothing_that_its_schema_names(tmp_path: Path) -> None:
    store.write(tmp_path / "index", articles())
    (toc,) = (tmp_path / "index" / "part-0").glob("*.toc")
    written, ours = toc.read_bytes(), b"index.retrieval.part"
    assert ours in written
    toc.write_bytes(written.replace(ours, b"evil.programme.of_me"))
    with closing(Part(tmp_path / "index" / "part-0")) as part:
        assert part.passages > 0
