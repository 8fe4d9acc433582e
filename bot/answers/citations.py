"""The model's text on its way to people: checked and cleaned while it streams.

Clean means: every [n] is a source that was in the prompt, no link and no image, no token of a template, no
invisible character. What may still become one of these is held back: at most the last word, a bracket, a
piece of code within a line, or a line of a fenced block.
"""

import re
from collections.abc import Collection

from bot.answers import fences
from bot.answers.fences import Fence
from bot.answers.plain import apart, unlinked
from bot.answers.templates import neutralise, visible

_NUMBERS = r"\^?\d+(?:\s*(?:[,，、;；&]|-|–|和|and)\s*\^?\d+)*"
_LABEL = r"(?:(?:sources?|refs?|articles?|来源|文章|引用|资料)\s*[:：]?\s*)?"
_CITATION = re.compile(
    rf"(?P<before>[ \t]*)[\[［【]\s*(?:{_LABEL}(?P<numbers>{_NUMBERS})|n)\s*[\]］】]"
    r"(?P<after>(?=[.,;!?)]*(?:[^!-~]|\Z)))?",
    re.IGNORECASE,
)
"""``after`` tells that a word ends here, so that one without its source takes the space before it along."""
_SPAN = re.compile(r"(\d+)\s*[-–]\s*(\d+)|(\d+)")
_LONGEST_SPAN = 9
_MOST_DIGITS = 6
_WORD = re.compile(r"[!-~]")
_TICK = re.compile(r"\\?`")
_CODE = "\0"
"""Stands before code until a backslash there, which would undo it, is kept away; models cannot write it."""
_OPENERS = {"[": "]", "【": "】", "［": "］"}
_LONGEST_BRACKET = 400
_LONGEST_TARGET = 2_000
_LONGEST_TAG = 400


class Cleaner:
    """Takes the model's text piece by piece and gives back, piece by piece, what is safe to show.

    *known* are the numbers that may be cited; ``cited`` are those that were, in order of first use.
    """

    def __init__(self, known: Collection[int]) -> None:
        self._known = frozenset(known)
        self._rest = ""
        self._fence: Fence | None = None
        self._line_started = False
        self._begun = False
        self.cited: list[int] = []

    def feed(self, text: str) -> str:
        """Return what *text* lets be shown now, "" when it must wait for more."""
        self._rest += visible(text)
        return self._begin("".join(self._shown()))

    def finish(self) -> str:
        """Return what was held back; a fenced block that is still open is closed."""
        shown = "".join(self._shown())
        rest, self._rest = self._rest, ""
        if fence := self._fence:
            shown += self._in_fence(fence, rest)
            if self._fence:
                shown += ("\n" if rest else "") + fence.closing
            return self._begin(shown).rstrip()
        return self._begin(shown + self._clean(rest)).rstrip()

    def _begin(self, shown: str) -> str:
        """Drop blank space before the first word."""
        if not self._begun:
            shown = shown.lstrip()
            self._begun = bool(shown)
        return shown

    def _shown(self) -> "list[str]":
        pieces = []
        while piece := self._code_line(self._fence) if self._fence else self._prose():
            pieces.append(piece)
        return pieces

    def _code_line(self, fence: Fence) -> str:
        line, found, rest = self._rest.partition("\n")
        if not found:
            return ""
        self._rest = rest
        return self._in_fence(fence, line) + "\n"

    def _in_fence(self, fence: Fence, line: str) -> str:
        """Return a line of a fenced block, which may be its last."""
        if fence.closes(line):
            self._fence = None
            return fence.closing
        return neutralise(fence.inside(line))

    def _prose(self) -> str:
        if not self._line_started:
            if opened := fences.OPENING.match(self._rest):
                self._rest = self._rest[opened.end() :]
                self._fence = Fence(*opened.groups(""))
                return neutralise(self._fence.opening)
            if fences.UNDECIDED.match(self._rest):
                return ""
        line, found, rest = self._rest.partition("\n")
        if found:
            self._rest, self._line_started = rest, False
            return self._clean(line) + "\n"
        cut = _settled(line)
        self._rest = line[cut:]
        self._line_started |= cut > 0
        return self._clean(line[:cut])

    def _clean(self, text: str) -> str:
        cleaned = apart(text, self._clean_prose, _clean_code) if text else ""
        return cleaned.replace(f"\\{_CODE}", "\\ ").replace(_CODE, "")

    def _clean_prose(self, prose: str) -> str:
        # A tick without its pair would make code of what follows, for some readers.
        prose = _TICK.sub("", prose)
        for _ in range(8):  # a citation that vanishes may join what was apart
            before, prose = prose, unlinked(_CITATION.sub(self._citation, prose))
            if prose == before:
                break
        return neutralise(prose.replace("](", "] ("))  # of a link whose target is on the next line

    def _citation(self, found: re.Match[str]) -> str:
        numbers = [n for n in _expanded(found["numbers"] or "") if n in self._known]
        for n in numbers:
            if n not in self.cited:
                self.cited.append(n)
        if numbers:
            return found["before"] + "".join(f"[{n}]" for n in dict.fromkeys(numbers))
        return "" if found["after"] is not None else found["before"]


def _clean_code(code: str) -> str:
    """Return code within a line between single ticks, the only form that every reader takes for code."""
    ticks = len(code) - len(code.lstrip("`"))
    inner = code[ticks:-ticks].replace("`", "'")
    return _CODE + neutralise(f"`{inner}`")


def _expanded(numbers: str) -> list[int]:
    """Every number of ``1, 3-5``; a span too long to be meant counts as its ends."""
    found: list[int] = []
    for first, last, single in _SPAN.findall(numbers):
        if single:
            found.append(_number(single))
        elif 0 <= _number(last) - _number(first) <= _LONGEST_SPAN:
            found += range(_number(first), _number(last) + 1)
        else:
            found += [_number(first), _number(last)]
    return found


def _number(digits: str) -> int:
    """The number, or 0, which is no source, for one that no prompt has room for."""
    return int(digits) if len(digits) <= _MOST_DIGITS else 0


def _settled(line: str) -> int:
    """Return how much of *line*, which goes on, can no longer be changed by what follows.

    Signs without a space between them stand or fall together, as a bracket that vanishes would join them; and
    what is open within a pair holds the pair.
    """
    i = start = bound = 0
    while i < len(line):
        char = line[i]
        if char == "\\":
            end = _after_backslash(line, i)
        elif char == "`":
            end = _after_code(line, i)
        elif char in _OPENERS:
            end = _after_bracket(line, i)
        elif char == "(" and line[i - 1 : i] == "]":
            end = _after_target(line, i)
        elif char == "<":
            end = _after_tag(line, i)
        elif _WORD.match(char):
            end = i + 1
        else:
            i += 1
            start = i if i > bound else start
            continue
        if not end:
            break
        bound = max(bound, end)
        i = end if char in "\\`" else i + 1
    while start and line[start - 1] in " \t\\":
        start -= 1
    return start


def _after_backslash(line: str, i: int) -> int:
    """Behind what the backslash at *i* may escape, 0 when that is still to come."""
    return 0 if i + 1 == len(line) else i + 1 + (line[i + 1] in "\\`")


def _after_code(line: str, i: int) -> int:
    """Where the code that opens at *i* ends, 0 when it is still open."""
    run = re.match("`+", line[i:])
    ticks = run[0] if run else "`"
    closing = re.compile(f"(?<!`){ticks}(?!`)").search(line, i + len(ticks))
    return closing.end() if closing and closing.end() < len(line) else 0


def _after_bracket(line: str, i: int) -> int:
    """Where the bracket at *i* and its link target end, 0 when that is still open."""
    end = _after_pair(line, i, _OPENERS[line[i]], _LONGEST_BRACKET)
    return _after_target(line, end) if end > i + 1 else end


def _after_target(line: str, i: int) -> int:
    if i == len(line):
        return 0
    return _after_pair(line, i, ")", _LONGEST_TARGET) if line[i] == "(" else i


def _after_pair(line: str, i: int, closing: str, longest: int) -> int:
    """Where what opens at *i* is closed, code left out; 0 when it is still open, *i* + 1 when too long."""
    depth, j = 0, i
    while j < min(len(line), i + longest):
        if line[j] in "\\`":
            j = _after_code(line, j) if line[j] == "`" else _after_backslash(line, j)
            if not j:
                return 0
            continue
        depth += (line[j] == line[i]) - (line[j] == closing)
        j += 1
        if not depth:
            return j
    return i + 1 if len(line) - i > longest else 0


def _after_tag(line: str, i: int) -> int:
    """Where the tag at *i* ends with all within it, 0 when it is still open, *i* + 1 where it is none."""
    follows = line[i + 1 : i + 2]
    may_be = not follows or follows.isalpha() or follows in "/!|｜@#"
    return _after_pair(line, i, ">", _LONGEST_TAG) if may_be else i + 1
