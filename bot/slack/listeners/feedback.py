"""Buttons under an answer: good, bad with a reason, share [Bolt]."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import LONGEST_REASON, Answer, Person, Question, Verdict
from bot.phrases import Phrases, choose, words_for
from bot.slack.delivery.private import whisper
from bot.slack.origin import person
from bot.slack.rendering import blocks, replies
from bot.slack.rendering.blocks import FEEDBACK, SHARE, plain

REASON = "feedback_reason"

log = structlog.get_logger(__name__)


class Record(Protocol):
    """Remember what *person* thinks of the reply in *channel* that goes by the name *reply*."""

    async def __call__(
        self, channel: str, reply: str, person: Person, verdict: Verdict, reason: str = "", /
    ) -> None:
        """Called again with a reason when the person gives one."""


Find = Callable[[str, str], Awaitable[tuple[Question, Answer] | None]]
"""The question and answer whose reply in a channel goes by this name, the question's id; or None.

A reply goes by its timestamp too, which is how buttons of earlier versions name theirs.
"""


def register(app: AsyncApp, *, record: Record, find: Find) -> None:
    """Hand opinions to *record*, ask why on a bad one, and share private answers when asked to."""

    @app.action(FEEDBACK)
    @app.action(f"{FEEDBACK}_good")
    @app.action(f"{FEEDBACK}_bad")
    async def judged(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        verdict, channel, reply = _pressed(body)
        await record(channel, reply, person(body), verdict)
        log.info("feedback", channel=channel, reply=reply, verdict=verdict)
        if verdict == "bad":
            await _ask_why(client, body["trigger_id"], channel, reply, _words(body))

    @app.view(REASON)
    async def explained(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        await ack()
        place = json.loads(view["private_metadata"])
        reason = view["state"]["values"][REASON][REASON].get("value") or ""
        await record(place["channel"], place["reply"], person(body), "bad", reason)
        log.info("feedback explained", channel=place["channel"], reply=place["reply"], verdict="bad")

    @app.action(SHARE)
    async def share(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        found = await find(body["channel"]["id"], body["actions"][0]["value"])
        if found is None:
            await respond(text=_words(body).share_gone, replace_original=False)
            return
        question, answer = found
        shown = replies.shared(question, answer, body["user"]["id"])
        await respond(
            **shown,
            response_type="in_channel",
            replace_original=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        await respond(text=words_for(question).shared, replace_original=False)


async def pressed_answer(
    find: Find, body: dict[str, Any], respond: AsyncRespond
) -> tuple[Question, Answer] | None:
    """The answer that a button stands below, with its question; None where it is gone, once that is told."""
    known = await find(body["channel"]["id"], body["actions"][0]["value"])
    if known is None:
        await whisper(respond, body, blocks.reply(_words(body).share_gone))
    return known


def _pressed(body: dict[str, Any]) -> tuple[Verdict, str, str]:
    """The verdict, the channel, and the reply's name, for which its timestamp will do."""
    verdict, _, name = str(body["actions"][0].get("value") or "").partition(" ")
    place = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or place.get("channel_id") or ""
    return ("bad" if verdict == "bad" else "good"), channel, name or str(place.get("message_ts") or "")


def _words(body: dict[str, Any]) -> Phrases:
    """The language of the buttons' message."""
    return choose(str((body.get("message") or {}).get("text") or ""), str(body["user"].get("locale") or ""))


async def _ask_why(client: AsyncWebClient, trigger: str, channel: str, reply: str, words: Phrases) -> None:
    view = {
        "type": "modal",
        "callback_id": REASON,
        "private_metadata": json.dumps({"channel": channel, "reply": reply}),
        "title": plain(words.why_title, 24),
        "submit": plain(words.send, 24),
        "close": plain(words.cancel, 24),
        "blocks": [
            {
                "type": "input",
                "block_id": REASON,
                "label": plain(words.why_label, 2_000),
                "hint": plain(words.why_hint, 2_000),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON,
                    "multiline": True,
                    "max_length": LONGEST_REASON,
                },
            }
        ],
    }
    try:
        await client.api_call("views.open", json={"trigger_id": trigger, "view": view})
    except SlackApiError as exc:
        # The opinion is recorded; the form is an extra, and its trigger is good for three seconds only.
        log.info("no form for the reason", code=exc.response.get("error"))
