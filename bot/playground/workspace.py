"""What a Slack workspace remembers: people, channels, messages, private notes, views. No sockets here.

Messages and views are Slack's own JSON, since speaking it is this room's whole business. Everything is
bounded; the oldest goes first. Each change is told to ``listeners`` at once and wakes who is in ``wait_for``.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.playground.model import (
    ADA,
    APP,
    BOT,
    BOT_ID,
    GENERAL,
    LIN,
    Change,
    Channel,
    Installed,
    Json,
    Person,
)
from bot.playground.recent import Recent

T = TypeVar("T")

PRIVATE_NOTES = 200
VIEWS = 50
THREADS = 1000


class Workspace:
    """One workspace in memory, seeded with two people, #general and a direct message for each person."""

    def __init__(
        self,
        bot_name: str = "blogbot",
        clock: Callable[[], float] = time.time,
        installed: Installed | None = None,
    ) -> None:
        self.clock, self.installed = clock, installed or Installed()
        self.team = self.installed.team
        self.people = {
            person.id: person
            for person in (
                Person(ADA, "ada", "Ada Park", is_admin=True),
                Person(LIN, "lin", "林晓雨", locale="zh-CN"),
                Person(BOT, bot_name, bot_name, is_bot=True),
            )
        }
        self.channels = {GENERAL: Channel(GENERAL, "general")}
        for person in (ADA, LIN):
            self.direct(person)
        self.private: deque[Json] = deque(maxlen=PRIVATE_NOTES)
        self.statuses: Recent[tuple[str, str], Json] = Recent(THREADS)
        self.titles: Recent[tuple[str, str], str] = Recent(THREADS)
        self.sessions: Recent[tuple[str, str], str] = Recent(THREADS)
        self.prompts: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.views: Recent[str, Json] = Recent(VIEWS)
        self.listeners: list[Callable[[Change], None]] = []
        self._news = asyncio.Event()
        self._last_ts = 0

    def ts(self) -> str:
        """A new timestamp, unique and growing: seconds, a dot, six digits."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def direct(self, person: str) -> str:
        """The id of the direct message between *person* and the bot."""
        channel = "D" + person[1:]
        self.channels.setdefault(channel, Channel(channel, "", person=person))
        return channel

    def find(self, channel: str, ts: str) -> Json | None:
        """The message at *ts*, if the channel is known and holds it."""
        place = self.channels.get(channel)
        return place.messages.get(ts) if place else None

    def holder(self, ts: str) -> str:
        """The channel of the public or private message at *ts*; LookupError when there is none."""
        for channel in self.channels.values():
            if ts in channel.messages:
                return channel.id
        for note in self.private:
            if note["ts"] == ts:
                return str(note["channel"])
        raise LookupError(f"The playground holds no message at {ts}.")

    def thread(self, channel: str, root: str) -> list[Json]:
        """The messages of one thread, its first message first."""
        place = self.channels.get(channel)
        found = place.messages.values() if place else ()
        return [m for m in found if m["ts"] == root or m.get("thread_ts") == root]

    def post(self, channel: str, message: Json, *, quiet: bool = False) -> Json:
        """Keep and tell a new message; one whose parent is gone lands at top level, as in Slack."""
        place = self.channels[channel]
        message = {"type": "message", **message, "ts": self.ts(), "team": self.team}
        parent = place.messages.get(message.get("thread_ts") or "")
        if parent is None or parent.get("thread_ts", parent["ts"]) != parent["ts"]:
            message.pop("thread_ts", None)
        else:
            message["parent_user_id"] = parent["user"]
            parent["thread_ts"] = parent["ts"]
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            parent["latest_reply"] = message["ts"]
            self.tell(Change("message", parent, channel, parent, quiet=True))
        place.messages[message["ts"]] = message
        if message["user"] == BOT:
            self.show_status(channel, message.get("thread_ts", ""), "")
        self.tell(Change("message", message, channel, quiet=quiet))
        return message

    def change(self, channel: str, ts: str, fields: Json, *, quiet: bool = False) -> Json:
        """Replace some fields of a message; a field given as None is removed."""
        message = self.channels[channel].messages[ts]
        before = dict(message)
        message.update(fields)
        for name in [name for name, value in message.items() if value is None]:
            del message[name]
        self.tell(Change("message", message, channel, before, quiet=quiet))
        return message

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; one with replies leaves a tombstone that keeps the thread, as in Slack."""
        place = self.channels[channel]
        before = place.messages[ts]
        parent = place.messages.get(before.get("thread_ts", ""))
        if parent and parent is not before:
            parent["reply_count"] -= 1
            self.tell(Change("message", parent, channel, parent, quiet=True))
        if before.get("reply_count"):
            kept = {name: before[name] for name in ("type", "ts", "team", "thread_ts", "reply_count")}
            tombstone = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}
            place.messages[ts] = {**kept, **tombstone, "hidden": True}
            self.tell(Change("message", place.messages[ts], channel, before, quiet=True))
        else:
            del place.messages[ts]
        self.tell(Change("deleted", {"ts": ts}, channel, before))

    def note(self, channel: str, person: str, message: Json) -> Json:
        """Show *person* alone a private (ephemeral) message."""
        message = {"type": "message", **message, "ts": self.ts(), "channel": channel, "to": person}
        self.private.append({**message, "is_ephemeral": True})
        self.tell(Change("private", self.private[-1], channel, person=person))
        return self.private[-1]

    def change_note(self, ts: str, fields: Json) -> None:
        """Replace some fields of a private message; nothing happens when it is gone."""
        for note in self.private:
            if note["ts"] == ts:
                note.update(fields)
                for name in [name for name, value in note.items() if value is None]:
                    del note[name]
                self.tell(Change("private", note, note["channel"], person=note["to"]))

    def drop_note(self, ts: str) -> None:
        """Take a private message away again; nothing happens when it is gone already."""
        for note in [note for note in self.private if note["ts"] == ts]:
            self.private.remove(note)
            self.tell(Change("deleted", {"ts": ts}, note["channel"], person=note["to"], quiet=True))

    def show_status(self, channel: str, root: str, status: str, loading: Sequence[str] = ()) -> None:
        """Set a thread's status line; "" takes it away, as does each of the bot's replies."""
        data = {"thread_ts": root, "status": status, "loading_messages": list(loading), "since": self.clock()}
        known = self.statuses.pop((channel, root), None)
        if status:
            self.statuses[channel, root] = data
        if status or known:
            self.tell(Change("status", data, channel))

    def keep_view(self, person: str, view: Json, view_id: str = "") -> Json:
        """Keep an open modal (or, of type home, the App Home) of *person* under its id."""
        view_id = view_id or "V" + secrets.token_hex(5).upper()
        identity = {"id": view_id, "team_id": self.team, "app_id": APP, "bot_id": BOT_ID}
        identity |= {"root_view_id": view_id, "app_installed_team_id": self.installed.holder}
        empty = {"callback_id": "", "private_metadata": "", "previous_view_id": None}
        kept = {**empty, **view, **identity, "hash": self.ts(), "state": {"values": {}}, "for": person}
        self.views.pop(view_id, None)
        self.views[view_id] = kept
        if view["type"] == "home":
            self.homes[person] = kept
        self.tell(Change(str(view["type"]), kept, person=person))
        return kept

    def close_view(self, view_id: str) -> None:
        """Close a modal; nothing happens when it is closed already."""
        if view := self.views.pop(view_id, None):
            self.tell(Change("modal_closed", {"id": view_id}, person=view["for"]))

    def tell(self, change: Change) -> None:
        """Hand a change to every listener and wake everyone who waits."""
        for listener in tuple(self.listeners):
            listener(change)
        self.wake()

    def wake(self) -> None:
        """Let everyone in ``wait_for`` look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], T], seconds: float = 10.0) -> T:
        """Return *predicate*'s first true value, asked after each change; TimeoutError after *seconds*."""
        async with asyncio.timeout(seconds):
            while True:
                news = self._news
                if value := predicate():
                    return value
                await news.wait()
