"""Real Git repositories for the tests: what a blog's author does, in one line each."""

import os
import shutil
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "Author",
    "GIT_COMMITTER_EMAIL": "author@example.com",
    "LC_ALL": "C",
}


class BlogRepository:
    """A working repository at *path*, which is also its address as a remote (``str(blog)``).

    Every change is only in the working folder until ``commit``; the changing methods return the repository,
    so that they chain: ``BlogRepository(tmp_path / "blog").write("a.md", "# A").commit()``.
    """

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        self.branch = branch
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", f"--initial-branch={branch}")

    def __str__(self) -> str:
        return str(self.path)

    @property
    def url(self) -> str:
        """The same repository as a ``file://`` remote: served by the repository's own settings."""
        return self.path.as_uri()

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git in the repository and return its standard output; a failure raises CalledProcessError."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env=inherited | _IDENTITY,
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, content: str | bytes) -> "BlogRepository":
        """Put a file there, replacing what was."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def copy(self, folder: Path) -> "BlogRepository":
        """Put all files of *folder* there."""
        shutil.copytree(folder, self.path, dirs_exist_ok=True)
        return self

    def symlink(self, path: str, target: str) -> "BlogRepository":
        """Put a symbolic link there."""
        (self.path / path).symlink_to(target)
        return self

    def rename(self, old: str, new: str) -> "BlogRepository":
        """Move a file."""
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        (self.path / old).rename(self.path / new)
        return self

    def delete(self, *paths: str) -> "BlogRepository":
        """Remove files."""
        for path in paths:
            (self.path / path).unlink()
        return self

    def commit(self, message: str = "Change") -> str:
        """Commit everything in the working folder and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head

    def force_push(self, message: str = "Rewrite") -> str:
        """Replace the branch by one new commit of the working folder that shares no history with the old."""
        self.git("checkout", "--quiet", "--orphan", "rewritten")
        commit = self.commit(message)
        self.git("branch", "-M", self.branch)
        self.git("reflog", "expire", "--expire=now", "--all")
        self.git("gc", "--quiet", "--prune=now")
        return commit

    @property
    def head(self) -> str:
        """The commit the branch is at."""
        return self.git("rev-parse", "HEAD")

    def bundle(self, path: Path) -> Path:
        """Write everything into a bundle file."""
        self.git("bundle", "create", "--quiet", str(path), "--all")
        return path

    def tree_entry(self, mode: str, path: bytes, oid: str) -> "BlogRepository":
        """Commit HEAD's top level with one entry more, past the checks of ``git add``: any mode, any name."""
        listed = os.fsencode(self.git("ls-tree", "-z", "HEAD"))
        kind = {"160000": "commit", "040000": "tree"}.get(mode, "blob")
        entry = f"{mode} {kind} {oid}\t".encode() + path + b"\0"
        tree = self.git("mktree", "-z", "--missing", stdin=listed + entry)
        made = self.git("commit-tree", tree, "-p", "HEAD", "-m", "Craft an entry")
        self.git("update-ref", f"refs/heads/{self.branch}", made)
        return self
