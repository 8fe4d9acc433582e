"""What people are shown for a question: signs of life, the answer, or why there is none. Pure.

Everything is in the language of the question (bot.phrases) and valid within Slack's limits.
"""

from bot.answers.grounding import MARK
from bot.model import Answer, Question, Stage
from bot.phrases import Phrases, words_for
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import (
    AGAIN,
    MARKDOWN,
    MORE,
    MOST_SOURCES,
    SECTION,
    SHARE,
    STOP,
    TEXT_BYTES,
    Block,
    Reply,
    actions,
    button,
    context,
    feedback,
    markdown,
    reply,
    section,
    source_blocks,
)
from bot.slack.rendering.notices import Facts

__all__ = ["Facts", "Reply"]


def stage(question: Question, at: Stage | None = None) -> Reply:
    """A sign of life: the first one, or what is being done now, with a button to stop it."""
    words = words_for(question)
    line = stage_text(words, at or Stage("searching"))
    if at is None or at.name in {"queued", "searching"}:
        return reply(line)
    return reply(line, section(line), _stop(words, question))


def _stop(words: Phrases, question: Question) -> Block:
    return actions(button(words.stop, STOP, f"{question.person} {question.id}"))


def stage_text(words: Phrases, at: Stage) -> str:
    """One line saying what is being done."""
    if at.name == "queued" and not at.count:
        return words.searching
    if at.name == "loading" and at.count:
        return words.loading_usually.format(n=at.count)
    sentence: str = getattr(words, at.name)
    return sentence.format(n=at.count)


def writing(question: Question) -> Reply:
    """The sign above an answer that grows in a stream."""
    return stage(question, Stage("writing"))


def progress(question: Question, text: str) -> Reply:
    """The answer so far, of which the end is shown when it has grown past one message."""
    words = words_for(question)
    messages = _prose(text, MARKDOWN, classic=False)
    if not messages:
        return stage(question, Stage("writing"))
    return reply(slack_text.escape(text), *messages[-1], context(words.writing), _stop(words, question))


def render(
    question: Question, answer: Answer, *, limit: int = MARKDOWN, classic: bool = False
) -> tuple[Reply, ...]:
    """The finished reply to *question*: usually one message, more where the answer is longer than one holds.

    *limit* is the most characters of answer in a message; *classic* avoids the block types that an older
    workspace refuses.
    """
    words = words_for(question)
    tail = _tail(words, question, answer, classic=classic)
    messages = _prose(answer.text, limit, classic=classic)
    if messages and answer.outcome in {"answered", "cut_short"}:
        messages[-1] += [*_notes(words, answer), *tail]
        texts = slack_text.split(answer.text, TEXT_BYTES)
        texts += [texts[-1]] * len(messages)
        return tuple(
            reply(slack_text.escape(text), *blocks) for text, blocks in zip(texts, messages, strict=False)
        )
    sentence = _sentence(words, question, answer)
    sources = answer.sources[:MOST_SOURCES]
    if answer.outcome == "no_source":
        found = source_blocks(words.nearest, sources)
    else:
        found = source_blocks(words.matches, sources, passages=True)
    return (reply(sentence, section(sentence), *found, *tail),)


def _prose(text: str, limit: int, *, classic: bool) -> list[list[Block]]:
    """The blocks of each message that the answer's text takes; none for a text of spaces."""
    shown = slack_text.mrkdwn(text) if classic else slack_text.markdown(text)
    pieces = [piece for piece in slack_text.split(shown, limit) if piece.strip()]
    if not classic:
        return [[markdown(piece)] for piece in pieces]
    return [[section(part) for part in slack_text.split(piece, SECTION) if part.strip()] for piece in pieces]


def _tail(words: Phrases, question: Question, answer: Answer, *, classic: bool) -> list[Block]:
    """The buttons; the question's id tells them which reply they stand under, whichever its last message."""
    tail, buttons = [], []
    if answer.outcome in {"answered", "cut_short", "no_source"}:
        tail.append(feedback(words, question.id, classic=classic))
    if answer.more and answer.outcome != "no_source":
        buttons.append(button(words.more, MORE, question.id))
        buttons.append(button(words.again, AGAIN, question.id))
    if question.kind == "command" and answer.text:
        buttons.append(button(words.share, SHARE, question.id))
    return [*tail, actions(*buttons)] if buttons else tail


def _notes(words: Phrases, answer: Answer) -> list[Block]:
    notes = []
    if answer.stopped:
        notes.append(f"⏹️ {words.stopped}")
    elif answer.outcome == "cut_short":
        notes.append(f"⚠️ {words.cut_short}")
    if MARK in answer.text:
        notes.append(words.mark_means.format(mark=MARK))
    if answer.supported is not None and answer.supported < 0.5:  # noqa: PLR2004 - less than half of it
        notes.append(f"⚠️ {words.unsupported}")
    notes.append(words.generated.format(model=slack_text.escape(answer.model or "?")))
    return [*source_blocks(words.sources, answer.sources[:MOST_SOURCES]), context(*notes)]


def _sentence(words: Phrases, question: Question, answer: Answer) -> str:
    if answer.stopped:
        return words.stopped
    if answer.outcome == "no_source" and question.without:
        return words.no_other_source
    outcome = "failed" if answer.outcome == "answered" else answer.outcome
    sentence: str = getattr(words, outcome)
    detail = answer.detail or answer.model
    return sentence.format(detail=slack_text.escape(slack_text.shorten(detail.replace("`", ""), 200)))


def shared(question: Question, answer: Answer, person: str) -> Reply:
    """An answer that *person* got privately and shows to the channel."""
    words = words_for(question)
    asked = slack_text.escape(slack_text.shorten(question.text, 1_000))
    head = section(words.shared_by.format(person=person, question=asked))
    messages = _prose(answer.text, MARKDOWN, classic=False)
    more = [context("…")] if len(messages) > 1 else []
    return reply(
        slack_text.escape(answer.text),
        head,
        *(messages[0] if messages else []),
        *more,
        *_notes(words, answer),
    )
