"""People at work with the bot: what they do, what they are shown, and that Slack would show it.

Every message, private note and view of the bot is held against Slack's published limits as it appears.
"""

import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.playground import Playground, shown
from bot.playground.model import Change
from bot.slack.listeners import shortcuts
from tests.fakes.blocks import check_message, check_view
from tests.fakes.house import House, house
from tests.fakes.overheard import Overheard, overheard

Message = dict[str, Any]
Mode = Literal["socket", "http"]


@asynccontextmanager
async def day(folder: Path, mode: Mode) -> AsyncIterator["Day"]:
    """A day that begins before the bot was ever started; Slack reaches it by *mode*."""
    slack = Playground(shortcuts={shortcuts.NAME: shortcuts.LABEL})
    settings = {}
    if mode == "http":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        secret = slack.signing_secret
        settings = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": secret, "BLOGBOT_HTTP_PORT": port}
        slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
    with overheard() as heard:
        async with house(folder, indexed=False, slack=slack, **settings) as home:
            yield Day(home, heard)


@dataclass
class Day:
    """What happens in #general, in direct messages and on people's own screens."""

    home: House
    heard: Overheard
    answered: int = 0
    faults: list[str] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)
    _streamed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slack = self.home.slack
        self.ada, self.lin, self.general = self.slack.ada, self.slack.lin, self.slack.general
        self.bot = f"<@{self.slack.bot_user_id}>"
        self.slack.workspace.listeners.append(self._look)

    def _look(self, change: Change) -> None:
        """Hold what the bot shows against Slack's limits; a fault is told when the next thing is done."""
        thing = change.data
        try:
            if change.kind in {"home", "modal"}:
                check_view(thing)
            elif change.kind in {"message", "private"} and self._is_complete(thing):
                check_message(thing | ({"text": "…"} if self._is_streamed(thing) else {}))
        except (AssertionError, KeyError) as fault:
            self.faults.append(f"{fault!r} in {json.dumps(thing, ensure_ascii=False)}")

    def _is_complete(self, message: Message) -> bool:
        """Whether it is a message of the bot that is no growing stream, and more than a bare sentence."""
        ours = message.get("user") == self.slack.bot_user_id
        if growing := message.get("streaming_state"):
            self._streamed[message["ts"]] = message["text"]
        return ours and not growing and bool(message.get("blocks"))

    def _is_streamed(self, message: Message) -> bool:
        """Whether its text is what a stream left there, which Slack wrote: no call had to hold all of it."""
        return str(message["text"]).startswith(self._streamed.get(message["ts"], "\0"))

    # What people do

    async def says(self, person: str, text: str, thread: str | None = None, channel: str = "") -> str:
        """Write in #general, or a channel, or a thread; return the message's timestamp."""
        return await self.slack.say(person, channel or self.general, text, thread)

    async def remarks(self, person: str, text: str, thread: str) -> None:
        """Write in a thread of #general, and wait until the bot has made up its mind about that."""
        ts = await self.slack.say(person, self.general, text, thread, told=False)
        event = {"type": "message", "user": person, "text": text, "ts": ts, "thread_ts": thread}
        where = {"channel": self.general, "channel_type": "channel"}
        assert (await self.slack.send_event(event | where)).acked

    async def asks(self, person: str, text: str, thread: str | None = None) -> str:
        """Mention the bot in #general."""
        return await self.says(person, f"{self.bot} {text}", thread)

    async def types(self, person: str, command: str, *holding: str) -> str:
        """Type a slash command in #general; return the private answer that holds the words."""
        name, _, text = command.partition(" ")
        assert (await self.slack.command(person, self.general, name, text)).acked
        return shown(await self.note(person, *holding))

    async def presses(self, person: str, message: Message, action: str, value: str | None = None) -> None:
        """Use a button."""
        assert (await self.slack.press(person, message["ts"], action, value)).acked

    async def fills_in(self, person: str, **values: str) -> None:
        """Fill in the form that is open, and send it."""
        (form,) = await self.slack.wait_for(lambda: self.slack.modals(person))
        assert (await self.slack.submit(person, form["id"], values)).acked
        assert self.slack.modals(person) == []

    async def opens_home(self, person: str, *holding: str) -> str:
        """Open App Home; return what it shows once that holds the words."""
        await self.slack.open_home(person)
        homes = self.slack.workspace.homes
        return await self._until(lambda: shown(homes.get(person, {})), holding)

    # What people are shown

    async def answer(self, ts: str, *holding: str, number: int = 1, channel: str = "") -> Message:
        """The bot's finished *number*-th message in the thread of *ts*, which holds the words."""
        message = await self.home.reply(ts, channel or self.general, number)
        self._holds(message, holding)
        return message

    async def note(self, person: str, *holding: str) -> Message:
        """A private message that *person* has not read yet and that holds the words."""

        def unread() -> list[Message]:
            notes = [note for note in self.slack.private(person) if note["ts"] not in self._read]
            return [note for note in notes if all(words in shown(note) for words in holding)]

        try:
            note = (await self.slack.wait_for(unread, 20))[0]
        except TimeoutError as exc:
            read = self._read
            there = [shown(note) for note in self.slack.private(person) if note["ts"] not in read]
            raise AssertionError(f"{holding} is not in {there}") from exc
        self._read.add(note["ts"])
        self._holds(note, holding)
        return note

    async def kept(self, questions: int) -> None:
        """Until so many further answers are in the bot's memory, where buttons find them."""
        self.answered += questions
        await self.heard.until("outcome=", self.answered)

    def replies(self, ts: str, channel: str = "") -> Sequence[Message]:
        """What the bot said in the thread of *ts*."""
        thread = self.slack.messages(channel or self.general, ts)
        return [message for message in thread if message["user"] == self.slack.bot_user_id]

    async def _until(self, look: Any, holding: Sequence[str]) -> str:
        text: str = await self.slack.wait_for(
            lambda: (text := look()) and all(words in text for words in holding) and text, 30
        )
        assert self.faults == []
        return text

    def _holds(self, message: Message, holding: Sequence[str]) -> None:
        assert self.faults == []
        for words in holding:
            assert words in shown(message), shown(message)
