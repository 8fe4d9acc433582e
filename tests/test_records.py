"""What the bot remembers, and for how long, on SQLite and on PostgreSQL."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import DatabaseFailure
from bot.model import Answer, Conversation, Message, Person, Source
from bot.records.database import Database, parse, shown
from bot.records.records import CONVERSATION_BYTES, Records, claim
from bot.records.tables import SCHEMA, meta, schema_version
from tests.fakes.jobs import asked
from tests.fakes.postgres import Cluster, postgres  # noqa: F401

SOURCE = Source(1, "VACUUM 为什么清不掉死元组?", "https://example.org/v", "v.md", passage="Ein Satz.")


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time).total_seconds()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'blogbot.sqlite'}"
    server: Cluster = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
async def records(address: str, clock: Clock) -> AsyncIterator[Records]:
    made = Records(address, clock=clock)
    await made.open()
    yield made
    await made.close()


async def test_a_question_is_remembered_as_it_was_asked(records: Records) -> None:
    question = asked(text="RUM 和 GIN 有什么区别?", response_url="https://hooks.example/1", locale="zh-CN")
    await records.keep_question(question)
    await records.keep_question(replace(question, text="edited"))
    assert await records.question(claim(question)) == question
    assert await records.question("T1:C1:never") is None


async def test_an_answer_is_found_again_by_its_message(records: Records, clock: Clock) -> None:
    question = asked(response_url="https://hooks.example/1")
    await records.keep_question(question)
    await records.keep_answer(
        question, Answer(question.text, "Weil [1].", "answered", (SOURCE,), "qwen3:8b"), "9.9"
    )
    found = await records.answer_of("C1", "9.9")
    assert found is not None
    assert found.question == replace(question, response_url="")
    assert (found.answer, found.sources, found.outcome, found.model) == (
        "Weil [1].",
        (SOURCE,),
        "answered",
        "qwen3:8b",
    )
    assert found.asked_at == datetime.fromtimestamp(clock.now, UTC)
    assert await records.answer_of("C1", question.id) == found
    assert await records.answer_of("C2", "9.9") is None


async def test_an_answer_is_kept_with_its_search_its_prompt_and_its_times(records: Records) -> None:
    question = asked()
    await records.keep_question(question)
    answer = Answer(
        question.text,
        "Weil [1].",
        "answered",
        searched="gin?\nrum?",
        prompt_version="1a2b",
        first_token_ms=900,
        total_ms=4100,
    )
    await records.keep_answer(question, answer, "9.9")
    found = await records.answer_of("C1", "9.9")
    assert found is not None
    assert (found.searched, found.prompt_version) == ("gin?\nrum?", "1a2b")
    assert (found.first_token_ms, found.total_ms) == (900, 4100)


async def test_memory_of_the_first_version_is_brought_up_to_date_with_all_it_holds(address: str) -> None:
    question = asked()
    records = Records(address)
    await records.open()
    await records.keep_question(question)
    await records.keep_answer(question, Answer(question.text, "Weil [1].", "answered", (SOURCE,)), "9.9")
    await records.close()
    await made_by_the_first_version(address)
    together = [Records(address) for _ in range(3)]
    await asyncio.gather(*(each.open() for each in together))
    found = await together[0].answer_of("C1", "9.9")
    assert found is not None
    assert (found.question, found.answer, found.total_ms) == (question, "Weil [1].", 0)
    await together[0].keep_question(asked("U2"))
    for each in together:
        await each.close()


async def made_by_the_first_version(address: str) -> None:
    """Take the database back to the schema that the first version made."""
    database = Database(address)
    await database.open(meta, schema_version, SCHEMA, {})
    async with database.begin() as connection:
        await connection.exec_driver_sql("DROP INDEX questions_by_name")
        for column in ("name", "searched", "prompt_version", "first_token_ms", "total_ms", "enterprise"):
            await connection.exec_driver_sql(f"ALTER TABLE questions DROP COLUMN {column}")
        for column in ("team", "enterprise"):
            await connection.exec_driver_sql(f"ALTER TABLE feedback DROP COLUMN {column}")
        await connection.execute(sa.update(schema_version).values(version=1))
    await database.close()


async def test_a_spent_response_url_is_gone(records: Records) -> None:
    question = asked(response_url="https://hooks.example/1")
    await records.keep_question(question)
    await records.spend_response_url(claim(question))
    assert await records.question(claim(question)) == replace(question, response_url="")


async def test_recent_questions_are_one_persons_newest_first(records: Records, clock: Clock) -> None:
    mine = [asked("U1", text=f"question {number}") for number in range(4)]
    for question in (*mine, asked("U2"), replace(asked("U1"), team="T2")):
        await records.keep_question(question)
        clock.pass_(seconds=1)
    found = await records.recent_questions(Person("U1", "T1"), 3)
    assert [each.question.text for each in found] == ["question 3", "question 2", "question 1"]
    assert found[0].outcome == ""


async def test_a_conversation_keeps_its_messages_sources_and_questions(records: Records) -> None:
    kept = Conversation((Message("system", "s"), Message("user", "问")), (SOURCE,), ("问", "warum?"))
    await records.keep_conversation("T1", "C1", "1.1", Conversation((Message("user", "first"),)))
    await records.keep_conversation("T1", "C1", "1.1", kept)
    assert await records.conversation("T1", "C1", "1.1") == kept
    assert await records.conversation("T1", "C1", "2.2") is None
    assert await records.conversation("T2", "C1", "1.1") is None


async def test_a_conversation_past_its_bound_is_dropped_so_that_the_next_question_starts_anew(
    records: Records,
) -> None:
    await records.keep_conversation("T1", "C1", "1.1", Conversation((Message("user", "short"),)))
    long = Conversation((Message("user", "长" * (CONVERSATION_BYTES // 3)),))
    await records.keep_conversation("T1", "C1", "1.1", long)
    assert await records.conversation("T1", "C1", "1.1") is None


async def test_a_second_opinion_of_the_same_person_replaces_the_first(records: Records) -> None:
    await records.opinions.keep("C1", "9.9", Person("U1", "T1"), "good")
    await records.opinions.keep("C1", "9.9", Person("U1", "T1"), "bad", "outdated")
    await records.opinions.keep("C1", "9.9", Person("U2", "T1"), "good")
    assert await records.opinions.on("C1", "9.9") == {"U1": ("bad", "outdated"), "U2": ("good", "")}


async def test_a_turn_is_taken_once(records: Records) -> None:
    taken = await asyncio.gather(*(records.take_turn("refresh 2026-11-23") for _ in range(5)))
    assert sorted(taken) == [False] * 4 + [True]
    assert await records.take_turn("refresh 2026-11-24")


async def test_of_several_turns_all_are_taken_or_none(records: Records) -> None:
    taken = await asyncio.gather(*(records.take_turn(f"news of {commit}", "night") for commit in "abc"))
    assert sorted(taken) == [False, False, True]
    assert sum([await records.take_turn(f"news of {commit}") for commit in "abc"]) == 2


async def test_forgetting_a_person_leaves_nothing_of_theirs_and_everything_of_others(
    records: Records,
) -> None:
    mine, theirs = asked("U1"), asked("U2")
    for question in (mine, theirs):
        await records.keep_question(question)
        await records.keep_conversation(
            "T1", "C1", question.root, Conversation((Message("user", question.text),))
        )
        await records.opinions.keep("C1", "9.9", question.asker, "good")
    assert await records.forget(Person("U1", "T1")) == 1
    assert await records.recent_questions(Person("U1", "T1")) == ()
    assert await records.question(claim(mine)) is None
    assert await records.answer_of("C1", "9.9") is None
    assert await records.conversation("T1", "C1", mine.root) is None
    assert await records.conversation("T1", "C1", theirs.root) is not None
    assert await records.opinions.on("C1", "9.9") == {"U2": ("good", "")}
    assert len(await records.recent_questions(Person("U2", "T1"))) == 1
    assert await records.forget(Person("U1", "T1")) == 0


async def test_forgetting_reaches_as_far_as_a_persons_id_does(records: Records) -> None:
    places = {"T1": "E1", "T2": "E1", "T3": ""}
    for team, enterprise in places.items():
        question = replace(asked("U1"), team=team, enterprise=enterprise, channel=f"C{team}")
        await records.keep_question(question)
        await records.opinions.keep(question.channel, "9.9", question.asker, "good")

    async def left() -> list[str]:
        there = [team for team in places if await records.recent_questions(Person("U1", team))]
        assert there == [team for team in places if await records.opinions.on(f"C{team}", "9.9")]
        return there

    assert await records.forget(Person("U1", "T3")) == 1
    assert await left() == ["T1", "T2"]
    assert await records.forget(Person("U1", "T1", "E1")) == 2, "one organization, one person"
    assert await left() == []


async def test_what_is_forgotten_stays_so_when_its_answer_ends_or_its_event_comes_again(
    records: Records,
) -> None:
    question = asked("U1")
    await records.keep_question(question)
    await records.forget(Person("U1", "T1"))
    assert not await records.keep_answer(question, Answer(question.text, "Weil.", "answered"), "9.9")
    await records.keep_question(question)
    assert await records.question(claim(question)) is None
    assert await records.recent_questions(Person("U1", "T1")) == ()
    assert await records.answer_of("C1", "9.9") is None


async def test_what_a_person_had_forgotten_is_not_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "blogbot.sqlite"
    records = Records(f"sqlite:///{path}")
    await records.open()
    await records.keep_question(asked("U1", text="An unmistakable sentence"))
    await records.forget(Person("U1", "T1"))
    await records.close()
    assert b"unmistakable" not in path.read_bytes()


async def test_pruning_deletes_what_is_older_and_keeps_the_rest(records: Records, clock: Clock) -> None:
    old, new = asked("U1"), asked("U1")
    await records.keep_question(old)
    await records.keep_conversation("T1", "C1", old.root, Conversation())
    await records.opinions.keep("C1", "1.1", Person("U1", "T1"), "good")
    await records.take_turn("old")
    clock.pass_(days=31)
    await records.keep_question(new)
    await records.keep_conversation("T1", "C1", new.root, Conversation())
    clock.pass_(days=1)
    assert await records.prune(timedelta(days=30)) == 1
    assert [each.question for each in await records.recent_questions(Person("U1", "T1"))] == [new]
    assert await records.conversation("T1", "C1", old.root) is None
    assert await records.conversation("T1", "C1", new.root) is not None
    assert await records.opinions.on("C1", "1.1") == {}
    assert await records.take_turn("old")


async def test_memory_outlives_the_process(address: str) -> None:
    question = asked()
    for _ in range(2):
        records = Records(address)
        await records.open()
        await records.keep_question(question)
        await records.close()
    await records.open()
    assert await records.question(claim(question)) == question
    await records.close()


async def test_replicas_that_start_together_make_the_tables_once(address: str) -> None:
    together = [Records(address) for _ in range(4)]
    await asyncio.gather(*(records.open() for records in together))
    await asyncio.gather(*(records.keep_question(asked()) for records in together))
    for records in together:
        await records.close()


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "blogbot.sqlite"
    records = Records(f"sqlite:///{path}")
    await records.open()
    await records.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(DatabaseFailure, match="newer blogbot") as failure:
        await records.open()
    assert failure.value.fix


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "blogbot.sqlite"
    records = Records(f"sqlite:///{path}")
    await records.open()
    await records.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseFailure, match="cannot be written") as failure:
        await Records(f"sqlite:///{tmp_path}/file/blogbot.sqlite").open()
    assert "BLOGBOT_DATA" in failure.value.fix


async def test_a_file_that_is_no_database_is_a_failure_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "blogbot.sqlite"
    path.write_text("# A Markdown article, not a database\n" * 100)
    with pytest.raises(DatabaseFailure, match="SQLite file"):
        await Records(f"sqlite:///{path}").open()
    assert path.read_text().startswith("# A Markdown article")


async def test_memory_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFailure, match="not open"):
        await Records(f"sqlite:///{tmp_path}/x.sqlite").question("any")


def test_an_address_is_shown_without_user_and_password() -> None:
    address = shown(parse("postgres://anna:geheim@db.example/blog?sslmode=require"))
    assert address == "PostgreSQL at db.example:5432, database blog"


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(DatabaseFailure, match="no database address"):
        parse("not an address")
