"""Fifty people asking, and the book of what they asked and what came of it."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.playground import Playground
from bot.playground.model import Change

QUESTIONS = (
    "why does VACUUM leave dead rows behind?",
    "RUM 和 GIN 索引的区别是什么?",
    "how long does restoring a backup on egret take?",
    "什么时候可以发布?",
    "how many approvals does a payment change need?",
    "who won the chess championship in Reykjavik?",
)


@dataclass(slots=True)
class Asked:
    """One question, where it was asked, and the event that told of it."""

    number: int
    channel: str
    ts: str
    root: str
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Crowd:
    """Asks, and watches for final replies; ``asked`` maps the id that the bot gives a question to it."""

    def __init__(self, slack: Playground, people: int, channels: int, dice: Random) -> None:
        self._slack, self._dice = slack, dice
        self._people = [slack.add_person(f"person{n}") for n in range(people)]
        self._channels = [slack.general, *(slack.add_channel(f"room{n}") for n in range(channels))]
        self._threads: list[Asked] = []
        self.asked: dict[str, Asked] = {}
        self.redelivered = 0
        self.finished = 0
        slack.workspace.listeners.append(self._saw)

    async def ask(self, number: int, redeliver: float) -> Asked:
        """Somebody asks question *number* somewhere; *redeliver* is the share of events that come again."""
        person = self._dice.choice(self._people)
        text = f"{self._dice.choice(QUESTIONS)} (nr {number})"
        throw = self._dice.random()
        root = None
        if throw < 0.25:
            channel = self._slack.direct(person)
        elif throw < 0.45 and self._threads:
            before = self._dice.choice(self._threads[-40:])
            channel, root = before.channel, before.root
        else:
            channel = self._dice.choice(self._channels)
        if not channel.startswith("D"):
            text = f"<@{self._slack.bot_user_id}> {text}"
        ts = await self._slack.say(person, channel, text, root)
        asked = Asked(number, channel, ts, root or ts)
        self.asked[f"{self._slack.team_id}-{channel}-{ts}"] = asked
        if throw >= 0.45:
            self._threads.append(asked)
        if self._dice.random() < redeliver:
            self._redeliver(ts)
        return asked

    def has_finished(self, number: int) -> bool:
        """Whether that many questions came to an end."""
        return self.finished >= number

    def _redeliver(self, ts: str) -> None:
        again = [event for event in self._slack.events[-8:] if event["event"].get("ts") == ts]
        for event in again:
            self.redelivered += 1
            self._slack.dispatch.background(self._slack.redeliver(event, self._dice.randint(1, 3)))

    def _saw(self, change: Change) -> None:
        payload = payload_of(change.data)
        asked = self.asked.get(str(payload.get("question")))
        if asked and payload.get("state") != "open" and not asked.done.is_set():
            self.finished += 1
            asked.done.set()


def payload_of(message: dict[str, Any]) -> dict[str, Any]:
    """What the bot noted with a message, {} where it is none of the bot's."""
    return (message.get("metadata") or {}).get("event_payload") or {}
