"""Seals: a folder whose every file is on disk, ours alone, and still what it was when it was sealed.

``manifest.json`` holds a note of the caller's, the size and SHA-256 of every other file, and a checksum of
itself. What it protects from: a torn write, a flipped bit, a truncated copy, and anybody else's files (which
matters because opening a Whoosh index unpickles them).
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MANIFEST = "manifest.json"


class SealBroken(Exception):
    """Why a folder must not be used, in a few words."""


def seal(folder: Path, contents: Mapping[str, Any]) -> None:
    """Describe *folder* in its manifest, with *contents* (JSON) as its note, all of it on the disk then."""
    _keep_to_ourselves(folder)
    files = {name: [file.stat().st_size, _digest(file)] for name, file in _files(folder)}
    body = {"note": contents, "files": files}
    text = json.dumps({"checksum": _checksum(body), **body}, ensure_ascii=False)
    (folder / _MANIFEST).write_text(text, encoding="utf-8")
    (folder / _MANIFEST).chmod(0o600)
    for parent, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in names), Path(parent)):
            sync(path)


def note(folder: Path) -> dict[str, Any]:
    """Return the note *folder* was sealed with; only the manifest is checked (SealBroken)."""
    _check_ours(folder)
    _check_ours(folder / _MANIFEST)
    return dict(_document(folder)["note"])


def verify(folder: Path) -> None:
    """Read every file of *folder*; SealBroken unless they are exactly those that were sealed, ours alone."""
    sealed = _document(folder)["files"]
    found = {name: file for name, file in _files(folder) if name != _MANIFEST}
    if found.keys() != sealed.keys():
        raise SealBroken(
            f"not the files that were published: {', '.join(sorted(found.keys() ^ sealed.keys()))}"
        )
    for name, (size, digest) in sealed.items():
        if found[name].stat().st_size != size or _digest(found[name]) != digest:
            raise SealBroken(f"{name} is not what was published")


def check_ours_alone(folder: Path) -> None:
    """SealBroken where another user owns *folder*, or may put other files into it at any moment."""
    _check_facts(folder.name, folder.stat())


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = dict(json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
        sound = document.pop("checksum", "") == _checksum(document)
    except (ValueError, TypeError) as exc:
        raise SealBroken(f"{_MANIFEST} cannot be read") from exc
    if not sound:
        raise SealBroken(f"{_MANIFEST} is not what was published")
    return document


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file under *folder* by its relative name; SealBroken at anything that is not ours alone."""
    for parent, folders, names in os.walk(folder):
        for name in folders:
            _check_ours(Path(parent, name))
        for name in names:
            file = Path(parent, name)
            _check_ours(file)
            yield file.relative_to(folder).as_posix(), file


def _check_ours(path: Path) -> None:
    facts = path.lstat()
    if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
        raise SealBroken(f"{path.name} is a link or no plain file")
    _check_facts(path.name, facts)


def _check_facts(name: str, facts: os.stat_result) -> None:
    if facts.st_uid != os.geteuid():
        raise SealBroken(f"{name} belongs to another user")
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SealBroken(f"others may write to {name}")


def _keep_to_ourselves(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o700)
        for name in names:
            Path(parent, name).chmod(0o600)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
