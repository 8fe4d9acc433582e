"""What the durable steps of a question do, each from its claim alone, so that any process can take over."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.errors import DatabaseFailure, SlackFailure
from bot.model import Outcome, Question
from bot.records.records import Records

Open = Callable[[Question], Awaitable[str]]
Finish = Callable[[Question, str], Awaitable[None]]
Refuse = Callable[[Question, str, Outcome], Awaitable[None]]

T = TypeVar("T")

# A question in which the process died so often is likelier the cause than the victim.
TRIES = 10

log = structlog.get_logger(__name__)


class Steps:
    """The steps over *records*. A question that its person has had forgotten is passed over in silence.

    A SlackFailure ends a step without a further try; any other exception is the caller's to try again.
    """

    def __init__(self, records: Records, begin: Open, finish: Finish, refuse: Refuse) -> None:
        self._records = records
        self._begin, self._finish, self._refuse = begin, finish, refuse

    async def open(self, name: str) -> str | None:
        """Post the first visible sign; None where there is nothing to answer into."""
        return await self._with_question(name, self._begin)

    async def finish(self, name: str, reply_ts: str) -> None:
        """Answer into the message *reply_ts*, unless TRIES answers to this question never came to an end."""
        if await self._patiently(self._records.count_try, name) > TRIES:
            log.error("given up", claim=name, tries=TRIES)
            await self.refuse(name, reply_ts, "failed")
            return
        await self._with_question(name, lambda question: self._finish(question, reply_ts))
        await self._records.spend_response_url(name)

    async def refuse(self, name: str, reply_ts: str, outcome: Outcome) -> None:
        """Say that there will be no answer."""
        await self._with_question(name, lambda question: self._refuse(question, reply_ts, outcome))
        await self._records.spend_response_url(name)

    async def _with_question(
        self, name: str, work: Callable[[Question], Awaitable[str | None]]
    ) -> str | None:
        question = await self._patiently(self._records.question, name)
        if question is None:
            return None
        try:
            return await work(question)
        except SlackFailure as failure:
            log.warning("slack refuses", claim=name, code=failure.code)
            return None

    async def _patiently(self, ask: Callable[[str], Awaitable[T]], name: str) -> T:
        """Ask the records, however long the database stays away: that is not the question's fault."""
        for pause in itertools.chain((1, 2, 4, 8, 15), itertools.repeat(30)):
            try:
                return await ask(name)
            except DatabaseFailure as failure:
                log.warning("waiting for the database", claim=name, failure=str(failure))
                await asyncio.sleep(pause)
        raise AssertionError
