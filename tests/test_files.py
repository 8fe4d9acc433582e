"""Which files are read, and how bytes become text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model import Skip
from index.repository.files import LARGEST, matcher, text


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("**/*.md", "top.md"),
        ("**/*.md", "a/b/c.md"),
        ("**/*.md", "a/README.MD"),
        ("*.md", "a/b.md"),
        ("posts/**", "posts/2024/a.md"),
        ("posts/", "posts/2024/a.md"),
        ("drafts", "a/drafts/b.md"),
        ("/posts/*.md", "posts/a.md"),
        ("posts/**/*.md", "posts/a.md"),
        ("2024-??.md", "2024-01.md"),
        ("[a-c]*.md", "b.md"),
        ("[!a].md", "b.md"),
        ("文章/*.md", "文章/索引.md"),
        ("a+b(c).md", "a+b(c).md"),
        ("README.md", "docs/readme.md"),
    ],
)
def test_a_glob_matches(glob: str, path: str) -> None:
    assert matcher((glob,), ())(path)
    assert not matcher(("**",), (glob,))(path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("**/*.md", "a.mdx"),
        ("**/*.md", "a.md.png"),
        ("posts/*.md", "posts/2024/a.md"),
        ("/posts/*.md", "old/posts/a.md"),
        ("posts/*.md", "old/posts/a.md"),
        ("2024-??.md", "2024-1.md"),
        ("a?b.md", "a/b.md"),
        ("[!a].md", "a.md"),
        ("draft", "drafts/a.md"),
        ("a.md", "b-a.md"),
        ("a.md", "axmd"),
    ],
)
def test_a_glob_does_not_match(glob: str, path: str) -> None:
    assert not matcher((glob,), ())(path)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_glob_breaks_the_matching(glob: str, path: str) -> None:
    assert matcher((glob,), ())(path) in {True, False}


@given(st.text(st.characters(exclude_characters="*?[]/", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_plain_name_matches_itself(name: str) -> None:
    assert matcher((name,), ())(name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# 标题\n".encode(), "# 标题\n"),
        (b"\xef\xbb\xbf# Title", "# Title"),
        ("# 标题".encode("utf-16"), "# 标题"),
        (b"\xfe\xff" + "# 标题".encode("utf-16-be"), "# 标题"),
        ("# 数据库索引,全文检索。".encode("gb18030"), "# 数据库索引,全文检索。"),
        (b"# Caf\xe9 and more words of plain ASCII", "# Caf\ufffd and more words of plain ASCII"),
        (b"", ""),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Skip("Git LFS pointer")),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Skip("binary")),
        (bytes(range(128, 255)) * 9, Skip("undecodable")),
        (b"x" * (LARGEST + 1), Skip("larger than 1 MiB")),
    ],
)
def test_bytes_become_text_or_say_why_not(content: bytes, expected: str | Skip) -> None:
    assert text(content) == expected


def test_a_few_broken_bytes_do_not_cost_the_article() -> None:
    broken = "# 索引\n".encode() + "正文 ".encode() * 50 + b"\xff\xfe\xfd" + " 继续".encode() * 50
    decoded = text(broken)
    assert isinstance(decoded, str)
    assert decoded.startswith("# 索引")
    assert decoded.count("\ufffd") == 3
