"""Whether the articles say what the answer says: each sentence against the passages it cites, in code.

A sentence is supported when its words stand close together in a passage, its numbers stand there with the
same units, its names and code stand in the article, and what it denies is denied there.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.answers.claims import Clause, clauses, counts, names, opposed, reversed_order, spelt
from bot.answers.languages import language
from bot.answers.sentences import sentences
from bot.model import Source
from index.words import words

MARK = "⁽?⁾"
"""Stands behind a sentence that the cited articles do not support."""

CITED = re.compile(r"\[(\d+)\]")
_NOT_CLAIM = re.compile(
    r"[?？][*_)\s]*$|[:：][*_\s]*$|^\s*(?:#{1,6}\s|\||[-=*_]{3,}\s*$)|"
    r"博客[里中]?.{0,6}(?:没有|未|不)|(?:文章|资料|段落|内容)[里中]?.{0,6}(?:没有|未|不)(?:提|说|写|涉|给|包|找)|"
    r"\b(?:blog|articles?|passages?)\b.{0,20}\b(?:not|no|n't)\b|"
    r"\bnot (?:in|mentioned in|covered by) the (?:blog|articles?|passages?)|"
    r"^\s*(?:总之|希望|当然|好的|以上|i hope|sure)",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^\s*(?:[-*+•>]\s+|\d{1,3}[.)、]\s*)+")
_MIN_WORDS = 2
_NEAR, _FAR = 0.55, 0.75
"""Share of a sentence's words that must stand in one to two sentences, or in one passage, of an article."""
_PAIR = 2
_SHORT = 3
_BAND = 0.1
"""How much less than the closest stretch another may hold of the words and still count."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of an article: the clauses of some neighbouring sentences."""

    text: str
    clauses: tuple[Clause, ...]
    words: frozenset[str]
    near: bool

    @classmethod
    def of(cls, text: str, found: tuple[Clause, ...], *, near: bool) -> "_Window":
        return cls(text, found, frozenset().union(*(clause.words for clause in found)), near)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one article shows, taken apart for many checks."""

    language: str
    text: str
    windows: tuple[_Window, ...]


def evidence(source: Source) -> Evidence:
    """Take apart what the prompt shows of *source*."""
    windows: list[_Window] = []
    for passage in re.split(rf"(?:\A|\n\n)\[{source.n}\] ", source.shown or source.passage):
        parts = [(part, tuple(clauses(part))) for part in sentences(passage)]
        parts = [part for part in parts if part[1]]
        for i, (text, found) in enumerate(parts):
            windows.append(_Window.of(text, found, near=True))
            if i:
                before, earlier = parts[i - 1]
                windows.append(_Window.of(before + text, (*earlier, *found), near=True))
        if len(parts) > _PAIR:
            windows.append(
                _Window.of(passage, tuple(clause for _, each in parts for clause in each), near=False)
            )
    text = f"{source.title}\n{source.shown or source.passage}"
    return Evidence(language(text), text.lower(), tuple(windows))


def supported(sentence: str, cited: Collection[Evidence]) -> bool | None:
    """Return whether any of *cited* says what *sentence* says, None when that cannot be checked.

    Between languages only numbers and names can be compared; a sentence without them is not checked.
    """
    claim = _LIST_MARK.sub("", CITED.sub("", sentence)).strip()
    if not cited or _NOT_CLAIM.search(sentence.strip()) or len(set(words(claim))) < _MIN_WORDS:
        return None
    if claim.startswith("```"):
        return any(_has_code(claim, each) for each in cited)
    called, parts = names(claim), clauses(claim)
    spoken = language(claim)
    verdicts = []
    for each in cited:
        if each.language == spoken:
            verdicts.append(_named(called, each) and _stated(claim, parts, each))
        elif called or any(part.numbers for part in parts):
            verdicts.append(_named(called, each) and _counted(parts, each.text))
    return any(verdicts) if verdicts else None


def _named(called: Iterable[str], article: Evidence) -> bool:
    return all(name in article.text or _stem(name) in article.text for name in called)


def _stem(name: str) -> str:
    return name.removesuffix("()").removesuffix("'s").rstrip("s") if len(name) > _SHORT else name


def _counted(parts: Iterable[Clause], text: str) -> bool:
    """Whether *text*, in another language, holds the numbers of the claim."""
    said = {number for part in parts for number in part.numbers if number[0].isdigit()}
    return all(re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", text) for number in said)


def _stated(claim: str, parts: Collection[Clause], article: Evidence) -> bool:
    """Whether a stretch with most of the claim's words agrees, and the closest does not contradict it."""
    said: frozenset[str] = frozenset().union(*(part.words for part in parts))
    # a single character says half of what a word says
    weak = frozenset(word for word in said if len(word) == 1 and not word.isascii())
    weight = len(said) - len(weak) / 2 or 1
    found = []
    for window in article.windows:
        common, least = said & window.words, _NEAR if window.near else _FAR
        if len(common) < least * weight:
            continue
        share = (len(common) - len(common & weak) / 2) / weight
        if share >= least:
            found.append((share, -len(window.text), window))
    if not found:
        return False
    found.sort(key=lambda each: each[:2], reverse=True)
    best, _, closest = found[0]
    if any(_contradicted(part, closest.clauses) for part in parts) or reversed_order(claim, closest.text):
        return False
    return any(_agrees(claim, parts, window) for share, _, window in found if share >= best - _BAND)


def _agrees(claim: str, parts: Collection[Clause], window: _Window) -> bool:
    """Whether numbers, denials and directions of the claim are those of *window*."""
    if any(_contradicted(part, window.clauses) for part in parts) or not _counts_agree(claim, parts, window):
        return False
    return not (window.near and reversed_order(claim, window.text))


def _counts_agree(claim: str, parts: Collection[Clause], window: _Window) -> bool:
    """Whether the numbers of the claim stand in *window*, in digits or words, with the same units."""
    spelt_out = counts(claim)
    if not spelt_out and not any(part.numbers for part in parts):
        return True
    held: dict[str, frozenset[str]] = {}
    for clause in window.clauses:
        for number, units in clause.numbers.items():
            held[number] = held.get(number, frozenset()) | units
    known = held.keys() | spelt(window.text)
    return spelt_out <= known and all(
        number in known and not (units and held.get(number) and not units & held[number])
        for part in parts
        for number, units in part.numbers.items()
    )


def _contradicted(part: Clause, against: Collection[Clause]) -> bool:
    """Whether *against* denies what *part* says, or says it of another number or direction."""
    denied, shadowed, held = (
        frozenset[str]().union(*found)
        for found in zip(*((each.denied, each.shadowed, each.words) for each in against), strict=True)
    )
    affirmed = frozenset[str]().union(*(each.words - each.shadowed for each in against))
    if part.denied & (held - shadowed) or (part.words - part.shadowed) & (denied - affirmed):
        return True
    return any(_turned(part, nearest) for nearest in _nearest(part, against))


def _nearest(part: Clause, against: Collection[Clause]) -> list[Clause]:
    """Return the clause that shares most words with *part*, and the one that shares a number and a word."""
    alike = max(against, key=lambda clause: len(part.words & clause.words))
    same = [each for each in against if part.numbers.keys() & each.numbers.keys() and part.words & each.words]
    return [*([alike] if len(alike.words & part.words) * 2 >= len(part.words) else []), *same[:1]]


def _turned(part: Clause, nearest: Clause) -> bool:
    """Whether *nearest* says what *part* says with another number, or of the opposite."""
    moved = part.numbers and nearest.numbers and not part.numbers.keys() & nearest.numbers.keys()
    return bool(moved) or opposed(part.text, nearest.text)


def _has_code(block: str, article: Evidence) -> bool:
    """Whether most lines of a fenced block stand in the article."""
    lines = [" ".join(line.split()).lower() for line in block.splitlines()[1:] if line.strip(" `")]
    text = " ".join(article.text.split())
    return bool(lines) and sum(line in text for line in lines) * 2 > len(lines)
