"""A fenced block of an answer, put so that all its readers see it begin and end at the same lines.

Behind the mark of a list item, or more than three columns in, some see no fence. In an item or a quotation
CommonMark (0.31.2, 5.1 and 5.2) ends it before a line that is not as far in, or not marked, where others wait
for its ticks. So a fence gets a line of its own, at most three columns in and outside any quotation, and none
of its lines stands further out than itself.
"""

import re

_MARK = r"(?:[-*+]|\d+[.)])"

OPENING = re.compile(
    rf"((?:(?:[ \t]*>)+ ?)?)([ \t]*)(?:({_MARK})[ \t]+)?(~{{3,}}|`{{3,}}(?=[^`\n]*\n))([^\n]*)\n"
)
"""The line that opens a fence: quotation and list marks, ticks or tildes, the language."""

UNDECIDED = re.compile(
    rf"[ \t>]*(?:(?:[-*+]|\d+[.)]?)\Z|(?:{_MARK}[ \t]+)?(?:`{{0,2}}|`{{3,}}[^`\n]*|~{{0,2}}|~{{3,}}[^\n]*)\Z)"
)
"""A line's beginning that may become an opening."""

_TICKS = "```"
_MANY_TICKS = re.compile("`{3,}")
_QUOTED = re.compile(r"\A(?:[ \t]*>)+ ?")
_FURTHEST = 3


class Fence:
    """One fence, from the groups of its opening."""

    def __init__(self, quoted: str, blanks: str, mark: str, ticks: str, language: str) -> None:
        self._quoted, self._ticks = bool(quoted), ticks
        written = _width(blanks) + (len(mark) + 1 if mark else 0)
        self._column = min(written, _FURTHEST)
        self._shift = self._column - written
        number = f"{blanks}{mark}\n" if mark[:1].isdigit() else ""  # a bullet says nothing, a number may
        self.closing = " " * self._column + _TICKS
        self.opening = f"{number}{self.closing}{language.replace('`', '')}\n"

    def closes(self, line: str) -> bool:
        """Whether *line* ends the block."""
        ticks = line.strip(" \t>")
        return ticks.startswith(self._ticks) and len(set(ticks)) == 1

    def inside(self, line: str) -> str:
        """Return a *line* of code in its place, without ticks that some readers would take for the end.

        Where it was too far out, the lines behind it move with it.
        """
        line = _MANY_TICKS.sub("``", _QUOTED.sub("", line) if self._quoted else line)
        code = line.lstrip(" \t")
        if not code:
            return line
        column = _width(line[: len(line) - len(code)])
        self._shift = max(self._shift, self._column - column)
        return " " * (column + self._shift) + code if self._shift else line


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(4))
