"""The page and its line to the workspace: files, and a WebSocket that shows changes and takes acts."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.limits import Refusal
from bot.playground.model import BOT, Change, Json
from bot.playground.people import People
from bot.playground.sockets import Ack

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONGEST_MESSAGE, BACKLOG, MOST_VISITORS = 40_000, 2000, 20


class Live:
    """Serves the page to its visitors; ``connected`` says whether an app listens."""

    def __init__(self, people: People, connected: Callable[[], bool]) -> None:
        self._people, self._connected = people, connected
        self._visitors: set[web.WebSocketResponse] = set()

    def add_routes(self, app: web.Application) -> None:
        """Put the page at / and the line at /live."""
        app.router.add_get("/", self._file)
        app.router.add_get("/page/{name}", self._file)
        app.router.add_get("/live", self._live)

    async def close(self) -> None:
        """Say goodbye to every visitor."""
        for socket in tuple(self._visitors):
            await socket.close(code=WSCloseCode.GOING_AWAY, drain=False)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / request.match_info.get("name", "index.html")
        if path.parent != PAGE or path.suffix not in TYPES or not path.is_file():
            return web.Response(status=404, text="Nothing is here.")
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") is None or len(self._visitors) >= MOST_VISITORS:
            return web.Response(status=403, text="This line is for the playground's own page.")
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=1 << 18, timeout=1.0)
        await socket.prepare(request)
        self._visitors.add(socket)
        news: asyncio.Queue[str | None] = asyncio.Queue(BACKLOG)

        def on_change(change: Change) -> None:
            try:
                news.put_nowait(json.dumps(_told(change), ensure_ascii=False))
            except asyncio.QueueFull:
                news.get_nowait()
                news.put_nowait(None)  # too slow to follow: close, and let the page begin anew

        self._people.workspace.listeners.append(on_change)
        telling = asyncio.create_task(self._tell(socket, news))
        try:
            await socket.send_json(self._whole())
            await self._listen(socket)
        finally:
            self._people.workspace.listeners.remove(on_change)
            telling.cancel()
            self._visitors.discard(socket)
        return socket

    async def _tell(self, socket: web.WebSocketResponse, news: "asyncio.Queue[str | None]") -> None:
        while (line := await news.get()) is not None and not socket.closed:
            try:
                await socket.send_str(line)
            except ConnectionError:
                return
        await socket.close()

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                act = json.loads(message.data)
                work = self._act(act) if isinstance(act, dict) else None
            except ValueError:
                work = None
            if work:
                self._people.dispatch.background(self._perform(socket, work))

    async def _perform(self, socket: web.WebSocketResponse, work: Coroutine[Any, Any, Any]) -> None:
        """Do what the visitor asked; what cannot be done is said on the page."""
        try:
            done = await work
            problem = "" if not isinstance(done, Ack) or done.acked else "The app did not answer in time."
            errors = (done.payload or {}).get("errors", {}) if isinstance(done, Ack) else {}
        except (LookupError, Refusal) as exc:
            problem, errors = f"That cannot be done: {exc}", {}
        if (problem or errors) and not socket.closed:
            await socket.send_json({"kind": "problem", "data": {"text": problem, "errors": errors}})

    def _act(self, act: Json) -> Coroutine[Any, Any, Any]:  # noqa: PLR0911  # one a kind of act
        """The coroutine for what the page sent; ValueError for what is no act."""
        name, person = act.get("act"), str(act.get("person", ""))
        channel, text = str(act.get("channel", "")), str(act.get("text", ""))[:LONGEST_MESSAGE]
        ts, value = str(act.get("ts", "")), act.get("value")
        people = self._people
        match name:
            case "say":
                return people.say(person, channel, text, str(act.get("thread_ts") or "") or None)
            case "command":
                return people.command(person, channel, str(act.get("command", "")), text)
            case "press":
                return people.press(person, ts, str(act.get("action_id", "")), _text(value))
            case "press_in_view":
                return people.press_in_view(
                    person, str(act.get("view_id", "")), str(act.get("action_id", "")), _text(value)
                )
            case "submit":
                return people.submit(
                    person, str(act.get("view_id", "")), value if isinstance(value, dict) else {}
                )
            case "close_modal":
                return people.close_modal(person, str(act.get("view_id", "")))
            case "open_home":
                return people.open_home(person, "messages" if act.get("tab") == "messages" else "home")
            case "stop":
                return people.stop(person, channel, str(act.get("thread_ts", "")))
            case "shortcut":
                return people.shortcut(person, ts, str(act.get("callback_id", "")))
        raise ValueError(f"no act of the page: {name!r}")

    def _whole(self) -> Json:
        """Everything a page needs that was just opened."""
        slack = self._people.workspace
        people = [
            {"id": p.id, "name": p.name, "real_name": p.real_name, "bot": p.is_bot}
            for p in slack.people.values()
        ]
        channels = [
            {"id": c.id, "name": c.name, "person": c.person, "messages": list(c.messages.values())}
            for c in slack.channels.values()
        ]
        statuses = [{"channel": c, **status} for (c, _), status in slack.statuses.items()]
        sessions = [{"channel": c, "thread_ts": t, "status": s} for (c, t), s in slack.sessions.items()]
        views = [view for view in slack.views.values() if view["type"] == "modal"]
        return {
            "kind": "whole",
            "data": {
                "bot": BOT,
                "people": people,
                "channels": channels,
                "private": list(slack.private),
                "statuses": statuses,
                "sessions": sessions,
                "prompts": slack.prompts,
                "titles": [
                    {"channel": c, "thread_ts": t, "title": title} for (c, t), title in slack.titles.items()
                ],
                "homes": slack.homes,
                "modals": views,
                "examples": list(self._people.examples),
                "shortcuts": dict(self._people.shortcuts),
                "connected": self._connected(),
            },
        }


def _told(change: Change) -> Json:
    return {"kind": change.kind, "channel": change.channel, "person": change.person, "data": change.data}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
