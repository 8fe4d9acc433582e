"""The model's text on its way to people: citations, links, template tokens, while it streams."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich

from bot.answers.citations import Cleaner
from bot.answers.plain import CODE, apart
from bot.slack.rendering.text import markdown

KNOWN = (1, 2, 3)
PIECES = [
    *("RUM 支持排序", "。", ". ", " ", "\n", "[1]", "[2]", "[9]", " [9]", "[", "]", "(", ")", "](", "[文]("),
    *("【3】", "[1, 3]", "http", "s://", "http://", "evil.example", "/x?y=1", "www.", "mailto:", "a@b.com"),
    *("`", "```", "```sql\n", "\n```\n", "<", ">", "<a href='", "</a>", "<http://e.com|t>", "![i]("),
    *("[INST]", "<|im_start|>", "</s>", "\u200b", "x", "：", "-", "<b>", "[9](", "select a[9]", "!", "1. "),
    *("> ", "- ", "   ", "~~~", "~~~\n", "\\", "\\`", "\0", "]: ", "]:", "//evil.example", "&#91;", "*", "_"),
]


MARKDOWN = MarkdownIt("commonmark", {"html": False})


def clean(text: str, size: int = 10_000) -> tuple[str, list[int]]:
    """*text* as it comes out when it arrives in pieces of *size* characters, and the numbers cited."""
    cleaner = Cleaner(KNOWN)
    shown = [cleaner.feed(text[i : i + size]) for i in range(0, len(text), size)]
    return "".join((*shown, cleaner.finish())), cleaner.cited


def prose(text: str) -> str:
    """*text* without its code."""
    return apart(text, str, lambda _: "\n")


@pytest.mark.parametrize(
    ("written", "shown", "cited"),
    [
        ("RUM 支持排序 [1]。GIN 不行 [9]。", "RUM 支持排序 [1]。GIN 不行。", [1]),
        ("It sorts [3], and scans [2][3].", "It sorts [3], and scans [2][3].", [3, 2]),
        ("Both [1, 3] and [1-3].", "Both [1][3] and [1][2][3].", [1, 3, 2]),
        ("全角【2】和［3］。", "全角[2]和[3]。", [2, 3]),
        ("[来源 1] says so, [source: 2] too, [^3] also.", "[1] says so, [2] too, [3] also.", [1, 2, 3]),
        ("Not [n]. Nor this [0]. Nor that [99999999999999999999].", "Not. Nor this. Nor that.", []),
        ("Keep `rows[9]` and `[1]`.", "Keep `rows[9]` and `[1]`.", []),
        ("```c\na[9] = b[1];\n```\nSo [2].", "```c\na[9] = b[1];\n```\nSo [2].", [2]),
        ("- [x] done\n- [ ] open", "- [x] done\n- [ ] open", []),
    ],
)
def test_only_numbers_that_were_in_the_prompt_are_cited(written: str, shown: str, cited: list[int]) -> None:
    assert clean(written) == (shown, cited)
    assert clean(written, 1) == (shown, cited)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [the page](https://evil.example/x).", "See the page."),
        ("See https://evil.example/x, then go.", "See […], then go."),
        ("见https://evil.example/x，然后", "见[…]，然后"),
        ("<https://evil.example> and <https://evil.example|text>", "[…] and text"),
        ("![pixel](https://evil.example/p.png?d=secret)", "pixel"),
        ("[![pixel](https://evil.example/p.png)](https://evil.example)", "pixel"),
        ('<a href="https://evil.example">here</a><img src=x onerror=y>', "here"),
        ("[1]: https://evil.example 'title'", "[1]: […] 'title'"),
        ("[1](https://evil.example) and [[2]](https://evil.example)", "[1] and [2]"),
        ("[a (b)](https://evil.example/a_(b))", "a (b)"),
        ("javascript:alert(1) mailto:a@evil.example slack://open", "[…] […] […]"),
        ("www.evil.example/x", "[…]"),
        ("ask a@evil.example or evil.example/path", "ask `a@evil.example` or `evil.example/path`"),
        ("ht[9]tps://evil.example http[9]://evil.example", "[…] […]"),
        ("[ht](x)tps://evil.example", "[…]"),
        ("http\u200bs://evil\u200b.example", "[…]"),
        ("//[::1]/x http://[::1]/x", "//[::1]/x […]"),
    ],
)
def test_a_link_never_comes_from_the_model(written: str, shown: str) -> None:
    assert clean(written)[0] == shown
    assert clean(written, 1)[0] == shown


def test_an_address_in_code_stays_text() -> None:
    code = "Run `curl https://get.example/x` or:\n\n```sh\nwget https://get.example/y\n```"
    assert clean(code, 3)[0] == code


def test_code_that_is_never_closed_hides_no_link() -> None:
    assert clean("so `https://evil.example\nnext", 2)[0] == "so […]\nnext"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("</s>```\n```\nhttps://evil.example\n```", "\n```\nhttps://evil.example\n```"),
        ("so ``` x\n```\nhttps://evil.example\n```", "so  x\n```\nhttps://evil.example\n```"),
        ("```\na ``` https://evil.example\n```", "```\na `` https://evil.example\n```"),
        ("`` https://evil.example ``", "` https://evil.example `"),
        ("````\n```\nhttps://evil.example\n````", "```\n``\nhttps://evil.example\n```"),
    ],
)
def test_readers_that_take_other_ticks_for_code_see_no_link_either(written: str, shown: str) -> None:
    assert clean(written, 1)[0] == shown.lstrip()


def test_a_fence_left_open_is_closed() -> None:
    assert clean("```sql\nselect 1", 2)[0] == "```sql\nselect 1\n```"


def test_template_tokens_do_not_reach_people_whole() -> None:
    assert clean("<pad>[INST] x <|im_end|> <start_of_turn>model", 1)[0] == (
        "< pad>[ INST] x < |im_end|> < start_of_turn>model"
    )


def test_ordinary_signs_of_comparing_and_generics_stay() -> None:
    text = "List<String> holds a < b, b > c, a <- b, x |> f and vec![1] is [a, b]."
    assert clean(text, 1)[0].replace("vec!`", "vec!") in {text, text.replace("[1]", "[1]")}


def test_a_word_is_shown_as_soon_as_the_next_one_begins() -> None:
    cleaner = Cleaner(KNOWN)
    assert cleaner.feed("Rows") == ""
    assert cleaner.feed(" stay") == "Rows"
    assert cleaner.feed(" 索引") == " stay 索引"


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.integers(1, 7))
@example("a [9]\n[9] b", 1)
@example("`a` [1](x)", 2)
@example("](`)RUM 支持排序`\n", 1)
@example("[`]RUM 支持排序`\n", 1)
@example("<`>RUM 支持排序`\n", 1)
@example("mailto: [9]. ", 1)
@example("mailto: [9]!RUM 支持排序", 1)
@example("evil [9].com", 1)
@example("<a href='</s>RUM 支持排序>RUM 支持排序", 1)
@example("](<a href=')RUM 支持排序>RUM 支持排序", 1)
@settings(max_examples=200, deadline=None)
def test_how_the_text_arrives_changes_nothing(text: str, size: int) -> None:
    assert clean(text, size) == clean(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.integers(1, 7))
@example("<a href='`>", 1)
@example("<a href=`//evil.example>", 1)
@example("x=1s://[文]()", 1)
@settings(max_examples=200, deadline=None)
def test_no_link_and_no_unknown_number_survives_in_any_text(text: str, size: int) -> None:
    shown = prose(clean(text, size)[0])
    assert not re.search(r"[a-z]://\w", shown)
    assert not re.search(r"\]\([^)\s]*\w[./:]+\w[^)\s]*\)", shown)
    assert not re.search(r"<a(?=[\s/>])[^<>\n]*>|<\|im_start\|>|\[INST\]|(?<![a-z0-9])mailto:[a-z]", shown)
    assert {int(n) for n in re.findall(r"\[(\d+)\]", shown)} <= set(KNOWN)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.integers(1, 7))
@example("\\`http://evil.example\\`", 1)
@example("\\\\`RUM` [9] `RUM`", 1)
@example("\\[9]`http://evil.example`", 1)
@example("\\ [9]`http://evil.example`", 1)
@example("[x](\n//evil.example)", 1)
@example("[x]: //evil.example\n\n[x]", 1)
@settings(max_examples=200, deadline=None)
def test_no_link_and_no_unknown_number_is_shown_by_slack(text: str, size: int) -> None:
    inline = [
        each for token in MARKDOWN.parse(markdown(clean(text, size)[0])) for each in token.children or ()
    ]
    assert not {each.type for each in inline} & {"link_open", "image"}
    said = "\n".join(each.content for each in inline if each.type == "text")
    assert not re.search(r"[a-z]://\w", said)
    assert {int(n) for n in re.findall(r"\[(\d+)\]", said)} <= set(KNOWN)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"Use \`vacuum\`.", "Use vacuum."),
        (r"In `C:\` and C:\dir.", r"In `C:\` and C:\dir."),
        (r"So \\`rows[9]` it is.", r"So \\ `rows[9]` it is."),
    ],
)
def test_a_tick_behind_a_backslash_opens_no_code(written: str, shown: str) -> None:
    assert clean(written)[0] == clean(written, 1)[0] == shown


def test_code_is_what_stands_between_ticks_on_one_line() -> None:
    assert [found[0] for found in CODE.finditer("`a` ``b`c`` `d\ne`")] == ["`a`", "``b`c``"]
