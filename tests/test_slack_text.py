"""Text from Slack and to Slack: nothing lost on the way in, nothing live on the way out."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.slack.rendering import text as slack_text

# Slow machines are no fault of a text.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
LIVE = re.compile(
    r"<(@[UWB]\w|#[CG]\w|!(here|channel|everyone|group|subteam|date)|https?:|mailto:)", re.IGNORECASE
)
MARKDOWN_LINK = re.compile(r"(?im)\]\(\s*<?(https?:|//|javascript:)|^ {0,3}\[[^\]]*\]:\s*http")
NASTY = [
    *("<", ">", "&", "|", "!", "@", "#", "[", "]", "(", ")", ":", "`", "```", "~~~", "*", "**", "_", "\\"),
    *("<!channel>", "<!here>", "<@U123>", "<#C123|x>", "<!subteam^S1|@a>", "<https://evil.example|good>"),
    *("](https://evil.example)", "[x]: https://evil.example", "&lt;!channel&gt;", "&#60;!here&#62;"),
    *(
        "\n",
        "\n\n",
        " ",
        "  ",
        "    ",
        "- ",
        "> ",
        "1. ",
        "# ",
        "a",
        "中文",
        "，",
        "https://a.example/?b=1&c=2|d",
    ),
    *("\r\n", "\t", "\x00", "\u200b", "😀", "```python\n", "\n```\n", "<br>", "<a href='https://e.example'>"),
]
nasty = st.lists(st.sampled_from(NASTY), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("<@UBOT> 什么是 rum?", "什么是 rum?"),
        ("hi <@UBOT>, ask <@U2>", "hi , ask @U2"),
        ("<@U2|ada> in <#C1|general> or <#C2>", "@ada in #general or #C2"),
        (
            "see <https://a.example/x|this page> and <https://b.example>",
            "see this page and https://b.example",
        ),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!here> <!subteam^S1|@dba> <!date^1^{date}|today>", "@here @dba today"),
        ("a &lt; b &amp;&amp; c &gt; d &amp;lt;", "a < b && c > d &lt;"),
        ("<@UBOT>", ""),
        ("  \x00<@UBOT> \u202fx\n", "x"),
    ],
)
def test_entities_are_read_as_people_see_them(raw: str, seen: str) -> None:
    assert slack_text.clean(raw, "UBOT") == seen


def test_a_question_of_forty_thousand_characters_is_cut_and_not_refused() -> None:
    assert len(slack_text.clean("索引 " * 20_000, "UBOT")) <= slack_text.QUESTION_LIMIT


@calm
@given(st.text() | nasty)
def test_any_text_of_a_person_comes_through_the_round_trip(text: str) -> None:
    plain = slack_text.clean(text.replace("<", "").replace(">", ""), "")
    assert slack_text.unescape(slack_text.escape(plain)) == plain


@calm
@given(nasty | st.text())
def test_nothing_in_mrkdwn_pings_or_links(text: str) -> None:
    assert "<" not in slack_text.escape(text)
    assert "<" not in slack_text.mrkdwn(text)


@calm
@given(nasty | st.text())
def test_nothing_in_a_markdown_block_pings_or_links_under_another_name(text: str) -> None:
    shown = slack_text.markdown(text)
    assert not LIVE.search(shown)
    assert not MARKDOWN_LINK.search(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tell <!channel> and <@U1>", "tell &lt;!channel> and &lt;@U1>"),
        ("> a quotation stays", "> a quotation stays"),
        ("[good](https://evil.example)", "good (https://evil.example)"),
        ("![](https://evil.example/x.png)", "https://evil.example/x.png"),
        ("[[a]](https://evil.example)", "[[a]] (https://evil.example)"),
        ("[`a`](https://evil.example)", "[`a`] (https://evil.example)"),
        ("[x]: https://evil.example", "[x] : https://evil.example"),
        ("> - [x]: https://evil.example", "> - [x] : https://evil.example"),
        ("两种原因 [1]: 长事务", "两种原因 [1]: 长事务"),
        ("x &lt;!here&gt;", "x &amp;lt;!here&amp;gt;"),
        ("https://a.example/?b=1&c=2", "https://a.example/?b=1&c=2"),
        ("这是**重点**内容", "这是**重点**内容"),
        ("see [1] and [2].", "see [1] and [2]."),
    ],
)
def test_prose_keeps_its_form_and_loses_its_teeth(text: str, shown: str) -> None:
    assert slack_text.markdown(text) == shown


@pytest.mark.parametrize(
    "code", ["`a < b && List<String>`", "```cpp\nstd::vector<int> a;\n```", "~~~\n<br>&lt;\n~~~"]
)
def test_code_is_shown_as_it_was_written(code: str) -> None:
    assert slack_text.markdown(code) == code


def test_a_ping_in_code_is_broken_where_nobody_sees_it() -> None:
    shown = slack_text.markdown("```\n<!channel>\n```")
    assert shown.replace("\u200b", "") == "```\n<!channel>\n```"
    assert "<!channel>" not in shown


def test_a_fence_still_open_is_closed_while_the_answer_is_being_written() -> None:
    assert slack_text.markdown("so:\n```sql\nselect 1") == "so:\n```sql\nselect 1\n```"


@pytest.mark.parametrize(
    ("url", "label", "link"),
    [
        ("https://a.example/b|c", "x", "<https://a.example/b%7Cc|x>"),
        ("https://a.example/?b=1&c=2", "a & b", "<https://a.example/?b=1&amp;c=2|a &amp; b>"),
        ("https://a.example/>x", "<!here>", "<https://a.example/%3Ex|&lt;!here&gt;>"),
        ("https://a.example/中 文.md", "中文\n标题", "<https://a.example/中%20文.md|中文 标题>"),
        ("javascript:alert(1)", "x", "x"),
        ("", "no <address>", "no &lt;address&gt;"),
        ("http://[bad", "x", "x"),
    ],
)
def test_a_link_leads_to_its_address_and_nowhere_else(url: str, label: str, link: str) -> None:
    assert slack_text.link(url, label) == link


@calm
@given(nasty, nasty)
def test_any_label_and_address_make_one_link_or_none(url: str, label: str) -> None:
    made = slack_text.link("https://a.example/" + url, label)
    assert re.fullmatch(r"<https://[^<>|]+\|[^<>]+>|[^<>]*", made, re.DOTALL)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** and __bold__", "*bold* and *bold*"),
        ("这是**重点**内容", "这是\u200b*重点*\u200b内容"),
        ("## Title\n\n- one\n* two", "*Title*\n\n• one\n• two"),
        ("~~old~~ 1 < 2", "~old~ 1 &lt; 2"),
        ("```sql\nselect 1 < 2;\n```", "```\nselect 1 &lt; 2;\n```"),
        ("> quoted", "> quoted"),
        ("`a < b`", "`a &lt; b`"),
        ("[label](https://a.example)", "label (https://a.example)"),
    ],
)
def test_the_older_dialect_shows_the_same(text: str, shown: str) -> None:
    assert slack_text.mrkdwn(text) == shown


@calm
@example(
    "<!channel><https://evil.example|good> ```<https://evil.example|good><https://evil.example|good>", 100
)
@given(nasty | st.text(max_size=3_000), st.integers(100, 400))
def test_a_split_keeps_to_the_limit_and_every_piece_closes_its_fences(text: str, limit: int) -> None:
    pieces = slack_text.split(slack_text.markdown(text), limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert all(slack_text.close(piece) == piece for piece in pieces)


@pytest.mark.parametrize("mark", ["```", "~~~", "[1]: https://evil.example/ "])
def test_what_began_no_line_opens_no_fence_and_defines_no_link_where_a_cut_makes_it_begin_one(
    mark: str,
) -> None:
    pieces = slack_text.split("word " * 18 + mark + "code " * 18, 100)
    assert not any(piece.startswith(mark) for piece in pieces)
    assert "".join(pieces).replace("\u200b", "") == "word " * 18 + mark + "code " * 18


@calm
@given(st.lists(st.sampled_from(["word ", "字", "line\n", "end.\n\n"]), max_size=400).map("".join))
def test_a_split_loses_nothing_but_line_ends_at_its_cuts(text: str) -> None:
    pieces = slack_text.split(text, 120)
    assert "".join("".join(pieces).split("\n")) == "".join(text.split("\n"))


def test_code_that_a_split_falls_into_goes_on_as_code() -> None:
    text = "intro\n```sql\n" + "select 1;\n" * 60 + "```\nend"
    pieces = slack_text.split(text, 200)
    assert len(pieces) > 3
    assert all(piece.startswith("```\n") for piece in pieces[1:])
    assert sum(piece.count("select 1;") for piece in pieces) == 60
    assert pieces[-1].endswith("end")


@calm
@given(st.text(), st.integers(0, 50))
def test_a_shortened_text_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(slack_text.shorten(text, limit)) <= limit
    assert len(slack_text.fit_bytes(text.encode(errors="ignore").decode(), 50).encode()) <= 50
