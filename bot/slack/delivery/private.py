"""Private replies, most of them to slash commands [Slack response_url].

A response_url is good for five uses in 30 minutes (docs.slack.dev/interactivity/handling-user-interaction).
That of a slash command never replaces what it wrote before (slackapi/bolt-js#2287, bolt-python#1268), so a
private answer is not streamed: a sign, then the whole.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncRespond
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.model import Question
from bot.slack.calls import BACKOFF, CALL_SECONDS, Calls, Sleep
from bot.slack.rendering.blocks import Reply

log = structlog.get_logger(__name__)


async def send(calls: Calls, question: Question, reply: Reply, *, sleep: Sleep = asyncio.sleep) -> None:
    """Show *reply* to the person who asked.

    Where there is no response_url, or it is used up or too old, the message is posted for that person alone
    instead, which asks for the bot to be in the channel. Raises SlackFailure or SlackTrouble when neither
    works.
    """
    if not (question.response_url and await _respond(question, reply, sleep)):
        arguments: dict[str, Any] = {"channel": question.channel, "user": question.person, **reply}
        # Slack shows it below a message only where there is a thread already
        # (docs.slack.dev/reference/methods/chat.postEphemeral).
        if question.root != question.ts:
            arguments["thread_ts"] = question.root
        await calls.call("chat.postEphemeral", arguments)


async def whisper(respond: AsyncRespond, body: Mapping[str, Any], reply: Reply) -> None:
    """Show *reply* to the person alone who pressed a button, in the thread of the button."""
    root = (body.get("message") or {}).get("thread_ts")
    await respond(**reply, response_type="ephemeral", replace_original=False, thread_ts=root)


async def _respond(question: Question, reply: Reply, sleep: Sleep) -> bool:
    """Whether Slack took the reply. A lost response means a second try: better twice than never."""
    hook = AsyncWebhookClient(question.response_url, timeout=CALL_SECONDS, retry_handlers=[])
    for wait in (*BACKOFF, None):
        try:
            answer = await hook.send(
                text=reply["text"],
                blocks=reply["blocks"],
                response_type="ephemeral",
                unfurl_links=False,
                unfurl_media=False,
            )
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            status, why = 0, type(exc).__name__
        else:
            status, why = answer.status_code, ""
        if 200 <= status < 300:  # noqa: PLR2004 - HTTP
            return True
        log.info("response_url refused", question=question.id, status=status, error=why)
        if wait is None or (400 <= status < 500 and status != 429):  # noqa: PLR2004 - HTTP
            break
        await sleep(wait)
    return False
