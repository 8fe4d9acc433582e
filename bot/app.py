"""The only wiring point: every room built once, handed what it needs, started and stopped in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import structlog
from slack_bolt.async_app import AsyncApp

from bot import upkeep
from bot.answerer import Answerer, answerer
from bot.config import SAMPLE_BLOG, Config
from bot.errors import BotFailure, ConfigFailure
from bot.health import Health
from bot.jobs.jobs import Jobs
from bot.jobs.waiting import Limits
from bot.listening import bolt
from bot.metrics import Metrics, Reading
from bot.model import Question
from bot.playground import Playground
from bot.records.records import Records
from bot.schedule import Schedule
from bot.service import Service
from bot.slack import calls as slack_calls
from bot.slack import shortcuts
from bot.slack.agent import Agent
from bot.slack.announcing import Announcer
from bot.slack.connection import HttpLine, SocketLine, preflight
from bot.slack.delivery import Delivery
from bot.slack.rights import Rights
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
        web = slack_calls.client(config.bot_token, config.slack_api_url)
        me = await preflight(web, config.app_token)
        metrics = Metrics()
        answers = await stack.enter_async_context(answerer(config, counts=metrics))
        records = Records(config.database_url)
        await records.open()
        stack.push_async_callback(records.close)
        rights = Rights(web, config.admins)

        async def place(question: Question) -> int:
            return await jobs.place(question)

        service = Service(
            config,
            answers=answers,
            records=records,
            metrics=metrics,
            delivery=Delivery(web, bot_user=me.user),
            rights=rights,
            agent=Agent(web),
            place=place,
        )
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
            service.refresh,
            memory=config.data / "schedule.json",
            hears=Announcer(
                web,
                config.announce,
                take_turn=records.take_turn,
                language=partial(records.policies.language_of, me.team),
            ),
        )
        await upkeep.first_refresh(answers, service, schedule, announce)
        await jobs.start()
        stack.push_async_callback(jobs.stop, GRACE)
        line = _line(config, bolt(config, web, me, service, rights, jobs, schedule))
        if config.health_port:
            health = Health(
                config.health_host, config.health_port, metrics=metrics, read=_reader(answers, jobs, line)
            )
            stack.push_async_callback(health.stop)
            await _start_health(health, announce, required=playground is None)
        await line.start()
        stack.push_async_callback(line.stop)
        await schedule.start()
        stack.push_async_callback(schedule.stop)
        upkeep.in_background(
            stack, upkeep.preload(answers, service), upkeep.forget_old(config.keep_days, records, jobs)
        )
        if playground:
            playground.offer([hit.title for hit in await service.latest(EXAMPLES)])
        announce(_welcome(config, line))
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


def _line(config: Config, app: AsyncApp) -> SocketLine | HttpLine:
    if config.app_token:
        return SocketLine(app, config.app_token)
    return HttpLine(app, config.http_port)


def _reader(answers: Answerer, jobs: Jobs, line: SocketLine | HttpLine) -> Callable[[], Awaitable[Reading]]:
    async def read() -> Reading:
        try:
            index = await asyncio.to_thread(answers.search.status)
        except IndexFailure:
            index = None
        return Reading(
            index=index,
            slack=line.connected,
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


def _welcome(config: Config, line: SocketLine | HttpLine) -> str:
    ways = f"by HTTP at {line.address}" if isinstance(line, HttpLine) else "by Socket Mode"
    return (
        f"Ready: answering with {config.model} at {', '.join(config.ollama)}; Slack {ways}. Ctrl-C stops it."
    )


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
