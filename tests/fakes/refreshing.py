"""A refresh in a process of its own that meets an accident: killed at a step, held there, or out of disk.

``python -m tests.fakes.refreshing ORDER`` where ORDER is JSON: ``repo``, ``data``, and one of ``kill`` or
``hold`` ([step, done]) and ``most`` (bytes a file may have). When held it prints "held" and goes on once its
standard input ends. It prints the report's generation or the name and sentence of the failure.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from index.embedding.vectors import Embedder
from index.errors import IndexFailure
from index.model import Blog
from index.refresh import refresh

ROOT = Path(__file__).resolve().parent.parent.parent


def start(repo: object, data: Path, **accident: object) -> "subprocess.Popen[str]":
    """Start the process; the caller waits for it."""
    order = {"repo": str(repo), "data": str(data), **accident}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.refreshing", json.dumps(order)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def main() -> None:
    """Run the refresh with its accident."""
    order = json.loads(sys.argv[1])
    if "most" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most"], order["most"]))

    def progress(step: str, done: int, total: int) -> None:
        if [step, done] == order.get("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if [step, done] == order.get("hold"):
            print("held", flush=True)
            sys.stdin.read()

    embed = Embedder((order["ollama"],), "e5-small", wait=0) if "ollama" in order else None
    try:
        print(refresh(Blog(order["repo"]), Path(order["data"]), progress=progress, embed=embed).generation)
    except IndexFailure as failure:
        print(type(failure).__name__, failure)


if __name__ == "__main__":
    main()
