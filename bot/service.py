"""A question's way through the rooms, and what the rooms ask of each other."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot import refreshing
from bot.answerer import Answerer
from bot.config import Config
from bot.errors import BotFailure, DatabaseFailure, ModelFailure, ModelMissing
from bot.metrics import Metrics
from bot.model import Answer, Conversation, Done, Message, Outcome, Person, Policy, Question
from bot.patience import Loading
from bot.places import Place, Places
from bot.records.opinions import Verdict
from bot.records.records import Records
from bot.slack.delivery.delivery import Delivery
from bot.slack.presence.workspaces import At, Workspace
from bot.slack.rendering.notices import Facts, ModelState
from bot.slack.rendering.replies import Reply
from bot.stopping import Stops
from index.errors import IndexFailure
from index.model import Found, Hit, Progress, Report, Status, silent

MODEL_SECONDS = 2.0
"""Longest that a status waits to hear of the model."""

log = structlog.get_logger(__name__)


class Service:
    """The bot behind its listeners; ``progress`` hears of every refresh, ``report`` is the last one's."""

    def __init__(
        self,
        config: Config,
        *,
        answers: Answerer,
        records: Records,
        metrics: Metrics,
        at: At,
        place: Place,
    ) -> None:
        self._config, self._answers, self._records = config, answers, records
        self._metrics, self._at = metrics, at
        self.stops, self.loading = Stops(), Loading(answers.model.loaded)
        self.places = Places(self._wait, place)
        self.progress: Progress = silent
        self.report: Report | None = None

    # A question's two durable steps, and its refusal

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
        policy, conversation = await self.policy_of(question), await self._conversation(question, delivery)
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

    # What the other rooms ask

    async def search(self, question: Question, limit: int) -> Found:
        """Search for a person, not for a prompt, in what the policy of the channel allows."""
        policy = await self.policy_of(question)
        return await self._answers.find(question.text, limit, policy.within, question.without)

    async def status(self) -> Status:
        """The generation being searched."""
        return await asyncio.to_thread(self._answers.search.status)

    async def latest(self, limit: int) -> Sequence[Hit]:
        """The newest articles."""
        return await asyncio.to_thread(self._answers.search.latest, limit)

    async def facts(self) -> Facts:
        """What ``/blog status`` and App Home tell."""
        status, state = await asyncio.gather(self.status(), self._model_state())
        return Facts(status, self._config.model, datetime.now(UTC), self.report, state)

    async def _model_state(self) -> ModelState:
        try:
            async with asyncio.timeout(MODEL_SECONDS):
                await self._answers.model.facts()
        except ModelMissing:
            return "missing"
        except (ModelFailure, TimeoutError):
            return "away"
        return "ready"

    async def refresh(self) -> Report:
        """Bring the index up to date; the old one answers meanwhile."""
        try:
            self.report = await refreshing.refresh(self._config, progress=self.progress)
        except IndexFailure:
            self._metrics.refreshed(done=False)
            raise
        self._metrics.refreshed(done=True)
        log.info("refreshed", generation=self.report.generation, articles=self.report.articles,
                 seconds=round(self.report.seconds, 1))  # fmt: skip
        return self.report

    async def policy_of(self, question: Question) -> Policy:
        """The policy of the channel a question was asked in."""
        return await self._records.policies.of(question.team, question.channel)

    async def set_policy(self, question: Question, policy: Policy) -> None:
        """Set the policy of the question's channel."""
        await self._records.policies.keep(question.team, question.channel, policy)

    async def policies(self, team: str) -> Mapping[str, Policy]:
        """Every channel of a workspace that has a policy of its own."""
        return await self._records.policies.all(team)

    async def recent(self, person: Person) -> Sequence[Question]:
        """The latest questions of a person, newest first, each once however often it was asked again."""
        asked = [each.question for each in await self._records.recent_questions(person)]
        return [question for question in asked if not question.without]

    async def may_set(self, question: Question) -> bool:
        """Whether the person of the question may set that policy."""
        return await (await self._of(question)).rights.may_set(question.person, question.channel)

    async def articles(self, policy: Policy) -> int | None:
        """How many articles a policy leaves; None without an index."""
        try:
            return await asyncio.to_thread(self._answers.search.count, policy.within)
        except IndexFailure:
            return None

    async def follows(self, question: Question) -> bool:
        """Whether the person of the question has asked in its thread before."""
        return await self._records.asked_in(question)

    async def record(
        self, channel: str, reply: str, person: Person, verdict: Verdict, reason: str = "", /
    ) -> None:
        """Remember what a person thinks of a reply."""
        await self._records.opinions.keep(channel, reply, person, verdict, reason)

    async def find(self, channel: str, reply: str) -> tuple[Question, Answer] | None:
        """The question and answer behind a reply."""
        kept = await self._records.answer_of(channel, reply)
        if kept is None or not kept.outcome:
            return None
        answer = Answer(
            kept.question.text, kept.answer, kept.outcome, kept.sources, kept.model, searched=kept.searched
        )
        return kept.question, answer

    async def forget(self, person: Person) -> int:
        """Delete what is kept of a person; return how many questions."""
        count = await self._records.forget(person)
        log.info("forgotten", questions=count)
        return count
