"""The doctor: looks at every outside world the bot needs and says what to do about each fault."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial

from rich.table import Table
from rich.text import Text

from bot import terminal
from bot.answerer import Answerer, answerer, embedder
from bot.config import Config
from bot.errors import BotFailure, SlackFailure
from bot.joining import Presence, join
from bot.records.records import Records
from bot.slack import calls as slack_calls
from bot.slack.presence import checkup
from bot.slack.presence.connection import preflight
from bot.slack.presence.workspaces import identify
from index.errors import IndexFailure
from index.repository.git import check_version
from index.repository.remote import Remote

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


async def examine(config: Config) -> tuple[Check, ...]:
    """Look at everything at once; one fault hides no other."""
    async with answerer(config) as tools:
        probes: list[tuple[str, Probe]] = [
            ("slack", lambda: _slack(config)),
            ("ollama", tools.model.check),
            ("model", tools.model.check_model),
            *([("embedding", lambda: _embedding(config))] if config.embed_model else []),
            ("git", lambda: asyncio.to_thread(_git)),
            ("repository", lambda: asyncio.to_thread(_repository, config)),
            ("index", lambda: asyncio.to_thread(_index, tools)),
            ("disk", lambda: asyncio.to_thread(_disk, config)),
            ("database", lambda: _database(config)),
        ]
        return await run(probes)


async def run(probes: Sequence[tuple[str, Probe]]) -> tuple[Check, ...]:
    """Run every probe, none stopped by another's failure; the checks come in the order given."""
    return tuple(await asyncio.gather(*(_check(name, probe) for name, probe in probes)))


async def _check(name: str, probe: Probe) -> Check:
    try:
        return Check(name, ok=True, detail=await probe())
    except (BotFailure, IndexFailure) as failure:
        return Check(name, ok=False, detail=str(failure), fix=failure.fix)


async def _slack(config: Config) -> str:
    if config.mode == "playground":
        return "no tokens: `serve` starts the playground instead of joining a workspace"
    way = "Socket Mode" if config.mode == "socket" else f"HTTP on port {config.http_port}"
    if config.several:
        return f"{await _workspaces(config)}, by {way}"
    web = slack_calls.client(config.bot_token, config.slack_api_url)
    me = await preflight(web, config.app_token)
    await checkup.can_answer(web)
    await checkup.can_tell_news(web, config.announce)
    return f"user {me.user} in team {me.team}, by {way}"


async def _workspaces(config: Config) -> str:
    """Look at every workspace that installed the app; the faults of all are told."""
    records = Records(config.database_url)
    await records.open()
    try:
        presence = await join(config, records)
        there = [
            (bot.team_id or "", bot.enterprise_id or "")
            for bot in await records.installations(config.client_id).all()
            if {bot.team_id, bot.enterprise_id} & set(config.workspaces)
        ]
        seen = await run([(where[0] or where[1], partial(_there, presence, *where)) for where in there])
        if faults := [check for check in seen if not check.ok]:
            raise SlackFailure(
                " ".join(f"{check.name}: {check.detail}" for check in faults),
                " ".join(dict.fromkeys(check.fix for check in faults)),
            )
        if config.announce:
            await checkup.can_tell_news((await presence.at(*presence.news)).web, config.announce)
    finally:
        await records.close()
    names = ", ".join(check.name for check in seen)
    return f"installed in {names}" if names else "installed nowhere yet: open /slack/install"


async def _there(presence: Presence, team: str, enterprise: str) -> str:
    here = await presence.at(team, enterprise)
    await identify(here.web)
    await checkup.can_answer(here.web)
    return here.me.user


async def _embedding(config: Config) -> str:
    embed = embedder(config)
    assert embed is not None  # noqa: S101 -- asked only where a model is set
    vector = await asyncio.to_thread(embed.query, "blogbot")
    return f"{config.embed_model}, {len(vector)} numbers a text"


def _git() -> str:
    check_version()
    return "installed"


def _repository(config: Config) -> str:
    remote = Remote(config.blog.repo, config.blog.branch, waits=())
    tip = remote.tip()
    return f"{remote.url}, {tip.branch or 'plain folder'} {tip.commit[:10]}".rstrip()


def _index(tools: Answerer) -> str:
    status = tools.search.status()
    hours = (datetime.now(UTC) - status.published).total_seconds() / 3600
    return f"{status.articles} articles in {status.passages} passages, published {hours:.0f} hours ago"


def _disk(config: Config) -> str:
    probe = config.data / ".doctor"
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
        free = shutil.disk_usage(config.data).free
    except OSError as exc:
        raise BotFailure(
            f"The data folder {config.data} cannot be written: {exc.strerror}.",
            "Give it to the user that runs the bot, or set BLOGBOT_DATA to another folder.",
        ) from exc
    if free < LEAST_DISK:
        raise BotFailure(
            f"The data folder {config.data} has {free / 1e9:.1f} GB free.",
            "Free some disk, or set BLOGBOT_DATA to a folder on a larger one.",
        )
    return f"{config.data}, {free / 1e9:.0f} GB free"


async def _database(config: Config) -> str:
    records = Records(config.database_url)
    try:
        await records.open()
    finally:
        await records.close()
    return config.database_url.split(":", 1)[0]


def show(seen: Sequence[Check]) -> None:
    """The doctor's table, each fault with its mend below it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in seen:
        mark = Text("ok", "green") if check.ok else Text("FAULT", "bold red")
        words = Text(terminal.printable(check.detail))
        if check.fix:
            words.append(f"\n{terminal.printable(check.fix)}", "yellow")
        table.add_row(mark, Text(check.name, "bold"), words)
    terminal.out.print(table)
