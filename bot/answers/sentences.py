"""Where sentences of Chinese, English and Markdown end."""

import re
from collections.abc import Callable

from bot.answers.plain import CODE

_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|al|approx|fig|no|dr|mr|ms)|\b[A-Za-z]|^\s*\d{1,3})\.$", re.IGNORECASE
)
_END = re.compile(r"[。！？；!?]+[”’\"'」』）)\]*]*|\.+[”’\"')*]*(?=\s|\Z)|\n+")
_CITED = re.compile(r"(?:[ \t]*\[\d+\])*[ \t]*")
_PART = 40
_GAP = "\n[…]\n"


def sentences(text: str) -> list[str]:
    """Cut *text* into sentences that together give it back; a fenced block is one, a line end is an end.

    Citations behind a full stop belong to the sentence before them, as do spaces.
    """
    pieces: list[str] = []
    last = 0
    for fence in CODE.finditer(text):
        if fence["fence"] is not None:
            pieces += _prose(text[last : fence.start()])
            pieces.append(fence[0])
            last = fence.end()
    return pieces + _prose(text[last:])


def _prose(text: str) -> list[str]:
    pieces, start = [], 0
    for found in _END.finditer(text):
        if found.start() < start or _goes_on(text, start, found):
            continue
        end = found.end()
        if "\n" not in found[0] and (cited := _CITED.match(text, end)):
            end = cited.end()
        while end < len(text) and text[end] == "\n":
            end += 1
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]] if start < len(text) else pieces


def _goes_on(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the full stop of *found* belongs to an abbreviation or to the number of a list item."""
    if not found[0].startswith("."):
        follows = text[found.end() : found.end() + 1]
        return found[0][0] in "!?" and (follows.isalnum() or follows == "=")
    return _ABBREVIATION.search(text[start : found.start() + 1].rsplit("\n", 1)[-1]) is not None


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """Return *text*, or as much of its beginning and end as *fits* allows, with a mark where its middle was.

    Cuts between sentences; a sentence longer than 200 characters may be cut within, since people ask
    without stops.
    """
    if fits(text):
        return text
    parts = [part[i : i + _PART] for part in sentences(text) for i in range(0, len(part), _PART)]

    def kept(count: int) -> str:
        tail = count // 3
        return "".join((*parts[: count - tail], _GAP, *parts[len(parts) - tail :])).strip()

    least, most = 0, len(parts)
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if fits(kept(middle)) else (least, middle)
    return kept(least)
