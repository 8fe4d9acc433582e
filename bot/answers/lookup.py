"""The articles for a question, or for what a follow-up refers to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.answers.followups import speaks_of, written_out
from bot.model import Conversation
from index.model import Found, Hit

Search = Callable[[str, int], Awaitable[Found]]

_SEARCHED = 1_000
"""Characters of a question that are searched for, from its start; the rest of a longer one is quotation."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was found, whether the model shall read it, and the question as it was searched for."""

    hits: tuple[Hit, ...]
    answerable: bool
    written: str


async def look_up(question: str, conversation: Conversation, search: Search, limit: int) -> Lookup:
    """Return up to *limit* hits for *question*; raises as *search* does.

    A follow-up may be answered from the articles of its thread, provided that what it names is spoken of
    there or in what was found. Otherwise it is searched for by itself, since people also change the subject
    in a thread.
    """
    written = written_out(question, _earlier(conversation))
    found = await search(written[:_SEARCHED], limit)
    if "\n" not in written and written == " ".join(question.split()):
        return Lookup(found.hits, found.answerable, written)
    shown = [f"{source.title}\n{source.shown}" for source in conversation.sources if source.shown]
    if (found.answerable or shown) and speaks_of(question, [*map(_text, found.hits), *shown]):
        return Lookup(found.hits, answerable=True, written=written)
    alone = await search(question[:_SEARCHED], limit)
    return Lookup(alone.hits or found.hits, alone.answerable, question)


def _earlier(conversation: Conversation) -> tuple[str, ...]:
    """The thread's questions; of one read back from Slack, what people said."""
    said = (turn.content for turn in conversation.messages if turn.role == "user")
    return conversation.questions or tuple(text for text in said if text.strip())


def _text(hit: Hit) -> str:
    return "\n".join((hit.title, *(passage.text for passage in hit.passages)))
