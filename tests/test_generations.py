"""A generation is seen whole or not at all, and only while it is exactly what was published."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import IndexDamaged
from index.storage.generations import KEPT, Generation, Manifest, aside, current, newest, publish, sweep


def manifest(commit: str = "a" * 40, form: str = "1") -> Manifest:
    return Manifest(
        format=form,
        source="s",
        repo="https://example.com/blog",
        branch="main",
        commit=commit,
        articles=2,
        passages=3,
        blobs={"文章.md": "b" * 40},
        skipped={"readme.md": ("c" * 40, "index page")},
    )


def published(data: Path, text: str = "words", form: str = "1") -> Generation:
    with aside(data) as folder:
        (folder / "index").mkdir()
        (folder / "index" / "MAIN.seg").write_text(text * 10_000)
        return publish(data, folder, manifest(form=form))


def words_of(generation: Generation | None) -> str:
    assert generation is not None
    return (generation.index / "MAIN.seg").read_text()[:5]


def test_nothing_is_found_before_the_first_publication(tmp_path: Path) -> None:
    assert current(tmp_path) == ""
    assert newest(tmp_path) is None


def test_a_published_generation_is_found_with_what_it_was_made_of(tmp_path: Path) -> None:
    made = published(tmp_path)
    assert newest(tmp_path) == made
    assert current(tmp_path) == made.name


def test_a_generation_being_written_is_not_seen(tmp_path: Path) -> None:
    made = published(tmp_path)
    with aside(tmp_path) as folder:
        (folder / "index").mkdir()
        assert current(tmp_path) == made.name
        assert newest(tmp_path) == made


def test_what_a_killed_refresh_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / "generations" / ".building-abc"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    sweep(tmp_path)
    assert not left.exists()


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with aside(tmp_path) as folder:
            (folder / "half").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list((tmp_path / "generations").iterdir()) == []


def test_names_sort_by_age_past_a_clock_that_goes_back(tmp_path: Path) -> None:
    names = [published(tmp_path).name for _ in range(12)]
    assert names == sorted(names)
    assert len(set(names)) == 12


def test_only_the_newest_three_stay(tmp_path: Path) -> None:
    names = [published(tmp_path).name for _ in range(KEPT + 2)]
    assert sorted(path.name for path in (tmp_path / "generations").iterdir()) == names[-3:]


def flip_4_kib(generation: Generation) -> None:
    with (generation.index / "MAIN.seg").open("r+b") as stream:
        stream.seek(8192)
        stream.write(bytes(4096))


def truncate(generation: Generation) -> None:
    os.truncate(generation.index / "MAIN.seg", 100)


def lose_a_file(generation: Generation) -> None:
    (generation.index / "MAIN.seg").unlink()


def slip_a_file_in(generation: Generation) -> None:
    (generation.index / "_MAIN_2.toc").write_text("a pickle")


def let_others_write(generation: Generation) -> None:
    (generation.index / "MAIN.seg").chmod(0o666)


def open_the_folder(generation: Generation) -> None:
    generation.folder.chmod(0o777)


def link_a_file(generation: Generation) -> None:
    file = generation.index / "MAIN.seg"
    file.rename(generation.folder.parent.parent / "elsewhere")
    file.symlink_to(generation.folder.parent.parent / "elsewhere")


def link_the_folder(generation: Generation) -> None:
    generation.folder.rename(generation.folder.parent.parent / "elsewhere")
    generation.folder.symlink_to(generation.folder.parent.parent / "elsewhere")


def break_the_manifest(generation: Generation) -> None:
    file = generation.folder / "manifest.json"
    file.write_text(file.read_text().replace("文章", "文字"))


def cut_the_manifest(generation: Generation) -> None:
    os.truncate(generation.folder / "manifest.json", 50)


def lose_the_manifest(generation: Generation) -> None:
    (generation.folder / "manifest.json").unlink()


def give_it_away(generation: Generation) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    os.chown(generation.index / "MAIN.seg", 65534, 65534)


@pytest.mark.parametrize(
    "damage",
    [
        flip_4_kib,
        truncate,
        lose_a_file,
        slip_a_file_in,
        let_others_write,
        open_the_folder,
        link_a_file,
        link_the_folder,
        break_the_manifest,
        cut_the_manifest,
        lose_the_manifest,
        give_it_away,
    ],
)
def test_a_damaged_generation_is_passed_over_for_the_one_before(
    tmp_path: Path, damage: Callable[[Generation], None], capsys: pytest.CaptureFixture[str]
) -> None:
    published(tmp_path, "older")
    bad = published(tmp_path, "newer")
    damage(bad)
    assert words_of(newest(tmp_path)) == "older"
    warning = capsys.readouterr()
    assert "generation_passed_over" in warning.out + warning.err
    assert bad.name in warning.out + warning.err


def let_others_write_beside(generation: Generation) -> None:
    generation.folder.parent.chmod(0o770)


def give_the_place_away(generation: Generation) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    os.chown(generation.folder.parent, 65534, 65534)


@pytest.mark.parametrize("expose", [let_others_write_beside, give_the_place_away])
def test_where_others_could_exchange_a_generation_none_is_opened(
    tmp_path: Path, expose: Callable[[Generation], None]
) -> None:
    expose(published(tmp_path))
    with pytest.raises(IndexDamaged, match="is not opened") as failure:
        newest(tmp_path)
    assert "chmod 700" in failure.value.fix


def test_when_none_is_sound_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    truncate(published(tmp_path))
    with pytest.raises(IndexDamaged) as failure:
        newest(tmp_path)
    assert "deploy/run refresh" in failure.value.fix


def test_a_generation_of_another_format_is_passed_over(tmp_path: Path) -> None:
    published(tmp_path, "older", form="1")
    published(tmp_path, "newer", form="2")
    assert words_of(newest(tmp_path, "1")) == "older"
    assert words_of(newest(tmp_path, "2")) == "newer"
    assert newest(tmp_path, "3") is None


def test_a_permissive_umask_does_not_spoil_a_generation(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = published(tmp_path)
    finally:
        os.umask(before)
    assert newest(tmp_path) == made
    assert made.folder.stat().st_mode & 0o777 == 0o700
