"""What the durable steps of a question do, each from its claim alone, so that any process can take over."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import DatabaseFailure, SlackFailure
from bot.model import Outcome, Question
from bot.records import Records

Open = Callable[[Question], Awaitable[str]]
Finish = Callable[[Question, str], Awaitable[None]]
Refuse = Callable[[Question, str, Outcome], Awaitable[None]]

log = structlog.get_logger(__name__)


class Steps:
    """The steps over *records*. A question that its person has had forgotten is passed over in silence.

    A SlackFailure ends a step without a further try; any other exception is the caller's to try again.
    """

    def __init__(self, records: Records, begin: Open, finish: Finish, refuse: Refuse) -> None:
        self._records = records
        self._begin, self._finish, self._refuse = begin, finish, refuse

    async def open(self, name: str) -> str:
        """Post the first visible sign; "" where there is nothing to answer into."""
        return await self._with_question(name, self._begin) or ""

    async def finish(self, name: str, reply_ts: str) -> None:
        """Answer into the message *reply_ts*."""
        await self._with_question(name, lambda question: self._finish(question, reply_ts))
        await self._records.spend_response_url(name)

    async def refuse(self, name: str, reply_ts: str, outcome: Outcome) -> None:
        """Say that there will be no answer."""
        await self._with_question(name, lambda question: self._refuse(question, reply_ts, outcome))
        await self._records.spend_response_url(name)

    async def _with_question(
        self, name: str, work: Callable[[Question], Awaitable[str | None]]
    ) -> str | None:
        question = await self._recall(name)
        if question is None:
            return None
        try:
            return await work(question)
        except SlackFailure as failure:
            log.warning("slack refuses", claim=name, code=failure.code)
            return None

    async def _recall(self, name: str) -> Question | None:
        """The question, however long the database takes to come back: that is no fault of the question's."""
        for pause in itertools.chain((1, 2, 4, 8, 15), itertools.repeat(30)):
            try:
                return await self._records.question(name)
            except DatabaseFailure as failure:
                log.warning("waiting for the database", claim=name, failure=str(failure))
                await asyncio.sleep(pause)
        raise AssertionError
