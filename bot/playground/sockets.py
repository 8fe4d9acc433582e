"""Socket Mode: tickets, connections, envelopes, acknowledgements.

https://docs.slack.dev/apis/events-api/using-socket-mode: at most ten connections, each envelope goes to one
of them, ``hello`` comes first and ``disconnect`` before Slack closes one.
"""

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.model import APP, Json
from bot.playground.recent import Recent

MOST_CONNECTIONS, MOST_TICKETS, TICKET_SECONDS, PING_SECONDS = 10, 100, 30.0, 30.0


@dataclass(frozen=True, slots=True)
class Ack:
    """What came of a delivery: ``payload`` is the acknowledgement's body, ``seconds`` how long it took."""

    acked: bool
    payload: Json | None = None
    seconds: float = 0.0


@dataclass(eq=False, slots=True)
class Link:
    """One open connection; a ``deaf`` one swallows everything, pings too, like a half-open socket."""

    socket: web.WebSocketResponse
    deaf: bool = False
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class Sockets:
    """The app's Socket Mode connections; ``changed`` is called when one opens or closes."""

    def __init__(self, ack_seconds: float, changed: Callable[[], None]) -> None:
        self.links: list[Link] = []
        self.opened = 0
        self.refusals = 0
        self._ack_seconds = ack_seconds
        self._changed = changed
        self._tickets: Recent[str, float] = Recent(MOST_TICKETS)
        self._some = asyncio.Event()
        self._turn = itertools.count()

    def ticket(self, base: str) -> str:
        """A WebSocket address that lets one connection in."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = time.monotonic()
        return f"{base.replace('http', 'ws', 1)}link/?ticket={ticket}&app_id={APP}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes; a spent, old or refused ticket is answered 404."""
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if self.refusals:
            self.refusals -= 1
            issued = None
        if issued is None or time.monotonic() - issued > TICKET_SECONDS:
            return web.Response(status=404, text="no such ticket")
        # Pings are answered by hand, so that a deaf connection can leave them unanswered.
        socket = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20, timeout=1.0)
        await socket.prepare(request)
        if len(self.links) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        link = Link(socket)
        await socket.send_json(self._hello(request.host))
        self.links.append(link)
        self.opened += 1
        self._some.set()
        self._changed()
        try:
            await _read(link)
        finally:
            self._forget(link)
        return socket

    async def send(
        self, kind: str, payload: Json, *, retry: int = 0, reason: str = "", patient: bool = False
    ) -> Ack:
        """Send one envelope over one connection and wait for its acknowledgement.

        Without a connection a *patient* delivery waits for one; another comes back unacknowledged at once.
        """
        while not (links := [link for link in self.links if not link.socket.closed]):
            if not patient:
                return Ack(acked=False)
            self._some.clear()
            await self._some.wait()
        link = links[next(self._turn) % len(links)]
        envelope_id = secrets.token_hex(16)
        envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        ack = link.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        started = time.monotonic()
        try:
            if not link.deaf:
                await link.socket.send_json(envelope)
            async with asyncio.timeout(self._ack_seconds):
                came = await ack
            return Ack(came.acked, came.payload, time.monotonic() - started)
        except (TimeoutError, ConnectionError):
            return Ack(acked=False, seconds=time.monotonic() - started)
        finally:
            link.waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str) -> None:
        """Announce a disconnect to every connection; all but a warning then close."""
        for link in tuple(self.links):
            host = {"debug_info": {"host": "playground"}}
            await self._quietly(link.socket.send_json({"type": "disconnect", "reason": reason, **host}))
        if reason != "warning":
            await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for link in tuple(self.links):
            await self._quietly(link.socket.close(code=WSCloseCode.GOING_AWAY, drain=False))

    def go_deaf(self) -> None:
        """Make the present connections half-open; new ones work."""
        for link in self.links:
            link.deaf = True

    def _forget(self, link: Link) -> None:
        self.links.remove(link)
        for ack in link.waiting.values():
            if not ack.done():
                ack.set_result(Ack(acked=False))
        self._changed()

    def _hello(self, host: str) -> Json:
        debug = {"host": host, "build_number": 1, "approximate_connection_time": 18060}
        connection = {"connection_info": {"app_id": APP}, "num_connections": len(self.links) + 1}
        return {"type": "hello", **connection, "debug_info": debug}

    @staticmethod
    async def _quietly(sending: Awaitable[object]) -> None:
        try:
            await sending
        except (ConnectionError, RuntimeError):
            return  # it closed meanwhile, which is what was wanted


async def _read(link: Link) -> None:
    while True:
        try:
            message = await link.socket.receive(timeout=PING_SECONDS)
        except TimeoutError:
            if not link.deaf:
                await link.socket.ping(b"Ping from playground")
            continue
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            return
        if link.deaf:
            continue
        if message.type is WSMsgType.PING:
            await link.socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            _acknowledge(link, message.data)


def _acknowledge(link: Link, text: str) -> None:
    try:
        answer = json.loads(text)
    except ValueError:
        return
    ack = link.waiting.get(answer.get("envelope_id", "")) if isinstance(answer, dict) else None
    if ack and not ack.done():
        payload = answer.get("payload")
        ack.set_result(Ack(acked=True, payload=payload if isinstance(payload, dict) else None))
