"""The only wiring point: every room built once, handed what it needs, started and stopped in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import terminal
from bot.answerer import Answerer, answerer
from bot.config import SAMPLE_BLOG, Config
from bot.errors import BotFailure, ConfigFailure, ModelFailure
from bot.health import Health
from bot.jobs.jobs import Jobs
from bot.jobs.waiting import Limits
from bot.metrics import Metrics, Reading
from bot.model import Question
from bot.playground import Playground
from bot.records.records import Records
from bot.schedule import Schedule
from bot.service import Service
from bot.slack import app as slack_app
from bot.slack import calls as slack_calls
from bot.slack import again, commands, feedback, home, listeners, more, shortcuts, stopping
from bot.slack.agent import Agent
from bot.slack.announcing import Announcer
from bot.slack.connection import HttpLine, SocketLine, preflight
from bot.slack.delivery import Delivery
from bot.slack.rights import Rights
from index.errors import IndexFailure, IndexMissing
from index.model import Report

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
        await _first_refresh(answers, service, schedule, announce)
        await jobs.start()
        stack.push_async_callback(jobs.stop, GRACE)
        line = _line(config, _bolt(config, web, me, service, rights, jobs, schedule))
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
        _in_background(stack, _preload(answers, service), _forget_old(config, records, jobs))
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


async def _first_refresh(
    answers: Answerer, service: Service, schedule: Schedule[Report], announce: Announce
) -> None:
    """Index the blog before the first question, unless an index is there."""
    try:
        await asyncio.to_thread(answers.search.status)
    except IndexMissing:
        announce("No index yet: indexing the blog first.")
        with terminal.progress_bar() as service.progress:
            report = await schedule.run_now()
        announce(f"Indexed {report.articles} articles in {report.seconds:.0f} s.")


def _bolt(
    config: Config,
    web: AsyncWebClient,
    me: slack_app.Identity,
    service: Service,
    rights: Rights,
    jobs: Jobs,
    schedule: Schedule[Report],
) -> AsyncApp:
    """The Bolt app with every listener on it."""
    app = slack_app.build(web, me, config.signing_secret)
    listeners.register(
        app,
        submit=jobs.submit,
        say=service.say,
        policy_of=service.policy_of,
        follows=service.follows,
        channels=config.channels,
    )
    commands.register_ask(app, submit=jobs.submit, policy_of=service.policy_of, channels=config.channels)
    commands.register_blog(
        app,
        search=service.search,
        facts=service.facts,
        refresh=schedule.run_now,
        forget=service.forget,
        channel=service,
        is_admin=rights.is_admin,
    )
    commands.register_pages(app, search=service.search)
    feedback.register(app, record=service.record, find=service.find)
    more.register(app, find=service.find, search=service.search)
    again.register(app, find=service.find, submit=jobs.submit, is_admin=rights.is_admin)
    stopping.register(
        app, stop=service.stops.stop, answering=service.stops.in_thread, is_admin=rights.is_admin
    )
    shortcuts.register(app, submit=jobs.submit, policy_of=service.policy_of, channels=config.channels)
    home.register(
        app,
        facts=service.facts,
        latest=service.latest,
        recent=service.recent,
        policies=service.policies,
        rights=rights,
        agent=service.agent,
        site=me.url,
    )
    return app


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


async def _preload(answers: Answerer, service: Service) -> None:
    """Have the model in memory before the first question; its absence is told to whoever asks."""
    try:
        await service.loading.measured(answers.model.preload)
    except ModelFailure as failure:
        log.warning("model not loaded", reason=str(failure))


async def _forget_old(config: Config, records: Records, jobs: Jobs) -> None:
    """Delete what is older than the setting allows, now and every day."""
    age = timedelta(days=config.keep_days)
    while True:
        try:
            gone = await records.prune(age)
            await jobs.prune(age)
        except BotFailure as failure:
            log.warning("old questions not deleted", reason=str(failure))
        else:
            log.info("old questions deleted", count=gone)
        await asyncio.sleep(timedelta(days=1).total_seconds())


def _in_background(stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """Run *works* beside the bot until the stack unwinds."""
    tasks = [asyncio.create_task(work) for work in works]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)


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
