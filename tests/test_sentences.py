"""Sentences and languages of Chinese, English and Markdown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.languages import language
from bot.answers.plain import unlinked
from bot.answers.sentences import sentences, shortened


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("它支持排序。它不回表！为什么？", ["它支持排序。", "它不回表！", "为什么？"]),
        ("It sorts. It scans [1]. Then?", ["It sorts. ", "It scans [1]. ", "Then?"]),
        ("它支持排序。[1][2] 另外，写入慢；索引大。", ["它支持排序。[1][2] ", "另外，写入慢；", "索引大。"]),
        ("Use e.g. version 3.11 of it. Done.", ["Use e.g. version 3.11 of it. ", "Done."]),
        ("1. First point\n2. Second point", ["1. First point\n", "2. Second point"]),
        ("Run:\n\n```sh\na. b。 c\n```\nDone.", ["Run:\n\n", "```sh\na. b。 c\n```\n", "Done."]),
        ("a != b and x?y:z stay. End", ["a != b and x?y:z stay. ", "End"]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(
    st.lists(
        st.sampled_from(["。", ". ", "a", "字", "\n", "```\n", "[1]", "!", "?", "e.g.", " ", "1."]),
        max_size=40,
    )
)
@settings(deadline=None)
def test_sentences_together_are_the_text(parts: list[str]) -> None:
    assert "".join(sentences("".join(parts))) == "".join(parts)


@given(st.text(alphabet="ab。. \n", max_size=3000), st.integers(20, 500))
@settings(deadline=None)
def test_a_shortened_text_fits_and_keeps_both_ends(text: str, limit: int) -> None:
    kept = shortened(text, lambda part: len(part) <= limit)
    assert len(kept) <= max(limit, len("[…]"))
    if len(text) > limit > 100 and text.strip():
        head, _, tail = kept.partition("[…]")
        assert text.strip().startswith(head.strip())
        assert text.strip().endswith(tail.strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请问 PostgreSQL rum 和 gin 索引的区别是什么?", "zh"),
        ("PostgreSQL rum gin 区别", "zh"),
        ("React 里的 state 数组为啥不能直接 push", "zh"),
        ("What does 索引 mean?", "en"),
        ("How do I build an index?", "en"),
        ("インデックスとは何ですか", "en"),
        ("", "en"),
        ("12345 !?", "en"),
    ],
)
def test_the_language_is_that_of_the_writer_not_of_the_terms(text: str, expected: str) -> None:
    assert language(text) == expected


LINKY = [
    "[",
    "](",
    ")",
    "http://",
    "a.com",
    "<",
    ">",
    "www.",
    "x",
    " ",
    "!",
    "字",
    "mailto:",
    "/p?q=",
    "javascript:",
]


@given(st.lists(st.sampled_from(LINKY), max_size=15).map("".join))
@settings(deadline=None)
def test_what_is_unlinked_holds_no_address(text: str) -> None:
    plain = unlinked(text)
    assert "http://a" not in plain
    assert "http://x" not in plain
