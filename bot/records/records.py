"""What the bot remembers: questions with their answers, and conversations [SQLAlchemy].

The only place where text of people is at rest, so that one setting bounds how long it stays (``prune``) and a
person can have theirs deleted (``forget``). SQLite by default; PostgreSQL with the same code.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta

import sqlalchemy as sa

from bot.model import Answer, Conversation, Person, Question
from bot.records import tables
from bot.records.database import Database
from bot.records.installations import Installations
from bot.records.opinions import Opinions
from bot.records.policies import Policies
from bot.records.tables import (
    MIGRATIONS,
    SCHEMA,
    Exchange,
    conversations,
    feedback,
    meta,
    questions,
    schema_version,
    turns,
)

CONVERSATION_BYTES = 512 * 1024
ANSWER_CHARACTERS = 40_000

# What a question that was forgotten becomes: its claim alone.
_FORGOTTEN = dict.fromkeys(
    ("person", "channel", "root", "body", "response_url", "reply_ts", "answer", "model", "name", "searched"),
    "",
)
_FORGOTTEN["sources"] = "[]"


def claim(question: Question) -> str:
    """The name under which a question is taken once, whatever event brings it.

    The message's place when there is one: a mention arrives as two events, and again when edited, each with
    an event id of its own but the same (team, channel, ts). A slash command has no ts, so its id serves; so
    does that of a question asked again, whose place is taken.
    """
    if question.ts and not question.without:
        return f"{question.team}:{question.channel}:{question.ts}"
    return f"{question.team}:{question.id}"


class Records:
    """The bot's memory. Every method raises DatabaseFailure when the database does not answer in time."""

    def __init__(self, database_url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(database_url)
        self._clock = clock
        self.policies = Policies(self._database)
        self.opinions = Opinions(self._database, clock)

    def installations(self, client_id: str) -> Installations:
        """The workspaces that installed the app of *client_id*."""
        return Installations(self._database, client_id, self._clock)

    async def open(self) -> None:
        """Connect, and make the tables or bring them up to date; refuse a newer version's database."""
        await self._database.open(meta, schema_version, SCHEMA, MIGRATIONS)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._database.close()

    async def keep_question(self, question: Question) -> None:
        """Write a question down before it is acknowledged; one that is there already is left alone."""
        values = {
            "claim": claim(question),
            "name": question.id,
            "person": question.person,
            "team": question.team,
            "enterprise": question.enterprise,
            "channel": question.channel,
            "root": question.root,
            "body": tables.dump(replace(question, response_url="")),
            "response_url": question.response_url,
            "asked_at": self._clock(),
        }
        async with self._database.begin() as connection:
            await connection.execute(self._database.insert(questions).values(values).on_conflict_do_nothing())

    async def question(self, name: str) -> Question | None:
        """The question claimed under *name*, or None where it was forgotten or never asked."""
        async with self._database.begin() as connection:
            row = (await connection.execute(sa.select(questions).where(questions.c.claim == name))).first()
        return (
            None
            if row is None or not row.body
            else replace(tables.question(row.body), response_url=row.response_url)
        )

    async def count_try(self, name: str) -> int:
        """Count that an answer to the question claimed under *name* is begun, and return the count."""
        update = (
            sa.update(questions)
            .where(questions.c.claim == name)
            .values(tries=questions.c.tries + 1)
            .returning(questions.c.tries)
        )
        async with self._database.begin() as connection:
            return (await connection.execute(update)).scalar() or 0

    async def spend_response_url(self, name: str) -> None:
        """Drop the secret of the question claimed under *name*, which has done its work."""
        where = questions.c.claim == name
        async with self._database.begin() as connection:
            await connection.execute(sa.update(questions).where(where).values(response_url=""))

    async def keep_answer(self, question: Question, answer: Answer, reply_ts: str) -> bool:
        """Write down what a question ended in; False where its person has had it forgotten meanwhile."""
        values = {
            "reply_ts": reply_ts,
            "outcome": answer.outcome,
            "answer": answer.text[:ANSWER_CHARACTERS],
            "sources": json.dumps([asdict(source) for source in answer.sources], ensure_ascii=False),
            "model": answer.model,
            "searched": answer.searched,
            "prompt_version": answer.prompt_version,
            "first_token_ms": answer.first_token_ms,
            "total_ms": answer.total_ms,
        }
        where = sa.and_(questions.c.claim == claim(question), questions.c.body != "")
        async with self._database.begin() as connection:
            return (await connection.execute(sa.update(questions).where(where).values(values))).rowcount == 1

    async def answer_of(self, channel: str, reply: str) -> Exchange | None:
        """The exchange in *channel* whose reply goes by that name, or None.

        The name is the question's id, or the timestamp of the reply's first message.
        """
        named = sa.or_(questions.c.reply_ts == reply, questions.c.name == reply)
        where = sa.and_(questions.c.channel == channel, named)
        async with self._database.begin() as connection:
            row = (await connection.execute(sa.select(questions).where(where))).first()
        return None if row is None else tables.exchange(row)

    async def recent_questions(self, person: Person, limit: int = 5) -> tuple[Exchange, ...]:
        """What *person* asked lately in that workspace, newest first."""
        query = (
            sa.select(questions)
            .where(questions.c.person == person.id, questions.c.team == person.team)
            .order_by(questions.c.asked_at.desc())
            .limit(limit)
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(tables.exchange(row) for row in rows)

    async def asked_in(self, question: Question) -> bool:
        """Whether the person of *question* has asked in its thread before; False once that is forgotten."""
        where = tables.thread(questions, question.team, question.channel, question.root)
        query = sa.select(questions.c.claim).where(questions.c.person == question.person, *where).limit(1)
        async with self._database.begin() as connection:
            return (await connection.execute(query)).first() is not None

    async def conversation(self, team: str, channel: str, root: str) -> Conversation | None:
        """What a thread's next question stands on, or None for a thread that is new or was forgotten."""
        query = sa.select(conversations.c.body).where(*tables.thread(conversations, team, channel, root))
        async with self._database.begin() as connection:
            body = (await connection.execute(query)).scalar()
        return None if body is None else tables.conversation(body)

    async def keep_conversation(self, team: str, channel: str, root: str, conversation: Conversation) -> None:
        """Remember a thread; past CONVERSATION_BYTES it is dropped, and its next question starts anew."""
        body = tables.dump(conversation)
        async with self._database.begin() as connection:
            if len(body.encode()) > CONVERSATION_BYTES:
                where = tables.thread(conversations, team, channel, root)
                await connection.execute(sa.delete(conversations).where(*where))
                return
            key = {"team": team, "channel": channel, "root": root}
            await connection.execute(
                self._database.upsert(conversations, key, {"body": body, "kept_at": self._clock()})
            )

    async def take_turn(self, *names: str) -> bool:
        """Whether the caller is the first of all replicas to ask for each of *names*; if not, it takes none.

        A name stands for what one of them says for all, say an announcement.
        """
        rows = [{"name": name, "taken_at": self._clock()} for name in names]
        insert = self._database.insert(turns).values(rows).on_conflict_do_nothing()
        async with self._database.begin() as connection:
            taken = (await connection.execute(insert.returning(turns.c.name))).all()
            if len(taken) < len(names):
                await connection.rollback()
        return len(taken) == len(names)

    async def forget(self, person: Person) -> int:
        """Delete what a person asked, was answered and thought, with their threads; count the questions.

        That is in the workspace, and in the others of its organization.

        Of each question its bare claim stays until it is pruned, so that no late event brings it back; one
        that is open now is not answered any more.
        """
        theirs = tables.of_person(questions, person)
        asked = sa.select(questions.c.team, questions.c.channel, questions.c.root).where(theirs)
        thread = sa.tuple_(conversations.c.team, conversations.c.channel, conversations.c.root)
        async with self._database.begin() as connection:
            await connection.execute(sa.delete(conversations).where(thread.in_(asked)))
            await connection.execute(sa.delete(feedback).where(tables.of_person(feedback, person)))
            blank = sa.update(questions).where(theirs).values(_FORGOTTEN)
            return (await connection.execute(blank)).rowcount

    async def prune(self, older_than: timedelta) -> int:
        """Delete everything older than that; return how many questions went."""
        before = self._clock() - older_than.total_seconds()
        async with self._database.begin() as connection:
            await connection.execute(sa.delete(conversations).where(conversations.c.kept_at < before))
            await connection.execute(sa.delete(feedback).where(feedback.c.kept_at < before))
            await connection.execute(sa.delete(turns).where(turns.c.taken_at < before))
            return (
                await connection.execute(sa.delete(questions).where(questions.c.asked_at < before))
            ).rowcount
