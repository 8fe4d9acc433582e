"""What people are shown: answers, reasons why there is none, and the bot's few other sentences. Pure.

Everything is in the language of the question (bot.phrases) and valid within Slack's limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import slack_text
from bot.blocks import (
    MARKDOWN,
    SECTION,
    SHARE,
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
from bot.model import Answer, Question, Source, Stage
from bot.phrases import Phrases, choose, languages
from index.errors import IndexFailure
from index.model import Hit, Report, Status

__all__ = ["Facts", "Reply"]

MOST_SOURCES = 10


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``/blog status`` tells; ``report`` is the last refresh of this process, if it made one."""

    status: Status
    model: str
    now: datetime
    report: Report | None = None


def words_for(question: Question) -> Phrases:
    """The phrases in the language of *question*."""
    return choose(question.text, question.locale)


def stage(question: Question, at: Stage | None = None) -> Reply:
    """A sign of life: the first one, or what is being done now."""
    words = words_for(question)
    return reply(stage_text(words, at or Stage("searching")))


def stage_text(words: Phrases, at: Stage) -> str:
    """One line saying what is being done."""
    if at.name == "queued" and not at.count:
        return words.searching
    sentence: str = getattr(words, at.name)
    return sentence.format(n=at.count)


def progress(question: Question, text: str) -> Reply:
    """The answer so far, of which the end is shown when it has grown past one message."""
    messages = _prose(text, MARKDOWN, classic=False)
    if not messages:
        return stage(question, Stage("writing"))
    return reply(slack_text.escape(text), *messages[-1], context(words_for(question).writing))


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
    sentence = _sentence(words, answer)
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
    """The buttons; a private reply has no timestamp to be known by, its buttons carry the question's id."""
    private = question.kind == "command"
    tail = []
    if answer.outcome in {"answered", "cut_short", "no_source"}:
        tail.append(feedback(words, question.id if private else "", classic=classic))
    if private and answer.text:
        tail.append(actions(button(words.share, SHARE, question.id)))
    return tail


def _notes(words: Phrases, answer: Answer) -> list[Block]:
    notes = []
    if answer.outcome == "cut_short":
        notes.append(f"⚠️ {words.cut_short}")
    if answer.supported is not None and answer.supported < 0.5:  # noqa: PLR2004 - less than half of it
        notes.append(f"⚠️ {words.unsupported}")
    notes.append(words.generated.format(model=slack_text.escape(answer.model or "?")))
    return [*source_blocks(words.sources, answer.sources[:MOST_SOURCES]), context(*notes)]


def _sentence(words: Phrases, answer: Answer) -> str:
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
    return reply(slack_text.escape(answer.text), head, *messages[0], *more, *_notes(words, answer))


def help_text(text: str = "") -> Reply:
    """How to ask."""
    return reply(choose(text).help)


def failed(text: str = "") -> Reply:
    """Something went wrong that nobody expected."""
    return reply(choose(text).failed)


def verb(word: str) -> str:
    """The English verb of ``/blog`` that *word* stands for in any language, or "" when it is none."""
    return next((each.verbs[word.lower()] for each in languages() if word.lower() in each.verbs), "")


def channel_refused(question: Question) -> Reply:
    """The bot may not answer in this channel."""
    return reply(words_for(question).channel_refused)


def not_recorded(question: Question) -> Reply:
    """The question could not be written down, so it will not be answered."""
    return reply(words_for(question).not_recorded)


def search_usage(question: Question) -> Reply:
    """``/blog search`` without words."""
    return reply(words_for(question).search_usage)


def search_results(text: str, hits: Sequence[Hit]) -> Reply:
    """The articles that match, best first, each with its best passage."""
    words = choose(text)
    shown = slack_text.escape(slack_text.shorten(text, 100))
    if not hits:
        return reply(words.search_nothing.format(words=shown))
    sources = [_source(n, hit) for n, hit in enumerate(hits[:MOST_SOURCES], 1)]
    heading = words.search_found.format(words=shown)
    return reply(heading, *source_blocks(heading, sources, passages=True))


def _source(n: int, hit: Hit) -> Source:
    best = hit.passage
    section_ = best.headings[-1] if best.headings else ""
    return Source(n, hit.title, hit.url, hit.path, hit.date, section_, best.text)


def search_failed(text: str, failure: IndexFailure) -> Reply:
    """The index cannot be searched."""
    return reply(choose(text).search_failed.format(reason=_reason(failure)))


def status(facts: Facts, text: str = "") -> Reply:
    """What the bot knows, how old that is, and which model it asks."""
    words = choose(text)
    now = facts.status
    lines = words.status.format(
        articles=now.articles,
        passages=now.passages,
        age=age((facts.now - now.published).total_seconds()),
        model=slack_text.escape(facts.model),
    )
    report = facts.report
    last = _last_refresh(words, report) if report else words.never_refreshed
    return reply(f"{lines}\n{last}")


def _last_refresh(words: Phrases, report: Report) -> str:
    return words.last_refresh.format(
        added=report.added, changed=report.changed, removed=report.removed, seconds=round(report.seconds, 1)
    )


def age(seconds: float) -> str:
    """A duration in its largest unit, as everyone reads it: ``40 s``, ``5 min``, ``3 h``, ``2 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def index_missing(text: str = "") -> Reply:
    """There is nothing to tell a status of."""
    return reply(choose(text).index_missing)


def refresh_started(question: Question) -> Reply:
    """A refresh has begun."""
    return reply(words_for(question).refresh_started)


def refresh_refused(question: Question) -> Reply:
    """Only administrators refresh."""
    return reply(words_for(question).refresh_refused)


def refresh_done(question: Question, report: Report) -> Reply:
    """What a refresh did."""
    return reply(
        words_for(question).refresh_done.format(
            articles=report.articles, added=report.added, changed=report.changed, removed=report.removed
        )
    )


def refresh_failed(question: Question, failure: IndexFailure) -> Reply:
    """Why a refresh did nothing; the sentence is for administrators."""
    return reply(words_for(question).refresh_failed.format(reason=_reason(failure)))


def _reason(failure: IndexFailure) -> str:
    return slack_text.escape(f"{failure} {failure.fix}".strip())
