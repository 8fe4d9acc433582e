"""Follow-ups: what is left unsaid comes from the question before; a new subject stands by itself."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.followups import speaks_of, written_out
from bot.answers.lookup import look_up
from bot.model import Conversation, Message, Source
from index.model import Found, Hit, Passage
from index.words import words

RUM = "请问 PostgreSQL rum 索引的结构是什么？"


@pytest.mark.parametrize(
    ("question", "before", "held"),
    [
        ("那 gin 呢?", RUM, "gin PostgreSQL 索引 结构"),
        ("为什么？", "Kafka 和 RabbitMQ 怎么选", "Kafka RabbitMQ 选"),
        (
            "and in version 16?",
            "How does logical replication work in PostgreSQL 15?",
            "16 logical replication",
        ),
        ("它支持排序吗", RUM, "排序 rum 索引"),
        ("why?", "Should we pick Kafka or RabbitMQ?", "Kafka RabbitMQ pick"),
        ("总结成三点", RUM, "rum 索引 结构"),
        ("Can you give an example?", "How do window functions work?", "window functions"),
        ("提交写错了，怎么改？", "Git 别名有哪些好用的", "提交 Git"),
    ],
)
def test_a_follow_up_is_searched_with_what_it_refers_to(question: str, before: str, held: str) -> None:
    assert set(words(held)) <= set(words(written_out(question, (before,))))


@pytest.mark.parametrize(
    ("question", "before", "gone"),
    [
        ("那 MCP 呢？", "Claude Code 的 hooks 怎么用", "hooks"),
        ("TypeScript 呢？", "mem0 的 Python SDK 怎么用", "Python"),
        ("怎么在 Android 里用后者？", "RxJava 和 Kotlin 协程哪个好", "RxJava"),
        ("What does the former cost?", "Is Kafka better than RabbitMQ?", "RabbitMQ"),
    ],
)
def test_what_the_follow_up_replaces_is_not_searched_for(question: str, before: str, gone: str) -> None:
    assert not set(words(gone)) & set(words(written_out(question, (before,))))


@pytest.mark.parametrize(
    "question",
    [
        "Golang 的切片怎么用",
        "How do I cache a Node.js application with Redis?",
        "MySQL 怎么高效插入大量数据？",
        "怎么用 Redis 和 Python 做一个共享单车应用",
    ],
)
def test_a_new_subject_is_searched_by_itself(question: str) -> None:
    assert written_out(question, (RUM,)) == question


def test_a_first_question_stays_as_it_is_but_for_its_line_ends() -> None:
    assert written_out("那 gin\n 呢?", ()) == "那 gin 呢?"


def test_a_chain_of_follow_ups_keeps_the_subject_and_stays_short() -> None:
    asked = [RUM]
    for question in ("那 gin 呢?", "它支持排序吗", "为什么？", "有例子吗", "更新代价呢"):
        asked.append(written_out(question, asked))
    assert set(words("rum 索引 更新 代价")) <= set(words(asked[-1]))
    assert len(asked[-1].split("\n")) <= 3


@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=3))
@settings(deadline=None)
def test_any_text_can_be_written_out(question: str, earlier: list[str]) -> None:
    written = written_out(question, earlier)
    assert len(written) <= len(question) + sum(map(len, earlier)) + 3


def test_texts_speak_of_a_question_when_they_hold_half_its_own_words() -> None:
    assert speaks_of("提交写错了，怎么改？", ["如何修改一次错误的提交：git commit --amend 之后再改"])
    assert not speaks_of("年会抽奖几点开始啊", ["我们开始讨论索引", "抽样"])
    assert speaks_of("为什么？", [])


def hit(path: str, text: str) -> Hit:
    return Hit(path, path, f"https://b.example/{path}", "", 1.0, (Passage(path, 0, (), "", text),))


class Index:
    """A search that knows what it was asked; each article is found by one word."""

    def __init__(self, **articles: str) -> None:
        self.articles = articles
        self.asked: list[str] = []

    async def __call__(self, question: str, limit: int) -> Found:
        self.asked.append(question)
        found = [hit(f"{word}.md", text) for word, text in self.articles.items() if word in question.lower()]
        return Found(tuple(found[:limit]), bool(found))


def thread(*questions: str, shown: str = "", turns: Sequence[Message] = ()) -> Conversation:
    sources = (Source(1, "rum", "", "rum.md", shown=shown),) if shown else ()
    return Conversation(messages=tuple(turns), sources=sources, questions=questions)


async def test_a_follow_up_finds_the_articles_of_the_question_written_out() -> None:
    index = Index(rum="rum 索引存了附加信息", gin="gin 是倒排索引")
    found = await look_up("那 gin 呢", thread("rum 索引是什么", shown="rum"), index, 5)
    assert found.answerable
    assert [each.path for each in found.hits] == ["rum.md", "gin.md"]
    assert found.written == "那 gin 呢\nrum 索引是什么"


async def test_chatter_in_a_thread_does_not_reach_the_model() -> None:
    index = Index(rum="rum 索引存了附加信息")
    found = await look_up("年会抽奖几点开始啊", thread("rum 索引是什么", shown="rum 索引"), index, 5)
    assert not found.answerable
    assert [each.path for each in found.hits] == ["rum.md"]


async def test_a_new_subject_without_a_name_is_found_by_itself() -> None:
    index = Index(rum="rum 索引", 报销="出差报销走审批流程")
    found = await look_up("报销流程是怎样规定的", thread("rum 索引是什么"), index, 5)
    assert found.answerable
    assert "报销.md" in [each.path for each in found.hits]


async def test_a_thread_read_back_from_slack_gives_the_earlier_question() -> None:
    index = Index(rum="rum 索引存了附加信息", gin="gin 是倒排索引")
    turns = (Message("user", "rum 索引是什么"), Message("assistant", "它存了附加信息。"))
    await look_up("那 gin 呢", thread(turns=turns), index, 5)
    assert index.asked == ["那 gin 呢\nrum 索引是什么"]


async def test_only_the_start_of_a_very_long_question_is_searched_for() -> None:
    index = Index(rum="rum")
    await asyncio.wait_for(look_up("rum " * 5_000, thread(), index, 5), 5)
    assert len(index.asked[0]) <= 1_000
