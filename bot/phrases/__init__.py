"""The sentences people read, one file a language.

A language is added by one file beside this one that defines ``WORDS``; nothing else names the languages.
Placeholders in braces are filled with :meth:`str.format`. Values are plain text for mrkdwn: what is filled in
must be escaped by the caller (bot.slack.rendering.text); the sentences hold no ``&``, ``<`` or ``>``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from bot.model import Question


@dataclass(frozen=True, slots=True)
class Phrases:
    """Every sentence in one language.

    ``code`` is the language's ISO 639-1 code. ``signs`` is a regular expression found in texts of this
    language; languages are tried by ``turn``, lowest first, rare before common.
    ``verbs`` are the words of ``/blog`` in this language, with the English ones they stand for, ``settings``
    those of ``/blog policy``.
    """

    code: str
    turn: int
    signs: str
    verbs: Mapping[str, str]
    settings: Mapping[str, str]
    language_name: str

    # while waiting
    searching: str
    queued: str
    reading: str
    loading: str
    loading_usually: str
    writing: str
    stop: str
    stop_refused: str
    stop_late: str

    # under an answer
    sources: str
    generated: str
    unsupported: str
    mark_means: str
    good: str
    bad: str
    share: str
    more: str
    more_found: str
    more_nothing: str
    again: str
    again_refused: str
    again_known: str

    # instead of an answer
    no_source: str
    no_other_source: str
    nearest: str
    model_unavailable: str
    model_missing: str
    busy: str
    cut_short: str
    stopped: str
    failed: str
    matches: str

    # talk
    help: str
    channel_refused: str
    not_installed: str
    not_recorded: str
    shared_by: str
    shared: str
    share_gone: str
    thanks: str
    why_title: str
    why_label: str
    why_hint: str
    send: str
    cancel: str

    # commands
    status: str
    never_refreshed: str
    last_refresh: str
    index_missing: str
    refresh_started: str
    refresh_done: str
    refresh_refused: str
    refresh_failed: str
    refresh_recovered: str
    news: str
    news_added: str
    news_added_one: str
    news_changed: str
    news_removed: str
    news_comma: str
    news_more: str
    search_usage: str
    search_found: str
    search_nothing: str
    search_failed: str
    next_page: str
    previous_page: str
    model_ready: str
    model_absent: str
    model_away: str
    me: str
    forget_usage: str
    forgotten: str

    # policy
    policy_title: str
    policy_usage: str
    policy_kept: str
    policy_refused: str
    answers_mentions: str
    answers_follow_ups: str
    answers_all: str
    policy_within: str
    policy_whole: str
    policy_articles: str
    policy_language: str
    policy_any_language: str
    policy_private: str
    policy_public: str

    # home
    home_title: str
    home_prompts: str
    home_freshness: str
    home_questions: str
    home_policies: str
    home_how_policies: str
    home_no_policies: str


@cache
def languages() -> tuple[Phrases, ...]:
    """Every language there is a file for, in the order in which they are tried on a text."""
    found = (import_module(f"{__name__}.{module.name}").WORDS for module in iter_modules(__path__))
    return tuple(sorted(found, key=lambda words: words.turn))


def choose(text: str, locale: str = "") -> Phrases:
    """The phrases for a person who wrote *text*; where that does not tell, Slack's *locale* (``zh-CN``)."""
    for words in languages():
        if re.search(words.signs, text):
            return words
    by_code = {words.code: words for words in languages()}
    return by_code.get(locale[:2].lower()) or by_code["en"]


def words_for(question: Question) -> Phrases:
    """The phrases in the language of *question*, or in that of its channel."""
    settled = next((words for words in languages() if words.code == question.language), None)
    return settled or choose(question.text, question.locale)
