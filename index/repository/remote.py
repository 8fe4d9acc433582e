"""The blog's repository as others serve it: reached by URL, path or bundle, asked in git's own words."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import BranchMissing, IndexFailure, NothingToIndex, RepositoryUnreachable
from index.model import Progress, silent
from index.repository.address import Address, is_url, scrubbed
from index.repository.complaints import is_passing, translated
from index.repository.git import GitFailed, GitSilent, Heard, git

_NAME = "blogbot"
_PARTIAL = {f"remote.{_NAME}.promisor": "true", f"remote.{_NAME}.partialclonefilter": "blob:none"}
_SERVE = "git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack"
_COUNTED = re.compile(r"(?:Receiving|Unpacking) objects: +\d+% \((\d+)/(\d+)\)")
_USUAL = ("main", "master")
_SHOWN_BRANCHES = 5


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest commit of a branch; ``branch`` is "" in a plain folder, the commit if HEAD is detached."""

    commit: str
    branch: str
    ref: str


class Remote:
    """The repository at *repo*, of which *branch* is wanted ("": its default).

    *waits* are the seconds before each further try when it does not answer. Raises RepositoryUnreachable if
    *repo* is a path and nothing is there.
    """

    def __init__(self, repo: str, branch: str = "", *, waits: Sequence[float] = (1.0, 3.0)) -> None:
        self._branch = branch
        self._waits = waits
        path = Path(repo).expanduser().absolute()
        if os.path.exists(path):  # noqa: PTH110 (Path.exists raises for what cannot be a path)
            self._address = Address(str(path), str(path))
            self.folder = path if path.is_dir() and not _is_repository(path) else None
        elif is_url(repo):
            self._address = Address.parse(repo)
            self.folder = None
        else:
            raise RepositoryUnreachable(
                f"There is no {path}.", "Set BLOGBOT_REPO to a Git URL, a path or a bundle."
            )
        self._settings = self._make_settings(local=path.is_dir())

    @property
    def url(self) -> str:
        """Its address without credentials; tells one repository from another."""
        return self._address.url

    def tip(self) -> Tip:
        """Ask for the newest commit of the branch; NothingToIndex when there is no commit, BranchMissing."""
        if self.folder:
            if self._branch:
                raise BranchMissing(
                    f"{self.folder} is a plain folder and has no branch {self._branch}.",
                    "Leave BLOGBOT_BRANCH empty.",
                )
            return Tip("", "", "")
        try:
            said = self.ask("ls-remote", "--symref", _NAME, "HEAD", "refs/heads/*").decode(errors="replace")
        except GitFailed as exc:
            raise self.failure(exc) from exc
        pairs = [line.split("\t") for line in said.splitlines()]
        refs = {ref: commit for commit, ref in pairs if not commit.startswith("ref: ")}
        default = next(
            (commit.removeprefix("ref: ") for commit, _ in pairs if commit.startswith("ref: ")), ""
        )
        if not refs:
            raise NothingToIndex(
                f"{self._address.shown} is an empty repository.", "Push the blog to it, then refresh."
            )
        return self._chosen(refs, default)

    def fetch(
        self, folder: Path, *arguments: str, blobs: Sequence[str] = (), progress: Progress = silent
    ) -> None:
        """Fetch into the bare repository *folder*: either refspecs, or *blobs* by name in one batch."""

        def heard(piece: str) -> None:
            for done, total in _COUNTED.findall(piece)[-1:]:
                progress("fetch", int(done), int(total))

        options = [argument for argument in arguments if argument.startswith("-")]
        refspecs = [argument for argument in arguments if not argument.startswith("-")]
        if blobs:
            options.append("--stdin")
        self.ask(
            *("-c", f"fetch.negotiationAlgorithm={'noop' if blobs else 'consecutive'}"),
            *(
                "fetch",
                "--progress",
                "--force",
                "--no-tags",
                "--no-write-fetch-head",
                "--recurse-submodules=no",
            ),
            *(*options, _NAME, *refspecs),
            folder=folder,
            stdin="\n".join(blobs).encode(),
            heard=heard,
        )

    def ask(
        self, *arguments: str, folder: Path | None = None, stdin: bytes = b"", heard: Heard | None = None
    ) -> bytes:
        """Run git with the remote's address in its settings, again where the trouble may pass; GitFailed."""
        for wait in self._waits:
            try:
                return git(*arguments, folder=folder, settings=self._settings, stdin=stdin, heard=heard)
            except GitFailed as exc:
                if isinstance(exc, GitSilent) or not is_passing(exc.complaint):
                    raise
                time.sleep(wait)
        return git(*arguments, folder=folder, settings=self._settings, stdin=stdin, heard=heard)

    def failure(self, exc: GitFailed) -> IndexFailure:
        """Say what git's complaint means, without any secret."""
        return translated(
            scrubbed(exc.complaint.replace(self._address.url, self._address.shown)), self._address.shown
        )

    def _make_settings(self, *, local: bool) -> Mapping[str, str]:
        settings = {f"remote.{_NAME}.url": self._address.url, **_PARTIAL}
        if self._address.header:
            settings[f"http.{self._address.scope}.extraHeader"] = self._address.header
        if local:
            settings[f"remote.{_NAME}.uploadpack"] = _SERVE
        return settings

    def _chosen(self, refs: Mapping[str, str], default: str) -> Tip:
        """The wanted branch among those there are."""
        branches = {ref.removeprefix("refs/heads/"): commit for ref, commit in refs.items() if ref != "HEAD"}
        wanted = self._branch or self._default(branches, refs.get("HEAD", ""), default)
        if wanted in branches:
            return Tip(branches[wanted], wanted, f"refs/heads/{wanted}")
        if not self._branch and "HEAD" in refs:
            return Tip(refs["HEAD"], refs["HEAD"], "HEAD")
        there = ", ".join(sorted(branches)[:_SHOWN_BRANCHES])
        missing = f"no branch {self._branch}" if self._branch else "no default branch"
        raise BranchMissing(
            f"{self._address.shown} has {missing}.", f"Set BLOGBOT_BRANCH to one it has: {there}."
        )

    @staticmethod
    def _default(branches: Mapping[str, str], head: str, named: str) -> str:
        """The default branch; a bundle does not name it, so the usual names are tried at its commit."""
        if named:
            return named.removeprefix("refs/heads/")
        there = [name for name in branches if not head or branches[name] == head]
        usual = [name for name in _USUAL if name in there]
        return next(iter(usual), there[0] if there and (head or len(there) == 1) else "")


def _is_repository(path: Path) -> bool:
    return (path / ".git").exists() or all((path / name).exists() for name in ("HEAD", "objects", "refs"))
