"""Listeners over the stand-in's sockets: what is a question, recorded before the acknowledgement, once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Policy, Question
from bot.playground import Playground, shown
from bot.slack.delivery.delivery import Delivery
from bot.slack.listeners import intake
from bot.slack.listeners.heard import asked
from tests.fakes.slack import connected, web_client


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground(retries=(0.0, 0.0, 0.0), ack_seconds=0.5) as slack:
        yield slack


class Desk:
    """Takes questions as jobs do: durably, each once; or fails as ordered."""

    def __init__(self) -> None:
        self.questions: dict[str, Question] = {}
        self.submitted = 0
        self.faults: list[Exception] = []
        self.came = asyncio.Event()
        self.policy = Policy()

    async def policy_of(self, _question: Question) -> Policy:
        return self.policy

    async def follows(self, question: Question) -> bool:
        asked = [(each.person, each.root) for each in self.questions.values()]
        return (question.person, question.root) in asked

    async def submit(self, question: Question) -> bool:
        self.submitted += 1
        self.came.set()
        if self.faults:
            raise self.faults.pop(0)
        new = question.id not in self.questions
        self.questions[question.id] = question
        return new

    @property
    def texts(self) -> list[str]:
        return [question.text for question in self.questions.values()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def channels() -> set[str]:
    """Channels the bot answers in; a test adds some."""
    return set()


@pytest.fixture
async def app(slack: Playground, desk: Desk, channels: set[str]) -> AsyncIterator[AsyncApp]:
    delivery = Delivery(web_client(slack), bot_user=slack.bot_user_id)

    def register(app: AsyncApp) -> None:
        intake.register(
            app,
            submit=desk.submit,
            say=delivery.say,
            policy_of=desk.policy_of,
            follows=desk.follows,
            channels=channels,
        )

    async with connected(slack, register) as app:
        yield app


async def settled(slack: Playground, desk: Desk) -> None:
    """Wait until a question asked after everything else has come through."""
    marker = await slack.say(slack.ada, slack.direct(slack.ada), "marker")
    await slack.wait_for(lambda: any(question.ts == marker for question in desk.questions.values()))
    desk.questions = {k: q for k, q in desk.questions.items() if q.ts != marker}


@pytest.mark.usefixtures("app")
async def test_a_mention_becomes_a_question_without_the_mention(slack: Playground, desk: Desk) -> None:
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> 1 &lt; 2, <@{slack.lin}>?")
    await settled(slack, desk)
    assert list(desk.questions.values()) == [
        Question(
            id=f"{slack.team_id}-{slack.general}-{ts}",
            text=f"1 < 2, @{slack.lin}?",
            person=slack.ada,
            team=slack.team_id,
            channel=slack.general,
            ts=ts,
            root=ts,
            kind="mention",
        )
    ]


@pytest.mark.usefixtures("app")
async def test_a_mention_in_a_thread_belongs_to_that_thread(slack: Playground, desk: Desk) -> None:
    root = await slack.say(slack.lin, slack.general, "what a day")
    await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> why?", root)
    await settled(slack, desk)
    assert [question.root for question in desk.questions.values()] == [root]


@pytest.mark.usefixtures("app")
async def test_a_direct_message_is_a_question(slack: Playground, desk: Desk) -> None:
    await slack.say(slack.lin, slack.direct(slack.lin), "什么是索引?")
    await settled(slack, desk)
    assert [(q.text, q.kind, q.person) for q in desk.questions.values()] == [
        ("什么是索引?", "direct", slack.lin)
    ]


@pytest.mark.usefixtures("app")
async def test_talk_that_does_not_mention_the_bot_is_left_alone_and_acknowledged(
    slack: Playground, desk: Desk
) -> None:
    await slack.say(slack.ada, slack.general, "does anybody know vacuum?")
    await slack.say(slack.ada, slack.general, f"ask <@{slack.lin}>")
    await settled(slack, desk)
    assert desk.questions == {}
    assert slack.messages(slack.general)[-1]["user"] == slack.ada


@pytest.mark.usefixtures("app")
async def test_the_same_event_delivered_four_times_is_one_question(slack: Playground, desk: Desk) -> None:
    await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> once?")
    await settled(slack, desk)
    mention = next(event for event in slack.events if event["event"]["type"] == "app_mention")
    await slack.redeliver(mention, times=3)
    await settled(slack, desk)
    assert desk.texts == ["once?"]


@pytest.mark.usefixtures("app")
async def test_an_edited_mention_is_not_asked_again(slack: Playground, desk: Desk) -> None:
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> frist?")
    await slack.edit(ts, f"<@{slack.bot_user_id}> first?")
    await slack.send_event(
        {
            "type": "app_mention", "user": slack.ada, "channel": slack.general, "ts": ts, "event_ts": ts,
            "text": f"<@{slack.bot_user_id}> first?", "edited": {"user": slack.ada, "ts": ts},
        }
    )  # fmt: skip
    await settled(slack, desk)
    assert desk.texts == ["frist?"]


@pytest.mark.parametrize(
    "aside",
    [
        {"bot_id": "BOTHER", "user": "UOTHER"},
        {"subtype": "bot_message", "bot_id": "BOTHER"},
        {"subtype": "message_changed", "hidden": True},
        {"subtype": "channel_join"},
        {"hidden": True},
        {"user": None},
    ],
    ids=str,
)
def test_bots_edits_joins_and_hidden_events_ask_nothing(aside: dict[str, Any]) -> None:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.0", "text": "<@UBOT> hi"}
    assert asked({"team_id": "T1", "event": event}, "UBOT")
    assert asked({"team_id": "T1", "event": event | aside}, "UBOT") is None


def test_the_bots_own_messages_ask_nothing() -> None:
    event = {
        "type": "message",
        "channel_type": "im",
        "user": "UBOT",
        "channel": "D1",
        "ts": "1.0",
        "text": "hi",
    }
    assert asked({"team_id": "T1", "event": event}, "UBOT") is None


def test_a_question_with_a_file_is_a_question() -> None:
    event = {
        "type": "message", "channel_type": "im", "subtype": "file_share",
        "user": "U1", "channel": "D1", "ts": "1.0", "text": "what is this?",
    }  # fmt: skip
    question = asked({"team_id": "T1", "event": event}, "UBOT")
    assert question
    assert question.text == "what is this?"


@pytest.mark.usefixtures("app")
async def test_what_cannot_be_recorded_is_not_acknowledged_and_comes_again(
    slack: Playground, desk: Desk
) -> None:
    desk.faults = [RuntimeError("the database is down"), RuntimeError("the database is still down")]
    await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> lost?")
    await slack.wait_for(lambda: desk.texts == ["lost?"])
    assert desk.submitted >= 3


@pytest.mark.usefixtures("app")
async def test_a_record_that_fails_leaves_no_text_in_the_log(
    slack: Playground, desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "the-merger-is-on-friday"
    desk.faults = [RuntimeError(f"INSERT failed: {secret}")]
    await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> {secret}?")
    await slack.wait_for(lambda: desk.texts)
    out = capsys.readouterr()
    assert "question not recorded" in out.out + out.err + caplog.text
    assert secret not in out.out + out.err + caplog.text


@pytest.mark.usefixtures("app")
async def test_an_empty_mention_gets_a_short_help_in_its_thread_once(slack: Playground, desk: Desk) -> None:
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}>  ")
    await slack.wait_for(lambda: slack.messages(slack.general, ts)[1:])
    mention = next(event for event in slack.events if event["event"]["type"] == "app_mention")
    await slack.redeliver(mention, times=2)
    await settled(slack, desk)
    await slack.wait_for(lambda: [call.method for call in slack.calls].count("conversations.replies") >= 3)
    (help_text,) = slack.messages(slack.general, ts)[1:]
    assert "/ask" in shown(help_text)
    assert desk.questions == {}


@pytest.mark.usefixtures("app")
async def test_in_a_channel_outside_the_list_it_says_so_politely_and_answers_nothing(
    slack: Playground, desk: Desk, channels: set[str]
) -> None:
    channels.add("C0THER00000")
    ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> 什么是索引?")
    await slack.wait_for(lambda: slack.messages(slack.general, ts)[1:])
    await settled(slack, desk)
    assert desk.questions == {}, "direct messages are answered all the same"
    assert "没有被设置为在这个频道回答问题" in shown(slack.messages(slack.general, ts)[1])


@pytest.mark.usefixtures("app")
async def test_fifty_questions_at_once_are_all_recorded(slack: Playground, desk: Desk) -> None:
    texts = [f"question {n}" for n in range(50)]
    await asyncio.gather(
        *(slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> {text}") for text in texts)
    )
    await settled(slack, desk)
    assert sorted(desk.texts) == sorted(texts)


async def test_a_first_event_while_slack_is_down_is_not_dropped(slack: Playground, desk: Desk) -> None:
    async def say(*_: Any) -> None:
        raise AssertionError

    def register(app: AsyncApp) -> None:
        intake.register(app, submit=desk.submit, say=say, policy_of=desk.policy_of, follows=desk.follows)

    async with connected(slack, register):
        slack.fail("auth.test", status=503, times=50)
        await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> still there?")
        await slack.wait_for(lambda: desk.texts == ["still there?"])


def test_the_client_never_repeats_a_post_on_its_own(slack_client: AsyncWebClient) -> None:
    assert slack_client.retry_handlers == []
    assert slack_client.timeout == 15


@pytest.fixture
def slack_client(slack: Playground) -> AsyncWebClient:
    return web_client(slack)
