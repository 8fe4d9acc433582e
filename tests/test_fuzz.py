"""Hostile text along the whole way: event, article, model, reply; nothing pings, links, breaks or grows.

BLOGBOT_FUZZ_EXAMPLES=20000 makes a long run of it; deploy/test takes a short one.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.answers.answering import answer
from bot.model import Answer, Conversation, Delta, Done, Message, Question
from bot.slack.listeners.commands import asked as asked_by_command
from bot.slack.listeners.heard import asked
from bot.slack.rendering import blocks, replies
from bot.slack.rendering import text as slack_text
from index.articles.article import parse, passages
from index.model import Article, Found, Hit, Passage, Skip
from tests.fakes.blocks import check_message
from tests.test_slack_text import MARKDOWN_LINK, NASTY

EXAMPLES = int(os.environ.get("BLOGBOT_FUZZ_EXAMPLES", "60"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

HOME = "https://blog.example/"
LIVE = re.compile(r"<(@[UWB]|#[CG]|!(here|channel|everyone|subteam|date)|[a-z][a-z+.-]*:)", re.IGNORECASE)
BARE = re.compile(r"https?://(?!blog\.example/)[\w.-]|(?<![\w/.@-])www\.\w", re.IGNORECASE)
MORE = [
    *(
        "[1]",
        "[9]",
        "[1, 2]",
        "【1】",
        "[n]",
        "[^1]",
        "[来源 1]",
        "# ",
        "## ",
        "---\n",
        "title: ",
        "tags: [a]\n",
    ),
    *("<|im_start|>", "<|im_end|>", "[INST]", "<start_of_turn>", "<|eot_id|>", "<think>", "</think>", "</s>"),
    *("www.evil.example/x", "HTTPS://EVIL.EXAMPLE", "//evil.example", "mailto:a@evil.example", "tel:+49"),
    *("![x](https://evil.example/p.png?q=", "<img src=https://evil.example>", "&lt;https://evil.example|a>"),
    *("VACUUM leaves dead rows. ", "索引更大, 写入更慢。", "\u202e", "\u2028", "\ud7ff", "\ufeff", "0" * 60),
]
hostile = st.lists(st.sampled_from(NASTY + MORE), max_size=40).map("".join) | st.text(max_size=200)
chunks = st.lists(hostile | st.text(max_size=3), min_size=1, max_size=8)


def found(articles: Sequence[tuple[str, str]]) -> Found:
    """A search that found these titles and texts."""
    hits = (
        Hit(
            f"{n}.md",
            title,
            f"{HOME}{n}.md",
            "2024-05-01",
            9 - n,
            (Passage(f"{n}.md", 0, (title,), "", text),),
        )
        for n, (title, text) in enumerate(articles)
    )
    return Found(tuple(hits), answerable=True)


def assert_harmless(reply: blocks.Reply) -> None:
    """Fail where Slack would refuse it, ping for it, or make a link that leaves the blog."""
    check_message(reply)
    assert "<" not in reply["text"]
    for block in reply["blocks"]:
        text = block.get("text", "")
        if block["type"] == "markdown":
            assert not LIVE.search(text)
            assert not MARKDOWN_LINK.search(text)
            assert not BARE.search(slack_text._CODE.sub(" ", text))  # in code Slack links nothing
        elif isinstance(text, dict):
            assert text["verbatim"]
            assert not LIVE.search(text["text"].replace(f"<{HOME}", ""))


@fuzz
@example("", [("", "<")], ["`<```<https://evil.example|good>```"])
@given(
    question=hostile, articles=st.lists(st.tuples(hostile, hostile), min_size=1, max_size=3), written=chunks
)
def test_whatever_people_articles_and_models_write_each_version_of_the_reply_is_harmless(
    question: str, articles: list[tuple[str, str]], written: list[str]
) -> None:
    prompts: list[Sequence[Message]] = []

    async def search(_: str, __: int) -> Found:
        return found(articles)

    async def generate(messages: Sequence[Message]) -> AsyncIterator[str | Done]:
        prompts.append(messages)
        for chunk in written:
            yield chunk
        yield Done(100, 10, "stop")

    async def ask() -> list[Any]:
        return [event async for event in answer(question, Conversation(), search=search, generate=generate)]

    events = asyncio.run(ask())
    asking = Question("T-C-1", question, "U1", "T", "C", "1.0", "1.0", "mention")
    text = ""
    for event in events:
        if isinstance(event, Delta):
            text += event.text
            assert_harmless(replies.progress(asking, text))
    final = events[-1]
    assert isinstance(final, Answer)
    for classic in (False, True):
        for reply in replies.render(asking, final, classic=classic):
            assert_harmless(reply)
    for messages in prompts:
        assert [message.role for message in messages].count("system") == 1
        assert not re.search(r"<\|im_start\|>|\[INST\]|<start_of_turn>|<\|eot_id\|>", str(messages))


@fuzz
@given(path=st.sampled_from(["a.md", "notes/中文.md", "x" * 300 + ".md"]), text=hostile)
def test_any_file_is_an_article_of_bounded_parts_or_skipped_with_a_reason(path: str, text: str) -> None:
    parsed = parse(path, text)
    if isinstance(parsed, Skip):
        assert parsed.reason
        return
    assert isinstance(parsed, Article)
    assert 0 < len(parsed.title) <= 200
    assert "\n" not in parsed.title
    for passage in passages(parsed):
        assert passage.text.strip()
        assert len(passage.text) <= 4 * len(text) + 100


values = st.none() | st.booleans() | hostile | st.lists(hostile, max_size=2)
event = st.fixed_dictionaries(
    {"type": st.sampled_from(["app_mention", "message", "reaction_added"]), "channel": st.just("C1"),
     "user": st.sampled_from(["U1", "UBOT", ""]), "ts": st.sampled_from(["1.0", ""])},
    optional={
        "text": hostile, "thread_ts": st.just("0.5"), "channel_type": st.sampled_from(["im", "channel"]),
        "subtype": st.sampled_from(["file_share", "message_changed", "bot_message"]), "bot_id": values,
        "hidden": values, "edited": values, "files": values, "blocks": values,
    },
)  # fmt: skip


@fuzz
@given(event=event)
def test_any_event_is_a_question_of_bounded_size_from_a_person_or_nothing(event: dict[str, Any]) -> None:
    question = asked({"team_id": "T1", "event": event}, "UBOT")
    if question is None:
        return
    assert question.person == "U1"
    assert not event.get("bot_id")
    assert len(question.text) <= slack_text.QUESTION_LIMIT
    assert question.text == question.text.strip()
    assert "<@UBOT>" not in question.text


@fuzz
@given(text=hostile)
def test_any_slash_command_is_a_question_of_bounded_size(text: str) -> None:
    command = {"team_id": "T1", "channel_id": "C1", "user_id": "U1", "trigger_id": "1.2", "text": text}
    question = asked_by_command(command | {"response_url": "https://hooks.slack.com/x"})
    assert len(question.text) <= slack_text.QUESTION_LIMIT
    assert "hooks.slack.com" not in question.id
