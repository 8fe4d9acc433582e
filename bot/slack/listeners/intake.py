"""Events become questions: parse, record durably before the acknowledgement, hand on [Bolt].

Bolt acknowledges an event before its listener runs, so a crash there would lose the question. A global
middleware runs before the acknowledgement: what it cannot record is not acknowledged, and Slack delivers the
event again at once, after one and after five minutes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.model import Policy, Question
from bot.slack.listeners.heard import asked, in_thread, is_question, overheard
from bot.slack.rendering import notices, policy
from bot.slack.rendering.blocks import Reply

Submit = Callable[[Question], Awaitable[bool]]
"""Record a question durably; False when it was known already. Raises when it cannot be recorded."""

Say = Callable[[Question, Reply], Awaitable[None]]
"""Post a short reply in a question's thread, once however often it is called."""

PolicyOf = Callable[[Question], Awaitable[Policy]]
"""The policy of the channel a question was asked in."""

Follows = Callable[[Question], Awaitable[bool]]
"""Whether the person of a question has asked in its thread before."""

INTAKE_SECONDS = 2.0
"""Longest wait for the record; Slack waits 3 s for the acknowledgement."""

log = structlog.get_logger(__name__)


def register(
    app: AsyncApp,
    *,
    submit: Submit,
    say: Say,
    policy_of: PolicyOf,
    follows: Follows,
    channels: Collection[str] = (),
) -> None:
    """Hand every question asked of the bot to *submit* before acknowledging it.

    What needs no mention is for the channel's policy to say. An empty mention, or one in a channel outside
    *channels* (when there are any), gets a sentence through *say*. Everything else said where the bot can
    hear it is acknowledged and left alone.
    """
    desk = _Desk(submit, policy_of, follows, channels)

    @app.middleware
    async def intake(
        body: dict[str, Any], context: AsyncBoltContext, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        try:
            async with asyncio.timeout(INTAKE_SECONDS):
                await desk.take(body, context.bot_user_id or "")
        except Exception as exc:  # noqa: BLE001 - whatever it was, Slack must deliver the event again
            # Only the kind of error: a database's message may quote the question.
            log.error("question not recorded", event_id=body.get("event_id"), error=type(exc).__name__)  # noqa: TRY400
            return BoltResponse(status=503)
        return await next_()

    @app.event("app_mention")
    @app.event("message")
    async def heard(body: dict[str, Any], context: AsyncBoltContext) -> None:
        question = asked(body, context.bot_user_id or "")
        if question is None:
            return
        if not allowed(question, channels):
            await say(question, notices.channel_refused(question))
        elif not question.text:
            await say(question, notices.help_text())


def allowed(question: Question, channels: Collection[str]) -> bool:
    """Whether the bot answers where this was asked; direct messages are always answered."""
    return not channels or question.channel in channels or question.channel.startswith("D")


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where events come in."""

    submit: Submit
    policy_of: PolicyOf
    follows: Follows
    channels: Collection[str]

    async def take(self, body: Mapping[str, Any], bot_user: str) -> None:
        """Submit what is a question under the policy of its channel."""
        mentioned = asked(body, bot_user)
        question = mentioned or overheard(body, bot_user)
        if question is None or not question.text or not allowed(question, self.channels):
            return
        chosen = await self.policy_of(question)
        if mentioned or await self._is_meant(question, chosen):
            await self.submit(policy.under(chosen, question))

    async def _is_meant(self, question: Question, chosen: Policy) -> bool:
        """Whether the bot shall answer although nobody named it."""
        if chosen.answers == "all" and is_question(question.text):
            return True
        return chosen.answers != "mentions" and in_thread(question) and await self.follows(question)
