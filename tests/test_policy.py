"""A channel's policy: what is a question there, answered from what, in which language, for whose eyes."""

from pathlib import Path
from typing import Any

import pytest

from bot.model import Person, Policy, Question
from bot.phrases import choose
from bot.playground import Playground, shown
from bot.records import Records
from bot.slack.listeners.heard import is_question, overheard
from bot.slack.presence.rights import Rights
from bot.slack.rendering import policy as policies
from tests.fakes.blocks import check_message
from tests.fakes.furnished import furnished, replies
from tests.fakes.house import House
from tests.fakes.slack import web_client

QUESTION = Question("q", "why?", "U1", "T1", "C1", "2.0", "1.0", "mention")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("answers mentions", Policy(answers="mentions")),
        ("回答 全部", Policy(answers="all")),
        ("blog notes /guides/db #WAL", Policy(within=("notes/", "guides/db/", "#WAL"))),
        ("博客 笔记", Policy(within=("笔记/",))),
        ("Language ZH", Policy(language="zh")),
        ("语言 英文", Policy(language="en")),
        ("private", Policy(private=True)),
    ],
)
def test_an_order_in_either_language_changes_one_setting(text: str, expected: Policy) -> None:
    assert policies.changed(Policy(), text) == expected


@pytest.mark.parametrize("text", ["answers follow-ups", "blog all", "language auto", "public", "重置"])
def test_every_setting_has_a_way_back(text: str) -> None:
    before = Policy("mentions", ("a/",), "zh", private=True)
    after = policies.changed(before, text)
    assert after is not None
    assert after != before
    if text == "重置":
        assert after == Policy()


@pytest.mark.parametrize(
    "text", ["", "answers", "answers never", "language fr", "blog", "reset now", "blog " + "a " * 21]
)
def test_what_is_no_order_changes_nothing(text: str) -> None:
    assert policies.changed(Policy(), text) is None


def test_a_settled_language_is_that_of_every_sentence() -> None:
    question = policies.under(Policy(language="zh"), QUESTION)
    shown_to_person = policies.refused(question)
    assert shown_to_person["text"] == choose("中文").policy_refused


@pytest.mark.parametrize("kind", ["direct", "command"])
def test_private_concerns_mentions_alone(kind: Any) -> None:
    question = Question("q", "why?", "U1", "T1", "C1", "", "", kind)
    assert policies.under(Policy(private=True), question).kind == kind


@pytest.mark.parametrize(
    "text", ["what is WAL", "VACUUM 怎么用", "this works?", "可以回滚吗", "请问在哪里配置"]
)
def test_questions_are_known_without_a_mention(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text", ["deployed to production", "今天午饭吃面", "see https://a.example/?q=1 please"]
)
def test_talk_is_no_question(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    "event",
    [
        {"text": "thanks a lot!"},
        {"text": "好的，"},
        {"text": ":+1:"},
        {"text": "<@UOTHER> what do you think?"},
        {"text": "<@UBOT> what is WAL?"},
        {"text": "<!here> what is WAL?"},
        {"text": "what is WAL?", "bot_id": "B1"},
        {"text": "what is WAL?", "subtype": "channel_join"},
        {"text": "what is WAL?", "channel_type": "mpim"},
    ],
)
def test_what_is_meant_for_others_is_not_overheard(event: dict[str, Any]) -> None:
    said = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.0", "channel_type": "channel"}
    assert overheard({"team_id": "T1", "event": said | {"text": "what is WAL?"}}, "UBOT") is not None
    assert overheard({"team_id": "T1", "event": said | event}, "UBOT") is None


async def test_a_policy_is_kept_for_its_channel_alone(records: Records) -> None:
    chosen = Policy("all", ("notes/", "#wal"), "zh", private=True)
    await records.policies.keep("T1", "C1", chosen)
    assert await records.policies.of("T1", "C1") == chosen
    assert await records.policies.of("T1", "C2") == await records.policies.of("T2", "C1") == Policy()
    assert await records.policies.all("T1") == {"C1": chosen}


async def test_the_default_policy_leaves_no_trace(records: Records) -> None:
    await records.policies.keep("T1", "C1", Policy(answers="all"))
    await records.policies.keep("T1", "C1", Policy())
    assert await records.policies.all("T1") == {}


async def test_a_person_follows_up_only_where_they_asked_and_are_remembered(records: Records) -> None:
    first = Question("q0", "why?", "U1", "T1", "C1", "1.0", "1.0", "mention")
    await records.keep_question(first)
    assert await records.asked_in(QUESTION)
    assert not await records.asked_in(Question("q", "why?", "U2", "T1", "C1", "2.0", "1.0", "mention"))
    assert not await records.asked_in(Question("q", "why?", "U1", "T1", "C1", "2.0", "1.5", "mention"))
    await records.forget(Person("U1", "T1"))
    assert not await records.asked_in(QUESTION)


async def test_creators_admins_and_named_people_set_policies_and_nobody_else() -> None:
    async with Playground() as slack:
        boss = slack.add_person("boss", is_admin=True)
        rights = Rights(web_client(slack), ["U0NAMED0001"])
        assert await rights.may_set(slack.ada, slack.general), "she made the channel"
        assert await rights.may_set(boss, slack.general)
        assert await rights.may_set("U0NAMED0001", slack.general)
        assert not await rights.may_set(slack.lin, slack.general)
        assert not await rights.is_admin(slack.lin)
        assert await rights.may_set(slack.lin, slack.direct(slack.lin)), "their own conversation"


@pytest.mark.parametrize("scopes", [{"chat:write"}, {"chat:write", "users:read"}])
async def test_where_slack_does_not_tell_the_answer_is_no(scopes: set[str]) -> None:
    async with Playground(scopes=scopes) as slack:
        rights = Rights(web_client(slack), ["U0NAMED0001"])
        assert not await rights.may_set(slack.lin, slack.general)
        assert await rights.is_admin(slack.ada) == ("users:read" in scopes)
        slack.fail("*", drop=True, times=10)
        assert not await rights.may_set(slack.ada, slack.general)
        assert await rights.may_set("U0NAMED0001", slack.general)


# On the whole bot


async def order(home: House, person: str, text: str) -> str:
    """Give an order to ``/blog policy``; return what the person is told."""
    before = len(home.slack.private(person))
    ack = await home.slack.command(person, home.slack.general, "/blog", f"policy {text}")
    assert ack.acked
    told = await home.slack.wait_for(lambda: home.slack.private(person)[before:], 20)
    check_message(told[0])
    return shown(told[0])


async def settled(home: House, person: str = "") -> None:
    """Wait until a question asked after everything else is answered."""
    channel = home.slack.direct(person or home.slack.lin)
    ts = await home.slack.say(person or home.slack.lin, channel, "how long does restoring on egret take?")
    await home.reply(ts, channel)


async def test_who_asked_goes_on_in_the_thread_without_a_mention(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        ts = await home.ask("why does VACUUM leave dead rows behind?")
        await home.reply(ts)
        await home.slack.say(home.slack.ada, home.slack.general, "thanks!", thread_ts=ts)
        await home.slack.say(home.slack.lin, home.slack.general, "and how do I end it?", thread_ts=ts)
        await home.slack.say(
            home.slack.ada, home.slack.general, "and how do I end such a transaction?", thread_ts=ts
        )
        await home.reply(ts, number=2)
        await settled(home)
        assert len(replies(home, ts)) == 2
        mention = f"<@{home.slack.bot_user_id}> and where is that set?"
        await home.slack.say(home.slack.lin, home.slack.general, mention, thread_ts=ts)
        await home.reply(ts, number=3)


async def test_where_mentions_only_is_set_a_follow_up_needs_one(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        assert "when I am mentioned." in await order(home, home.slack.ada, "answers mentions")
        ts = await home.ask("why does VACUUM leave dead rows behind?")
        await home.reply(ts)
        await home.slack.say(home.slack.ada, home.slack.general, "and how do I end it?", thread_ts=ts)
        await settled(home)
        assert len(replies(home, ts)) == 1


async def test_where_every_question_is_answered_talk_is_still_left_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await order(home, home.slack.ada, "answers all")
        talk = await home.slack.say(home.slack.lin, home.slack.general, "lunch at one, restoring egret after")
        question = "how long does restoring a backup on egret take?"
        ts = await home.slack.say(home.slack.lin, home.slack.general, question)
        check_message(await home.reply(ts))
        await settled(home)
        assert replies(home, talk) == []
        assert len(replies(home, ts)) == 1


async def test_a_channel_bound_to_a_part_of_the_blog_answers_from_no_other(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        question = "why does VACUUM leave dead rows behind?"
        assert "`manuals/` (0 articles)" in await order(home, home.slack.ada, "blog manuals")
        await home.reply(await home.ask(question))
        assert home.ollama.prompts == []
        assert "(0 articles)" not in await order(home, home.slack.ada, "blog notes #none")
        reply = await home.reply(await home.ask(question))
        assert "notes/vacuum.md" in str(reply["blocks"])


async def test_a_channel_that_settled_on_chinese_is_answered_in_chinese(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await order(home, home.slack.ada, "language zh")
        reply = await home.reply(await home.ask("why does VACUUM leave dead rows behind?"))
        assert "请用中文" in home.ollama.prompts[-1]["messages"][-1]["content"]
        assert "来源" in shown(reply)


async def test_private_answers_are_seen_by_the_person_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = "Two approvals for payments [1]."
        await order(home, home.slack.ada, "private")
        ts = await home.ask("how many approvals does a payment change need?")
        answer = await home.slack.wait_for(
            lambda: [m for m in home.slack.private(home.slack.ada) if "Two approvals" in shown(m)], 20
        )
        check_message(answer[0])
        assert replies(home, ts) == []
        assert home.slack.private(home.slack.lin) == []


async def test_others_may_look_at_the_policy_and_not_change_it(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        assert "只有这个频道的创建者和管理员" in await order(home, home.slack.lin, "回答 全部")
        assert "提到我时回答" in await order(home, home.slack.lin, "怎样")
