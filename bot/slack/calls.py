"""One careful call of Slack's Web API: bounded waits, no blind repetition [Slack Web API].

The client must be built without retry handlers (:func:`client` does): the SDK's default re-sends a POST after
a dropped connection, which posts a message twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotFailure, SlackFailure

CALL_SECONDS = 15
LONGEST_WAIT = 60.0
"""Seconds; a longer Retry-After is cut to this."""
RATE_LIMIT_TRIES = 5
BACKOFF = (1.0, 2.0, 4.0)
"""Seconds before each further try after a 5xx, a time-out or a lost connection."""
# Slack's own troubles, told with status 200 (docs.slack.dev/reference/methods/chat.postMessage#errors).
_TROUBLES = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"}

# They take no JSON (docs.slack.dev/apis/web-api#POST_bodies).
_READING = {"conversations.history", "conversations.info", "conversations.replies", "users.info"}

Sleep = Callable[[float], Awaitable[None]]
Json = Mapping[str, Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """What names the app to Slack where workspaces install it; ``api_url`` is where the Web API is."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str


class SlackTrouble(BotFailure):
    """No refusal, but not done either: later it may work."""


class SlackLimited(SlackTrouble):
    """Too many calls of this method; ``seconds`` is how long Slack wants to be left alone."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(f"Slack limits {method} and asks to wait {seconds:.0f} s.", "Ask less at once.")
        self.seconds = seconds


class SlackUnreachable(SlackTrouble):
    """Slack does not answer, or with a fault of its own; whether the call had its effect is unknown."""

    def __init__(self, method: str, why: str) -> None:
        super().__init__(
            f"Slack did not carry out {method}: {why}.",
            "Look at https://slack-status.com and at the network between here and there.",
        )


def client(token: str | None, base_url: str) -> AsyncWebClient:
    """The Web API client as this module needs it: a time limit, and no retries behind our back."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=CALL_SECONDS, retry_handlers=[])


class Calls:
    """Calls of the Web API. They raise SlackFailure for a refusal, SlackTrouble for what may pass."""

    def __init__(self, web: AsyncWebClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self._web = web
        self._sleep = sleep

    async def once(self, method: str, arguments: Json) -> Json:
        """Try one call."""
        try:
            if method in _READING:
                answer = await self._web.api_call(method, http_verb="GET", params=dict(arguments))
            else:
                answer = await self._web.api_call(method, json=dict(arguments))
        except SlackApiError as exc:
            raise translated(method, exc) from None  # its text quotes the request
        except (aiohttp.ClientError, TimeoutError, SlackRequestError) as exc:
            raise SlackUnreachable(method, type(exc).__name__) from exc
        return answer.data if isinstance(answer.data, dict) else {}

    async def call(
        self, method: str, arguments: Json, *, done: Callable[[], Awaitable[Json | None]] | None = None
    ) -> Json:
        """Call until it succeeds or patience ends: rate limits are waited for, Slack's troubles tried again.

        A call that must not happen twice passes *done*: it tells whether an attempt that failed had its
        effect after all, and what came of it.
        """
        limited = troubled = 0
        while True:
            try:
                return await self.once(method, arguments)
            except SlackLimited as failure:
                limited += 1
                if limited >= RATE_LIMIT_TRIES:
                    raise
                wait = min(failure.seconds, LONGEST_WAIT)
            except SlackUnreachable:
                if troubled >= len(BACKOFF):
                    raise
                wait = BACKOFF[troubled]
                troubled += 1
            log.info("slack call waits", method=method, seconds=wait)
            await self._sleep(wait)
            if done is not None and troubled and (found := await done()) is not None:
                return found


def translated(method: str, exc: SlackApiError) -> SlackFailure | SlackTrouble:
    """What Slack's answer to a call of *method* means, without its text, which quotes the request."""
    response = exc.response
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in {"ratelimited", "rate_limited"}:  # noqa: PLR2004 - HTTP
        return SlackLimited(method, _seconds(getattr(response, "headers", {})))
    if status >= 500 or code in _TROUBLES or not code:  # noqa: PLR2004 - HTTP
        return SlackUnreachable(method, code or f"status {status}")
    return SlackFailure(
        f"Slack refuses {method}: {code}.",
        f"See https://docs.slack.dev/reference/methods/{method}.",
        code=code,
    )


def _seconds(headers: Mapping[str, str]) -> float:
    value = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    return max(1.0, float(value)) if value.isascii() and value.isdigit() else 1.0
