"""Who of several processes is alive: each holds a seat, a lock that dies with its process.

A seat's name is what durable work is signed with, and outlives the process: a bot that starts again sits down
on the first free seat and finds the work left there, and the work of a seat that stays empty goes to a living
neighbour. Nothing is measured in clocks or heartbeats.
"""

import asyncio
import contextlib
import fcntl
from pathlib import Path
from typing import IO, Protocol

import psycopg
from sqlalchemy.engine import URL

from bot.errors import DatabaseFailure
from bot.records.database import prepare, shown

SEATS = 64
_CLASS = 0x626C6F67  # "blog": keeps our advisory locks apart from anyone else's in the same database


class Seats(Protocol):
    """The seats of one database."""

    async def take(self) -> str:
        """Sit down and return the seat's name; raises DatabaseFailure where no seat is free."""

    async def keep(self) -> bool:
        """Check that the seat is ours, taking it again after a lost connection; False: another has it."""

    async def empty(self, name: str) -> bool:
        """Whether nobody sits on *name*."""

    async def leave(self) -> None:
        """Stand up."""


def seats(url: URL) -> Seats:
    """The seats that fit the database at *url*."""
    return FileSeats(url) if url.drivername.startswith("sqlite") else PostgresSeats(url)


class FileSeats:
    """One seat, a lock on a file beside the SQLite database: one bot a database."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._file: IO[str] | None = None

    async def take(self) -> str:
        """Sit down, or say that another bot works on this database."""
        prepare(self._url)
        file = Path(f"{self._url.database}.lock").open("a")  # noqa: ASYNC230, SIM115 - local, and held while we live
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            file.close()
            raise DatabaseFailure(
                f"Another blogbot is at work on {shown(self._url)}.",
                "Stop it first, give this one another BLOGBOT_DATA, or share a PostgreSQL database.",
            ) from exc
        self._file = file
        return "seat-1"

    async def keep(self) -> bool:
        """A file lock cannot be lost."""
        return True

    async def empty(self, name: str) -> bool:
        """Every seat but ours, since there is no other."""
        return name != "seat-1"

    async def leave(self) -> None:
        """Unlock; the file stays."""
        if self._file is not None:
            self._file.close()
            self._file = None


class PostgresSeats:
    """Numbered seats, each a session-level advisory lock: PostgreSQL frees it when the connection dies.

    The server looks after the connection of a machine that vanished without a word with TCP keepalives, so it
    needs 10 + 3 x 5 seconds to notice. A pooler between must keep sessions (pgbouncer: pool_mode = session).
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[tuple[bool]] | None = None
        self._seat = 0

    async def take(self) -> str:
        """Sit down on the first free seat."""
        try:
            await self._connect()
            for seat in range(1, SEATS + 1):
                if await self._ask("pg_try_advisory_lock", seat):
                    self._seat = seat
                    return _name(seat)
        except (psycopg.Error, OSError, TimeoutError) as exc:
            raise DatabaseFailure(
                f"{shown(self._url)} does not answer ({type(exc).__name__}).",
                "Is it running, and are BLOGBOT_DATABASE_URL's user and password right?",
            ) from exc
        raise DatabaseFailure(
            f"{SEATS} replicas are at work on {shown(self._url)} already.", "Stop one of them first."
        )

    async def keep(self) -> bool:
        """Ask the server something; on a dead connection make another and sit down again."""
        try:
            if self._connection is not None and not self._connection.closed:
                async with asyncio.timeout(5):
                    await self._connection.execute("SELECT 1")
                return True
        except (psycopg.Error, OSError, TimeoutError):
            await self._disconnect()
        try:
            await self._connect()
            return await self._ask("pg_try_advisory_lock", self._seat)
        except (psycopg.Error, OSError, TimeoutError):
            await self._disconnect()
            return True  # nobody can be asked; whether the seat is ours shows when the server is back

    async def empty(self, name: str) -> bool:
        """Try the lock and let go of it at once; a name that is no seat's is nobody's."""
        seat = _number(name)
        if seat == self._seat:
            return False
        if not seat:
            return True
        try:
            if not await self._ask("pg_try_advisory_lock", seat):
                return False
            await self._ask("pg_advisory_unlock", seat)
        except (psycopg.Error, OSError, TimeoutError):
            return False
        return True

    async def leave(self) -> None:
        """Stand up: with an unlock, so that whoever looks next finds the seat empty."""
        with contextlib.suppress(psycopg.Error, OSError, TimeoutError):
            await self._ask("pg_advisory_unlock", self._seat)
        await self._disconnect()

    async def _connect(self) -> None:
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with asyncio.timeout(5):
            self._connection = await psycopg.AsyncConnection.connect(
                address, autocommit=True, connect_timeout=5
            )
            for setting in (
                "tcp_keepalives_idle = 10",
                "tcp_keepalives_interval = 5",
                "tcp_keepalives_count = 3",
            ):
                await self._connection.execute(f"SET {setting}".encode())

    async def _ask(self, function: str, seat: int) -> bool:
        if self._connection is None:
            return False
        async with asyncio.timeout(5):
            cursor = await self._connection.execute(
                f"SELECT {function}(%s::int, %s::int)".encode(), (_CLASS, seat)
            )
            row = await cursor.fetchone()
        return row is not None and row[0]

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _name(seat: int) -> str:
    return f"seat-{seat}"


def _number(name: str) -> int:
    number = name.removeprefix("seat-")
    return int(number) if number.isascii() and number.isdigit() and number != name else 0
