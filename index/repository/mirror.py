"""The mirror: a bare repository under the data folder that holds the blog's newest commit and its Markdown.

A blog may be 2 GB of images around 60 MB of Markdown. So the commit and its trees are fetched without blobs
and at depth 1 (git's partial clone), and the missing Markdown blobs then in one batch by name. Remotes that
cannot do so (bundles, old servers) send everything instead. The mirror itself knows neither the remote's
address nor that it is partial; both are given to each fetch alone. So no credential lies on disk, and no
reading command can fetch blobs one by one behind our back.

A folder that is no Git repository is served too: what stands in it is committed into the mirror first
(index/repository/snapshot.py).
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import structlog

from index.errors import StorageFailure
from index.model import Progress, Skip, silent
from index.repository import files
from index.repository.complaints import is_passing
from index.repository.git import GitFailed, check_version, git
from index.repository.remote import Remote, Tip
from index.repository.snapshot import snapshot

TIP = "refs/blog/tip"
"""Where the newest commit of the indexed branch stands in the mirror."""

_LADDER = (("--filter=blob:none", "--depth=1"), ("--no-filter", "--depth=1"), ("--no-filter",))
_REFUSED = ("shallow", "depth", "filter", "not our ref", "unadvertised", "not allow request")
_CHUNK = 200
_log = structlog.get_logger()


class MirrorDamaged(Exception):
    """The mirror cannot be read: it is to be discarded and fetched anew."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit that are read, path to blob, and how many others are not, by reason."""

    files: Mapping[str, str]
    skipped: Mapping[str, int]


class Mirror:
    """The mirror of *remote* in *folder*; one process at a time uses it.

    Its methods raise the SourceFailure tree, StorageFailure, and MirrorDamaged.
    """

    def __init__(self, folder: Path, remote: Remote, wanted: Callable[[str], bool]) -> None:
        self._folder = folder.absolute()
        self._remote = remote
        self._wanted = wanted
        self._is_new = False

    def fetch(self, progress: Progress = silent) -> Tip:
        """Bring the newest commit of the remote's branch, without its files, and name it."""
        check_version()
        self._prepare()
        progress("fetch", 0, 0)
        tip = self._remote.tip()
        if self._remote.folder:
            return replace(tip, commit=self._snapshot(self._remote.folder))
        if self._resolved() != tip.commit:
            self._bring(tip, progress)
        return replace(tip, commit=self._resolved())

    def tree(self, commit: str) -> Tree:
        """List the wanted files of *commit*; submodules are counted wherever they are."""
        found: dict[str, str] = {}
        skipped: Counter[str] = Counter()
        for entry in self._local("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
            facts, _, name = entry.partition(b"\t")
            mode, _, blob = facts.decode().split(" ")
            path = name.decode(errors="replace")
            if mode == "160000":
                skipped["submodule"] += 1
            elif not self._wanted(path):
                continue
            elif mode == "120000":
                skipped["symlink"] += 1
            elif path.encode() != name or {"", ".", ".."} & set(path.split("/")):
                skipped["unusable name"] += 1
            else:
                found[path] = blob
        return Tree(found, skipped)

    def read(
        self, wanted: Mapping[str, str], progress: Progress = silent
    ) -> Iterator[tuple[str, str | Skip]]:
        """Yield the text of each of the files *wanted* (path to blob), or why it has none.

        Those that are missing are fetched first, all at once.
        """
        sizes = self._sizes(set(wanted.values()))
        missing = set(wanted.values()) - sizes.keys()
        if missing:
            self._bring_blobs(missing, progress)
            sizes |= self._sizes(missing)
        if not sizes.keys() >= set(wanted.values()):
            raise MirrorDamaged("blobs are missing")
        paths = list(wanted)
        for start in range(0, len(paths), _CHUNK):
            chunk = paths[start : start + _CHUNK]
            contents = self._contents(
                [wanted[path] for path in chunk if sizes[wanted[path]] <= files.LARGEST]
            )
            for path in chunk:
                content = contents.get(wanted[path])
                yield path, files.TOO_LARGE if content is None else files.text(content)
            progress("read", start + len(chunk), len(paths))

    def discard(self) -> None:
        """Throw the mirror away; the next fetch starts a new one."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def tidy(self, packs: int = 40, loose: int = 4000) -> None:
        """Pack what many fetches left, once it is more than that. A failure only costs disk."""
        try:
            lines = git("count-objects", "-v", folder=self._folder).decode().splitlines()
            facts = dict(line.split(": ", 1) for line in lines)
            if int(facts["packs"]) > packs or int(facts["count"]) > loose:
                self._remote.ask("gc", "--quiet", "--prune=now", folder=self._folder)
        except GitFailed as exc:
            _log.warning("mirror_not_tidied", reason=exc.complaint[:300])

    def _prepare(self) -> None:
        """Make the mirror ready: empty for a new remote, free of what a killed git left."""
        source = sha256(self._remote.url.encode()).hexdigest()
        mark = self._folder / "blogbot-source"
        if not mark.exists() or mark.read_text() != source:
            self._start(0)
        for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/*/tmp_*"):
            for left in self._folder.glob(pattern):
                left.unlink()

    def _start(self, rung: int) -> None:
        self.discard()
        self._is_new = True
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            git("init", "--quiet", "--bare", "--template=", str(self._folder))
        except GitFailed as exc:
            raise StorageFailure(
                f"The mirror cannot be made in {self._folder}: {exc.complaint[:300]}",
                "Check who may write there, or set BLOGBOT_DATA to another folder.",
            ) from exc
        (self._folder / "blogbot-rung").write_text(str(rung))
        (self._folder / "blogbot-source").write_text(sha256(self._remote.url.encode()).hexdigest())

    @property
    def _rung(self) -> int:
        """How much the remote can leave out: a place on the ladder, found once by trying."""
        return int((self._folder / "blogbot-rung").read_text())

    def _snapshot(self, folder: Path) -> str:
        try:
            return snapshot(folder, self._wanted, self._folder, TIP)
        except GitFailed as exc:
            raise MirrorDamaged(exc.complaint) from exc

    def _bring(self, tip: Tip, progress: Progress) -> None:
        """Fetch the commit, leaving out as much as the remote lets us."""
        try:
            self._remote.fetch(self._folder, *_LADDER[self._rung], f"+{tip.ref}:{TIP}", progress=progress)
        except GitFailed as exc:
            if self._rung + 1 == len(_LADDER) or not _is_refusal(exc):
                raise self._failure(exc) from exc
            self._start(self._rung + 1)
            self._bring(tip, progress)

    def _bring_blobs(self, blobs: set[str], progress: Progress) -> None:
        """Fetch files by name, or the whole commit from a remote that refuses that."""
        if self._rung:
            raise MirrorDamaged("blobs are missing")
        try:
            self._remote.fetch(self._folder, "--filter=blob:none", blobs=sorted(blobs), progress=progress)
        except GitFailed as exc:
            if not _is_refusal(exc):
                raise self._failure(exc) from exc
            self._start(1)
            self._bring(self._remote.tip(), progress)

    def _failure(self, exc: GitFailed) -> Exception:
        """What a failed fetch means: the remote has just answered, so an old mirror is suspected first."""
        if self._is_new or is_passing(exc.complaint):
            return self._remote.failure(exc)
        return MirrorDamaged(exc.complaint)

    def _resolved(self) -> str:
        return self._local("for-each-ref", "--format=%(objectname)", TIP).decode().strip()

    def _sizes(self, blobs: set[str]) -> dict[str, int]:
        """The sizes in bytes of those that are here."""
        lines = (
            self._local("cat-file", "--batch-check", stdin="\n".join(blobs).encode()).decode().splitlines()
        )
        facts = (line.split(" ") for line in lines)
        return {fact[0]: int(fact[2]) for fact in facts if fact[1] == "blob"}

    def _contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        output = self._local("cat-file", "--batch", stdin="\n".join(blobs).encode())
        contents, place = {}, 0
        while place < len(output):
            end = output.index(b"\n", place)
            blob, _, size = output[place:end].decode().split(" ")
            contents[blob] = output[end + 1 : end + 1 + int(size)]
            place = end + int(size) + 2
        return contents

    def _local(self, *arguments: str, stdin: bytes = b"") -> bytes:
        try:
            return git(*arguments, folder=self._folder, stdin=stdin)
        except GitFailed as exc:
            raise MirrorDamaged(exc.complaint) from exc


def _is_refusal(exc: GitFailed) -> bool:
    """Whether the remote does not serve what was asked for in that way."""
    return any(word in exc.complaint for word in _REFUSED)
