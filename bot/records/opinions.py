"""What people think of answers; it goes when it is old, or when its person is forgotten [SQLAlchemy]."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.model import LONGEST_REASON, Person, Verdict
from bot.records import tables
from bot.records.database import Database
from bot.records.tables import Exchange, feedback, questions


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody thinks of an exchange; ``reason`` may be "", ``given_at`` is UTC."""

    exchange: Exchange
    verdict: Verdict
    reason: str
    given_at: datetime


class Opinions:
    """All opinions. Every method raises DatabaseFailure as Records do."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    async def keep(
        self, channel: str, reply: str, person: Person, verdict: Verdict, reason: str = ""
    ) -> None:
        """Remember what a person thinks of the reply of that name; a second opinion replaces the first."""
        key = {"channel": channel, "reply_ts": reply, "person": person.id}
        said = {"verdict": verdict, "reason": reason[:LONGEST_REASON], "kept_at": self._clock()}
        values = {**said, "team": person.team, "enterprise": person.enterprise}
        async with self._database.begin() as connection:
            await connection.execute(self._database.upsert(feedback, key, values))

    async def on(self, channel: str, reply: str) -> Mapping[str, tuple[Verdict, str]]:
        """What people think of the reply of that name: person -> (verdict, reason)."""
        query = sa.select(feedback).where(feedback.c.channel == channel, feedback.c.reply_ts == reply)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        return {row.person: (row.verdict, row.reason) for row in rows}

    async def all(self, verdict: Verdict | None = None) -> tuple[Opinion, ...]:
        """Every opinion, or those of one *verdict*, on answers that are still known; the oldest first."""
        named = sa.or_(feedback.c.reply_ts == questions.c.name, feedback.c.reply_ts == questions.c.reply_ts)
        about = sa.and_(feedback.c.channel == questions.c.channel, named)
        query = (
            sa.select(questions, feedback.c.verdict, feedback.c.reason, feedback.c.kept_at)
            .join(feedback, about)
            .where(questions.c.outcome != "", questions.c.body != "")
            .order_by(feedback.c.kept_at, questions.c.claim)
        )
        if verdict:
            query = query.where(feedback.c.verdict == verdict)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Opinion(tables.exchange(row), row.verdict, row.reason, datetime.fromtimestamp(row.kept_at, UTC))
            for row in rows
        )
