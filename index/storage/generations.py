"""Generations: complete indexes on disk, written aside and published by one atomic step.

::

    <data>/generations/
        00000042-1a2b3c4d/      number and commit; the highest number is the newest
            index/              what the store wrote
            vectors/            embeddings, when there are any
            manifest.json       what it was made of, with size and SHA-256 of every file
        .building-…/            being written, or left over by a refresh that was killed

Publishing is one ``rename`` after everything is on disk (Whoosh itself does not fsync), so a reader sees a
generation whole or not at all. Before one is opened, every file of it is checked once.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from index.errors import IndexDamaged
from index.model import Progress, silent
from index.storage.seals import SealBroken, check_ours_alone, note, seal, sync, verify

KEPT = 3
"""So many newest generations stay."""

_NAME = re.compile(r"\d{8,}-[0-9a-f]{1,8}")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of.

    ``format`` is the store's. ``source`` tells one blog (address, branch, globs) from another; ``repo`` is
    its address without credentials, ``branch`` the one indexed ("" in a plain folder). ``blobs`` maps the
    path of each article to its Git blob, ``skipped`` that of each file that turned out to be no article to
    its blob and the reason. ``embedded`` names the model of the vectors, "" without.
    """

    format: str
    source: str
    repo: str
    branch: str
    commit: str
    articles: int
    passages: int
    blobs: Mapping[str, str]
    skipped: Mapping[str, tuple[str, str]]
    embedded: str = ""
    published: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Generation:
    """A published generation that was found sound."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name, which sorts by age."""
        return self.folder.name

    @property
    def index(self) -> Path:
        """The folder of its Whoosh index."""
        return self.folder / "index"

    @property
    def vectors(self) -> Path:
        """The folder of its embeddings; it need not exist."""
        return self.folder / "vectors"


def current(data: Path) -> str:
    """Return the name of the newest published generation, sound or not, or "".

    It costs one listing of a small folder. A reader that remembers this name (not that of the generation it
    opened, which may be an earlier one) knows when to ask for ``newest`` again.
    """
    return max(_names(data), default="")


def newest(data: Path, form: str = "") -> Generation | None:
    """Check the generations of format *form* (any, when ""), newest first, and return the first sound one.

    Every file of it is read once. None when none of that format was ever published. A damaged one is passed
    over with a warning; IndexDamaged says that there were some and none is sound, or that others than this
    process's user could exchange them.
    """
    _check_ours_alone(data)
    damaged = []
    for name in sorted(_names(data), reverse=True):
        folder = _root(data) / name
        try:
            contents = note(folder)
            if form in {"", contents.get("format")}:
                verify(folder)
                return Generation(folder, _manifest(contents))
        except (SealBroken, OSError) as exc:
            _log.warning("generation_passed_over", generation=name, reason=str(exc))
            damaged.append(name)
    if damaged:
        raise IndexDamaged(
            f"The index in {_root(data)} is damaged ({', '.join(damaged)}).",
            "Run `deploy/run refresh`: it builds the index anew from the repository.",
        )
    return None


@contextmanager
def aside(data: Path) -> Iterator[Path]:
    """Lend a new, empty folder that no reader looks at; it is removed unless it was published.

    Only the one refresh that may run uses this.
    """
    root = _root(data)
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o700)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(data: Path) -> None:
    """Remove what refreshes that were killed or failed left behind."""
    for left in _root(data).glob(".*"):
        shutil.rmtree(left, ignore_errors=True)


def publish(data: Path, folder: Path, manifest: Manifest, progress: Progress = silent) -> Generation:
    """Make *folder*, filled and closed, the newest generation: durable first, then visible in one step.

    Then remove all but the newest few; a searcher that has an old one open keeps its files until it closes.
    """
    progress("publish", 0, 3)
    seal(folder, asdict(manifest) | {"published": manifest.published.isoformat()})
    progress("publish", 1, 3)
    number = int(current(data).partition("-")[0] or 0) + 1
    target = _root(data) / f"{number:08d}-{manifest.commit[:8]}"
    folder.rename(target)
    sync(_root(data))
    progress("publish", 2, 3)
    _prune(data)
    progress("publish", 3, 3)
    return Generation(target, manifest)


def _prune(data: Path) -> None:
    for name in sorted(_names(data), reverse=True)[KEPT:]:
        gone = _root(data) / f".gone-{name}"
        (_root(data) / name).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _root(data: Path) -> Path:
    return data / "generations"


def _check_ours_alone(data: Path) -> None:
    try:
        check_ours_alone(_root(data))
    except FileNotFoundError:
        return
    except SealBroken as exc:
        raise IndexDamaged(
            f"The index in {_root(data)} is not opened: {exc}.",
            "Make that folder the bot's user's alone (chown, chmod 700), or set another BLOGBOT_DATA.",
        ) from exc


def _names(data: Path) -> Iterator[str]:
    try:
        with os.scandir(_root(data)) as entries:
            yield from (entry.name for entry in entries if _NAME.fullmatch(entry.name))
    except FileNotFoundError:
        return


def _manifest(contents: dict[str, Any]) -> Manifest:
    try:
        contents["published"] = datetime.fromisoformat(contents["published"])
        contents["skipped"] = {path: (blob, reason) for path, (blob, reason) in contents["skipped"].items()}
        return Manifest(**contents)
    except (KeyError, TypeError, ValueError) as exc:
        raise SealBroken("written by another version") from exc
