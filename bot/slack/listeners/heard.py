"""What an event says and to whom: a question, something overheard that may be one, or nothing. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from bot.model import Kind, Question
from bot.slack.origin import origin
from bot.slack.rendering import text as slack_text

_NAMED = re.compile(r"<[@!]")
_SAYS = re.compile(r"\w{2}|[\u3400-\u9fff]")
_COURTESY = re.compile(
    r"\W*(?:(?:many |ok(?:ay)? |great |perfect )?(?:thanks?|thank you|thx|cheers)(?: a lot| so much)?"
    r"|ok(?:ay)?|great|perfect|got it|nice|cool|\+1|lgtm"
    r"|多谢|谢谢(?:你|了|啦)?|好的?|明白了?|收到|懂了|可以)\W*",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[?？]\s*$|[吗呢]\s*[。!！]?\s*$|怎么|如何|为什么|为何|什么|哪[里个些]|请问"
    r"|\A\s*(?:how|what|why|when|where|which|who|can|could|does|do|is|are|should)\b",
    re.IGNORECASE,
)


def asked(body: Mapping[str, Any], bot_user: str) -> Question | None:
    """The question in an Events API payload, or None when nobody asked the bot anything.

    Edits, joins and other subtypes, hidden events, and whatever a bot said (this one or another) ask nothing.
    An empty mention gives a question without text.
    """
    event = body.get("event") or {}
    kind = _kind(event)
    if kind is None or not _is_said_by_a_person(event, bot_user):
        return None
    return _question(body, event, kind, bot_user)


def overheard(body: Mapping[str, Any], bot_user: str) -> Question | None:
    """What a person said in a channel without naming anybody, as a question it may be; None for all else.

    A message that names the bot comes as ``app_mention`` too and is a question there; one that names somebody
    else is meant for them.
    """
    event = body.get("event") or {}
    in_channel = event.get("type") == "message" and event.get("channel_type") in {"channel", "group"}
    if not in_channel or not _is_said_by_a_person(event, bot_user) or _NAMED.search(str(event.get("text"))):
        return None
    question = _question(body, event, "mention", bot_user)
    return question if _SAYS.search(question.text) and not _COURTESY.fullmatch(question.text) else None


def is_question(text: str) -> bool:
    """Whether people would take *text* for a question, though nobody was named."""
    return bool(_ASKS.search(text))


def _question(body: Mapping[str, Any], event: Mapping[str, Any], kind: Kind, bot_user: str) -> Question:
    team, enterprise = origin(body)
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
        enterprise=enterprise,
    )


def in_thread(question: Question) -> bool:
    """Whether the question stands below another message."""
    return question.root != question.ts


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
