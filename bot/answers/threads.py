"""Earlier talk of a thread as turns that alternate, harmless to the templates."""

from collections.abc import Callable, Sequence

from bot.answers.citations import Cleaner
from bot.answers.templates import neutralise
from bot.model import Conversation, Message


def earlier(
    conversation: Conversation, fits: Callable[[Sequence[Message]], bool]
) -> tuple[tuple[Message, ...], str]:
    """Return the latest exchanges that *fits* allows, and what was said since without an answer.

    A stored conversation gives its last question and answer, for its articles are chosen anew. One read
    back from Slack, which has no system message, gives everything. Citations in answers go: their articles
    are not shown.
    """
    turns = alternating(_said(conversation))
    unanswered = ""
    if turns and turns[-1].role == "user":
        unanswered = turns[-1].content if fits(turns[-1:]) else ""
        turns = turns[:-1]
    start = len(turns)
    while start >= 2 and fits(turns[start - 2 :]):  # noqa: PLR2004 (a question and its answer)
        start -= 2
    return turns[start:], unanswered


def alternating(turns: Sequence[Message]) -> tuple[Message, ...]:
    """Return *turns* from a person's first on, neighbours of one role joined, empty ones left out."""
    result: list[Message] = []
    for turn in turns:
        if not turn.content.strip() or (not result and turn.role != "user"):
            continue
        if result and result[-1].role == turn.role:
            result[-1] = Message(turn.role, f"{result[-1].content}\n\n{turn.content}")
        else:
            result.append(turn)
    return tuple(result)


def _said(conversation: Conversation) -> tuple[Message, ...]:
    turns = conversation.messages
    if turns and turns[0].role == "system":
        if turns[-1].role != "assistant" or not conversation.questions:
            return ()
        turns = (Message("user", conversation.questions[-1]), turns[-1])
    return tuple(Message(turn.role, _harmless(turn)) for turn in turns if turn.role != "system")


def _harmless(turn: Message) -> str:
    if turn.role == "user":
        return neutralise(turn.content)
    cleaner = Cleaner(())
    return cleaner.feed(turn.content) + cleaner.finish()
