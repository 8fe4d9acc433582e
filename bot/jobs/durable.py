"""DBOS as this bot uses it: settings, steps, its end, and the recovery of a dead neighbour's work [DBOS].

Nothing of it leaves the house: no telemetry, no conductor, no console log, and JSON at rest, where DBOS by
itself would unpickle whatever the database holds.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    PortableWorkflowError,
    Queue,
    StepOptions,
    error,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DatabaseFailure
from bot.jobs.seats import Seats
from bot.jobs.waiting import Limits, Waiter

# Work resumes only under the version it was begun with. This one names the shape of the workflows, not the
# program, so that an upgrade resumes what was open. A changed shape gets a new workflow name; this stays.
VERSION = "1"

# What a step ends in after its last try, and how the same is raised again when its workflow is resumed.
EXHAUSTED = (error.DBOSMaxStepRetriesExceeded, PortableWorkflowError)
KNOWN = error.DBOSWorkflowIDInUseError

_TRIES: StepOptions = {
    "retries_allowed": True,
    "max_attempts": 3,
    "interval_seconds": 0.5,
    "backoff_rate": 3.0,
}

T = TypeVar("T")
log = structlog.get_logger(__name__)


def configure(url: URL, seat: str) -> DBOS:
    """Make the process's DBOS, which signs its work with *seat*; register workflows next, then ``launch``."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:  # it would make itself one to the console
        logger.addHandler(logging.NullHandler())
    config: DBOSConfig = {
        "name": "blogbot",
        "system_database_url": url.render_as_string(hide_password=False),
        "application_version": VERSION,
        "executor_id": seat,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "sys_db_pool_size": 10,
        "db_engine_kwargs": {"hide_parameters": True},
        "notification_listener_polling_interval_sec": 0.1,  # what its idle thread takes to end
        "scheduler_polling_interval_sec": 3600,
    }
    return DBOS(config=config)


async def launch(queue: str, limits: Limits) -> Queue:
    """Make DBOS's tables where they are missing, resume what the seat left open, and make *queue*.

    It blocks the loop it is called on, for good reason: DBOS runs its workflows on the loop of that thread.
    """
    try:
        DBOS.listen_queues([])  # bot.jobs.bell does
        DBOS.launch()
        return await DBOS.register_queue_async(
            queue,
            worker_concurrency=limits.concurrency,
            partition_concurrency=min(limits.per_person, limits.concurrency),
            polling_interval_sec=limits.poll,
            on_conflict="always_update",
        )
    except Exception as exc:
        await destroy()
        raise DatabaseFailure(
            f"The durable queue cannot be opened in the database ({type(exc).__name__}).",
            "May the bot's user create tables there? Was the database made by a newer blogbot?",
        ) from exc


def take_no_more(dbos: DBOS) -> None:
    """Leave the queue to the other replicas; what is under way goes on."""
    for event in dbos.background_thread_stop_events:
        event.set()


async def destroy() -> None:
    """Close DBOS. End what is under way first: DBOS itself would wait for that in steps of a second."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as pool:
        await loop.run_in_executor(pool, partial(DBOS.destroy, destroy_registry=True))
    # DBOS made its own pool this loop's, and has just closed it.
    loop.set_default_executor(ThreadPoolExecutor())


def exit_if_stuck(code: int) -> None:
    """End the process at once if threads of DBOS's still wait for a database that is away.

    They never give up, and Python would wait for them; what they were about to record is done again later.
    Call it last: nothing after it runs.
    """
    if any(thread.name.startswith("dbos-executor") for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


async def step(name: str, work: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run *work* as a recorded step: three tries with growing pauses, then one of EXHAUSTED."""
    run = cast("Callable[..., Awaitable[T]]", DBOS.run_step_async)
    return await run({**_TRIES, "name": name}, work, *arguments)


async def queued(queue: str) -> list[Waiter]:
    """What waits on *queue*, over all replicas, oldest first."""
    with _answering():
        waiting = await DBOS.list_queued_workflows_async(
            queue_name=queue, status="ENQUEUED", load_input=False, load_output=False
        )
    return [Waiter(each.workflow_id, each.queue_partition_key or "") for each in waiting]


async def delete_ended(before: datetime, limit: int = 10_000) -> int:
    """Delete what is known of up to *limit* workflows that ended *before* then; return how many."""
    with _answering():
        ended = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before.isoformat(),
            limit=limit,
            load_input=False,
            load_output=False,
        )
        await DBOS.delete_workflows_async([each.workflow_id for each in ended])
    return len(ended)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as exc:
        raise DatabaseFailure(
            f"The durable queue's database does not answer ({type(exc).__name__}).",
            "Is it running, reachable, and is there room on its disk?",
        ) from exc


async def look_after(seats: Seats, seat: str, every: float) -> None:
    """Keep the seat, and take over from others that stay empty from one look to the next.

    Returns only when another process has taken the seat. A look that fails is logged and made again.
    """
    empty: set[str] = set()
    while True:
        await asyncio.sleep(every)
        if not await seats.keep():
            return
        try:
            found = await _empty_seats_with_work(seats, seat)
            if gone := sorted(found & empty):
                log.warning("taking over", seats=gone)
                # The call that DBOS's own recovery service makes: a row goes to one caller, however many ask.
                await asyncio.to_thread(DBOS._recover_pending_workflows, gone)  # noqa: SLF001
            empty = found
        except DatabaseFailure as failure:
            log.warning("the other seats cannot be seen", reason=str(failure))
        except Exception:
            log.exception("a look after the other seats failed")


async def _empty_seats_with_work(seats: Seats, seat: str) -> set[str]:
    with _answering():
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
    others = {each.executor_id for each in pending if each.executor_id} - {seat}
    return {each for each in others if await seats.empty(each)}
