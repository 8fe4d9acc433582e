"""The pages on which a workspace installs the app, and what follows when it takes it back [Bolt].

Bolt's flow does the work: it sends the person to Slack, looks whether the same browser comes back, and gets
a token for the code. Here it is told who may, and speaks in sentences. Its own log would quote the code, and
is silent.
"""

import html
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store import Installation

from bot.errors import BotFailure
from bot.records.installations import Installations
from bot.slack.calls import App, client
from bot.slack.origin import origin
from bot.slack.presence.connection import Answering

INSTALL, RETURN = "/slack/install", "/slack/oauth_redirect"
SCOPES = (
    *("app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands"),
    *("groups:history", "groups:read", "im:history", "users:read"),
)
"""What deploy/slack-manifest.yaml asks for."""

_REASONS = {
    "access_denied": "You chose not to install blogbot. Nothing was changed.",
    "invalid_browser": "This browser did not begin the installation, or a page was reloaded. It needs https.",
    "invalid_state": "That took too long, or this page was opened twice.",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>blogbot</title>
<meta name="viewport" content="width=device-width">
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}
</style>
</head><body><h1>{title}</h1><p>{sentence}</p>{more}</body></html>
"""
_AGAIN = f'<p><a href="{INSTALL}">Begin again</a></p>'

log = structlog.get_logger(__name__)


class _Unwelcome(BoltError):
    """Somebody whom nobody named installed the app."""


class Installing(AsyncOAuthFlow):
    """The pages; *welcome* tells whether a workspace, or its organization, may install the app."""

    def __init__(
        self, app: App, installations: Installations, *, welcome: Callable[[str | None, str | None], bool]
    ) -> None:
        self._installations, self._welcome = installations, welcome
        silent = logging.getLogger(f"{__name__}.flow")
        silent.disabled = True
        super().__init__(
            client=client(None, app.api_url),
            logger=silent,
            settings=AsyncOAuthSettings(
                client_id=app.client_id,
                client_secret=app.client_secret,
                scopes=SCOPES,
                install_path=INSTALL,
                redirect_uri_path=RETURN,
                install_page_rendering_enabled=False,
                authorization_url=urljoin(app.api_url, "/oauth/v2/authorize"),
                callback_options=AsyncCallbackOptions(success=_installed, failure=_refused),
                installation_store=installations.store,
                state_store=installations.states,
                logger=silent,
            ),
        )

    @property
    def pages(self) -> Mapping[str, Answering]:
        """What answers at which path."""
        return {INSTALL: self._begin, RETURN: self._end}

    async def _begin(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            return await self.handle_installation(request)
        except BotFailure as failure:
            return _failed(failure)

    async def _end(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            return await self.handle_callback(request)
        except (BotFailure, SlackClientError, aiohttp.ClientError, TimeoutError) as failure:
            return _failed(failure)

    async def issue_new_state(self, request: AsyncBoltRequest) -> str:  # noqa: ARG002 - Bolt's
        """What the browser has to bring back."""
        return await self._installations.new_state()

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:  # noqa: ARG002 - Bolt's
        """Where Slack asks the person; nothing of the request goes there."""
        return self.settings.authorize_url_generator.generate(state=state)

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:  # noqa: ARG002
        """Keep the token, or take the app out again where nobody named the workspace."""
        if not self._welcome(installation.team_id, installation.enterprise_id):
            log.warning("unwelcome", team=installation.team_id, enterprise=installation.enterprise_id)
            with suppress(SlackClientError, aiohttp.ClientError, TimeoutError):
                await self.client.apps_uninstall(
                    client_id=self.client_id,
                    client_secret=self.settings.client_secret,
                    token=installation.bot_token,
                )
            raise _Unwelcome(installation.team_id or installation.enterprise_id or "")
        await self._installations.keep(installation.to_bot())
        log.info("app installed", team=installation.team_id, enterprise=installation.enterprise_id)


def register(app: AsyncApp, *, forget: Callable[[str, str], Awaitable[None]]) -> None:
    """Tell *forget* of a workspace that took the app back, or of an organization, with "" for a workspace."""

    @app.event("app_uninstalled")
    @app.event("tokens_revoked")
    async def taken_back(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event["type"] == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # of people, of which we keep none
        team, enterprise = origin(body)
        await forget(team, "" if team else enterprise)


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    name = args.installation.team_name or args.installation.enterprise_name or "your workspace"
    more = "<p>Invite it into a channel: <code>/invite @blogbot</code></p>"
    return _page(200, "blogbot is installed", f"It answers in {name} from now on.", more)


async def _refused(args: AsyncFailureArgs) -> BoltResponse:
    sentence = _REASONS.get(args.reason, f"Slack did not complete the installation: {args.reason}.")
    if isinstance(args.error, _Unwelcome):
        sentence = (
            f"This blog is not for {args.error}. If it should be, ask whoever runs the bot to add that id to"
            " BLOGBOT_WORKSPACES."
        )
    log.warning("not installed", reason=args.reason)
    return _page(args.suggested_status_code, "blogbot was not installed", sentence, _AGAIN)


def _failed(failure: Exception) -> BoltResponse:
    log.warning("not installed", reason=type(failure).__name__)
    return _page(503, "blogbot was not installed", "Slack or the bot's database does not answer now.", _AGAIN)


def _page(status: int, title: str, sentence: str, more: str) -> BoltResponse:
    body = _PAGE.format(title=html.escape(title), sentence=html.escape(sentence), more=more)
    headers: dict[str, str | Sequence[str]] = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",  # the address holds Slack's code
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return BoltResponse(status=status, body=body, headers=headers)
