"""Fenced blocks of an answer: our readers, Slack's and CommonMark's take the same lines for code."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich

from bot.answers.citations import Cleaner
from bot.answers.plain import apart
from bot.slack.rendering.text import markdown

LINES = [
    *(
        "[9]",
        "x [1].",
        "select a[9]",
        "    return b[9]",
        "\t[9]",
        "`a[9]`",
        "a `b",
        "",
        " ",
        "# h",
        "---",
        "<b>",
    ),
    *("```", "```sql", "  ```", "   ```", "     ```", "````", "~~~", "~~~~ x`y", "```` z"),
    *("- x", "1. x", "> x", "- - x", "> [9]", "   [9]", "  select"),
    *("- ```", "* ```sql", "1. ```", "2) ```", "10. ```", "   - ```", "   1. ~~~", "- - ```"),
    *("> ```", "> > ```", "> - ```", ">2. ```", ">     ```"),
]


def clean(text: str, size: int = 10_000) -> str:
    """*text* as it comes out when it arrives in pieces of *size* characters; 1 is a source, 9 is none."""
    cleaner = Cleaner({1})
    return "".join((*(cleaner.feed(text[i : i + size]) for i in range(0, len(text), size)), cleaner.finish()))


def commonmark_prose(text: str) -> str:
    """What CommonMark shows of *text*, code left out."""
    tokens = [part for token in MarkdownIt().parse(text) for part in (token, *(token.children or ()))]
    return " ".join(each.content for each in tokens if each.type in {"text", "html_inline", "html_block"})


@given(st.lists(st.sampled_from(LINES), max_size=12).map("\n".join), st.integers(1, 9))
@example("x\n10. ```\n[9]", 1)
@example("> - ```\n[9]", 1)
@example("- x\n  ```\n[9]\n  ```\n[9]", 1)
@example("~~~\n```\n~~~\n[9]", 1)
@settings(max_examples=300, deadline=None)
def test_no_reader_finds_an_unknown_number_outside_code(text: str, size: int) -> None:
    shown = clean(text, size)
    assert shown == clean(text)
    assert "[9]" not in apart(shown, str, lambda _: "\n")
    assert "[9]" not in commonmark_prose(shown)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1. ```sql\na[9]\n```\nSo [1] [9].", "1.\n   ```sql\n   a[9]\n   ```\nSo [1]."),
        ("1. ```py\nif x:\n    y\n```", "1.\n   ```py\n   if x:\n       y\n   ```"),
        ("x\n- ```\n  a[9]\n  ```", "x\n  ```\n  a[9]\n  ```"),
        ("- Do:\n  ```\na[9]\n  b\n```\nx", "- Do:\n  ```\n  a[9]\n    b\n  ```\nx"),
        ("1. Do:\n    ```\n    a\n      b\n    ```\n    x", "1. Do:\n   ```\n   a\n     b\n   ```\n    x"),
        ("1. Do:\n   ```\n   a", "1. Do:\n   ```\n   a\n   ```"),
        ("x\n> ```\n> a\n[9]\n> ```\n> y", "x\n```\na\n[9]\n```\n> y"),
        ("~~~sql\n```\na[9]\n~~~\n[1]", "```sql\n``\na[9]\n```\n[1]"),
        ("```make\nall:\n\techo\n```", "```make\nall:\n\techo\n```"),
    ],
)
def test_a_fence_stands_on_its_own_line_with_its_code_under_it(written: str, shown: str) -> None:
    assert clean(written) == shown
    assert clean(written, 1) == shown


def test_slack_shows_code_in_a_list_as_it_was_written() -> None:
    text = "1. Run this:\n    ```sql\n    select a < b;\n    ```\n2. ```sql\nselect a < c;\n```\nThen x < y."
    shown = markdown(clean(text))
    assert re.findall(r"select .*", shown) == ["select a < b;", "select a < c;"]
    assert shown.endswith("Then x &lt; y.")
