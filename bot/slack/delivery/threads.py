"""Reading a Slack thread: what was said before a question, which messages are ours [Slack Web API]."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.errors import BotFailure
from bot.model import Message, Question
from bot.slack.calls import Calls, Json
from bot.slack.rendering import text as slack_text

EVENT_TYPE = "blogbot_reply"
MOST_TURNS = 20
MOST_CHARACTERS = 12_000
LONGEST_AT_WORK = 3_600.0
"""Seconds; a sign older than this claims no stream any more."""
_PAGE = 200
_MOST_PAGES = 5

log = structlog.get_logger(__name__)


def metadata(question: Question, part: int = 0, state: str = "open", stream: str = "") -> dict[str, Any]:
    """What marks a message as part *part* of the reply to *question*: Slack has no idempotency key.

    *stream* names the message in which the answer grows meanwhile; a stream takes no metadata before its end.
    """
    payload = {"question": question.id, "part": part, "state": state}
    return {"event_type": EVENT_TYPE, "event_payload": payload | ({"stream": stream} if stream else {})}


async def find(calls: Calls, question: Question, bot_user: str, part: int = 0) -> Json | None:
    """Our message that is part *part* of the reply to *question*, or None.

    None also where the bot may not read the thread (scopes channels:history, groups:history, im:history).
    """
    try:
        async for message in _messages(calls, question, oldest=question.ts):
            payload = _payload(message, bot_user)
            if payload.get("question") == question.id and payload.get("part", 0) == part:
                return message
    except BotFailure as failure:
        log.info("thread not read", question=question.id, failure=str(failure))
    return None


@dataclass(frozen=True, slots=True)
class Left:
    """What an earlier attempt left in a thread: a whole reply in another place, streams without an end."""

    reply: str = ""
    strays: tuple[str, ...] = ()


async def left_behind(calls: Calls, question: Question, bot_user: str, ts: str) -> Left | None:
    """What was left of the reply that was opened as *ts*, or None where the thread may not be read.

    Whatever we post in a thread is marked, but for a stream that is still open. One is a stray where no other
    question's sign claims it.
    """
    reply, bare, claimed = "", [], set()
    try:
        async for message in _messages(calls, question, oldest=f"{float(ts) - LONGEST_AT_WORK:.6f}"):
            payload, at = _payload(message, bot_user), str(message.get("ts"))
            if payload.get("question") == question.id:
                reply = at if payload.get("part", 0) == 0 and at != ts else reply
            elif payload:
                claimed.add(payload.get("stream"))
            elif message.get("user") == bot_user and not _before(message, ts):
                bare.append(at)
    except BotFailure as failure:
        log.info("thread not read", question=question.id, failure=str(failure))
        return None
    return Left(reply, tuple(at for at in bare if at not in claimed))


async def history(calls: Calls, question: Question, bot_user: str) -> tuple[Message, ...]:
    """What was said in the thread before *question*, oldest first, within MOST_TURNS and MOST_CHARACTERS.

    Our finished answers are assistant turns, people's messages user turns; other bots, our own waiting signs
    and apologies are left out. Empty where the bot may not read the thread.
    """
    if not question.ts or question.ts == question.root:
        return ()
    turns: list[Message] = []
    try:
        async for message in _messages(calls, question, latest=question.ts):
            turn = _turn(message, bot_user)
            if turn and turn.content and _before(message, question.ts):
                turns.append(turn)
    except BotFailure as failure:
        log.info("thread not read", question=question.id, failure=str(failure))
    return _newest(turns)


async def _messages(calls: Calls, question: Question, **bounds: str) -> AsyncIterator[Json]:
    cursor = ""
    for _ in range(_MOST_PAGES):
        arguments = {
            "channel": question.channel,
            "ts": question.root,
            "limit": _PAGE,
            "inclusive": "true",
            "include_all_metadata": "true",
            **bounds,
        }
        page = await calls.call("conversations.replies", arguments | ({"cursor": cursor} if cursor else {}))
        for message in page.get("messages") or ():
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def _payload(message: Json, bot_user: str) -> Mapping[str, Any]:
    marks = message.get("metadata") or {}
    ours = message.get("user") == bot_user and marks.get("event_type") == EVENT_TYPE
    return (marks.get("event_payload") or {}) if ours else {}


def _turn(message: Json, bot_user: str) -> Message | None:
    text = str(message.get("text") or "")
    if message.get("user") == bot_user:
        done = _payload(message, bot_user).get("state") in {"answered", "cut_short"}
        return Message("assistant", slack_text.unescape(text)) if done else None
    if message.get("bot_id") or message.get("subtype") not in {None, "file_share", "thread_broadcast"}:
        return None
    return Message("user", slack_text.clean(text, bot_user))


def _before(message: Json, ts: str) -> bool:
    return float(message.get("ts") or 0) < float(ts)


def _newest(turns: list[Message]) -> tuple[Message, ...]:
    kept: list[Message] = []
    room = MOST_CHARACTERS
    for turn in reversed(turns[-MOST_TURNS:]):
        room -= len(turn.content)
        if room < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))
