"""The doctor: looks at every outside world the bot needs and says what to do about each fault."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.config import Config
from bot.errors import BotFailure
from index.errors import IndexFailure

LEAST_DISK = 1_000_000_000
"""Bytes free under BLOGBOT_DATA below which the doctor complains: three generations of a large blog."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was seen, and when it is not ``ok`` how to mend it."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def as_dict(self) -> dict[str, object]:
        """The form of ``doctor --json``."""
        return asdict(self)


Probe = Callable[[], Awaitable[str]]
"""Looks at one thing and says what it saw, or raises a failure whose ``fix`` is the mend."""


async def examine(probes: Sequence[tuple[str, Probe]]) -> tuple[Check, ...]:
    """Run every probe, none stopped by another's failure; the checks come in the order given."""
    return tuple(await asyncio.gather(*(_check(name, probe) for name, probe in probes)))


async def _check(name: str, probe: Probe) -> Check:
    try:
        return Check(name, ok=True, detail=await probe())
    except (BotFailure, IndexFailure) as failure:
        return Check(name, ok=False, detail=str(failure), fix=failure.fix)


async def disk(config: Config) -> str:
    """Whether the data folder can be written and has room."""
    return await asyncio.to_thread(_disk, config.data)


def _disk(data: Path) -> str:
    probe = data / ".doctor"
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
        free = shutil.disk_usage(data).free
    except OSError as exc:
        raise BotFailure(
            f"The data folder {data} cannot be written: {exc.strerror}.",
            "Give it to the user that runs the bot, or set BLOGBOT_DATA to another folder.",
        ) from exc
    if free < LEAST_DISK:
        raise BotFailure(
            f"The data folder {data} has {free / 1e9:.1f} GB free.",
            "Free some disk, or set BLOGBOT_DATA to a folder on a larger one.",
        )
    return f"{data}, {free / 1e9:.0f} GB free"
