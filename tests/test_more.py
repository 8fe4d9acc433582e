"""More articles than an answer names: offered below it, shown to who presses, numbered on from it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from slack_bolt.async_app import AsyncApp

from bot.model import Answer, Question, Source
from bot.playground import Playground, shown
from bot.slack.delivery.delivery import Delivery
from bot.slack.listeners import more
from index.errors import IndexMissing
from index.model import Found, Hit, Passage
from tests.fakes.blocks import check_message
from tests.fakes.furnished import furnished
from tests.fakes.overheard import Overheard, overheard
from tests.fakes.slack import connected, web_client

ANSWER = Answer(
    "那 gin 呢?",
    "倒排列表 [2].",
    "answered",
    (Source(2, "GIN", "https://b.example/gin.md", "gin.md"),),
    searched="那 gin 呢?\nrum 索引是什么?",
    more=True,
)


def hit(path: str, title: str, date: str = "") -> Hit:
    passage = Passage(path, 0, ("代价",), "", "text", f"https://b.example/{path}#x")
    return Hit(path, title, f"https://b.example/{path}", date, 1.0, (passage,))


class Index:
    """A search over a list, and the one answer that is known."""

    def __init__(self) -> None:
        self.hits = [
            hit("rum.md", "RUM <!here>", "2019-07-06"),
            hit("gin.md", "GIN"),
            hit("gist.md", "GiST"),
        ]
        self.asked: list[tuple[str, int]] = []
        self.known: dict[str, tuple[Question, Answer]] = {}
        self.missing = False

    async def find(self, _channel: str, reply: str) -> tuple[Question, Answer] | None:
        return self.known.get(reply)

    async def search(self, question: Question, limit: int) -> Found:
        if self.missing:
            raise IndexMissing("There is no index.", "Run refresh.")
        self.asked.append((question.text, limit))
        return Found(tuple(self.hits[:limit]), answerable=True)


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
async def slack(index: Index) -> AsyncIterator[Playground]:
    def register(app: AsyncApp) -> None:
        more.register(app, find=index.find, search=index.search)

    async with Playground() as slack, connected(slack, register):
        yield slack


async def answered(slack: Playground, index: Index, answer: Answer = ANSWER) -> str:
    """The ts of the reply to Ada in #general."""
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> {answer.question}", told=False)
    question = Question("q1", answer.question, slack.ada, slack.team_id, slack.general, ts, ts, "mention")
    index.known["q1"] = (question, answer)
    delivery = Delivery(web_client(slack), bot_user=slack.bot_user_id)
    reply = await delivery.open(question)
    await delivery.finish(question, reply, answer)
    check_message(slack.messages(slack.general, ts)[-1])
    return reply


async def told(slack: Playground, person: str) -> str:
    """What *person* alone is shown next, in the thread of the answer."""
    (note,) = await slack.wait_for(lambda: slack.private(person))
    check_message(note)
    assert note["thread_ts"] == slack.messages(slack.general)[0]["ts"]
    return shown(note)


async def test_whoever_presses_is_shown_the_other_articles_as_numbered_links_with_date_and_section(
    slack: Playground, index: Index
) -> None:
    await slack.press(slack.lin, await answered(slack, index), "more")
    text = await told(slack, slack.lin)
    assert "*更多相关文章*" in text
    assert "[3] <https://b.example/rum.md#x|RUM &lt;!here&gt;> · 2019-07-06 · 代价" in text
    assert "[4] <https://b.example/gist.md#x|GiST> · 代价" in text
    assert "gin.md" not in text
    assert slack.private(slack.ada) == []


async def test_a_follow_up_is_searched_with_what_it_left_unsaid(slack: Playground, index: Index) -> None:
    await slack.press(slack.ada, await answered(slack, index), "more")
    await told(slack, slack.ada)
    assert index.asked == [("那 gin 呢?\nrum 索引是什么?", 11)]


async def test_when_the_blog_has_changed_meanwhile_and_holds_no_more_that_is_said(
    slack: Playground, index: Index
) -> None:
    reply = await answered(slack, index)
    index.hits = index.hits[1:2]
    await slack.press(slack.ada, reply, "more")
    assert "没有找到更多相关文章" in await told(slack, slack.ada)


@pytest.mark.parametrize("fault", ["forgotten", "no index"])
async def test_what_stands_in_the_way_is_said_to_who_presses(
    slack: Playground, index: Index, fault: str
) -> None:
    reply = await answered(slack, index)
    index.missing = fault == "no index"
    if fault == "forgotten":
        index.known.clear()
    await slack.press(slack.ada, reply, "more")
    assert {"forgotten": "已经找不到了", "no index": "现在无法搜索"}[fault] in await told(slack, slack.ada)


@pytest.mark.parametrize(
    "answer",
    [replace(ANSWER, more=False), replace(ANSWER, outcome="no_source", text="")],
    ids=["all articles are cited", "there is no answer"],
)
async def test_there_is_no_button_where(slack: Playground, index: Index, answer: Answer) -> None:
    with pytest.raises(LookupError):
        await slack.press(slack.ada, await answered(slack, index, answer), "more")


# In the whole house

ASKED = "what keeps dead rows, and how long does restoring a backup take?"


@pytest.fixture
def heard() -> Iterator[Overheard]:
    with overheard() as stream:
        yield stream


async def test_an_answer_from_one_article_offers_the_other_one(tmp_path: Path, heard: Overheard) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = "A long transaction keeps an old snapshot [1]."
        reply = await home.reply(await home.ask(ASKED))
        check_message(reply)
        (cited,) = {path for path in ("vacuum.md", "backup.md") if path in str(reply["blocks"])}
        await heard.until("outcome=answered")  # from now on it can be found again
        await home.slack.press(home.slack.lin, reply["ts"], "more")
        (note,) = await home.slack.wait_for(lambda: home.slack.private(home.slack.lin))
        check_message(note)
        other = {"vacuum.md": "backup.md", "backup.md": "vacuum.md"}[cited]
        assert other in str(note["blocks"])
        assert cited not in str(note["blocks"])
