"""The Bolt app as this bot needs it: told who it is, careful with signatures, silent about texts [Bolt]."""

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import notices
from bot.slack.calls import Calls, client

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, and where that is, from auth.test."""

    team: str
    user: str
    bot: str
    url: str = ""


async def identify(web: AsyncWebClient) -> Identity:
    """Ask Slack who the token belongs to.

    Raises SlackFailure with Slack's code when it refuses the token, SlackTrouble when it does not answer.
    """
    found = await Calls(web).call("auth.test", {})
    return Identity(
        str(found["team_id"]),
        str(found["user_id"]),
        str(found.get("bot_id") or ""),
        str(found.get("url") or ""),
    )


def build(web: AsyncWebClient, me: Identity, signing_secret: str = "") -> AsyncApp:
    """A Bolt app without listeners that talks through clients like *web*; *signing_secret* is for HTTP mode.

    Bolt on its own calls auth.test when the first event arrives and, should that call fail, acknowledges the
    event and drops it. Here it is told who it is instead.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=me.team, bot_user_id=me.user, bot_id=me.bot, bot_token=web.token
        )

    app = AsyncApp(
        client=client(None, web.base_url),  # one with a token makes Bolt warn that authorize overrules it
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=False,
        before_authorize=_Signed(signing_secret),
    )
    app.error(_report)
    return app


class _Signed(AsyncMiddleware):
    """Lets through what came by Socket Mode, and HTTP requests that Slack signed less than five minutes ago.

    Bolt's own logs the body of a request that it refuses, and raises on a timestamp that is no number.
    """

    def __init__(self, secret: str) -> None:
        self._verifier = SignatureVerifier(secret) if secret else None

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt passes it by name
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name for it
    ) -> BoltResponse | None:
        """Go on, or answer 401."""
        if req.mode == "socket_mode" or self._is_genuine(req):
            return await next()
        log.warning("request without Slack's signature refused")
        return BoltResponse(status=401, body={"error": "invalid request"})

    def _is_genuine(self, req: AsyncBoltRequest) -> bool:
        stamp = req.headers.get("x-slack-request-timestamp", [""])[0]
        signature = req.headers.get("x-slack-signature", [""])[0]
        numeric = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12  # noqa: PLR2004 - seconds since 1970
        if self._verifier is None or not numeric or not signature.isascii():
            return False
        return bool(self._verifier.is_valid(req.raw_body, stamp, signature))


async def _report(error: Exception, body: dict[str, Any], respond: AsyncRespond) -> None:
    """Log a listener's failure without its message, which may quote people; tell whoever waits for it."""
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
    log.error("listener failed", error=type(error).__name__, where="".join(frames[-3:]))
    if body.get("response_url"):
        await respond(**notices.failed(str(body.get("text") or "")))
