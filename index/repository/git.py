"""The ``git`` program: how it is run, how long it may take, and what its complaints mean to a person."""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from index.errors import GitMissing, StorageFailure
from index.repository.complaints import disk_is_full

SILENCE = 120.0
"""Seconds without any sign of life after which git is stopped; a fetch that makes progress may go on."""

LONGEST = 3600.0
"""Seconds after which git is stopped however busy it is."""

OLDEST = (2, 31)
"""The first git that takes configuration from the environment (GIT_CONFIG_COUNT)."""

_INHERITED = re.compile(r"(?!GIT_)|GIT_(SSH|SSL|PROXY|HTTP|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$|EXEC_PATH)")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_ALLOW_PROTOCOL": "file:https:http:ssh:git",
    "GIT_NO_LAZY_FETCH": "1",
}
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "credential.interactive": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.recurseSubmodules": "false",
    "protocol.version": "2",
}


Heard = Callable[[str], None]
"""Called with each piece of what git says while it works."""


class GitFailed(Exception):
    """Git ended with an error; ``complaint`` is what it said."""

    def __init__(self, complaint: str) -> None:
        super().__init__(complaint)
        self.complaint = complaint


class GitSilent(GitFailed):
    """Git gave no sign of life for too long and was stopped."""


def git(
    *arguments: str,
    folder: Path | None = None,
    settings: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    heard: Heard | None = None,
    silence: float = SILENCE,
) -> bytes:
    """Run git in the bare repository *folder* and return its standard output.

    It runs in a session of its own, so that neither git nor ssh can ask anybody anything. The user's own
    configuration holds (proxies, certificates, credential helpers) except for what could run a program or
    prompt; *settings* are added in the environment, where no process list shows them. *heard* gets each piece
    of standard error as it comes. Raises GitFailed (GitSilent after *silence* seconds without a sign of
    life), GitMissing or StorageFailure.
    """
    where = () if folder is None else (f"--git-dir={folder}",)
    with tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        try:
            process = subprocess.Popen(
                ["git", *where, *arguments],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(settings or {}),
                cwd="/",
                start_new_session=True,
            )
        except FileNotFoundError as exc:
            raise GitMissing("The git program is not installed.", "Install git 2.31 or newer.") from exc
    with process:
        try:
            output, errors = _watch(process, heard, silence)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode == -signal.SIGXFSZ or disk_is_full(errors):
        raise StorageFailure(
            "The disk is full: git cannot write the mirror.",
            "Free some disk, or set BLOGBOT_DATA to a folder on a larger one.",
        )
    if process.returncode:
        raise GitFailed(errors.strip() or f"git {arguments[0]} ended with status {process.returncode}")
    return output


def check_version() -> None:
    """Raise GitMissing unless git is there and new enough."""
    said = git("version").decode(errors="replace")
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise GitMissing(f"{said.strip()} is too old.", "Install git 2.31 or newer.")


def _watch(process: subprocess.Popen[bytes], heard: Heard | None, silence: float) -> tuple[bytes, str]:
    """Collect both outputs to their end; GitSilent when nothing comes, or it takes too long in all."""
    pieces: dict[str, list[bytes]] = {"out": [], "err": []}
    started = last = monotonic()
    with selectors.DefaultSelector() as selector:
        for name, stream in (("out", process.stdout), ("err", process.stderr)):
            if stream:
                selector.register(stream.fileno(), selectors.EVENT_READ, name)
        while selector.get_map():
            ready = selector.select(min(silence, 1.0))
            # A persistent ssh connection may hold the outputs open after git itself has ended.
            if not ready and process.poll() is not None:
                break
            now = monotonic()
            last = now if ready else last
            if now - last >= silence or now - started >= LONGEST:
                raise GitSilent(f"timed out: git got no answer for {silence:.0f} seconds")
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                pieces[key.data].append(piece)
                if not piece:
                    selector.unregister(key.fd)
                elif heard and key.data == "err":
                    heard(piece.decode(errors="replace"))
    return b"".join(pieces["out"]), b"".join(pieces["err"]).decode(errors="replace")


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if _INHERITED.match(name)}
    counted = {"GIT_CONFIG_COUNT": str(len(_SETTINGS) + len(settings))}
    for number, (key, value) in enumerate((_SETTINGS | dict(settings)).items()):
        counted |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return inherited | _ENVIRONMENT | counted
