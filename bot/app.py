"""The only wiring point: every room built once, handed what it needs, started and stopped in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import upkeep
from bot.answerer import Answerer, answerer
from bot.config import SAMPLE_BLOG, Config
from bot.errors import BotFailure, ConfigFailure
from bot.health import Health
from bot.jobs.jobs import Jobs
from bot.jobs.waiting import Limits
from bot.joining import Presence, join
from bot.library import Library
from bot.listening import bolt
from bot.memory import Memory
from bot.metrics import Metrics, Reading
from bot.model import Question
from bot.playground import Playground
from bot.records.records import Records
from bot.schedule import Schedule
from bot.service import Service
from bot.slack.listeners import shortcuts
from bot.slack.presence.announcing import Announcer
from bot.slack.presence.connection import Answering, HttpLine, SocketLine
from bot.slack.presence.installing import INSTALL
from index.errors import IndexFailure

GRACE = 25.0
"""Seconds that open answers get to end when the bot is stopped; the rest is continued at the next start."""

EXAMPLES = 3
"""Titles of new articles that the playground's page offers as questions."""

Announce = Callable[[str], None]

log = structlog.get_logger(__name__)


async def serve(config: Config, announce: Announce, stop: asyncio.Event | None = None) -> None:
    """Run the bot until a signal or *stop*; *announce* gets the few sentences a person wants at the start.

    Raises ConfigFailure, SlackFailure or IndexFailure where it cannot start, BotFailure where not go on.
    """
    stop = stop or _stopped_by_signals()
    async with AsyncExitStack() as stack:
        playground = None
        if config.mode == "playground":
            config, playground = await _play(config, stack, announce)
        records = Records(config.database_url)
        await records.open()
        stack.push_async_callback(records.close)
        presence = await join(config, records)
        metrics = Metrics()
        answers = await stack.enter_async_context(answerer(config, counts=metrics))

        async def place(question: Question) -> int:
            return await jobs.place(question)

        memory = Memory(records, presence.at)
        library = Library(config, answers, metrics, policy_of=memory.policy_of)
        service = Service(answers=answers, records=records, metrics=metrics, at=presence.at, place=place)
        stack.push_async_callback(service.places.close)
        lost = asyncio.Event()

        def leave() -> None:
            lost.set()
            stop.set()

        jobs = Jobs(
            config.database_url,
            records=records,
            open=service.open,
            finish=service.finish,
            refuse=service.refuse,
            limits=Limits(concurrency=config.parallel * len(config.ollama)),
            lost=leave,
        )
        schedule = Schedule(
            config.refresh,
            library.refresh,
            memory=config.data / "schedule.json",
            hears=_announcer(config, presence, records),
        )
        await upkeep.first_refresh(answers, library, schedule, announce)
        await jobs.start()
        stack.push_async_callback(jobs.stop, GRACE)
        lines = _lines(
            config, bolt(config, presence, service, library, memory, jobs, schedule), presence.pages
        )
        if config.health_port:
            health = Health(
                config.health_host, config.health_port, metrics=metrics, read=_reader(answers, jobs, lines)
            )
            stack.push_async_callback(health.stop)
            await _start_health(health, announce, required=playground is None)
        for line in lines:
            await line.start()
            stack.push_async_callback(line.stop)
        await schedule.start()
        stack.push_async_callback(schedule.stop)
        upkeep.in_background(
            stack,
            upkeep.preload(answers, service.loading),
            upkeep.forget_old(config.keep_days, records, jobs),
            *([presence.keep_tokens()] if presence.keep_tokens else []),
        )
        if playground:
            playground.offer([hit.title for hit in await library.latest(EXAMPLES)])
        announce(_welcome(config, lines))
        await stop.wait()
        announce("Stopping; what is being answered gets a moment to end.")
    if lost.is_set():
        raise BotFailure(
            "Another process took this one's place in the database.", "Start one bot a data folder."
        )


async def _play(config: Config, stack: AsyncExitStack, announce: Announce) -> tuple[Config, Playground]:
    """Start the playground; return it with the settings for it: its tokens, its address, Ada as an admin.

    The sample blog is at home nowhere else, so its links lead to the playground too.
    """
    sample = config.blog.repo == str(SAMPLE_BLOG)
    playground = Playground(
        config.playground_port,
        articles=SAMPLE_BLOG if sample else None,
        shortcuts={shortcuts.NAME: shortcuts.LABEL},
    )
    try:
        await playground.start()
    except OSError as exc:
        raise ConfigFailure((str(exc.strerror or exc),)) from exc
    stack.push_async_callback(playground.close)
    announce(f"No Slack tokens: the playground, which is not Slack, is at {playground.url}")
    link = config.blog.link or (f"{playground.url}articles/{{path}}" if sample else "")
    playing = replace(
        config,
        blog=replace(config.blog, link=link),
        bot_token=playground.bot_token,
        app_token=playground.app_token,
        slack_api_url=playground.api_url,
        admins=(*config.admins, playground.ada),
    )
    return playing, playground


def _announcer(config: Config, presence: Presence, records: Records) -> Announcer:
    async def web() -> AsyncWebClient:
        return (await presence.at(*presence.news)).web

    return Announcer(
        web,
        config.announce,
        take_turn=records.take_turn,
        language=partial(records.policies.language_of, presence.news[0]),
    )


Lines = Sequence[SocketLine | HttpLine]


def _lines(config: Config, app: AsyncApp, pages: Mapping[str, Answering]) -> Lines:
    """What hears from Slack, and what shows the *pages*, where there are any."""
    if not config.app_token:
        return [HttpLine(app, config.http_port, pages=pages)]
    socket = SocketLine(app, config.app_token)
    return [socket, HttpLine(None, config.http_port, pages=pages)] if pages else [socket]


def _reader(answers: Answerer, jobs: Jobs, lines: Lines) -> Callable[[], Awaitable[Reading]]:
    async def read() -> Reading:
        try:
            index = await asyncio.to_thread(answers.search.status)
        except IndexFailure:
            index = None
        return Reading(
            index=index,
            slack=all(line.connected for line in lines),
            model=answers.model.model,
            waiting=await jobs.waiting(),
            breaker_open=answers.model.state.open,
            tasks=len(asyncio.all_tasks()),
        )

    return read


async def _start_health(health: Health, announce: Announce, *, required: bool) -> None:
    """Start the health pages; in the playground a taken port is no reason to stop."""
    try:
        await health.start()
    except ConfigFailure as failure:
        if required:
            raise
        announce(str(failure))


def _welcome(config: Config, lines: Lines) -> str:
    http = next((line.address for line in lines if isinstance(line, HttpLine)), "")
    ways = "by Socket Mode" if config.app_token else f"by HTTP at {http}/slack/events"
    pages = f" Workspaces install it at {http}{INSTALL}." if config.several else ""
    return (
        f"Ready: answering with {config.model} at {', '.join(config.ollama)}; Slack {ways}."
        f"{pages} Ctrl-C stops it."
    )


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
