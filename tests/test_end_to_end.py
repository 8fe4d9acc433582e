"""The main job from end to end: the real Bolt app, a real index of a real blog, doubles that speak HTTP."""

from pathlib import Path
from typing import Any

from bot.playground import shown
from tests.fakes.blocks import check_message
from tests.fakes.house import house
from tests.fakes.ollama_faults import Fault


def links(message: dict[str, Any]) -> str:
    return str(message.get("blocks"))


async def test_a_mention_is_answered_in_its_thread_with_its_sources(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = "RUM 在行号后面多存了附加信息 [1]。"
        ts = await home.ask("RUM 和 GIN 索引的区别是什么?")
        reply = await home.reply(ts)
        assert reply["thread_ts"] == ts
        assert "RUM 在行号后面多存了附加信息" in shown(reply)
        assert "https://example.org/main/notes/rum.md" in links(reply)
        check_message(reply)
        sent = home.ollama.prompts[-1]
        assert any("RUM 索引和 GIN 索引的区别" in m["content"] for m in sent["messages"])


async def test_the_first_sign_comes_before_the_model_says_anything(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.fault = Fault("hang")
        ts = await home.ask("why does VACUUM leave dead rows?")
        await home.slack.wait_for(lambda: home.slack.messages(home.slack.general, ts)[1:])
        home.ollama.fault = None


async def test_a_follow_up_in_the_thread_stands_on_what_was_said(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = "A long transaction keeps an old snapshot [1]."
        ts = await home.ask("why does VACUUM leave dead rows behind?")
        await home.reply(ts)
        first = home.ollama.prompts[-1]["messages"]
        home.ollama.answer = "Set idle_in_transaction_session_timeout [1]."
        await home.ask("and how do I end such a transaction?", thread=ts)
        await home.reply(ts, number=2)
        second = home.ollama.prompts[-1]["messages"]
        assert second[: len(first)] == first
        assert second[len(first)]["content"].startswith("A long transaction")


async def test_a_direct_message_is_answered_without_a_mention(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = "70 minutes [1]."
        channel = home.slack.direct(home.slack.lin)
        ts = await home.slack.say(home.slack.lin, channel, "how long does restoring a backup on egret take?")
        assert "70 minutes" in shown(await home.reply(ts, channel))


async def test_the_ask_command_is_answered_privately(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = "Two approvals for payments [1]."
        before = len(home.slack.messages(home.slack.general))
        ack = await home.slack.command(
            home.slack.ada, home.slack.general, "/ask", "how many approvals does a payment change need?"
        )
        assert ack.acked
        await home.slack.wait_for(
            lambda: any("Two approvals" in shown(m) for m in home.slack.private(home.slack.ada)), 30
        )
        assert len(home.slack.messages(home.slack.general)) == before


async def test_everything_else_said_in_a_channel_is_left_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        quiet = await home.slack.say(home.slack.ada, home.slack.general, "lunch?")
        ts = await home.ask("why does VACUUM leave dead rows behind?")
        await home.reply(ts)
        assert home.slack.messages(home.slack.general, quiet)[1:] == []


async def test_an_empty_mention_gets_a_short_help(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        ts = await home.ask("")
        await home.slack.wait_for(lambda: home.slack.messages(home.slack.general, ts)[1:])
        assert home.ollama.prompts == []


async def test_without_ollama_the_best_articles_come_with_one_sentence_naming_the_address(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        await home.ollama.stop()
        reply = await home.reply(await home.ask("why does VACUUM leave dead rows behind?"))
        assert home.ollama.url in shown(reply)
        assert "old snapshot" in shown(reply)
        assert "notes/vacuum.md" in links(reply)


async def test_a_model_that_was_never_pulled_is_named_with_its_pull(tmp_path: Path) -> None:
    async with house(tmp_path, BLOGBOT_MODEL="mistral:7b") as home:
        reply = await home.reply(await home.ask("why does VACUUM leave dead rows behind?"))
        assert "ollama pull mistral:7b" in shown(reply)
        assert "notes/vacuum.md" in links(reply)


async def test_what_the_blog_does_not_know_is_said_without_asking_the_model(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.reply(await home.ask("who won the chess championship in Reykjavik?"))
        assert home.ollama.prompts == []


async def test_a_question_of_ten_thousand_characters_is_answered(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = "A long transaction [1]."
        reply = await home.reply(await home.ask("why does VACUUM leave dead rows behind? " * 250))
        assert "long transaction" in shown(reply)


async def test_a_push_changes_the_next_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.ollama.answer = str
        question = "when is a backup restored on egret?"
        await home.reply(await home.ask(question))
        assert "Tuesday" in str(home.ollama.prompts[-1])
        changed = "# Restoring a backup on the machine egret\n\nA backup is restored on egret every Friday.\n"
        home.blog.write("notes/backup.md", changed).commit()
        await home.slack.command(home.slack.ada, home.slack.general, "/blog", "refresh")
        await home.slack.wait_for(
            lambda: any("5" in shown(m) for m in home.slack.private(home.slack.ada)[1:]), 30
        )
        await home.reply(await home.ask(question))
        assert "Friday" in str(home.ollama.prompts[-1])
        assert "Tuesday" not in str(home.ollama.prompts[-1])


async def test_the_first_start_indexes_the_blog_and_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, indexed=False) as home:
        assert any("5 articles" in sentence for sentence in home.said)
        reply = await home.reply(await home.ask("why does VACUUM leave dead rows behind?"))
        assert "notes/vacuum.md" in links(reply)
