"""The bot's short sentences: help, refusals, what ``/blog`` tells. Pure.

Each is in the language of what the person wrote (bot.phrases), or in English where they wrote nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.model import Question
from bot.phrases import Phrases, choose, languages, words_for
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Reply, reply, section, sections
from index.errors import IndexFailure
from index.model import Newcomer, Report, Status

ModelState = Literal["", "ready", "missing", "away"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``/blog status`` tells; ``report`` is the last refresh of this process, if it made one.

    ``state`` is the model's: whether it can be asked, was never pulled, or its server does not answer.
    """

    status: Status
    model: str
    now: datetime
    report: Report | None = None
    state: ModelState = ""


def help_text(text: str = "") -> Reply:
    """How to ask."""
    return reply(choose(text).help)


def failed(text: str = "") -> Reply:
    """Something went wrong that nobody expected."""
    return reply(choose(text).failed)


def verb(word: str) -> str:
    """The English verb of ``/blog`` that *word* stands for in any language, or "" when it is none."""
    return next((each.verbs[word.lower()] for each in languages() if word.lower() in each.verbs), "")


def is_me(word: str) -> bool:
    """Whether *word* is how people name themselves in any language."""
    return word.strip().lower() in {each.me for each in languages()}


def channel_refused(question: Question) -> Reply:
    """The bot may not answer in this channel."""
    return reply(words_for(question).channel_refused)


def not_recorded(question: Question) -> Reply:
    """The question could not be written down, so it will not be answered."""
    return reply(words_for(question).not_recorded)


def search_usage(question: Question) -> Reply:
    """``/blog search`` without words."""
    return reply(words_for(question).search_usage)


def search_failed(text: str, failure: IndexFailure) -> Reply:
    """The index cannot be searched."""
    return reply(choose(text).search_failed.format(reason=_reason(failure)))


def forget_usage(question: Question) -> Reply:
    """What ``/blog forget me`` would do."""
    return reply(words_for(question).forget_usage)


def forgotten(question: Question, count: int) -> Reply:
    """A person's questions are deleted."""
    return reply(words_for(question).forgotten.format(count=count))


def status(facts: Facts, text: str = "", *, words: Phrases | None = None) -> Reply:
    """What the bot knows, how old that is, and which model it asks; in the language of *text* or *words*."""
    words = words or choose(text)
    now = facts.status
    lines = words.status.format(
        articles=now.articles,
        passages=now.passages,
        age=age((facts.now - now.published).total_seconds()),
        model=slack_text.escape(facts.model),
    )
    if facts.state:
        state = {"ready": words.model_ready, "missing": words.model_absent, "away": words.model_away}
        lines += f" ({state[facts.state]})"
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


def index_missing(text: str = "", *, words: Phrases | None = None) -> Reply:
    """There is nothing to tell a status of."""
    return reply((words or choose(text)).index_missing)


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


def refresh_alarm(words: Phrases, failure: Exception) -> Reply:
    """A scheduled refresh failed; why is told of failures that are expected, the log knows the others."""
    reason = _reason(failure) if isinstance(failure, IndexFailure) else ""
    return reply(f"⚠️ {words.refresh_failed.format(reason=reason).strip()}")


def refresh_recovered(words: Phrases) -> Reply:
    """Refreshes failed, and do not any more."""
    return reply(f"✅ {words.refresh_recovered}")


def news(words: Phrases, report: Report) -> Reply:
    """What a refresh brought: how much of it, and the new articles."""
    added = words.news_added_one if report.added == 1 else words.news_added.format(n=report.added)
    counts = [
        *([added] if report.added else []),
        *([words.news_changed.format(n=report.changed)] if report.changed else []),
        *([words.news_removed.format(n=report.removed)] if report.removed else []),
    ]
    heading = "📰 " + words.news.format(counts=words.news_comma.join(counts))
    lines = [_newcomer(article) for article in report.newcomers]
    if more := report.added - len(lines):
        lines.append(words.news_more.format(n=more))
    return reply(heading, section(heading), *sections(lines))


def _newcomer(article: Newcomer) -> str:
    title = slack_text.link(article.url, slack_text.shorten(article.title, 200))
    return " · ".join(filter(None, (f"• {title}", slack_text.escape(article.date))))


def _reason(failure: IndexFailure) -> str:
    return slack_text.escape(f"{failure} {failure.fix}".strip())
