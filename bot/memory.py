"""What the bot remembers, as its listeners ask for it: policies, questions, opinions."""

from collections.abc import Mapping, Sequence

import structlog

from bot.model import Answer, Person, Policy, Question, Verdict
from bot.records.records import Records
from bot.slack.presence.workspaces import At

log = structlog.get_logger(__name__)


class Memory:
    """Every method raises DatabaseFailure as Records do."""

    def __init__(self, records: Records, at: At) -> None:
        self._records, self._at = records, at

    async def policy_of(self, question: Question) -> Policy:
        """The policy of the channel a question was asked in."""
        return await self._records.policies.of(question.team, question.channel)

    async def set_policy(self, question: Question, policy: Policy) -> None:
        """Set the policy of the question's channel."""
        await self._records.policies.keep(question.team, question.channel, policy)

    async def policies(self, team: str) -> Mapping[str, Policy]:
        """Every channel of a workspace that has a policy of its own."""
        return await self._records.policies.all(team)

    async def may_set(self, question: Question) -> bool:
        """Whether the person of the question may set that policy."""
        here = await self._at(question.team, question.enterprise)
        return await here.rights.may_set(question.person, question.channel)

    async def recent(self, person: Person) -> Sequence[Question]:
        """The latest questions of a person, newest first, each once however often it was asked again."""
        asked = [each.question for each in await self._records.recent_questions(person)]
        return [question for question in asked if not question.without]

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
