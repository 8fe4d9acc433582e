"""The refresh seen from the bot: started in a process of its own, watched, and translated back."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import index
from bot.config import Config
from index import errors
from index.errors import IndexFailure
from index.model import Newcomer, Progress, Report, silent

ROOT = Path(index.__file__).resolve().parent.parent


async def refresh(config: Config, *, force: bool = False, progress: Progress = silent) -> Report:
    """Bring the index up to date in a process of its own; the old one answers until the new one is complete.

    Raises the IndexFailure the refresh met. Cancelling it, or ending this process, ends that one too.
    """
    order = {
        "blog": asdict(config.blog),
        "data": str(config.data),
        "force": force,
        "embed_hosts": config.ollama,
        "embed_model": config.embed_model,
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "index", stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdin is not None  # noqa: S101 -- PIPE was asked for
    assert process.stdout is not None  # noqa: S101
    last: dict[str, Any] = {}
    try:
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        async for line in process.stdout:
            last = json.loads(line)
            if "step" in last:
                progress(last["step"], last["done"], last["total"])
        await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
    if "report" in last:
        newcomers = tuple(Newcomer(**each) for each in last["report"].pop("newcomers"))
        return Report(**last["report"], newcomers=newcomers)
    if "failure" in last:
        raise getattr(errors, last["failure"])(last["sentence"], last["fix"])
    raise IndexFailure(
        f"The refresh was stopped before its end (status {process.returncode}); the old index still serves.",
        "Look at the log above it for the reason, and run `deploy/run refresh` again.",
    )
