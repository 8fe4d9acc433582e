"""The stand-in as one object: its dials and servers, and what there is to see.

What people do in it stands in ``people.py``, what befalls it in ``mishaps.py``.
"""

import errno
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

from aiohttp import web

from bot.playground import live
from bot.playground.api import SCOPES, Api, Call
from bot.playground.articles import Articles
from bot.playground.dispatch import SUBSCRIPTIONS, Dispatch
from bot.playground.guard import guard
from bot.playground.hooks import Hooks
from bot.playground.mishaps import Mishaps
from bot.playground.model import ADA, APP, BOT, BOT_ID, GENERAL, LIN, TEAM, Change, Installed, Json
from bot.playground.request_url import RequestUrl
from bot.playground.sockets import Link, Sockets
from bot.playground.workspace import Workspace

T = TypeVar("T")


class Playground(Mishaps):
    """A Slack workspace on 127.0.0.1; use it as ``async with Playground(port=0) as slack``.

    ``retries`` are the pauses in seconds before an unacknowledged event is sent again, ``ack_seconds`` how
    long Slack waits. ``request_url`` switches to HTTP mode. ``subscriptions`` and ``scopes`` are the app's.
    ``rate_limits`` turns Slack's own on. ``shortcuts`` are message shortcuts, label by callback_id. For
    ``team_id``, ``enterprise_id`` and ``org_wide`` see Installed. OSError, with a sentence, when the port is
    taken.
    """

    app_id, bot_user_id, bot_id = APP, BOT, BOT_ID
    ada, lin, general = ADA, LIN, GENERAL

    def __init__(  # each is a dial of its own
        self,
        port: int = 0,
        *,
        bot_name: str = "blogbot",
        team_id: str = TEAM,
        enterprise_id: str = "",
        org_wide: bool = False,
        app_token: str = "",
        signing_secret: str = "",
        request_url: str = "",
        subscriptions: frozenset[str] | set[str] = SUBSCRIPTIONS,
        scopes: frozenset[str] | set[str] = SCOPES,
        retries: tuple[float, ...] = (0.0, 60.0, 300.0),
        ack_seconds: float = 3.0,
        rate_limits: bool = False,
        shortcuts: Mapping[str, str] = MappingProxyType({}),
        articles: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        slack = Workspace(bot_name, clock, Installed(team_id, enterprise_id, org_wide))
        self.port, self.team_id = port, team_id
        bot_token = "xoxb-playground-" + secrets.token_hex(8)
        self.app_token = app_token or "xapp-1-playground-" + secrets.token_hex(8)
        self.signing_secret = signing_secret or "playground-" + secrets.token_hex(16)
        self._ack_seconds = ack_seconds
        sockets, lent = Sockets(ack_seconds, self._connections_changed), Hooks(slack)
        api = Api(
            slack,
            {bot_token: "bot", self.app_token: "app"},
            lent.exchange,
            lambda: self._sockets.ticket(self.url),
            scopes=frozenset(scopes),
            rate_limits=rate_limits,
        )
        dispatch = Dispatch(slack, sockets, frozenset(subscriptions), retries)
        super().__init__(slack, dispatch, lent, api, sockets, bot_token)
        self.shortcuts = shortcuts
        self._articles = Articles(articles) if articles else None
        if request_url:
            self.deliver_to(request_url)
        self._live = live.Live(self, lambda: bool(self.connections or self.dispatch.request_url))
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Serve on 127.0.0.1; OSError naming the port and the setting when it is taken."""
        app = web.Application(middlewares=[guard], client_max_size=1 << 22)
        app.router.add_route("*", "/api/{method}", self._api.handle)
        app.router.add_get("/link/", self._sockets.handle)
        app.router.add_post("/hooks/{key}", self.lent.handle)
        self._live.add_routes(app)
        if self._articles:
            app.router.add_get("/articles/{path:.+}", self._articles.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        try:
            await site.start()
        except OSError as exc:
            await self.close()
            if exc.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            raise OSError(
                exc.errno,
                f"Port {self.port} of 127.0.0.1, where the playground should be, cannot be used"
                f" ({exc.strerror or 'taken'}). Stop its user, or set BLOGBOT_PLAYGROUND_PORT to another.",
            ) from exc
        self.port = self._runner.addresses[0][1]
        self.lent.base = self.url

    async def close(self) -> None:
        """Give up deliveries, close every connection and stop serving."""
        await self.dispatch.close()
        await self._live.close()
        await self._sockets.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The page's address, ending in a slash."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def api_url(self) -> str:
        """The Web API's address, for SLACK_API_URL or a client's ``base_url``."""
        return f"{self.url}api/"

    @property
    def scopes(self) -> list[str]:
        """What the app may, in order."""
        return sorted(self._api.scopes)

    @property
    def calls(self) -> list[Call]:
        """The Web API calls so far, oldest first (the latest 5,000)."""
        return list(self._api.calls)

    @property
    def events(self) -> list[Json]:
        """The event payloads sent so far, oldest first (the latest 2,000), each once."""
        return list(self.dispatch.sent)

    @property
    def connections(self) -> list[Link]:
        """The open Socket Mode connections."""
        return list(self._sockets.links)

    @property
    def connections_opened(self) -> int:
        """How many Socket Mode connections there have been."""
        return self._sockets.opened

    def messages(self, channel: str = GENERAL, thread_ts: str | None = None) -> list[Json]:
        """Everything in a channel, or one thread with its first message, oldest first."""
        if thread_ts:
            return self.workspace.thread(channel, thread_ts)
        return list(self.workspace.channels[channel].messages.values())

    def private(self, person: str) -> list[Json]:
        """The private (ephemeral) messages that *person* sees, oldest first."""
        return [note for note in self.workspace.private if note["to"] == person]

    def modals(self, person: str) -> list[Json]:
        """The modals *person* has open, the topmost last."""
        return [v for v in self.workspace.views.values() if v["for"] == person and v["type"] == "modal"]

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:  # noqa: ASYNC109  # a test reads best this way
        """Return *predicate*'s first true value, asked again after each change, call, ack and connection.

        TimeoutError after *timeout* seconds, saying what was there instead.
        """
        try:
            return await self.workspace.wait_for(predicate, timeout)
        except TimeoutError as exc:
            texts = [
                m.get("text", "")[:60] for c in self.workspace.channels.values() for m in c.messages.values()
            ]
            calls = [f"{c.method} {c.error}".strip() for c in self.calls][-12:]
            raise TimeoutError(
                f"Not within {timeout} s. Messages: {texts[-12:]}. Calls: {calls}."
                f" Connections: {len(self.connections)}."
            ) from exc

    async def connected(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Wait until the app has a Socket Mode connection open."""
        await self.wait_for(lambda: self.connections, timeout)

    def _connections_changed(self) -> None:
        self.workspace.tell(Change("connection", {"connected": bool(self.connections)}, quiet=True))

    def deliver_to(self, request_url: str) -> None:
        """Switch to HTTP mode: everything further goes to *request_url*, signed."""
        self.dispatch.request_url = RequestUrl(request_url, self.signing_secret, self._ack_seconds)

    async def verify_request_url(self) -> bool:
        """Whether the Request URL answers Slack's challenge."""
        way = self.dispatch.request_url
        return way is not None and await way.verify()
