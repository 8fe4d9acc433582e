"""A plain folder of Markdown, committed into the mirror by ``git fast-import``.

So that one way leads through the house: whether the blog is a Git repository or not, what is indexed is a
commit, and what changed since is told by comparing blobs. The commit depends on the files alone: the same
files give the same commit. Folders whose name starts with a dot are left out.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from index.errors import RepositoryUnreachable
from index.repository.files import LARGEST
from index.repository.git import git


def snapshot(source: Path, wanted: Callable[[str], bool], repository: Path, ref: str) -> str:
    """Commit the *wanted* files of *source* as *ref* of the bare *repository* and return the commit.

    Of a file larger than an article may be, only so much is stored as shows that. A file that cannot be read
    raises RepositoryUnreachable: leaving it out would look as if it had been deleted.
    """
    try:
        entries = b"".join(_entries(source, wanted))
    except OSError as exc:
        raise RepositoryUnreachable(
            f"{exc.filename} cannot be read: {exc.strerror}.",
            "Let the user that runs the bot read the blog's folder.",
        ) from exc
    git(
        "fast-import",
        "--quiet",
        "--force",
        "--done",
        folder=repository,
        stdin=_head(ref) + entries + b"done\n",
    )
    return git("rev-parse", ref, folder=repository).decode().strip()


def _head(ref: str) -> bytes:
    return f"commit {ref}\ncommitter blogbot <blogbot@localhost> 0 +0000\ndata 0\n\n".encode()


def _entries(source: Path, wanted: Callable[[str], bool]) -> Iterator[bytes]:
    for parent, folders, names in os.walk(source, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent, name)
            path = file.relative_to(source).as_posix()
            if not wanted(path):
                continue
            if file.is_symlink():
                yield _entry(b"120000", path, os.fsencode(file.readlink()))
            elif file.is_file():
                yield _entry(b"100644", path, _start(file))


def _raise(exc: OSError) -> None:
    raise exc


def _entry(mode: bytes, path: str, content: bytes) -> bytes:
    quoted = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'M %s inline "%s"\ndata %d\n%s\n' % (mode, quoted, len(content), content)


def _start(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(LARGEST + 1)
