"""Slash commands over the stand-in's sockets: acknowledged at once, answered to the person alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from slack_bolt.async_app import AsyncApp

from bot.model import Person, Policy, Question
from bot.playground import Playground, shown
from bot.slack.listeners import commands
from bot.slack.listeners.commands import asked
from bot.slack.presence.rights import Rights
from bot.slack.presence.workspaces import administers
from bot.slack.rendering import found
from bot.slack.rendering.notices import Facts
from index.errors import IndexFailure, IndexMissing, RepositoryUnreachable
from index.model import Found, Hit, Passage, Report, Status
from tests.fakes.blocks import check_message
from tests.fakes.slack import connected, there

PUBLISHED = datetime(2026, 11, 22, 3, tzinfo=UTC)
HIT = Hit(
    "a.md",
    "Vacuum <1>",
    "https://b.example/a",
    "2024-05-01",
    1.0,
    (Passage("a.md", 0, ("Top",), "", "tuples"),),
)


class House:
    """What the commands call: an index, a status, a refresh and the jobs, real enough to fail."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.searched: list[tuple[str, int]] = []
        self.refreshed = 0
        self.forgotten: list[str] = []
        self.policies: dict[str, Policy] = {}
        self.rights: Rights
        self.fault: Exception | None = None
        self.hits: tuple[Hit, ...] = (HIT,)

    async def submit(self, question: Question) -> bool:
        self._fail()
        self.questions.append(question)
        return True

    async def search(self, question: Question, limit: int) -> Found:
        self._fail()
        self.searched.append((question.text, limit))
        return Found(self.hits, bool(self.hits))

    async def facts(self) -> Facts:
        self._fail()
        return Facts(
            Status("g", "c", 7, 21, PUBLISHED), "qwen3:8b", PUBLISHED + timedelta(hours=5), state="ready"
        )

    async def refresh(self) -> Report:
        self._fail()
        self.refreshed += 1
        return Report("c", "g", 7, 21, 2, 1, 0, {}, 0.5)

    async def policy_of(self, question: Question) -> Policy:
        return self.policies.get(question.channel, Policy())

    async def set_policy(self, question: Question, policy: Policy) -> None:
        self.policies[question.channel] = policy

    async def may_set(self, question: Question) -> bool:
        return await self.rights.may_set(question.person, question.channel)

    async def articles(self, _policy: Policy) -> int | None:
        return 4

    async def forget(self, person: Person) -> int:
        self._fail()
        self.forgotten.append(person.id)
        return 3

    def _fail(self) -> None:
        if self.fault:
            raise self.fault


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def channels() -> set[str]:
    return set()


@pytest.fixture
async def slack(house: House, channels: set[str]) -> AsyncIterator[Playground]:
    async with Playground() as slack:
        at = await there(slack, "U0BOSS0001")
        house.rights = (await at("", "")).rights

        def register(app: AsyncApp) -> None:
            commands.register_ask(app, submit=house.submit, policy_of=house.policy_of, channels=channels)
            commands.register_pages(app, search=house.search)
            commands.register_blog(
                app,
                search=house.search,
                facts=house.facts,
                refresh=house.refresh,
                forget=house.forget,
                channel=house,
                articles=house.articles,
                is_admin=administers(at),
            )

        async with connected(slack, register):
            yield slack


async def answer(slack: Playground, person: str, command: str, text: str, count: int = 1) -> str:
    """Type a command and wait until *count* private messages came; the text of the last."""
    ack = await slack.command(person, slack.general, command, text)
    assert ack.acked
    assert ack.seconds < 2
    messages = await slack.wait_for(lambda: slack.private(person)[count - 1 :])
    for message in slack.private(person):
        check_message(message)
    assert slack.messages(slack.general) == [], "a command is private"
    return shown(messages[0])


async def test_ask_is_acknowledged_silently_and_handed_on(slack: Playground, house: House) -> None:
    ack = await slack.command(slack.ada, slack.general, "/ask", "what is WAL?")
    assert ack.acked
    assert not ack.payload, "the sign comes from the delivery, so that it cannot come after the answer"
    (question,) = house.questions
    assert (question.text, question.person, question.channel) == ("what is WAL?", slack.ada, slack.general)
    assert (question.kind, question.ts, question.root) == ("command", "", "")
    assert question.response_url.startswith(slack.url)


async def test_two_calls_of_ask_are_two_questions(slack: Playground, house: House) -> None:
    for _ in range(2):
        await slack.command(slack.ada, slack.general, "/ask", "what is WAL?")
    assert len({question.id for question in house.questions}) == 2


def test_the_same_payload_is_the_same_question_and_shows_no_secret() -> None:
    payload = {
        "team_id": "T1", "channel_id": "C1", "user_id": "U1", "trigger_id": "1.2.x", "text": "a",
        "response_url": "https://hooks.example/secret",
    }  # fmt: skip
    assert asked(payload).id == asked(payload).id
    assert "secret" not in asked(payload).id


async def test_ask_without_a_question_explains_itself(slack: Playground, house: House) -> None:
    assert "/ask" in await answer(slack, slack.ada, "/ask", "  ")
    assert house.questions == []


async def test_ask_in_a_channel_outside_the_list_is_refused_privately(
    slack: Playground, house: House, channels: set[str]
) -> None:
    channels.add("C0THER00000")
    assert "not set up to answer" in await answer(slack, slack.ada, "/ask", "what is WAL?")
    assert house.questions == []


async def test_a_question_that_cannot_be_recorded_is_admitted(slack: Playground, house: House) -> None:
    house.fault = RuntimeError("the database is down")
    assert "刚才没能接收" in await answer(slack, slack.lin, "/ask", "什么是索引?")


async def test_ask_takes_a_question_of_ten_thousand_characters(slack: Playground, house: House) -> None:
    assert (await slack.command(slack.ada, slack.general, "/ask", "索引? " * 2_500)).acked
    assert 9_990 <= len(house.questions[0].text) <= 10_000


async def test_search_shows_the_articles_with_the_passage(slack: Playground, house: House) -> None:
    text = await answer(slack, slack.ada, "/blog", "search vacuum freeze")
    assert "<https://b.example/a|Vacuum &lt;1&gt;> · 2024-05-01 · Top" in text
    assert "tuples" in text
    assert house.searched == [("vacuum freeze", 11)]


async def test_the_next_page_takes_the_place_of_the_first(slack: Playground, house: House) -> None:
    house.hits = tuple(replace(HIT, title=f"Article {n}") for n in range(1, 26))
    text = await answer(slack, slack.ada, "/blog", "search List&lt;String&gt; &amp;lt;")
    assert "[10] <https://b.example/a|Article 10>" in text
    assert "Article 11" not in text
    (note,) = slack.private(slack.ada)
    await slack.press(slack.ada, note["ts"], "search_page_0")
    await slack.wait_for(lambda: "[11] <" in shown(slack.private(slack.ada)[0]))
    (second,) = slack.private(slack.ada)
    check_message(second)
    assert "Previous page" in shown(second)
    assert "Article 21" not in shown(second)
    await slack.press(slack.ada, note["ts"], "search_page_1")
    await slack.wait_for(lambda: "[25] <" in shown(slack.private(slack.ada)[0]))
    assert "Next page" not in shown(slack.private(slack.ada)[0])
    assert {words for words, _ in house.searched} == {"List<String> &lt;"}, "the same words on every page"


def test_a_search_too_long_for_a_button_has_one_page() -> None:
    hits = tuple(replace(HIT, title=f"Article {n}") for n in range(12))
    assert "actions" not in [block["type"] for block in found.page("词" * 3_000, hits)["blocks"]]
    check_message(found.page("词" * 600, hits))


@pytest.mark.parametrize(
    ("asked", "text", "bold"),
    [
        ("vacuuming tuple", "Vacuum removes dead tuples.", ["Vacuum", "tuples"]),
        ("索引 结构", "倒排索引的结构很简单", ["索引", "结构"]),
        ("1 < 2 & *x*", "0 < 9 & *x* <!channel", ["x"]),
        ("nothing", "else", []),
    ],
)
def test_the_words_that_matched_are_marked_where_they_stand(asked: str, text: str, bold: list[str]) -> None:
    hit = replace(HIT, passages=(Passage("a.md", 0, (), "", text),))
    quotation = found.page(asked, (hit,))["blocks"][2]["elements"][0]["elements"]
    assert [piece["text"] for piece in quotation if piece.get("style")] == bold
    assert "".join(piece["text"] for piece in quotation) == text


def test_a_long_passage_is_shown_around_its_first_match() -> None:
    hit = replace(
        HIT, passages=(Passage("a.md", 0, (), "", "filler " * 200 + "the needle " + "more " * 200),)
    )
    (quotation,) = found.page("needle", (hit,))["blocks"][2]["elements"]
    text = "".join(piece["text"] for piece in quotation["elements"])
    assert "needle" in text
    assert text.startswith("…")
    assert len(text) <= found.EXCERPT + 1


async def test_search_in_chinese_takes_the_chinese_verb(slack: Playground, house: House) -> None:
    house.hits = ()
    assert "没有与“索引”匹配的文章" in await answer(slack, slack.lin, "/blog", "搜索 索引")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (IndexMissing("There is no index.", "Run refresh."), "There is no index. Run refresh."),
        (RepositoryUnreachable("https://x <y> is gone.", ""), "https://x &lt;y&gt; is gone."),
    ],
)
async def test_a_search_that_fails_says_why(
    slack: Playground, house: House, fault: IndexFailure, said: str
) -> None:
    house.fault = fault
    assert said in await answer(slack, slack.ada, "/blog", "search vacuum")


async def test_search_without_words_says_how(slack: Playground) -> None:
    assert "/blog search WORDS" in await answer(slack, slack.ada, "/blog", "search")


async def test_status_tells_articles_age_and_model(slack: Playground) -> None:
    text = await answer(slack, slack.lin, "/blog", "status")
    assert "7 articles (21 passages), index published 5 h ago.\nModel: qwen3:8b (ready)" in text


async def test_status_without_an_index_says_so(slack: Playground, house: House) -> None:
    house.fault = IndexMissing("none", "")
    assert "no index of the blog yet" in await answer(slack, slack.lin, "/blog", "STATUS")


async def test_an_administrator_refreshes_and_is_told_what_changed(slack: Playground, house: House) -> None:
    text = await answer(slack, slack.ada, "/blog", "refresh", count=2)
    assert "7 articles; 2 added, 1 changed, 0 removed" in text
    assert house.refreshed == 1


async def test_anybody_else_may_not_refresh(slack: Playground, house: House) -> None:
    assert "只有本机器人的管理员" in await answer(slack, slack.lin, "/blog", "更新")
    assert house.refreshed == 0


async def test_a_refresh_that_fails_says_why_and_that_the_old_index_serves(
    slack: Playground, house: House
) -> None:
    house.fault = RepositoryUnreachable("git.example does not answer.", "Check BLOGBOT_REPO.")
    text = await answer(slack, slack.ada, "/blog", "refresh", count=2)
    assert "keeps answering. git.example does not answer. Check BLOGBOT_REPO." in text


@pytest.mark.parametrize(
    ("text", "said"), [("forget me", "3 of your questions"), ("忘记 我", "你的 3 个问题")]
)
async def test_a_person_has_their_own_questions_forgotten(
    slack: Playground, house: House, text: str, said: str
) -> None:
    assert said in await answer(slack, slack.lin, "/blog", text)
    assert house.forgotten == [slack.lin]


@pytest.mark.parametrize("text", ["forget", "forget Ada", "forget everything"])
async def test_nothing_is_forgotten_unless_the_words_say_whose(
    slack: Playground, house: House, text: str
) -> None:
    assert "cannot be undone" in await answer(slack, slack.lin, "/blog", text)
    assert house.forgotten == []


@pytest.mark.parametrize("text", ["", "help", "nonsense", "帮助"])
async def test_anything_else_is_answered_with_help(slack: Playground, text: str) -> None:
    assert "/ask" in await answer(slack, slack.ada, "/blog", text)
