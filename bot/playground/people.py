"""What people do in the workspace: speak, edit, command, press, fill in. The page and the tests act here."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from bot.playground import events, hooks
from bot.playground.dispatch import Dispatch
from bot.playground.hooks import Hook, Hooks
from bot.playground.limits import Refusal
from bot.playground.model import ADA, Change, Channel, Json, Person
from bot.playground.sockets import Ack
from bot.playground.workspace import Workspace

FAILED = "{name} failed because the app did not respond."  # Slack's words for it


class People:
    """Acts of people, turned into changes of the workspace and payloads for the app."""

    def __init__(self, slack: Workspace, dispatch: Dispatch, lent: Hooks) -> None:
        self.workspace, self.dispatch, self.lent = slack, dispatch, lent
        self.examples: tuple[str, ...] = ()
        self.shortcuts: Mapping[str, str] = {}

    def offer(self, examples: Iterable[str]) -> None:
        """Show these questions on the page, to press instead of typing."""
        self.examples = tuple(examples)
        self.workspace.tell(Change("examples", {"examples": list(self.examples)}, quiet=True))

    async def say(
        self,
        person: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        told: bool = True,
        **more: Any,
    ) -> str:
        """Post a person's message, return its ts; a mention holds ``<@BOT>``. ``told=False`` tells no app."""
        message = {"user": person, "text": text, "client_msg_id": str(uuid.uuid4()), **more}
        self._place(channel, person)
        if thread_ts:
            message["thread_ts"] = thread_ts
        return str(self.workspace.post(channel, message, quiet=not told)["ts"])

    def direct(self, person: str) -> str:
        """The id of the direct message between *person* and the bot."""
        return self.workspace.direct(person)

    async def edit(self, ts: str, text: str) -> None:
        """Change the text of a person's message: the same ts, a new event_id, ``edited`` set."""
        channel = self.workspace.holder(ts)
        person = self.workspace.channels[channel].messages[ts]["user"]
        self.workspace.change(
            channel, ts, {"text": text, "edited": {"user": person, "ts": self.workspace.ts()}}
        )

    async def delete(self, ts: str) -> None:
        """Delete a message, whoever wrote it."""
        self.workspace.delete(self.workspace.holder(ts), ts)

    async def command(self, person: str, channel: str, name: str, text: str = "") -> Ack:
        """Type a slash command and wait for its acknowledgement, whose text is shown to *person*."""
        place = self._place(channel, person)
        trigger, url = self.lent.trigger(person), self.lent.response_url(person, channel)
        asked = (self.workspace.installed, self.workspace.people[person], place, name, text)
        payload = events.command(*asked, trigger_id=trigger, response_url=url)
        ack = await self.dispatch.send("slash_commands", payload)
        if not ack.acked:
            self.workspace.note(channel, person, {"user": "USLACKBOT", "text": FAILED.format(name=name)})
        elif ack.payload and (ack.payload.get("text") or ack.payload.get("blocks")):
            hooks.answer(self.workspace, Hook(person, channel, self.workspace.clock()), ack.payload)
        return ack

    async def press(self, person: str, ts: str, action_id: str, value: str | None = None) -> Ack:
        """Use a button, feedback button or menu of a message; LookupError when it is not there to be used."""
        channel = self.workspace.holder(ts)
        public = self.workspace.find(channel, ts)
        message = public or next(note for note in self.workspace.private if note["ts"] == ts)
        if not public and message["to"] != person:
            raise LookupError(f"The private message {ts} is shown to {message['to']} only.")
        element, block_id = events.find_element(message.get("blocks", []), action_id, value)
        where: Json = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": not public}
        if root := message.get("thread_ts"):
            where["thread_ts"] = root
        url = self.lent.response_url(person, channel, ts, message.get("thread_ts", ""))
        payload = self._interaction(
            "block_actions",
            person,
            container=where,
            channel={"id": channel, "name": self.workspace.channels[channel].name or "directmessage"},
            message=events.public(message),
            response_url=url,
            actions=[events.action(element, block_id, value, self.workspace.ts())],
            state={"values": {}},
        )
        return await self.dispatch.send("interactive", payload)

    async def press_in_view(self, person: str, view_id: str, action_id: str, value: str | None = None) -> Ack:
        """Use a button or menu of a modal or of the App Home."""
        view = self._view(person, view_id)
        element, block_id = events.find_element(view["blocks"], action_id, value)
        action = events.action(element, block_id, value, self.workspace.ts())
        where = {"type": "view", "view_id": view_id}
        payload = self._interaction(
            "block_actions", person, container=where, view=events.public(view), actions=[action]
        )
        return await self.dispatch.send("interactive", payload)

    async def submit(self, person: str, view_id: str, values: dict[str, Any] | None = None) -> Ack:
        """Send a modal off with *values* by action_id; it closes unless the app answers otherwise."""
        view = self._view(person, view_id)
        filled = dict(events.public(view), state={"values": _state(view["blocks"], values or {})})
        payload = self._interaction("view_submission", person, view=filled, response_urls=[])
        ack = await self.dispatch.send("interactive", payload)
        answer = ack.payload or {}
        action = answer.get("response_action")
        if ack.acked and action in {None, "clear"}:
            self.workspace.close_view(view_id)
        elif action in {"update", "push"}:
            self.workspace.keep_view(person, answer["view"], view_id)
        return ack

    async def close_modal(self, person: str, view_id: str) -> None:
        """Close a modal without sending it."""
        view = self._view(person, view_id)
        self.workspace.close_view(view_id)
        if view.get("notify_on_close"):
            payload = self._interaction("view_closed", person, view=events.public(view), is_cleared=False)
            self.dispatch.background(self.dispatch.send("interactive", payload))

    async def shortcut(self, person: str, ts: str, callback_id: str) -> Ack:
        """Use a message shortcut on a message."""
        channel = self.workspace.holder(ts)
        message = events.public(self.workspace.channels[channel].messages[ts])
        payload = self._interaction(
            "message_action",
            person,
            callback_id=callback_id,
            channel={"id": channel, "name": self.workspace.channels[channel].name or "directmessage"},
            message=message,
            message_ts=ts,
            action_ts=self.workspace.ts(),
            response_url=self.lent.response_url(person, channel),
        )
        return await self.dispatch.send("interactive", payload)

    async def open_home(self, person: str, tab: str = "home") -> None:
        """Open the App Home; tab "messages" is the direct message."""
        event: Json = {
            "type": "app_home_opened",
            "user": person,
            "channel": self.workspace.direct(person),
            "tab": tab,
        }
        if tab == "home" and person in self.workspace.homes:
            event["view"] = events.public(self.workspace.homes[person])
        self.dispatch.event({**event, "event_ts": self.workspace.ts()})

    async def stop(self, person: str, channel: str, thread_ts: str) -> None:
        """Press the agent session's stop button: Slack closes the thread's open streams and tells the app."""
        thread = self.workspace.thread(channel, thread_ts)
        open_streams = [m["ts"] for m in thread if m.get("streaming_state") == "in_progress"]
        for ts in open_streams:
            self.close_stream(ts)
        event = {"type": "agent_session_stopped", "user": person, "channel": channel, "thread_ts": thread_ts}
        self.dispatch.event({**event, "streaming_message_ts": open_streams, "event_ts": self.workspace.ts()})

    def close_stream(self, ts: str) -> None:
        """Close an open stream as Slack does by itself after about five minutes."""
        self.workspace.change(self.workspace.holder(ts), ts, {"streaming_state": None})

    def show_status(self, channel: str, thread_ts: str, status: str) -> None:
        """Set a thread's status line, or take it away, as Slack does after two minutes without a message."""
        self.workspace.show_status(channel, thread_ts, status)

    def add_channel(
        self, name: str, *, private: bool = False, archived: bool = False, bot_in: bool = True
    ) -> str:
        """A further channel, created by Ada; returns its id."""
        channel = events.identifier("C")
        self.workspace.channels[channel] = Channel(channel, name, "", ADA, private, archived, bot_in)
        return channel

    def add_person(self, name: str, *, locale: str = "en-US", is_admin: bool = False) -> str:
        """A further member with a direct message to the bot; returns the id."""
        person = events.identifier("U")
        self.workspace.people[person] = Person(person, name, name, locale, is_admin)
        self.workspace.direct(person)
        return person

    def _place(self, channel: str, person: str) -> Channel:
        place = self.workspace.channels.get(channel)
        if place is None or person not in self.workspace.people or place.person not in {"", person}:
            raise Refusal("channel_not_found", f"{person} is not in a conversation {channel}")
        return place

    def _view(self, person: str, view_id: str) -> Json:
        view = self.workspace.views.get(view_id)
        if view is None or view["for"] != person:
            raise LookupError(f"{person} has no view {view_id} open.")
        return view

    def _interaction(self, kind: str, person: str, **fields: Any) -> Json:
        whose = self.workspace.people[person]
        fields["trigger_id"] = self.lent.trigger(person)
        return events.interaction(self.workspace.installed, kind, whose, **fields)


def _state(blocks: list[Json], values: dict[str, Any]) -> Json:
    """The ``state.values`` of a sent form: each input with what was given for its action_id."""
    state: Json = {}
    for block in blocks:
        element = block.get("element") or block.get("accessory") or {}
        name = element.get("action_id")
        if not name or element["type"] == "button":
            continue
        given = values.get(name)
        filled: Json = {"type": element["type"], "value": given}
        if "options" in element:
            wanted = given if isinstance(given, list) else [given]
            chosen = [option for option in element["options"] if option["value"] in wanted]
            several = element["type"] in {"checkboxes", "multi_static_select"}
            filled = {"type": element["type"]}
            filled |= {"selected_options": chosen} if several else {"selected_option": (chosen or [None])[0]}
        state[block["block_id"]] = {name: filled}
    return state
