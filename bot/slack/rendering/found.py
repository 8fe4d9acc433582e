"""Articles that a search found: the pages of ``/blog search``, and more below an answer. Pure."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from bot.model import Answer, Question, Source
from bot.phrases import choose, words_for
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import (
    Block,
    Reply,
    actions,
    button,
    reply,
    section,
    source_blocks,
    source_line,
)
from index.articles import markdown
from index.model import Hit
from index.words import words as words_of

PAGE = 10
LAST = 50
"""Articles after which there is no further page: who has not found it by then asks for something else."""
TURN = "search_page"
EXCERPT = 300
"""Characters of a passage that are shown, from a little before the first word that matched."""

_VALUE = 2_000
_LATIN_OR_CHINESE = re.compile(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]+")


def page(asked: str, hits: Sequence[Hit], start: int = 0) -> Reply:
    """The articles from number *start* on, counted from 0, out of *hits*, best first.

    *hits* should hold one more than the page, if there is one: that is what the button to the next page
    stands for.
    """
    phrases = choose(asked)
    shown = slack_text.escape(slack_text.shorten(asked, 100))
    if not hits[start:]:
        return reply(phrases.search_nothing.format(words=shown))
    heading = phrases.search_found.format(words=shown)
    terms = frozenset(words_of(asked))
    blocks: list[Block] = [section(f"*{heading}*")]
    for n, hit in enumerate(hits[start : start + PAGE], start + 1):
        blocks += [section(source_line(_source(n, hit))), *_quoted(hit.passage.text, terms)]
    turns = []
    if start:
        turns.append((phrases.previous_page, max(0, start - PAGE)))
    if len(hits) > start + PAGE and start + PAGE < LAST:
        turns.append((phrases.next_page, start + PAGE))
    buttons = [_turn(label, asked, to, at) for at, (label, to) in enumerate(turns)]
    if buttons and all(len(each["value"]) <= _VALUE for each in buttons):
        blocks.append(actions(*buttons))
    return reply(heading, *blocks)


def further(question: Question, answer: Answer, hits: Sequence[Hit]) -> Reply:
    """Up to a PAGE of *hits*, best first, that are no sources of *answer*, numbered on from these."""
    phrases = words_for(question)
    named = {source.path for source in answer.sources}
    others = [hit for hit in hits if hit.path not in named][:PAGE]
    if not others:
        return reply(phrases.more_nothing)
    first = 1 + max((source.n for source in answer.sources), default=0)
    sources = [_source(n, hit) for n, hit in enumerate(others, first)]
    return reply(phrases.more_found, *source_blocks(phrases.more_found, sources))


def wanted(value: str) -> tuple[str, int]:
    """What a button to another page stands for: the words, and the number of its first article."""
    found = json.loads(value)
    return str(found["words"]), min(max(0, int(found["from"])), LAST)


def _turn(label: str, asked: str, to: int, at: int) -> Block:
    value = json.dumps({"words": asked, "from": to}, ensure_ascii=False)
    return button(label, f"{TURN}_{at}", value)


def _source(n: int, hit: Hit) -> Source:
    best = hit.passage
    return Source(
        n, hit.title, best.url or hit.url, hit.path, hit.date, best.headings[-1] if best.headings else ""
    )


def _quoted(passage: str, terms: Collection[str]) -> list[Block]:
    """The passage as a quotation with its matches in bold; rich text is not read as Markdown."""
    pieces = list(marked(_excerpt(markdown.line(passage), terms), terms))
    elements: list[dict[str, Any]] = [
        {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {}) for text, bold in pieces
    ]
    return (
        [{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": elements}]}]
        if elements
        else []
    )


def _excerpt(text: str, terms: Collection[str]) -> str:
    first = next(_matches(text, terms), (0, 0))[0]
    start = max(0, first - EXCERPT // 4) if first > EXCERPT // 2 else 0
    cut = text[start:]
    if start and " " in cut[:20]:
        cut = cut.split(" ", 1)[1]
    return ("…" if start else "") + slack_text.shorten(cut, EXCERPT)


def marked(text: str, terms: Collection[str]) -> Iterator[tuple[str, bool]]:
    """*text* in pieces, each with whether it is one of *terms* as index.words knows them."""
    done = 0
    for start, end in _matches(text, terms):
        if start > done:
            yield text[done:start], False
        yield text[start:end], True
        done = end
    if text[done:]:
        yield text[done:], False


def _matches(text: str, terms: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where the terms stand: a Latin word by its stem, a Chinese one as it is written."""
    chinese = sorted((re.escape(term) for term in terms if not term.isascii()), key=len, reverse=True)
    inside = re.compile("|".join(chinese) or r"(?!)", re.IGNORECASE)
    for run in _LATIN_OR_CHINESE.finditer(text):
        if "\u3400" <= run[0][0] <= "\u9fff":
            yield from ((run.start() + m.start(), run.start() + m.end()) for m in inside.finditer(run[0]))
        elif terms and not frozenset(terms).isdisjoint(words_of(run[0])):
            yield run.span()
