"""The Bolt app as this bot needs it: told who it is, careful with signatures, silent about texts [Bolt]."""

import os
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.errors import SlackFailure
from bot.phrases import languages
from bot.slack.calls import client
from bot.slack.presence.workspaces import At
from bot.slack.rendering import notices

NOT_HERE = " · ".join(words.not_installed for words in reversed(languages()))
"""What a person is told who uses a command or a button of the bot where it is not, in every language."""

_READ_BY_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")

log = structlog.get_logger(__name__)


def build(at: At, api_url: str, signing_secret: str = "") -> AsyncApp:
    """A Bolt app without listeners, which is *at* the workspace an event comes from.

    *signing_secret* is for HTTP mode. Bolt on its own calls auth.test when the first event arrives and,
    should that fail, acknowledges the event and drops it. Here it is told who it is instead: what comes from
    a workspace without the bot is dropped, and what nobody can tell now is not acknowledged, to come again.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        try:
            here = await at(team_id or "", enterprise_id or "")
        except SlackFailure as failure:
            log.warning("not heard", team=team_id, enterprise=enterprise_id, reason=str(failure))
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=here.me.user,
            bot_id=here.me.bot,
            bot_token=here.web.token,
        )

    with _settings_of_its_own():
        app = AsyncApp(
            client=client(None, api_url),
            authorize=authorize,  # type: ignore[arg-type]  # None: not installed there
            signing_secret=signing_secret,
            request_verification_enabled=False,
            before_authorize=_Signed(signing_secret),
            user_facing_authorize_error_message=NOT_HERE,
        )
    app.error(_report)
    return app


@contextmanager
def _settings_of_its_own() -> Iterator[None]:
    """Hide ours from Bolt, which reads the environment: it warns of one, and with others would keep files."""
    hidden = {name: os.environ.pop(name) for name in _READ_BY_BOLT if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


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
