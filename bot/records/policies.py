"""How the bot behaves in each channel: kept until changed, and never pruned [SQLAlchemy]."""

from collections.abc import Mapping

import sqlalchemy as sa

from bot.model import Policy
from bot.records import tables
from bot.records.database import Database
from bot.records.tables import policies


class Policies:
    """The policies of all channels. Every method raises DatabaseFailure as Records do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, team: str, channel: str) -> Policy:
        """The policy of a channel; the default where nobody set one."""
        query = sa.select(policies.c.body).where(policies.c.team == team, policies.c.channel == channel)
        async with self._database.begin() as connection:
            body = (await connection.execute(query)).scalar()
        return Policy() if body is None else tables.policy(body)

    async def language_of(self, team: str, channel: str) -> str:
        """The language that a channel has settled on, as a code, or ""."""
        return (await self.of(team, channel)).language

    async def keep(self, team: str, channel: str, policy: Policy) -> None:
        """Set a channel's policy; the default one leaves no trace."""
        key = {"team": team, "channel": channel}
        async with self._database.begin() as connection:
            if policy == Policy():
                of_channel = (policies.c.team == team, policies.c.channel == channel)
                await connection.execute(sa.delete(policies).where(*of_channel))
            else:
                body = tables.dump(policy)
                await connection.execute(self._database.upsert(policies, key, {"body": body}))

    async def all(self, team: str) -> Mapping[str, Policy]:
        """Every channel of the workspace that has a policy of its own."""
        query = sa.select(policies).where(policies.c.team == team).order_by(policies.c.channel)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        return {row.channel: tables.policy(row.body) for row in rows}
