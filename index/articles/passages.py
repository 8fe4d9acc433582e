"""Cut an article into prompt-sized passages: at headings, never inside a fence or a sentence."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.articles.markdown import Block, anchor, blocks, clean
from index.model import Article, Passage

SHORTEST, LONGEST = 500, 800
"""Characters: a passage is closed at the first heading after SHORTEST, and before it would pass LONGEST."""

_SENTENCE = re.compile(r"[^。！？!?；;\n]*?(?:[。！？!?；;]+[”’」』）)\"']*|\.(?=\s)|\n|\Z)\s*", re.DOTALL)


@dataclass(slots=True)
class _Draft:
    """The passage being filled, and the trail of headings above the next block."""

    trail: dict[int, tuple[str, str]] = field(default_factory=dict)
    above: tuple[tuple[str, str], ...] = ()
    parts: list[str] = field(default_factory=list)
    size: int = 0


def cut(article: Article) -> tuple[Passage, ...]:
    """Return the passages of *article* in order, of 500 to 800 characters where the text allows."""
    return tuple(
        Passage(
            path=article.path,
            number=number,
            headings=tuple(heading for heading, _ in above),
            anchor=above[-1][1] if above else "",
            text=text,
        )
        for number, (above, text) in enumerate(_drafts(article))
    )


def _drafts(article: Article) -> Iterator[tuple[tuple[tuple[str, str], ...], str]]:
    seen = Counter(article.anchors)
    draft = _Draft()
    for block in blocks(article.body):
        if block.kind == "rule":
            continue
        if block.kind == "heading":
            if draft.size >= SHORTEST:
                yield from _close(draft)
            _enter(draft, block, seen)
            continue
        for piece in _pieces(block):
            if draft.size and draft.size + len(piece) > LONGEST:
                yield from _close(draft)
            _add(draft, piece)
    yield from _close(draft)


def _enter(draft: _Draft, heading: Block, seen: Counter[str]) -> None:
    """Put *heading* on the trail; inside a passage that goes on, it also stands in the text."""
    fragment = anchor(heading.text)
    repeated = seen[fragment]
    seen[fragment] += 1
    draft.trail = {level: entry for level, entry in draft.trail.items() if level < heading.level}
    draft.trail[heading.level] = (heading.text, f"{fragment}-{repeated}" if repeated else fragment)
    if draft.parts:
        _add(draft, f"{'#' * heading.level} {heading.text}")


def _add(draft: _Draft, piece: str) -> None:
    if not draft.parts:
        draft.above = tuple(draft.trail[level] for level in sorted(draft.trail))
    draft.parts.append(piece)
    draft.size += len(piece) + 2


def _close(draft: _Draft) -> Iterator[tuple[tuple[tuple[str, str], ...], str]]:
    """Give the filled passage; headings at its end belong to the next one."""
    while draft.parts and re.fullmatch(r"#{1,6} .*", draft.parts[-1]):
        draft.parts.pop()
    if draft.parts:
        yield draft.above, "\n\n".join(draft.parts)
    draft.parts, draft.size = [], 0


def _pieces(block: Block) -> Iterator[str]:
    """Split a block that is too long for one passage: code at line ends, text at sentence ends."""
    if block.kind == "fence":
        yield from [block.text] if len(block.text) <= LONGEST else _fences(block.text)
        return
    text = clean(block.text)
    if len(text) <= LONGEST:
        if text.strip():
            yield text
        return
    yield from _packed((sentence for sentence in _SENTENCE.findall(text) if sentence), "", LONGEST)


def _fences(text: str) -> Iterator[str]:
    first, *lines, last = text.split("\n")
    room = max(LONGEST - len(first) - len(last) - 2, SHORTEST)
    for code in _packed((line + "\n" for line in lines), "", room):
        if code.strip():
            yield f"{first}\n{code}\n{last}"


def _packed(pieces: Iterator[str], start: str, room: int) -> Iterator[str]:
    """Join *pieces* up to *room* characters; one that is longer by itself is cut where room ends."""
    held = start
    for piece in pieces:
        if held and len(held) + len(piece) > room:
            yield held.rstrip()
            held = ""
        held += piece
        while len(held) > room:
            yield held[:room].rstrip()
            held = held[room:]
    if held.strip():
        yield held.rstrip()
