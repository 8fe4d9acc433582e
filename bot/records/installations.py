"""The tokens of the workspaces that installed the app [slack-sdk's SQLAlchemy stores].

They stand in the database as the SDK keeps them, in plain text: whoever can read it can speak as the bot.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore as Store
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore as States

from bot.records.database import Database
from bot.records.tables import meta

STATE_SECONDS = 600
"""How long a person may take to agree to the installation."""

bots = Store.build_bots_table(meta, Store.default_bots_table_name)
states = States.build_oauth_states_table(meta, States.default_table_name)


class Installations:
    """What workspaces, or whole organizations, gave the app of *client_id*; one installation each.

    Every method raises DatabaseFailure as Records do.
    """

    def __init__(self, database: Database, client_id: str, clock: Callable[[], float] = time.time) -> None:
        self._database, self._client_id, self._clock = database, client_id, clock

    async def keep(self, bot: Bot) -> None:
        """Keep what was just given, a new installation or a new token, in place of what was there."""
        # The newest counts, so that whoever looks meanwhile finds one of the two whole.
        bot.installed_at = self._clock()
        async with self._database.answering():
            await self.store.async_save_bot(bot)
        older = bots.c.installed_at < datetime.fromtimestamp(bot.installed_at, UTC).replace(tzinfo=None)
        await self._delete(bot.team_id, bot.enterprise_id, older)

    async def find(self, team: str, enterprise: str) -> Bot | None:
        """The installation in the workspace *team*, else that in all of the organization; None without."""
        here = bots.c.team_id == team
        everywhere = sa.and_(bots.c.team_id.is_(None), bots.c.enterprise_id == enterprise)
        found = await self._select(sa.or_(here, everywhere))
        return found[0] if found else None

    async def all(self) -> Sequence[Bot]:
        """Every installation."""
        newest = {(bot.enterprise_id, bot.team_id): bot for bot in reversed(await self._select(sa.true()))}
        return tuple(newest.values())

    async def forget(self, bot: Bot) -> bool:
        """Delete an installation, and with it the token; False where that was done already."""
        return await self._delete(bot.team_id, bot.enterprise_id, sa.true())

    @property
    def store(self) -> AsyncInstallationStore:
        """The SDK's own view of them."""
        return Store(self._client_id, self._database.engine)

    @property
    def states(self) -> AsyncOAuthStateStore:
        """What ties the end of an installation to its beginning: good for one, within STATE_SECONDS."""
        return States(STATE_SECONDS, self._database.engine)

    async def new_state(self) -> str:
        """A further one; those that have ended go, so that the page that asks cannot fill the database."""
        now = datetime.fromtimestamp(self._clock(), UTC).replace(tzinfo=None)
        async with self._database.begin() as connection:
            await connection.execute(sa.delete(states).where(states.c.expire_at < now))
        async with self._database.answering():
            return await self.states.async_issue()

    async def _select(self, where: sa.ColumnElement[bool]) -> list[Bot]:
        """The installations that meet *where*: those of one workspace first, the newest first."""
        query = (
            sa.select(bots)
            .where(bots.c.client_id == self._client_id, where)
            .order_by(bots.c.team_id.is_(None), bots.c.installed_at.desc(), bots.c.id.desc())
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [SQLAlchemyInstallationStore.build_bot_entity(row) for row in rows]

    async def _delete(self, team: str | None, enterprise: str | None, where: sa.ColumnElement[bool]) -> bool:
        """Delete what one workspace or organization gave; whether there was anything."""
        everywhere = sa.and_(bots.c.team_id.is_(None), bots.c.enterprise_id == enterprise)
        place = bots.c.team_id == team if team else everywhere
        query = sa.delete(bots).where(bots.c.client_id == self._client_id, place, where)
        async with self._database.begin() as connection:
            return (await connection.execute(query)).rowcount > 0
