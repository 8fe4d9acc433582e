"""The tables of the bot's memory, and its values as JSON and back. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from bot.model import Conversation, Message, Outcome, Person, Policy, Question, Source

SCHEMA = 3
MIGRATIONS: Mapping[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE questions ADD COLUMN name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE questions ADD COLUMN searched TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE questions ADD COLUMN prompt_version TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE questions ADD COLUMN first_token_ms INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE questions ADD COLUMN total_ms INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX questions_by_name ON questions (channel, name)",
    ),
    3: (
        "ALTER TABLE questions ADD COLUMN enterprise TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE feedback ADD COLUMN team TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE feedback ADD COLUMN enterprise TEXT NOT NULL DEFAULT ''",
    ),
}
"""What makes a schema out of the one before it, in SQL that both databases read."""

meta = sa.MetaData()
schema_version = sa.Table("schema_version", meta, sa.Column("version", sa.Integer, nullable=False))
questions = sa.Table(
    "questions",
    meta,
    sa.Column("claim", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("response_url", sa.Text, nullable=False),
    sa.Column("asked_at", sa.Double, nullable=False, index=True),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("reply_ts", sa.Text, nullable=False, default=""),
    sa.Column("outcome", sa.Text, nullable=False, default=""),
    sa.Column("answer", sa.Text, nullable=False, default=""),
    sa.Column("sources", sa.Text, nullable=False, default="[]"),
    sa.Column("model", sa.Text, nullable=False, default=""),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("searched", sa.Text, nullable=False, server_default=""),
    sa.Column("prompt_version", sa.Text, nullable=False, server_default=""),
    sa.Column("first_token_ms", sa.Integer, nullable=False, server_default="0"),
    sa.Column("total_ms", sa.Integer, nullable=False, server_default="0"),
    sa.Column("enterprise", sa.Text, nullable=False, server_default=""),
    sa.Index("questions_of_person", "person", "asked_at"),
    sa.Index("questions_by_reply", "channel", "reply_ts"),
    sa.Index("questions_by_name", "channel", "name"),
)
conversations = sa.Table(
    "conversations",
    meta,
    sa.Column("team", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("root", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("kept_at", sa.Double, nullable=False, index=True),
)
feedback = sa.Table(
    "feedback",
    meta,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("reply_ts", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("kept_at", sa.Double, nullable=False, index=True),
    sa.Column("team", sa.Text, nullable=False, server_default=""),
    sa.Column("enterprise", sa.Text, nullable=False, server_default=""),
)
policies = sa.Table(
    "policies",
    meta,
    sa.Column("team", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
turns = sa.Table(
    "turns",
    meta,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("taken_at", sa.Double, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what became of it; ``outcome`` is "" while it is open, ``asked_at`` is UTC.

    The rest is as in an Answer.
    """

    question: Question
    asked_at: datetime
    reply_ts: str = ""
    outcome: Outcome | Literal[""] = ""
    answer: str = ""
    sources: tuple[Source, ...] = ()
    model: str = ""
    searched: str = ""
    prompt_version: str = ""
    first_token_ms: int = 0
    total_ms: int = 0


def dump(value: Any) -> str:
    """A frozen value as JSON."""
    return json.dumps(asdict(value), ensure_ascii=False, separators=(",", ":"))


def question(body: str) -> Question:
    """The question that ``dump`` wrote."""
    found = json.loads(body)
    return _made(Question, found | {"without": tuple(found.get("without", ()))})


def conversation(body: str) -> Conversation:
    """The conversation that ``dump`` wrote."""
    found = json.loads(body)
    return Conversation(
        messages=tuple(_made(Message, each) for each in found["messages"]),
        sources=tuple(_made(Source, each) for each in found["sources"]),
        questions=tuple(found["questions"]),
    )


def policy(body: str) -> Policy:
    """The policy that ``dump`` wrote."""
    found = json.loads(body)
    return _made(Policy, found | {"within": tuple(found.get("within", ()))})


def exchange(row: Any) -> Exchange:
    """A row of ``questions`` as a value."""
    return Exchange(
        question=question(row.body),
        asked_at=datetime.fromtimestamp(row.asked_at, UTC),
        reply_ts=row.reply_ts,
        outcome=row.outcome,
        answer=row.answer,
        sources=tuple(_made(Source, each) for each in json.loads(row.sources)),
        model=row.model,
        searched=row.searched,
        prompt_version=row.prompt_version,
        first_token_ms=row.first_token_ms,
        total_ms=row.total_ms,
    )


def thread(table: sa.Table, team: str, channel: str, root: str) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that a row belongs to one thread."""
    return (table.c.team == team, table.c.channel == channel, table.c.root == root)


def of_person(table: sa.Table, person: Person) -> sa.ColumnElement[bool]:
    """The condition that a row is that person's; one of before there were several workspaces may be."""
    there = sa.or_(
        table.c.team.in_([person.team, ""]),
        sa.and_(table.c.enterprise == person.enterprise, table.c.enterprise != ""),
    )
    return sa.and_(table.c.person == person.id, there)


T = TypeVar("T")


def _made(kind: type[T], found: Mapping[str, Any]) -> T:
    """A value of *kind*; fields that another version wrote and this one does not know are left out."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in found.items() if name in known})
