"""Durable execution: a question that was acknowledged is answered once, whatever dies meanwhile [DBOS].

A question is two workflows. ``ask`` starts at once, without a queue, and gives the first visible sign (step
"open"); it then puts ``answer`` on a queue that bounds how many are written at a time and how many of those
are one person's (step "finish"). DBOS records each step and goes on behind the last one after a crash. Its
tables hold claims, seats, people's ids and Slack timestamps; what people wrote stays in bot.records.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from dbos import DBOS, Queue, SetEnqueueOptions, SetWorkflowID

from bot.errors import BotFailure, DatabaseFailure
from bot.jobs import durable
from bot.jobs.bell import Worker
from bot.jobs.seats import Seats, seats
from bot.jobs.steps import Finish, Open, Refuse, Steps
from bot.jobs.waiting import DEFAULT, Limits, Waiting
from bot.model import Outcome, Question
from bot.records.database import parse
from bot.records.records import Records, claim

QUEUE = "answers"
ACK_SECONDS = 2.5

log = structlog.get_logger(__name__)


class Jobs:
    """The questions at work and waiting, over all replicas that share a database. One a process.

    ``open`` posts the first visible sign, or finds it again, and returns its timestamp; it is repeated when
    the bot died in it. ``finish`` answers into that message, and may be repeated from its beginning too.
    ``refuse`` says that there will be no answer: outcome "busy" with timestamp "" when too many wait, outcome
    "failed" when ``finish`` failed three times over. A SlackFailure of theirs ends the question at once.
    ``lost`` is called when another process has taken this one's seat: leave, and start again.
    """

    _ask: Callable[[str, str, bool], Coroutine[Any, Any, None]]
    _answer: Callable[[str, str], Coroutine[Any, Any, None]]
    _dbos: DBOS
    _worker: Worker
    _queue: asyncio.Future[Queue] | None = None

    def __init__(
        self,
        database_url: str,
        *,
        records: Records,
        open: Open,  # noqa: A002
        finish: Finish,
        refuse: Refuse,
        limits: Limits = DEFAULT,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = parse(database_url)
        self._records = records
        self._steps = Steps(records, open, finish, refuse)
        self._limits, self._lost = limits, lost
        self._seats: Seats = seats(self._url)
        self._stopping = False
        self._waiting = Waiting(limits, partial(durable.queued, QUEUE))
        self._working: set[asyncio.Task[Any]] = set()
        self._starting: set[asyncio.Task[bool]] = set()
        self._look: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a seat, resume what it left open, and begin to take questions; ``records`` must be open."""
        seat = await self._seats.take()
        self._dbos = durable.configure(self._url, seat)
        self._ask = DBOS.workflow(name="ask")(self._asking())
        self._answer = DBOS.workflow(name="answer")(self._answering())
        queue = self._queue = asyncio.get_running_loop().create_future()
        try:
            launched = await durable.launch(QUEUE, self._limits)
        except DatabaseFailure:
            self._queue = None
            await self._seats.leave()
            raise
        self._worker = Worker(self._dbos, launched)
        queue.set_result(launched)
        self._look = asyncio.create_task(self._look_after(seat))

    async def submit(self, question: Question) -> bool:
        """Record a question for good and begin on it; False where it is known already.

        Raises DatabaseFailure when that takes longer than ACK_SECONDS, so that Slack is not told "received"
        and delivers it again: the database may yet record it, and then knows it the second time.
        """
        if self._stopping or self._queue is None:
            raise BotFailure("The bot is stopping.", "Slack delivers the question again in a minute.")
        task = asyncio.create_task(self._start(question))
        self._starting.add(task)
        task.add_done_callback(self._started)
        try:
            async with asyncio.timeout(ACK_SECONDS):
                return await asyncio.shield(task)
        except TimeoutError as exc:
            raise DatabaseFailure(
                "The database took too long to record a question.", "Is it running, and its disk not full?"
            ) from exc

    async def stop(self, grace: float = 25.0) -> None:
        """Take no more; let what is being written end within *grace* seconds, and park the rest."""
        self._stopping = True
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
        if self._queue is not None:
            durable.take_no_more(self._dbos)
            await self._end_work(grace)
            await asyncio.to_thread(self._worker.join)
            await durable.destroy()
            self._queue = None
        await self._seats.leave()

    async def waiting(self) -> int:
        """How many questions wait for their turn, over all replicas."""
        return await self._waiting.count()

    async def place(self, question: Question) -> int:
        """How many questions that came before this one still wait; 0 when it is next or at work."""
        return await self._waiting.before(_answer_id(claim(question)))

    async def prune(self, older_than: timedelta) -> int:
        """Delete the claims of questions ended before that; a day is kept, since Slack repeats itself."""
        before = datetime.now(UTC) - max(older_than, timedelta(days=1))
        return await durable.delete_ended(before)

    # Intake

    async def _start(self, question: Question) -> bool:
        name = claim(question)
        await self._records.keep_question(question)
        with self._waiting.opening(name, question.person):
            full = await self._waiting.too_many(question.person)
            try:
                with SetWorkflowID(name, workflow_id_reuse_policy="reject"):
                    await DBOS.start_workflow_async(self._ask, name, question.person, full)
            except durable.KNOWN:
                return False
        return True

    def _started(self, task: asyncio.Task[bool]) -> None:
        self._starting.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            log.warning("question not recorded", failure=type(failure).__name__)

    # The workflows and their steps

    def _asking(self) -> Callable[[str, str, bool], Coroutine[Any, Any, None]]:
        async def ask(name: str, person: str, full: bool) -> None:  # noqa: FBT001 - DBOS hands it back so
            with self._at_work(), self._waiting.opening(name, person):
                if full:
                    await self._give_up(name, "", "busy")
                    return
                try:
                    reply_ts = await durable.step("open", self._steps.open, name)
                except durable.EXHAUSTED:
                    log.warning("no reply could be posted", claim=name)
                    return
                if reply_ts is not None and self._queue is not None:
                    queue = await self._queue
                    with SetWorkflowID(_answer_id(name)), SetEnqueueOptions(queue_partition_key=person):
                        await queue.enqueue_async(self._answer, name, reply_ts)
                    self._worker.ring()

        return ask

    def _answering(self) -> Callable[[str, str], Coroutine[Any, Any, None]]:
        async def answer(name: str, reply_ts: str) -> None:
            if self._stopping:
                raise asyncio.CancelledError  # which leaves it for the next start or another replica
            with self._at_work() as task:
                task.add_done_callback(lambda _: self._worker.ring())  # there is room for another
                try:
                    await durable.step("finish", self._steps.finish, name, reply_ts)
                except durable.EXHAUSTED:
                    log.warning("no answer could be given", claim=name)
                    await self._give_up(name, reply_ts, "failed")

        return answer

    async def _give_up(self, name: str, reply_ts: str, outcome: Outcome) -> None:
        try:
            await durable.step("refuse", self._steps.refuse, name, reply_ts, outcome)
        except durable.EXHAUSTED:
            log.warning("not even a refusal could be posted", claim=name, outcome=outcome)

    # Coming and going

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[asyncio.Task[Any]]:
        if (task := asyncio.current_task()) is None:
            raise RuntimeError("a workflow runs in a task")
        self._working.add(task)
        try:
            yield task
        finally:
            self._working.discard(task)

    async def _end_work(self, grace: float) -> None:
        """Wait for what is at work, then cut it: DBOS leaves a cancelled task's workflow pending."""
        if under_way := self._starting | self._working:
            await asyncio.wait(under_way, timeout=grace)
        for task in self._starting | self._working:
            task.cancel()
        await asyncio.gather(*self._starting, *self._working, return_exceptions=True)

    async def _look_after(self, seat: str) -> None:
        await durable.look_after(self._seats, seat, self._limits.look)
        log.error("another process has taken this seat", seat=seat)
        self._lost()


def _answer_id(name: str) -> str:
    return f"{name}/answer"
