"""A question's way through the rooms: opened, answered, remembered, or refused."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import structlog

from bot.answerer import Answerer
from bot.errors import BotFailure, DatabaseFailure
from bot.metrics import Metrics
from bot.model import Answer, Conversation, Done, Message, Outcome, Question
from bot.patience import Loading
from bot.places import Place, Places
from bot.records.records import Records
from bot.slack.delivery.delivery import Delivery
from bot.slack.presence.workspaces import At, Workspace
from bot.slack.rendering.replies import Reply
from bot.stopping import Stops

log = structlog.get_logger(__name__)


class Service:
    """The durable steps of a question, and what else its thread is told; *place* tells its place in line."""

    def __init__(
        self,
        *,
        answers: Answerer,
        records: Records,
        metrics: Metrics,
        at: At,
        place: Place,
    ) -> None:
        self._answers, self._records, self._metrics, self._at = answers, records, metrics, at
        self.stops, self.loading = Stops(), Loading(answers.model.loaded)
        self.places = Places(self._wait, place)

    async def open(self, question: Question) -> str:
        """Give the first visible sign, which shows its place in the queue; return the name of the reply."""
        here = await self._of(question)
        reply = await here.delivery.open(question)
        self.places.follow(question, reply)
        await here.agent.entitle(question)
        return reply

    async def _wait(self, question: Question, reply: str, place: Place) -> None:
        try:
            here = await self._of(question)
        except BotFailure as failure:  # the place is an extra
            log.info("place not shown", question=question.id, failure=type(failure).__name__)
        else:
            await here.delivery.wait(question, reply, place)

    async def _of(self, question: Question) -> Workspace:
        """The workspace that a question was asked in."""
        return await self._at(question.team, question.enterprise)

    async def finish(self, question: Question, reply: str) -> None:
        """Answer into the reply, and remember what came of it. May be repeated from its beginning."""
        await self.places.leave(question)
        delivery = (await self._of(question)).delivery
        policy = await self._records.policies.of(question.team, question.channel)
        conversation = await self._conversation(question, delivery)
        with self.stops.answering(question) as stop:

            def generate(messages: Sequence[Message]) -> AsyncIterator[str | Done]:
                return stop.guard(self._answers.model.chat(messages))

            events = self._answers.answer(
                question.text, conversation, generate=generate, policy=policy, without=question.without
            )
            told = stop.told(self.loading.told(events))
            answer, reply = await delivery.show(question, reply, told)
        self._metrics.answered(answer)
        await self._remember(question, answer, reply)
        log.info(
            "answered", question=question.id, outcome=answer.outcome, sources=len(answer.sources),
            first_token_ms=answer.first_token_ms, total_ms=answer.total_ms,
        )  # fmt: skip

    async def _remember(self, question: Question, answer: Answer, reply: str) -> None:
        """Keep what came of a question; a database that is away now must not have it answered again."""
        try:
            kept = await self._records.keep_answer(question, answer, reply)
            # Not kept: its person had it forgotten meanwhile, and the thread with it.
            # Nor what one person alone was told.
            if kept and question.kind != "command" and answer.conversation.messages:
                await self._records.keep_conversation(
                    question.team, question.channel, question.root, answer.conversation
                )
        except DatabaseFailure as failure:
            log.warning("answer not kept", question=question.id, reason=type(failure).__name__)

    async def say(self, question: Question, reply: Reply) -> None:
        """Post a short reply in the question's thread, once however often it is called."""
        await (await self._of(question)).delivery.say(question, reply)

    async def refuse(self, question: Question, reply: str, outcome: Outcome) -> None:
        """Say that there will be no answer, in the reply where there is one."""
        await self.places.leave(question)
        answer = Answer(question.text, "", outcome)
        self._metrics.answered(answer)
        await (await self._of(question)).delivery.finish(question, reply, answer)
        await self._remember(question, answer, reply)

    async def _conversation(self, question: Question, delivery: Delivery) -> Conversation:
        """What the question stands on: the stored thread, or what Slack shows of it."""
        private = question.kind == "command"  # of which nothing is kept
        stored = (
            None
            if private
            else await self._records.conversation(question.team, question.channel, question.root)
        )
        if question.without:
            return await self._before(question, stored or Conversation(), delivery)
        if stored is not None or question.root == question.ts:
            return stored or Conversation()
        return Conversation(messages=await delivery.thread(question))

    async def _before(self, question: Question, stored: Conversation, delivery: Delivery) -> Conversation:
        """What was said before a question that is asked again; its thread's numbers stay theirs."""
        sources = tuple(replace(source, shown="") for source in stored.sources)
        return Conversation(messages=await delivery.thread(question), sources=sources)
