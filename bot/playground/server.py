"""The stand-in as one object: servers up and down, tokens, faults, and what people do (``people.py``)."""

import asyncio
import errno
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.playground import live
from bot.playground.api import SCOPES, Api, Call
from bot.playground.articles import Articles
from bot.playground.dispatch import SUBSCRIPTIONS, Dispatch
from bot.playground.events import envelope
from bot.playground.faults import Fault, Gate
from bot.playground.guard import guard
from bot.playground.hooks import Hooks
from bot.playground.people import People
from bot.playground.request_url import RequestUrl
from bot.playground.sockets import Ack, Link, Sockets
from bot.playground.workspace import ADA, APP, BOT, BOT_ID, GENERAL, LIN, TEAM, Change, Json, Workspace

T = TypeVar("T")


class Playground(People):
    """A Slack workspace on 127.0.0.1; use it as ``async with Playground(port=0) as slack``.

    ``retries`` are the pauses in seconds before an unacknowledged event is sent again, ``ack_seconds`` how
    long Slack waits. ``request_url`` switches to HTTP mode. ``subscriptions`` and ``scopes`` are the app's.
    ``rate_limits`` turns Slack's own on. ``shortcuts`` are message shortcuts, label by callback_id. OSError,
    with a sentence, when the port is taken.
    """

    team_id, app_id, bot_user_id, bot_id = TEAM, APP, BOT, BOT_ID
    ada, lin, general = ADA, LIN, GENERAL

    def __init__(  # each is a dial of its own
        self,
        port: int = 0,
        *,
        bot_name: str = "blogbot",
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
        slack = Workspace(bot_name, clock)
        self.port = port
        self.bot_token = "xoxb-playground-" + secrets.token_hex(8)
        self.app_token = "xapp-1-playground-" + secrets.token_hex(8)
        self.signing_secret = "playground-" + secrets.token_hex(16)
        self._ack_seconds = ack_seconds
        self._sockets = Sockets(ack_seconds, self._connections_changed)
        super().__init__(
            slack, Dispatch(slack, self._sockets, frozenset(subscriptions), retries), Hooks(slack)
        )
        self.shortcuts = shortcuts
        self._articles = Articles(articles) if articles else None
        self._api = Api(
            slack,
            {self.bot_token: "bot", self.app_token: "app"},
            self.lent.exchange,
            lambda: self._sockets.ticket(self.url),
            scopes=frozenset(scopes),
            rate_limits=rate_limits,
        )
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

    def fail(self, method: str, *, error: str = "", status: int = 0, times: int = 1, **how: Any) -> None:
        """Let the next calls of *method* ("*": any) fail; ``retry_after``, ``drop``, ``acts``: see Fault."""
        self._api.faults.order(Fault(method, error, status, times=times, **how))

    def lose_response(self, method: str, times: int = 1) -> None:
        """Carry the next calls out, but drop the connection instead of answering."""
        self.fail(method, drop=True, acts=True, times=times)

    def mend(self) -> None:
        """Forget every ordered fault."""
        self._api.faults.clear()

    def held(self, method: str) -> AbstractAsyncContextManager[Gate]:
        """``async with slack.held("chat.update") as gate``: calls wait there until the block is left."""
        return self._api.faults.held(method)

    def refuse_tickets(self, times: int) -> None:
        """Answer the next WebSocket handshakes with 404."""
        self._sockets.refusals = times

    def go_deaf(self) -> None:
        """Make the present Socket Mode connections half-open: no pong, no event, no ack passes."""
        self._sockets.go_deaf()

    async def send_disconnect(self, reason: str = "refresh_requested") -> None:
        """Announce a disconnect: "warning" leaves the connections open, the other reasons close them."""
        await self._sockets.disconnect(reason)

    async def drop_connections(self) -> None:
        """Close the Socket Mode connections without a word."""
        await self._sockets.close()

    async def revoke(self) -> None:
        """Revoke both tokens: calls answer ``token_revoked``, the connections close."""
        for token in self._api.tokens:
            self._api.tokens[token] = "token_revoked"
        await self._sockets.close()

    async def redeliver(self, payload: Json, times: int = 1) -> list[Ack]:
        """Deliver an event payload (of ``events``) again, *times* over, with its event_id."""
        sending = (
            self.dispatch.send("events_api", payload, retry=retry + 1, reason="timeout", patient=True)
            for retry in range(times)
        )
        return list(await asyncio.gather(*sending))

    async def send_event(self, event: Json) -> Ack:
        """Deliver any event of your own making, subscribed to or not, and wait for the acknowledgement."""
        return await self.dispatch.deliver(envelope(event, self.workspace.clock()))

    def _connections_changed(self) -> None:
        self.workspace.tell(Change("connection", {"connected": bool(self.connections)}, quiet=True))

    def deliver_to(self, request_url: str) -> None:
        """Switch to HTTP mode: everything further goes to *request_url*, signed."""
        self.dispatch.request_url = RequestUrl(request_url, self.signing_secret, self._ack_seconds)

    async def verify_request_url(self) -> bool:
        """Whether the Request URL answers Slack's challenge."""
        way = self.dispatch.request_url
        return way is not None and await way.verify()
