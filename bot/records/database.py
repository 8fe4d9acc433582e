"""The connection to the bot's database, SQLite or PostgreSQL, and its failures in sentences [SQLAlchemy]."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from bot.errors import DatabaseFailure

ANSWER_SECONDS = 10.0
_LOCK = 0x626C6F67  # "blog": the advisory lock under which replicas make the tables one after the other


def parse(database_url: str) -> URL:
    """The address in SQLAlchemy's terms, with the drivers of the lock file."""
    try:
        url = sa.make_url(database_url.replace("postgres://", "postgresql://", 1))
    except sa.exc.ArgumentError as exc:
        raise DatabaseFailure(
            "BLOGBOT_DATABASE_URL is no database address.",
            "Give sqlite:///path or postgresql://user@host/name.",
        ) from exc
    return url.set(drivername="sqlite" if url.drivername.startswith("sqlite") else "postgresql+psycopg")


def shown(url: URL) -> str:
    """The address for a person's eyes: without user, password and parameters."""
    if url.drivername.startswith("sqlite"):
        return f"SQLite file {url.database}"
    return f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432}, database {url.database}"


_WAL_TRIES, _WAL_PAUSE = 80, 0.025
"""How often, and after how many seconds, a new file is asked again to keep a write-ahead log."""


def prepare(url: URL) -> None:
    """Make a SQLite file in its folder, for its owner's eyes alone: it holds what people wrote."""
    if not (url.drivername.startswith("sqlite") and url.database):
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as exc:
        raise DatabaseFailure(
            f"{shown(url)} cannot be written: {exc.strerror}.",
            "Make its folder writable for the bot, or point BLOGBOT_DATA elsewhere.",
        ) from exc


class Database:
    """One pool of connections; every transaction ends within ANSWER_SECONDS or raises DatabaseFailure."""

    def __init__(self, database_url: str) -> None:
        self.url = parse(database_url)
        self._sqlite = self.url.drivername == "sqlite"
        self._engine: AsyncEngine | None = None

    async def open(
        self, meta: sa.MetaData, schema: sa.Table, version: int, migrations: Mapping[int, Sequence[str]]
    ) -> None:
        """Connect, make the missing tables and take older ones through *migrations* up to *version*.

        A schema newer than that is refused.
        """
        prepare(self.url)
        # Parameters are what people wrote: hidden, so that no database error carries them into a log.
        if self._sqlite:
            engine = create_async_engine(self.url.set(drivername="sqlite+aiosqlite"), hide_parameters=True)
            sa.event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        else:
            engine = create_async_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_timeout=ANSWER_SECONDS,
                connect_args={"connect_timeout": 5},
            )
        self._engine = engine
        try:
            async with self.begin() as connection:
                # One maker at a time: the others find the tables made.
                if self._sqlite:
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                found = await _migrated(connection, schema, version, migrations)
                await connection.run_sync(meta.create_all)
                if found is None:
                    await connection.execute(sa.insert(schema).values(version=version))
        except DatabaseFailure:
            await self.close()
            raise
        if found is not None and found > version:
            await self.close()
            raise DatabaseFailure(
                f"{shown(self.url)} was made by a newer blogbot (schema {found}; this one knows {version}).",
                "Start the newer version again, or give this one a database of its own.",
            )

    async def close(self) -> None:
        """Let go of every connection."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    @property
    def engine(self) -> AsyncEngine:
        """The pool, for a library that brings its own statements; use it inside ``answering``."""
        if self._engine is None:
            raise DatabaseFailure(f"{shown(self.url)} is not open.", "Start the bot first.")
        return self._engine

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """What is asked of the database inside ends within ANSWER_SECONDS, or raises DatabaseFailure."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                yield
        except (SQLAlchemyError, OSError, TimeoutError) as exc:
            raise DatabaseFailure(
                f"{shown(self.url)} does not answer ({type(exc).__name__}).",
                "Is it running, reachable, and is there room on its disk?",
            ) from exc

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction."""
        async with self.answering(), self.engine.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self._sqlite else postgresql.insert(table)

    def upsert(self, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
        """An INSERT that becomes an UPDATE of *values* where a row with that *key* is there."""
        insert = self.insert(table).values(**key, **values)
        return insert.on_conflict_do_update(index_elements=list(key), set_=dict(values))


async def _migrated(
    connection: AsyncConnection, schema: sa.Table, version: int, migrations: Mapping[int, Sequence[str]]
) -> int | None:
    """The version of the tables after their migration, None where there are none."""
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table(schema.name)):
        return None
    found = (await connection.execute(sa.select(schema.c.version))).scalar()
    for step in range(found + 1, version + 1) if found is not None else ():
        for statement in migrations.get(step, ()):
            await connection.exec_driver_sql(statement)
        await connection.execute(sa.update(schema).values(version=step))
    return found


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=8000")
    # Readers and a writer at once; it is a property of the file, so that DBOS's connections have it too.
    for left in reversed(range(_WAL_TRIES)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:  # another makes this very change, for which no busy_timeout waits
            if not left:
                raise
            await_only(asyncio.sleep(_WAL_PAUSE))
    cursor.execute(
        "PRAGMA secure_delete=ON"
    )  # what a person has had forgotten is overwritten, not just unlinked
    cursor.close()
