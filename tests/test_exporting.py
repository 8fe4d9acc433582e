"""Opinions leave as JSON lines, and come back as questions whose articles are known."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.answers.prompt import VERSION
from bot.exporting import row
from bot.model import Answer, Person
from bot.records import Records
from bot.records.opinions import Opinion, Verdict
from bot.slack.listeners.feedback import REASON
from tests.fakes.furnished import furnished
from tests.fakes.house import House
from tests.fakes.jobs import asked
from tests.fakes.overheard import overheard
from tests.test_cli import Shell
from tests.test_records import SOURCE

VACUUM = "why does VACUUM leave dead rows behind?"
EGRET = "how long does restoring a backup on egret take?"
CHESS = "who won the chess championship in Reykjavik?"


async def lived(home: House) -> None:
    """Ada and Lin ask and judge: one good answer, one bad one with a reason, one good refusal."""
    slack = home.slack
    with overheard() as heard:
        home.ollama.answer = "A long transaction keeps an old snapshot [1]."
        vacuum = await home.reply(await home.ask(VACUUM))
        egret = await home.reply(await home.ask(EGRET))
        chess = await home.reply(await home.ask(CHESS))
        await slack.press(slack.ada, vacuum["ts"], "feedback", "Helpful")
        await slack.press(slack.ada, chess["ts"], "feedback", "Helpful")
        await slack.press(slack.lin, egret["ts"], "feedback", "Not helpful")
        (form,) = await slack.wait_for(lambda: slack.modals(slack.lin))
        await slack.submit(slack.lin, form["id"], {REASON: "答非所问"})
        await heard.until("verdict=", times=4)


async def test_what_people_think_is_exported_and_evaluate_reads_it(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await lived(home)
        config = home.config
    shell = Shell(tmp_path)
    shell.env |= {"BLOGBOT_REPO": config.blog.repo, "BLOGBOT_DATA": str(config.data)}
    done = await shell.run("feedback", "export")
    assert done.status == 0
    rows: dict[str, dict[str, Any]] = {
        each["question"]: each for each in map(json.loads, done.out.splitlines())
    }
    assert rows.keys() == {VACUUM, EGRET, CHESS}
    assert rows[VACUUM]["gold"] == rows[VACUUM]["articles"] == ["notes/vacuum.md"]
    assert rows[VACUUM]["prompt_version"] == VERSION
    assert rows[VACUUM]["model"] == "qwen3:8b"
    assert 0 < rows[VACUUM]["first_token_ms"] <= rows[VACUUM]["total_ms"]
    assert rows[CHESS]["gold"] == []
    assert (rows[EGRET]["verdict"], rows[EGRET]["reason"]) == ("bad", "答非所问")
    assert "gold" not in rows[EGRET]
    (tmp_path / "opinions.jsonl").write_text(done.out)
    figures = (await shell.run("evaluate", "opinions.jsonl", "--json")).json
    assert figures["left_out"] == 1
    assert (figures["all"]["questions"], figures["all"]["unanswerable"]) == (1, 1)
    assert figures["lang en"]["recall@1"] == 1.0
    assert figures["all"]["refused"] == 1.0


@pytest.mark.parametrize(("option", "verdict"), [("--good", "good"), ("--bad", "bad")])
async def test_only_the_good_or_only_the_bad_can_be_asked_for(
    tmp_path: Path, option: str, verdict: Verdict
) -> None:
    shell, question = Shell(tmp_path), asked()
    records = Records(f"sqlite:///{tmp_path / 'data' / 'blogbot.sqlite'}")
    await records.open()
    await records.keep_question(question)
    await records.keep_answer(question, Answer(question.text, "Weil [1].", "answered", (SOURCE,)), "9.9")
    await records.opinions.keep("C1", question.id, Person("U1", "T1"), "good")
    await records.opinions.keep("C1", "9.9", Person("U2", "T1"), "bad", "outdated")
    await records.opinions.keep("C1", "unknown", Person("U3", "T1"), verdict)
    await records.close()
    (line,) = (await shell.run("feedback", "export", option)).out.splitlines()
    assert json.loads(line)["verdict"] == verdict
    assert '"U' not in line


async def test_a_follow_up_is_exported_as_it_was_searched_for() -> None:
    records = Records("sqlite://")
    await records.open()
    question = asked(text="那 gin 呢?")
    await records.keep_question(question)
    answer = Answer(question.text, "倒排 [1].", "answered", (SOURCE,), searched="那 gin 呢?\nrum 索引是什么?")
    await records.keep_answer(question, answer, "9.9")
    await records.opinions.keep("C1", question.id, Person("U1", "T1"), "good")
    (opinion,) = await records.opinions.all()
    await records.close()
    assert isinstance(opinion, Opinion)
    assert row(opinion)["question"] == "那 gin 呢? rum 索引是什么?"
    assert row(opinion)["asked"] == "那 gin 呢?"
    assert row(opinion)["lang"] == "zh"
