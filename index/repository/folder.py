"""The data folder: which refresh may write in it, and what to say when nobody can."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from index.errors import RefreshRunning, StorageFailure

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Be the only refresh of *data* meanwhile; RefreshRunning says who is it already.

    The lock ends with the process that holds it, however that ends.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "refresh.lock").open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            stream.seek(0)
            holder = stream.readline().strip() or "another process"
            raise RefreshRunning(
                f"A refresh of {data} runs already: {holder}.", "Wait for it to end, or stop that process."
            ) from exc
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%F %T} UTC\n")
        stream.flush()
        yield


@contextmanager
def writing(data: Path) -> Iterator[None]:
    """Translate what the disk says while *data* is written into StorageFailure."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise StorageFailure(
                f"The disk under {data} is full.",
                "Free some disk, or set BLOGBOT_DATA to a folder on a larger one; the last index serves on.",
            ) from exc
        raise StorageFailure(
            f"The data folder {data} cannot be written: {exc.strerror or exc}.",
            "Give it to the user that runs the bot, or set BLOGBOT_DATA to another folder.",
        ) from exc
