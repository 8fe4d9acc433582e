"""Work beside the questions: the first index, the model in memory, what is old deleted."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import structlog

from bot import terminal
from bot.answerer import Answerer
from bot.errors import BotFailure, ModelFailure
from bot.jobs.jobs import Jobs
from bot.library import Library
from bot.patience import Loading
from bot.records.records import Records
from bot.schedule import Schedule
from index.errors import IndexMissing
from index.model import Report

log = structlog.get_logger(__name__)


async def first_refresh(
    answers: Answerer, library: Library, schedule: Schedule[Report], announce: Callable[[str], None]
) -> None:
    """Index the blog before the first question, unless an index is there."""
    try:
        await asyncio.to_thread(answers.search.status)
    except IndexMissing:
        announce("No index yet: indexing the blog first.")
        with terminal.progress_bar() as library.progress:
            report = await schedule.run_now()
        announce(f"Indexed {report.articles} articles in {report.seconds:.0f} s.")


async def preload(answers: Answerer, loading: Loading) -> None:
    """Have the model in memory before the first question; its absence is told to whoever asks."""
    try:
        await loading.measured(answers.model.preload)
    except ModelFailure as failure:
        log.warning("model not loaded", reason=str(failure))


async def forget_old(keep_days: int, records: Records, jobs: Jobs) -> None:
    """Delete what is older than the setting allows, now and every day."""
    age = timedelta(days=keep_days)
    while True:
        try:
            gone = await records.prune(age)
            await jobs.prune(age)
        except BotFailure as failure:
            log.warning("old questions not deleted", reason=str(failure))
        else:
            log.info("old questions deleted", count=gone)
        await asyncio.sleep(timedelta(days=1).total_seconds())


def in_background(stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """Run *works* beside the bot until the stack unwinds."""
    tasks = [asyncio.create_task(work) for work in works]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
