"""Events become questions: parse, record durably before the acknowledgement, hand on [Bolt].

Bolt acknowledges an event before its listener runs, so a crash there would lose the question. A global
middleware runs before the acknowledgement: what it cannot record is not acknowledged, and Slack delivers the
event again at once, after one and after five minutes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.model import Kind, Question
from bot.slack import notices
from bot.slack import text as slack_text
from bot.slack.blocks import Reply

Submit = Callable[[Question], Awaitable[bool]]
"""Record a question durably; False when it was known already. Raises when it cannot be recorded."""

Say = Callable[[Question, Reply], Awaitable[None]]
"""Post a short reply in a question's thread, once however often it is called."""

INTAKE_SECONDS = 2.0
"""Longest wait for the record; Slack waits 3 s for the acknowledgement."""

log = structlog.get_logger(__name__)


def register(app: AsyncApp, *, submit: Submit, say: Say, channels: Collection[str] = ()) -> None:
    """Hand every question asked of the bot to *submit* before acknowledging it.

    An empty mention, or one in a channel outside *channels* (when there are any), gets a sentence through
    *say*. Everything else said where the bot can hear it is acknowledged and left alone.
    """

    @app.middleware
    async def intake(
        body: dict[str, Any], context: AsyncBoltContext, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        question = asked(body, context.bot_user_id or "")
        if question and question.text and allowed(question, channels):
            try:
                async with asyncio.timeout(INTAKE_SECONDS):
                    await submit(question)
            except Exception as exc:  # noqa: BLE001 - whatever it was, Slack must deliver the event again
                # Only the kind of error: a database's message may quote the question.
                log.error("question not recorded", question=question.id, error=type(exc).__name__)  # noqa: TRY400
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


def asked(body: Mapping[str, Any], bot_user: str) -> Question | None:
    """The question in an Events API payload, or None when nobody asked the bot anything.

    Edits, joins and other subtypes, hidden events, and whatever a bot said (this one or another) ask nothing.
    An empty mention gives a question without text.
    """
    event = body.get("event") or {}
    kind = _kind(event)
    if kind is None or not _is_said_by_a_person(event, bot_user):
        return None
    team = str(body.get("team_id") or event.get("team") or "")
    channel, ts = str(event["channel"]), str(event["ts"])
    return Question(
        id=f"{team}-{channel}-{ts}",
        text=slack_text.clean(str(event.get("text") or ""), bot_user),
        person=str(event["user"]),
        team=team,
        channel=channel,
        ts=ts,
        root=str(event.get("thread_ts") or ts),
        kind=kind,
    )


def _kind(event: Mapping[str, Any]) -> Kind | None:
    if event.get("type") == "app_mention":
        return "mention"
    return "direct" if event.get("type") == "message" and event.get("channel_type") == "im" else None


def _is_said_by_a_person(event: Mapping[str, Any], bot_user: str) -> bool:
    aside = event.get("hidden") or event.get("bot_id") or event.get("edited")
    known = event.get("user") and event.get("channel") and event.get("ts")
    return bool(
        known
        and not aside
        and event.get("subtype") in {None, "file_share"}
        and event.get("user") not in {bot_user, "USLACKBOT"}
    )
