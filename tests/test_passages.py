"""Passages: pieces that fit a prompt and can stand alone."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.articles.article import parse, passages
from index.articles.markdown import anchor
from index.articles.passages import LONGEST, SHORTEST
from index.model import Article, Passage

SENTENCE = "A sentence about vacuum and its many settings. "


def cut(body: str) -> tuple[Passage, ...]:
    return passages(Article(path="a.md", title="A", date="", tags=(), body=body))


def test_a_long_text_gives_passages_of_five_to_eight_hundred_characters() -> None:
    found = cut("\n\n".join(SENTENCE * 3 for _ in range(40)))
    assert all(SHORTEST <= len(passage.text) <= LONGEST for passage in found[:-1])
    assert [passage.number for passage in found] == list(range(len(found)))


def test_a_passage_ends_at_a_heading_and_carries_the_trail_above_it() -> None:
    found = cut(
        f"## One\n\n{SENTENCE * 12}\n\n### Deep *down*\n\n{SENTENCE * 12}\n\n## Two\n\n{SENTENCE * 12}"
    )
    assert [passage.headings for passage in found] == [("One",), ("One", "Deep *down*"), ("Two",)]
    assert [passage.anchor for passage in found] == ["one", "deep-down", "two"]


def test_short_sections_share_a_passage_that_shows_their_headings() -> None:
    (passage,) = cut("## One\n\nFirst.\n\n## Two\n\nSecond.\n\n## Three\n")
    assert passage.text == "First.\n\n## Two\n\nSecond."
    assert passage.headings == ("One",)


@pytest.mark.parametrize("stop", [". ", "。", "！", "? ", "；"])
def test_no_passage_ends_within_a_sentence(stop: str) -> None:
    found = cut(f"这是关于索引的一句话 with some English{stop}" * 90)
    assert len(found) > 3
    assert all(passage.text.endswith(stop.strip()) for passage in found)


def test_version_numbers_and_addresses_do_not_end_a_sentence() -> None:
    found = cut("We run version 3.14.2 of www.example.org with node.js on it. " * 40)
    assert all(passage.text.endswith("on it.") for passage in found)


def test_a_long_fence_becomes_several_closed_ones_of_its_language_cut_at_line_ends() -> None:
    lines = [f"call store_event({number}, 'some text');" for number in range(80)]
    found = cut("```sql\n" + "\n".join(lines) + "\n```")
    assert len(found) > 3
    assert all(re.fullmatch(r"```sql\n.*\n```", passage.text, re.DOTALL) for passage in found)
    assert [line for passage in found for line in passage.text.split("\n")[1:-1]] == lines


def test_a_short_fence_stays_whole() -> None:
    fence = "```\n" + "x = 1\n" * 60 + "```"
    assert any(fence in passage.text for passage in cut(f"{SENTENCE * 10}\n\n{fence}\n\n{SENTENCE * 10}"))


def test_one_endless_line_is_cut_all_the_same() -> None:
    found = cut("x" * 5000)
    assert max(len(passage.text) for passage in found) <= LONGEST
    assert "".join(passage.text for passage in found) == "x" * 5000


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("What's new in `pg_stat`?", "whats-new-in-pg_stat"),
        ("一、用我的文章来喂模型", "一用我的文章来喂模型"),
        ("A  B & C", "a--b--c"),
        ("**Bold** and _soft_ and snake_case", "bold-and-soft-and-snake_case"),
        ("🚀 Launch (2024)", "-launch-2024"),
        ("C++ / C#", "c--c"),
    ],
)
def test_an_anchor_is_the_one_github_makes(heading: str, fragment: str) -> None:
    assert anchor(heading) == fragment


def test_repeated_headings_are_numbered_as_github_does() -> None:
    body = "\n\n".join(f"## Setup\n\n{SENTENCE * 12}" for _ in range(3))
    assert [passage.anchor for passage in cut(body)] == ["setup", "setup-1", "setup-2"]


def test_headings_that_left_the_body_count_too() -> None:
    parsed = parse("a.md", f"# 日期\n\n### 日期\n2020-01-01\n\n----\n\n## 日期\n\n{SENTENCE * 3}")
    assert isinstance(parsed, Article)
    assert passages(parsed)[0].anchor == "日期-2"


def left_open(text: str) -> str:
    """The mark of the fence that is still open at the end, by CommonMark's rules."""
    open_mark = ""
    for line in text.split("\n"):
        fence = re.fullmatch(r" {0,3}(`{3,}|~{3,})([^`]*)", line)
        if fence and not open_mark:
            open_mark = fence[1]
        elif fence and fence[1].startswith(open_mark) and not fence[2].strip():
            open_mark = ""
    return open_mark


_LINES = st.sampled_from(
    ["# One", "## Two", "```", "```sql", "~~~", "> quoted", "> ```", "----", "====", "", "- item", "<pre>",
     "</pre>", "<!--", "-->", "a | b", "索引是什么？", SENTENCE, SENTENCE * 30, "\tx", "[a](b.md)",
     "<b>x</b>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_LINES, max_size=40))
def test_whatever_the_markdown_every_passage_is_bounded_and_its_fences_are_closed(lines: list[str]) -> None:
    parsed = parse("a.md", "\n".join(lines))
    if not isinstance(parsed, Article):
        return
    found = passages(parsed)
    assert found
    for passage in found:
        assert passage.text.strip()
        assert len(passage.text) <= LONGEST
        assert not left_open(passage.text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    parsed = parse("a.md", text)
    if isinstance(parsed, Article):
        passages(parsed)
