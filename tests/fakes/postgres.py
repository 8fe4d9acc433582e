"""A real PostgreSQL of the tests' own: a private cluster on a free port, gone when they end."""

import contextlib
import glob
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest


def programs() -> Path | None:
    """The folder of initdb and postgres: Debian keeps them out of PATH, the newest version last."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))  # noqa: PTH207
    on_path = shutil.which("initdb")
    return Path(found[-1]).parent if found else Path(on_path).parent if on_path else None


class Cluster:
    """One server; ``database()`` makes an empty database and returns its address."""

    def __init__(self, folder: Path, bin_folder: Path, user: str | None) -> None:
        self._folder, self._bin, self._user = folder, bin_folder, user
        self._names = (f"blogbot_{number}" for number in itertools.count(1))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def make(self) -> None:
        """Lay the files of a cluster whose only user needs no password."""
        self._run("initdb", "-D", str(self._data), "-U", "blogbot", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start the server and return when it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "30", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def database(self) -> str:
        """Make an empty database; return its address."""
        name = next(self._names)
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database on this server."""
        return f"postgresql://blogbot@127.0.0.1:{self.port}/{name}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster, or a skip that says what is missing."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL's initdb is not installed (Debian: apt-get install postgresql)")
    user = None
    if os.geteuid() == 0:  # initdb and postgres refuse to run as root
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = next((name for name in ("postgres", "nobody") if name in names), None)
        if user is None:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
    folder = Path(tempfile.mkdtemp(prefix="blogbot-pg-"))
    try:
        if user:
            shutil.chown(folder, user)
        made = Cluster(folder, bin_folder, user)
        made.make()
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(RuntimeError):
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The cluster that all tests of a worker share, each with a database of its own."""
    with cluster() as made:
        yield made
