"""App Home and the agent view: what one person sees, in their language, linked to where they asked."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from slack_bolt.async_app import AsyncApp

from bot.model import Person, Policy, Question
from bot.phrases import choose, languages
from bot.playground import Playground, shown
from bot.slack.listeners import home, shortcuts
from bot.slack.listeners.home import Sight
from bot.slack.presence.agent import Agent
from index.errors import IndexMissing
from index.model import Hit, Passage
from tests.fakes.blocks import check_message, check_view
from tests.fakes.slack import connected, there, web_client
from tests.test_commands import House

SITE = "https://playground.invalid/"


def hit(title: str) -> Hit:
    return Hit("a.md", title, "https://b.example/a", "2026-11-01", 1.0, (Passage("a.md", 0, (), "", "t"),))


class Memory(House):
    """What App Home asks for, beside what commands do."""

    def __init__(self) -> None:
        super().__init__()
        self.articles = [hit("What is <WAL>?"), hit("发布流程"), hit("Third"), hit("Fourth")]
        self.asked: list[Question] = []

    async def latest(self, limit: int) -> Sequence[Hit]:
        return self.articles[:limit]

    async def recent(self, person: Person) -> Sequence[Question]:
        return [question for question in self.asked if question.person == person.id]

    async def all_policies(self, _team: str) -> Mapping[str, Policy]:
        return self.policies


@pytest.fixture
def house() -> Memory:
    return Memory()


@pytest.fixture
async def slack(house: Memory) -> AsyncIterator[Playground]:
    async with Playground(shortcuts={shortcuts.NAME: shortcuts.LABEL}) as slack:
        at = await there(slack)

        def register(app: AsyncApp) -> None:
            shortcuts.register(app, submit=house.submit, policy_of=house.policy_of, channels=["C0PRIVATE1"])
            home.register(
                app,
                facts=house.facts,
                latest=house.latest,
                recent=house.recent,
                policies=house.all_policies,
                at=at,
            )

        async with connected(slack, register):
            yield slack


async def seen(slack: Playground, person: str) -> str:
    await slack.open_home(person)
    view = await slack.wait_for(lambda: slack.workspace.homes.get(person))
    check_view(view)
    return shown(view)


async def test_home_speaks_the_language_of_the_person(slack: Playground) -> None:
    assert choose("中文").home_title in await seen(slack, slack.lin)
    assert choose("English").home_title in await seen(slack, slack.ada)


async def test_home_links_a_persons_own_questions_to_where_they_asked(
    slack: Playground, house: Memory
) -> None:
    place = ("T1", slack.general)
    house.asked = [
        Question("1", "why <@U1>?", slack.lin, *place, "1700.000100", "1600.000001", "mention"),
        Question("2", "privately?", slack.lin, *place, "", "", "command"),
        Question("3", "another's", slack.ada, *place, "1.1", "1.1", "mention"),
    ]
    text = await seen(slack, slack.lin)
    link = f"{SITE}archives/{slack.general}/p1700000100?thread_ts=1600.000001&amp;cid={slack.general}"
    assert f"<{link}|why &lt;@U1&gt;?>" in text
    assert "• privately?" in text
    assert "another's" not in text


async def test_home_suggests_three_recent_articles_and_tells_how_fresh_the_index_is(
    slack: Playground,
) -> None:
    text = await seen(slack, slack.ada)
    assert "What is &lt;WAL&gt;?" in text
    assert "7 articles" in text
    assert "Third" in text
    assert "Fourth" not in text


async def test_home_shows_policies_to_administrators_alone(slack: Playground, house: Memory) -> None:
    house.policies[slack.general] = Policy("all", ("notes/",))
    text = await seen(slack, slack.ada)
    assert f"<#{slack.general}>" in text
    assert "`notes/`" in text
    assert f"<#{slack.general}>" not in await seen(slack, slack.lin)


async def test_home_is_there_without_an_index_and_without_slack_telling_who_it_is(
    slack: Playground, house: Memory
) -> None:
    house.fault = IndexMissing("none", "")
    slack.fail("users.info", error="missing_scope", times=5)
    assert "no index of the blog yet" in await seen(slack, slack.lin)


@pytest.mark.parametrize("words", languages(), ids=lambda words: words.code)
def test_a_home_as_full_as_can_be_is_within_slacks_limits(words: object, house: Memory) -> None:
    question = Question("1", "词" * 12_000, "U1", "T1", "C1", "1.1", "1.0", "mention")
    policy = Policy("all", tuple(f"{'x' * 200}{n}/" for n in range(20)), "zh", private=True)
    policies = {f"C{n:09}": policy for n in range(200)}
    full = Sight(None, [hit("t" * 5_000)] * 3, [question] * 5, policies)
    check_view(home.home(full, words, SITE))  # type: ignore[arg-type]


async def test_opening_the_conversation_suggests_questions_there(slack: Playground) -> None:
    await slack.open_home(slack.lin, "messages")
    channel = slack.direct(slack.lin)
    prompts = await slack.wait_for(lambda: slack.workspace.prompts.get(channel))
    assert [each["message"] for each in prompts["prompts"]] == ["What is <WAL>?", "发布流程", "Third"]
    assert slack.lin not in slack.workspace.homes


async def test_a_workspace_without_the_agent_view_is_asked_once() -> None:
    async with Playground() as slack:
        agent = Agent(web_client(slack))
        slack.fail("assistant.threads.setSuggestedPrompts", error="unknown_method")
        for _ in range(3):
            await agent.suggest(slack.direct(slack.ada), [hit("One?")], choose(""))
        assert [call.method for call in slack.calls] == ["assistant.threads.setSuggestedPrompts"]


async def test_a_direct_conversation_is_named_after_its_first_question_alone() -> None:
    async with Playground() as slack:
        agent, channel = Agent(web_client(slack)), slack.direct(slack.ada)
        root = await slack.say(slack.ada, channel, "why?", told=False)
        asked = Question("1", "why\n" + "so " * 100, slack.ada, "T", channel, root, root, "direct")
        await agent.entitle(asked)
        await agent.entitle(Question("2", "and?", slack.ada, "T", channel, "9.9", root, "direct"))
        await agent.entitle(Question("3", "hey", slack.ada, "T", slack.general, "8.8", "8.8", "mention"))
        (title,) = slack.workspace.titles.values()
        assert title.startswith("why so so")
        assert len(title) <= 75


async def test_articles_without_a_title_are_not_suggested() -> None:
    async with Playground() as slack:
        await Agent(web_client(slack)).suggest(slack.direct(slack.ada), [hit(" ")], choose(""))
        assert slack.calls == []


async def test_the_shortcut_asks_what_a_message_says_for_the_person_who_chose_it(
    slack: Playground, house: Memory
) -> None:
    ts = await slack.say(slack.lin, slack.direct(slack.lin), "<@U0ADA00001> 索引 &lt;是什么?")
    assert (await slack.shortcut(slack.lin, ts, shortcuts.NAME)).acked
    (question,) = house.questions
    assert (question.text, question.person, question.kind) == (
        "@U0ADA00001 索引 <是什么?",
        slack.lin,
        "command",
    )
    assert question.response_url


@pytest.mark.parametrize("fault", [None, RuntimeError("the database is down")])
async def test_the_shortcut_says_privately_why_it_does_not_ask(
    slack: Playground, house: Memory, fault: Exception | None
) -> None:
    house.fault = fault
    channel = slack.direct(slack.ada) if fault else slack.general
    ts = await slack.say(slack.ada, channel, "what is WAL?")
    assert (await slack.shortcut(slack.ada, ts, shortcuts.NAME)).acked
    (note,) = await slack.wait_for(lambda: slack.private(slack.ada))
    check_message(note)
    assert ("could not take" if fault else "not set up to answer") in shown(note)
    assert house.questions == []
