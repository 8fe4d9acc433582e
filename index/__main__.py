"""A refresh in a process of its own: ``python -m index``.

Reads one JSON object from standard input (``blog``, ``data``, ``force``, ``embed_hosts``, ``embed_model``) so
that no credential stands on a command line, and writes JSON lines to standard output: ``{"step", "done",
"total"}`` while it works, then either ``{"report": …}`` or ``{"failure", "sentence", "fix"}``. Logs go to
standard error. Exit status 0 or 1. When its reader is gone, the next line ends it.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from index.embedding.embedder import Embedder
from index.errors import IndexFailure
from index.model import Blog, Step
from index.refresh import refresh

NICE = 10
"""A build must not starve the process that answers Slack within three seconds."""


def main() -> int:
    """Run one refresh as standard input says."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    order: dict[str, Any] = json.load(sys.stdin)
    blog: dict[str, Any] = order["blog"]
    os.nice(NICE)
    try:
        report = refresh(
            Blog(**blog | {"include": tuple(blog["include"]), "exclude": tuple(blog["exclude"])}),
            Path(order["data"]),
            progress=_progress,
            force=order["force"],
            embed=Embedder(tuple(order["embed_hosts"]), order["embed_model"])
            if order["embed_model"]
            else None,
        )
    except IndexFailure as failure:
        _say({"failure": type(failure).__name__, "sentence": str(failure), "fix": failure.fix})
        return 1
    _say({"report": asdict(report)})
    return 0


def _progress(step: Step, done: int, total: int) -> None:
    _say({"step": step, "done": done, "total": total})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
