"""Earlier talk of a thread as turns that alternate, harmless to the templates."""

from collections.abc import Sequence

from bot.citations import Cleaner
from bot.model import Conversation, Message
from bot.templates import neutralise


def turns_of(conversation: Conversation) -> tuple[Message, ...]:
    """Return what was said in *conversation*, without the articles its prompt showed.

    Of a stored conversation that is its last question and answer; of one read back from Slack, which has no system
    message, everything. Numbers cited in answers are dropped: their articles are not shown any more.
    """
    messages = conversation.messages
    if messages and messages[0].role == "system":
        last = messages[-1]
        if last.role != "assistant" or not conversation.questions:
            return ()
        messages = (Message("user", conversation.questions[-1]), last)
    return tuple(Message(turn.role, _said(turn)) for turn in messages if turn.role != "system")


def merged(turns: Sequence[Message]) -> tuple[Message, ...]:
    """Return *turns* beginning with a person's and alternating, neighbours of one role joined, empty ones left out."""
    result: list[Message] = []
    for turn in turns:
        if not turn.content.strip() or (not result and turn.role != "user"):
            continue
        if result and result[-1].role == turn.role:
            result[-1] = Message(turn.role, f"{result[-1].content}\n\n{turn.content}")
        else:
            result.append(turn)
    return tuple(result)


def _said(turn: Message) -> str:
    if turn.role == "user":
        return neutralise(turn.content)
    cleaner = Cleaner(())
    return cleaner.feed(turn.content) + cleaner.finish()
