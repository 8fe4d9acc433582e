"""The values that travel between the rooms of the bot, all frozen."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
Outcome = Literal[
    "answered", "no_source", "model_unavailable", "model_missing", "busy", "cut_short", "failed"
]
Kind = Literal["mention", "direct", "command"]
Verdict = Literal["good", "bad"]


LONGEST_REASON = 3_000
"""Characters of the reason that goes with an opinion; a plain_text_input holds no more (Block Kit)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack; ``id`` is theirs alone in the workspace, and in its organization if it has one."""

    id: str
    team: str
    enterprise: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Cleaned text that someone asked, and where its reply belongs.

    ``id`` is unique and stable over redeliveries. ``ts`` is the asking message's timestamp ("" for a slash
    command) and ``root`` that of its thread's first message. ``response_url`` is set for slash commands only
    and is a secret. ``locale`` is Slack's (``zh-CN``), or "". ``language`` is a code (``zh``) where
    the channel has settled on one. A question of kind ``command`` is answered to its person alone.
    ``without`` are paths of articles to do without, where an earlier answer from them is not enough: such a
    question stands at the place of the one it repeats, under an id of its own. ``enterprise`` is the
    organization that the workspace ``team`` belongs to, or "".
    """

    id: str
    text: str
    person: str
    team: str
    channel: str
    ts: str
    root: str
    kind: Kind
    response_url: str = ""
    locale: str = ""
    language: str = ""
    without: tuple[str, ...] = ()
    enterprise: str = ""

    @property
    def asker(self) -> Person:
        """Who asked."""
        return Person(self.person, self.team, self.enterprise)


@dataclass(frozen=True, slots=True)
class Policy:
    """How the bot behaves in one channel.

    ``answers`` is what it takes for a question there: a mention; or also what the person who asked goes on to
    say in the thread; or every question anybody writes. ``within`` are folders of the blog, ending in ``/``,
    and tags, beginning with ``#``; none means the whole blog. ``language`` is a code, "" for that of each
    question. ``private`` answers are shown to the person alone.
    """

    answers: Literal["mentions", "follow-ups", "all"] = "follow-ups"
    within: tuple[str, ...] = ()
    language: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a whole answer.

    ``prompt_tokens`` is the server's own count of the prompt. ``answer_tokens`` leaves out
    ``thought_tokens``, which are counted by chunks of the stream, one token each. ``reason`` is ``stop``, or
    ``length`` when the answer filled num_predict or the context. Times are milliseconds; ``first_token_ms``
    counts from the request.
    """

    prompt_tokens: int
    answer_tokens: int
    reason: str
    model: str = ""
    thought_tokens: int = 0
    first_token_ms: int = 0
    total_ms: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """An article that was in the prompt, under the number the model cites; ``passage`` is its best text.

    ``shown`` is all of the article that the thread's prompt holds, as the model reads it, or "".
    """

    n: int
    title: str
    url: str
    path: str
    date: str = ""
    section: str = ""
    passage: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a thread's next question stands on.

    ``messages`` are exactly those sent with the answer appended, so that the next prompt starts with the same
    bytes and the model's prefix cache holds. ``sources`` keep their numbers through the thread. ``questions``
    are the earlier ones in order, written out in full where a follow-up was elliptic.
    """

    messages: tuple[Message, ...] = ()
    sources: tuple[Source, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A sign of life before there is text: what is being done, and with how many articles."""

    name: Literal["queued", "searching", "reading", "loading", "writing"]
    count: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """Further text of the answer: Markdown, free of unknown [n], foreign links and template tokens."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of every question: checked text with its sources, or why there is none.

    ``text`` is Markdown, "" when the model wrote nothing. ``sources`` are those cited, in order of first use;
    without a model they are the best matching articles, and for ``no_source`` the nearest titles.
    ``detail`` names what failed (an address, a model) for the reply's sentence. Times are milliseconds;
    ``supported`` is the share of checked sentences that the cited passages support, None when unchecked.
    ``stopped`` marks one that a person cut short. ``searched`` is the question as it was searched for, a
    follow-up with what it leaves unsaid on further lines; ``more`` tells that the search found articles
    beside the sources. ``prompt_version`` names the wording of the prompt, "" where the model was not asked.
    """

    question: str
    text: str
    outcome: Outcome
    sources: tuple[Source, ...] = ()
    model: str = ""
    detail: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    first_token_ms: int = 0
    total_ms: int = 0
    supported: float | None = None
    conversation: Conversation = Conversation()
    stopped: bool = False
    searched: str = ""
    more: bool = False
    prompt_version: str = ""


Event = Stage | Delta | Answer
