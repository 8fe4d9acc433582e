"""The line to Slack: Socket Mode or HTTP, looked at before it is trusted and watched while it lasts [Bolt].

The SDK's client reconnects by itself but has two blind spots (measured, slack-sdk 3.47): it retries a refused
ticket for ever without asking for a new one, and a token refused at the start neither raises nor returns. So
tokens are tried first, and a watchdog builds a new client when the line stays dead.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigFailure, SlackFailure
from bot.slack.calls import Calls, client
from bot.slack.presence.workspaces import Identity, identify

PATIENCE = 50.0
"""Seconds without a connection after which the client is built anew: with a look before and one after, 60."""
LOOK = 5.0
"""Seconds between two looks at the connection."""
PING_SECONDS = 5.0
"""Slack is pinged this often; four unanswered pings are a dead line (slack_sdk.socket_mode.aiohttp)."""
LONGEST_BODY = 1024 * 1024
"""Bytes of one HTTP request from Slack; its payloads are far smaller."""

_REFUSED = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
    }
)

log = structlog.get_logger(__name__)


async def preflight(web: AsyncWebClient, app_token: str = "") -> Identity:
    """Ask Slack whose the bot token is, and, given an *app_token*, whether it opens a socket.

    Raises SlackFailure with the mend when Slack refuses a token or does not answer.
    """
    try:
        me = await identify(web)
    except SlackFailure as failure:
        raise _explained(failure, "SLACK_BOT_TOKEN", "OAuth & Permissions") from failure
    if app_token:
        await try_socket(app_token, web.base_url)
    return me


async def try_socket(app_token: str, api_url: str) -> None:
    """Ask Slack whether the app token opens a socket; raises as ``preflight`` does."""
    try:
        await Calls(client(app_token, api_url)).call("apps.connections.open", {})
    except SlackFailure as failure:
        raise _explained(failure, "SLACK_APP_TOKEN", "Basic Information > App-Level Tokens") from failure


def _explained(failure: SlackFailure, name: str, page: str) -> SlackFailure:
    fix = f"Copy it again from the Slack app's page «{page}», and look whether the app is still installed."
    if failure.code not in _REFUSED:
        fix = "Compare the app's settings with deploy/slack-manifest.yaml and install it again."
    return SlackFailure(f"Slack refuses {name}: {failure.code}.", fix, code=failure.code)


class SocketLine:
    """A Socket Mode connection that comes back; ``start`` it inside the running loop.

    ``changed`` is told when it was lost, and when it stands again.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        patience: float = PATIENCE,
        look: float = LOOK,
        ping: float = PING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._app, self._token, self._changed = app, app_token, changed
        self._patience, self._look, self._ping, self._clock = patience, look, ping, clock
        self._handler: AsyncSocketModeHandler | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self.connected = False

    async def start(self) -> None:
        """Connect and keep watch; return when the connection stands, or after ``patience``."""
        self._build()
        assert self._connecting is not None  # noqa: S101 -- _build made it
        await asyncio.wait([self._connecting], timeout=self._patience)
        self.connected = await self._is_connected()
        self._watch = asyncio.create_task(self._keep_watch())

    async def stop(self) -> None:
        """Leave; what Slack could not hand over goes to another connection or comes again."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._drop()
        self.connected = False

    def _build(self) -> None:
        self._handler = AsyncSocketModeHandler(self._app, self._token, ping_interval=self._ping)
        self._connecting = asyncio.create_task(self._handler.client.connect_to_new_endpoint(force=True))
        self._connecting.add_done_callback(_read)

    async def _drop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._handler is not None:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(PING_SECONDS):
                    await self._handler.client.close()  # type: ignore[no-untyped-call]

    async def _is_connected(self) -> bool:
        return self._handler is not None and await self._handler.client.is_connected()

    async def _keep_watch(self) -> None:
        dead_since: float | None = None
        while True:
            await asyncio.sleep(self._look)
            connected = await self._is_connected()
            if connected != self.connected:
                self.connected = connected
                self._changed(connected)
                log.log(20 if connected else 30, "slack connected" if connected else "slack connection lost")
            if connected:
                dead_since = None
            elif dead_since is None:
                dead_since = self._clock()
            elif self._clock() - dead_since >= self._patience:
                log.warning("slack connection is built anew", dead_seconds=round(self._clock() - dead_since))
                await self._drop()
                self._build()
                dead_since = self._clock()


def _read(task: "asyncio.Task[None]") -> None:
    """Take note of how a connection attempt ended; the watchdog acts on it."""
    if not task.cancelled() and (exc := task.exception()) is not None:
        log.warning("slack connection not made", error=type(exc).__name__)


Answering = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
"""Answers one HTTP request."""


class HttpLine:
    """Slack's requests over HTTP at ``/slack/events``, and *pages* for people, by path.

    Bolt checks the signature of the requests, and its age. Without an *app* there are the pages alone. Bolt's
    own server would add pages to install the app in any workspace, and keep the tokens in files, wherever
    SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are in the environment.
    """

    def __init__(
        self,
        app: AsyncApp | None,
        port: int,
        host: str = "0.0.0.0",  # noqa: S104 -- a proxy calls it
        pages: Mapping[str, Answering] = MappingProxyType({}),
    ) -> None:
        self._app, self._host, self._port, self._pages = app, host, port, pages
        self._runner: web.AppRunner | None = None
        self.connected = False
        self.address = ""

    async def start(self) -> None:
        """Listen; a port that cannot be had is a ConfigFailure."""
        pages = web.Application(client_max_size=LONGEST_BODY)
        if self._app is not None:
            pages.router.add_post("/slack/events", _answered(self._app.async_dispatch))
        for path, page in self._pages.items():
            pages.router.add_get(path, _answered(page))
        self._runner = web.AppRunner(pages, access_log=None, shutdown_timeout=2)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as exc:
            await self.stop()
            raise ConfigFailure(
                (f"Port {self._port} for Slack is not to be had ({exc.strerror}): set BLOGBOT_HTTP_PORT.",)
            ) from exc
        port = self._runner.addresses[0][1]
        self.address = f"http://{self._host}:{port}"
        self.connected = True

    async def stop(self) -> None:
        """Stop listening."""
        self.connected = False
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def _answered(answering: Answering) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await answering(await to_bolt_request(request)))

    return receive
