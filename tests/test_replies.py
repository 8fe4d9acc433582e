"""Replies: what people see for each outcome, valid for Slack whatever the model and the articles hold."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Answer, Outcome, Question, Source, Stage
from bot.slack.rendering import found, notices, replies
from bot.slack.rendering.blocks import Reply, quote
from bot.slack.rendering.notices import Facts
from index.errors import IndexMissing, RepositoryUnreachable
from index.model import Hit, Passage, Report, Status
from tests.fakes.blocks import check_message
from tests.test_slack_text import LIVE, MARKDOWN_LINK, calm, nasty

QUESTION = Question("T1-C1-1.0", "How does vacuum work?", "U1", "T1", "C1", "1.0", "1.0", "mention")
CHINESE = replace(QUESTION, text="请问PostgreSQL rum和gin索引的区别是什么?")
PRIVATE = replace(QUESTION, kind="command", ts="", root="")
SOURCES = (
    Source(
        1, "Vacuum & you <draft>", "https://b.example/a|b.md", "a.md", "2024-05-01", "Freeze", "It `freezes`."
    ),
    Source(3, "No address", "", "c.md", "", "", "```\ncode\n```\nThe second line."),
)
ANSWER = Answer(QUESTION.text, "It removes **dead** tuples [1].", "answered", SOURCES, "qwen3:8b")
STATUS = Status("g1", "abc", 12, 40, datetime(2026, 11, 22, 3, tzinfo=UTC))
REPORT = Report("abc", "g1", 12, 40, 3, 2, 1, {"no text": 1}, 4.25)


MENTION = re.compile(r"<(@|!|#)")


def shown(reply: Reply) -> str:
    """Every text of a reply, with its blocks as JSON that keeps Chinese readable."""
    return json.dumps(reply["blocks"], ensure_ascii=False).replace("\\n", "\n")


def only(messages: tuple[Reply, ...]) -> Reply:
    (reply,) = messages
    check_message(reply)
    return reply


def test_an_answer_is_markdown_with_numbered_links_a_note_and_feedback_buttons() -> None:
    blocks = only(replies.render(QUESTION, ANSWER))["blocks"]
    assert [block["type"] for block in blocks] == ["markdown", "section", "context", "context_actions"]
    assert blocks[0]["text"] == ANSWER.text
    assert blocks[1]["text"]["text"] == (
        "*Sources*\n"
        "[1] <https://b.example/a%7Cb.md|Vacuum &amp; you &lt;draft&gt;> · 2024-05-01 · Freeze\n"
        "[3] No address"
    )
    assert "qwen3:8b" in blocks[2]["elements"][0]["text"]


def test_the_notification_text_is_the_answer_alone_so_that_a_thread_can_be_read_back() -> None:
    assert only(replies.render(QUESTION, ANSWER))["text"] == ANSWER.text


@pytest.mark.parametrize(
    ("outcome", "english", "chinese"),
    [
        ("no_source", "nothing in the blog", "没有找到"),
        ("model_unavailable", "Ollama at http://h:1 does not answer", "位于 http://h:1 的 Ollama 没有响应"),
        ("model_missing", "`ollama pull http://h:1`", "`ollama pull http://h:1`"),
        ("busy", "too many questions", "问题太多"),
        ("failed", "went wrong", "出了点问题"),
    ],
)
def test_a_reason_why_there_is_no_answer_is_told_in_the_language_of_the_question(
    outcome: Outcome, english: str, chinese: str
) -> None:
    answer = Answer("", "", outcome, detail="http://h:1")
    assert english in shown(only(replies.render(QUESTION, answer)))
    assert chinese in shown(only(replies.render(CHINESE, answer)))


def test_without_a_model_the_best_articles_are_shown_with_the_passages_that_matched() -> None:
    answer = Answer("", "", "model_unavailable", SOURCES, detail="http://h:1")
    text = shown(only(replies.render(QUESTION, answer)))
    assert "<https://b.example/a%7Cb.md|Vacuum &amp; you &lt;draft&gt;>" in text
    assert "> It `freezes`." in text
    assert "> code\n> The second line." in text


def test_a_quoted_paragraph_is_one_line_however_its_source_is_wrapped() -> None:
    passage = """We restore one every
Tuesday. 每周二
都做一次
## Steps
Stop it:
```sh
if true
  stop
```
then
- check
  twice
- done"""
    assert quote(passage) == (
        "> We restore one every Tuesday. 每周二都做一次\n> *Steps*\n> Stop it:\n> if true\n>   stop\n"
        "> then\n> • check twice\n> • done"
    )


def test_a_passage_is_quoted_without_pictures_fences_or_live_marks() -> None:
    passage = (
        "## Why\n\n![plan](https://b.example/p.png)\n```sql\n1 < 2;\n```\n[it](https://x.example) **now**"
    )
    answer = Answer("", "", "busy", (replace(SOURCES[0], passage=passage),))
    assert "> *Why*\n> 1 &lt; 2;\n> it (https://x.example) *now*" in shown(
        only(replies.render(QUESTION, answer))
    )


def test_nothing_found_shows_the_nearest_titles_without_passages() -> None:
    text = shown(only(replies.render(QUESTION, Answer("", "", "no_source", SOURCES))))
    assert "The nearest titles are:" in text
    assert "freezes" not in text


def test_a_cut_answer_says_so_and_keeps_what_was_written() -> None:
    text = shown(only(replies.render(QUESTION, replace(ANSWER, outcome="cut_short"))))
    assert "dead" in text
    assert "incomplete" in text


def test_an_answer_that_its_sources_hardly_support_says_so() -> None:
    assert "could not find all of this" in shown(
        only(replies.render(QUESTION, replace(ANSWER, supported=0.2)))
    )
    assert "could not find all" not in shown(only(replies.render(QUESTION, replace(ANSWER, supported=0.9))))


@pytest.mark.parametrize("supported", [0.2, 0.9, None])
@pytest.mark.parametrize("classic", [False, True])
def test_a_mark_without_support_is_always_explained_below_the_answer(
    supported: float | None, *, classic: bool
) -> None:
    marked = replace(ANSWER, text="It removes dead tuples [1]. It sings. ⁽?⁾", supported=supported)
    assert "⁽?⁾ marks a sentence" in shown(only(replies.render(QUESTION, marked, classic=classic)))
    assert "⁽?⁾ 表示" in shown(only(replies.render(CHINESE, marked, classic=classic)))
    assert "⁽?⁾ marks" in shown(replies.shared(PRIVATE, marked, "U1"))
    assert "⁽?⁾" not in shown(only(replies.render(QUESTION, ANSWER, classic=classic)))


def test_a_mark_in_the_first_of_two_messages_is_explained_below_the_last() -> None:
    first, last = replies.render(QUESTION, replace(ANSWER, text="It sings. ⁽?⁾ " + "It works [1]. " * 900))
    assert "⁽?⁾" in shown(first)
    assert "⁽?⁾ marks a sentence" in shown(last)


def test_a_private_answer_can_be_shared_and_its_buttons_know_the_question() -> None:
    text = shown(only(replies.render(PRIVATE, ANSWER)))
    assert '"action_id": "share"' in text
    assert text.count(PRIVATE.id) == 3
    assert '"action_id": "share"' not in shown(only(replies.render(QUESTION, ANSWER)))


def test_an_answer_longer_than_a_message_goes_on_in_further_ones_with_its_sources_last() -> None:
    answer = replace(ANSWER, text="A sentence of the answer.\n\n" * 1_500)
    messages = replies.render(QUESTION, answer)
    assert len(messages) == 4
    for message in messages:
        check_message(message)
    assert sum(shown(message).count("A sentence of the answer.") for message in messages) == 1_500
    assert ["Sources" in shown(message) for message in messages] == [False, False, False, True]


def test_an_older_workspace_gets_the_same_without_new_blocks() -> None:
    reply = only(replies.render(QUESTION, replace(ANSWER, text="x **y**\n" * 500), classic=True))
    assert {block["type"] for block in reply["blocks"]} == {"section", "context", "actions"}
    assert shown(reply).count("x *y*") == 500


outcomes: list[Outcome] = [
    *("answered", "no_source", "model_unavailable", "model_missing", "busy", "cut_short", "failed")
]
any_source = st.builds(
    Source,
    st.integers(1, 9),
    nasty,
    nasty.map("https://a.example/".__add__) | nasty,
    nasty,
    nasty,
    nasty,
    nasty,
)
any_answer = st.builds(
    Answer,
    question=nasty,
    text=nasty | st.text(max_size=300),
    outcome=st.sampled_from(outcomes),
    sources=st.lists(any_source, max_size=12).map(tuple),
    model=nasty,
    detail=nasty,
    supported=st.none() | st.floats(0, 1),
)


@calm
@given(answer=any_answer, text=nasty, classic=st.booleans(), private=st.booleans())
def test_whatever_a_model_and_articles_say_the_reply_is_valid_and_pings_nobody(
    answer: Answer, text: str, *, classic: bool, private: bool
) -> None:
    question = replace(PRIVATE if private else QUESTION, text=text)
    for message in (*replies.render(question, answer, classic=classic), found.page(text, ())):
        check_message(message)
        for block in message["blocks"]:
            if block["type"] == "markdown":
                assert not LIVE.search(block["text"])
                assert not MARKDOWN_LINK.search(block["text"])
        assert not MENTION.search(shown(message))
        assert "<" not in message["text"]


def test_a_channel_wide_ping_in_an_article_is_shown_as_text() -> None:
    poison = replace(
        SOURCES[0], title="<!channel> now", passage="<!here> <@U123> <!subteam^S1>", section="<!channel>"
    )
    answer = Answer("", "", "model_unavailable", (poison,), detail="<!channel>")
    text = shown(only(replies.render(QUESTION, answer)))
    assert "&lt;!channel&gt; now" in text
    assert "> &lt;!here&gt; &lt;@U123&gt; &lt;!subteam^S1&gt;" in text
    assert "<!" not in text


@pytest.mark.parametrize("length", [0, 1, 11_499, 11_500, 40_000])
def test_an_answer_being_written_is_valid_at_every_length(length: int) -> None:
    check_message(replies.progress(QUESTION, "字" * length or "…"))


@pytest.mark.parametrize(
    ("stage", "english"),
    [
        (Stage("queued", 3), "3 before you"),
        (Stage("queued"), "Searching"),
        (Stage("reading", 4), "Reading 4 articles"),
        (Stage("loading"), "Loading"),
        (Stage("writing"), "Writing"),
    ],
)
def test_a_sign_of_life_says_what_is_being_done(stage: Stage, english: str) -> None:
    reply = replies.stage(QUESTION, stage)
    check_message(reply)
    assert english in reply["text"]


def test_search_shows_ten_articles_a_page_with_what_matched_in_bold() -> None:
    passage = Passage("a.md", 0, ("Top", "Vacuum"), "vacuum", "Dead tuples " * 100)
    hits = tuple(
        Hit(f"{n}.md", f"Title {n}", f"https://b.example/{n}", "", 1.0, (passage,)) for n in range(12)
    )
    first, second = found.page("dead", hits), found.page("dead", hits, 10)
    check_message(first)
    check_message(second)
    assert [f"Title {n}>" in shown(first) for n in (0, 9, 10)] == [True, True, False]
    assert [f"Title {n}>" in shown(second) for n in (9, 10, 11)] == [False, True, True]
    assert '{"type": "text", "text": "Dead", "style": {"bold": true}}' in shown(first)


def test_status_tells_articles_age_model_and_the_last_refresh() -> None:
    now = STATUS.published + timedelta(hours=30)
    assert notices.status(Facts(STATUS, "qwen3:8b", now, REPORT))["text"] == (
        "12 articles (40 passages), index published 1 d ago.\nModel: qwen3:8b\n"
        "Last refresh: 3 added, 2 changed, 1 removed, in 4.2 s."
    )
    assert "12 篇文章" in notices.status(Facts(STATUS, "m", now), "状态")["text"]


@pytest.mark.parametrize(
    ("seconds", "age"), [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (200_000, "2 d")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, age: str) -> None:
    assert notices.age(seconds) == age


def test_every_short_sentence_is_a_valid_message_in_both_languages() -> None:
    failure = RepositoryUnreachable("https://x does not answer.", "Check <the> address.")
    for question in (QUESTION, CHINESE, PRIVATE):
        for reply in (
            notices.help_text(question.text),
            notices.channel_refused(question),
            notices.not_recorded(question),
            notices.search_usage(question),
            notices.search_failed(question.text, IndexMissing("No index.", "Refresh.")),
            notices.index_missing(question.text),
            notices.refresh_started(question),
            notices.refresh_refused(question),
            notices.refresh_done(question, REPORT),
            notices.refresh_failed(question, failure),
        ):
            check_message(reply)
            assert not MENTION.search(shown(reply))


def test_a_shared_answer_names_who_shares_it_and_what_was_asked() -> None:
    reply = replies.shared(replace(PRIVATE, text="why <!channel>?"), ANSWER, "U9")
    check_message(reply)
    assert "<@U9> asked: why &lt;!channel&gt;?" in shown(reply)
    assert "dead" in shown(reply)
    assert "Sources" in shown(reply)
