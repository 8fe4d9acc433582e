"""What the soak found: read from the workspace, as people would see it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.playground import Playground, shown
from tests.soak.people import Asked, payload_of


@dataclass(slots=True)
class Verdict:
    """Counts of questions; all but ``outcomes`` should be empty."""

    outcomes: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.unfinished or self.twice or self.misplaced or self.mixed_up)

    def lines(self) -> Iterator[str]:
        """The figures, a line each."""
        answered = self.outcomes["answered"] + self.outcomes["no_source"]
        yield f"answered            {answered}"
        yield f"failed honestly     {self.outcomes.total() - answered}"
        yield f"outcomes            {dict(self.outcomes)}"
        yield f"lost                {len(self.lost)} {self.lost[:5]}"
        yield f"left unfinished     {len(self.unfinished)} {self.unfinished[:5]}"
        yield f"answered twice      {len(self.twice)} {self.twice[:5]}"
        yield f"in a wrong place    {len(self.misplaced)} {self.misplaced[:5]}"
        yield f"mixed up            {len(self.mixed_up)} {self.mixed_up[:5]}"


def judge(slack: Playground, asked: dict[str, Asked]) -> Verdict:
    """Hold what stands in the workspace against what was asked."""
    verdict = Verdict()
    replies: dict[str, list[tuple[str, dict[str, Any]]]] = {name: [] for name in asked}
    for channel in slack.workspace.channels:
        for message in slack.messages(channel):
            if message.get("user") != slack.bot_user_id:
                continue
            name = str(payload_of(message).get("question"))
            if name in replies:
                replies[name].append((channel, message))
            else:
                verdict.misplaced.append(f"a message to nobody's question in {channel}")
    for name, question in asked.items():
        _judge(verdict, name, question, replies[name])
    return verdict


def _judge(verdict: Verdict, name: str, question: Asked, found: list[tuple[str, dict[str, Any]]]) -> None:
    if not found:
        verdict.lost.append(name)
        return
    parts = Counter(payload_of(message).get("part", 0) for _, message in found)
    if any(count > 1 for count in parts.values()):
        verdict.twice.append(name)
    if any(
        channel != question.channel or message.get("thread_ts") != question.root for channel, message in found
    ):
        verdict.misplaced.append(name)
    state = str(payload_of(found[0][1]).get("state"))
    if state == "open":
        verdict.unfinished.append(name)
        return
    verdict.outcomes[state] += 1
    numbers = set(re.findall(r"\(nr (\d+)\)", " ".join(shown(message) for _, message in found)))
    if numbers and str(question.number) not in numbers:  # in a thread it may quote earlier answers, too
        verdict.mixed_up.append(name)
