"""Just enough Markdown: a text's blocks, its visible words, and the anchors GitHub gives its headings.

Follows CommonMark 0.31 for fences, ATX and setext headings and thematic breaks, except that a fence nobody
closes ends at the next heading: in real articles a stray fence would otherwise swallow every heading after
it.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "fence", "rule", "text"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block: a heading's text, a fence with its marks, a thematic break, or lines up to a blank one.

    ``level`` is 1 to 6 for headings, 0 for everything else; ``source`` is a heading's line as written.
    """

    kind: Kind
    text: str
    level: int = 0
    source: str = ""


_FENCE = re.compile(r"((?:[ \t]*>)*)[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_TIGHT_ATX = re.compile(r"(#{1,6})((?:(?<=##)[^\s#!\d]|[^\x00-\x7f]).*?)#*[ \t]*")
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_NOT_SETEXT = re.compile(r"\s*(?:[-*+>|]|\d+[.)]\s)")
_HIDDEN = re.compile(r"[ \t]*<(!--|script\b|style\b|pre\b)", re.IGNORECASE)
_HIDDEN_END = {"!--": "-->", "script": "</script>", "style": "</style>", "pre": "</pre>"}
_HTML_HEADING = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)</h\1>\s*", re.IGNORECASE | re.DOTALL)
_TAG_NAMES = (
    "a|abbr|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del|details"
    "|dfn|div|dl|dt|em|figcaption|figure|font|footer|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link"
    "|main|mark|meta|nav|nobr|object|ol|p|param|picture|pre|q|s|samp|section|small|source|span|strike|strong|sub"
    "|summary|sup|svg|table|tbody|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr|h[1-6]"
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]>\s*(?=<t[dh]\b)", re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br\s*/?|/p|/div|/li|/tr|/h[1-6]|/dt|/dd)>[ \t]*\n?", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_LINK = re.compile(r"\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
_URL = re.compile(r"<?(?:https?|ftp)://[^\s<>()（）\[\]，。；、\"'`]+>?")
_MARKS = re.compile(r"\*+|~~|(?<!\w)_+|_+(?!\w)|`+")
_PAIRED = re.compile(r"(\*\*|__|`+)(?=\S)(.+?)(?<=\S)\1")
_LEADING = re.compile(r"^[ \t]*(?:(?:`{3}|~{3}).*$|(?:#{1,6}|[-*+>])[ \t]+)", re.MULTILINE)
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


def normal(text: str) -> str:
    """Return *text* with LF line ends, and without byte order marks and NUL."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\ufeff", "").replace("\0", "")


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of *text* in order; blank lines, HTML comments, scripts and styles are left out."""
    lines = text.split("\n")
    here = 0
    paragraph: list[str] = []
    while here < len(lines):
        line = lines[here]
        block, past = _special(lines, here)
        if past == here and len(paragraph) == 1 and (under := _SETEXT.fullmatch(line)):
            block = Block("heading", inline(paragraph.pop()), 1 if under[1][0] == "=" else 2)
            past = here + 1
        elif past == here and _RULE.fullmatch(line):
            block, past = Block("rule", line.strip()), here + 1
        if past == here and line.strip():
            paragraph.append(line.rstrip())
            if len(paragraph) == 1 and _NOT_SETEXT.match(line):
                paragraph.append("")
        else:
            yield from _text(paragraph)
            paragraph = []
        if block and (block.text or block.kind != "heading"):
            yield block
        here = max(past, here + 1)
    yield from _text(paragraph)


def _special(lines: list[str], here: int) -> tuple[Block | None, int]:
    """Return the block that its own marks start at line *here*, and the line after it; or (None, here)."""
    line = lines[here]
    first = line.lstrip()[:1]
    if first in ("`", "~", ">") and (fence := _FENCE.fullmatch(line)):
        return _fence(lines, here, fence)
    if first == "#" and (atx := _ATX.fullmatch(line) or _TIGHT_ATX.fullmatch(line.strip())):
        return Block("heading", inline(atx[2] or ""), len(atx[1]), line), here + 1
    if first == "<" and (hidden := _HIDDEN.match(line)):
        return _hidden(lines, here, hidden[1].lower())
    return None, here


def _fence(lines: list[str], here: int, fence: re.Match[str]) -> tuple[Block | None, int]:
    """Read the fence that opens at *here*; one that is never closed ends before the next heading."""
    quote, mark, info = fence[1].strip(), fence[2], fence[3].strip()
    closing = re.compile(rf"(?:[ \t]*>)*[ \t]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
    end, closed = len(lines), False
    for at in range(here + 1, len(lines)):
        if closing.fullmatch(lines[at]):
            end, closed = at, True
            break
        if quote and not lines[at].lstrip().startswith(">"):
            end = at
            break
    if not closed and not quote:
        end = next((at for at in range(here + 1, end) if _ends_open_fence(lines, at)), end)
    code = [line.rstrip() for line in lines[here + 1 : end]]
    while not closed and code and not code[-1]:
        code.pop()
    if quote:
        code = [re.sub(r"^(?:[ \t]*>)+ ?", "", line) for line in code]
    past = end + 1 if closed else end
    if not any(code):
        return None, past
    return Block("fence", "\n".join([mark + info, *code, mark])), past


def _ends_open_fence(lines: list[str], at: int) -> bool:
    """Whether line *at* shows that the fence above it was never meant to reach here."""
    heading = _ATX.fullmatch(lines[at])
    alone = not lines[at - 1].strip() and (at + 1 == len(lines) or not lines[at + 1].strip())
    if heading and heading[2] and (len(heading[1]) > 1 or alone):
        return True
    fence = _FENCE.fullmatch(lines[at])
    return bool(fence and fence[3].strip())


def _hidden(lines: list[str], here: int, name: str) -> tuple[Block | None, int]:
    """Skip a comment, script or style, which may hold blank lines and headings; keep ``<pre>`` as a fence."""
    ending = _HIDDEN_END[name]
    end = next((at for at in range(here, len(lines)) if ending in lines[at].lower()), None)
    if end is None or (name == "!--" and lines[end].split("-->", 1)[1].strip()):
        return None, here
    if name != "pre":
        return None, end + 1
    code = html.unescape(_TAG.sub("", "\n".join(lines[here : end + 1]))).strip("\n")
    return (Block("fence", f"```\n{code}\n```") if code.strip() else None), end + 1


def _text(paragraph: list[str]) -> Iterator[Block]:
    if not paragraph:
        return
    text = "\n".join(line for line in paragraph if line)
    if heading := _HTML_HEADING.fullmatch(text):
        text = inline(heading[2])
        if text:
            yield Block("heading", text, int(heading[1]))
        return
    yield Block("text", text)


def clean(text: str) -> str:
    """Return *text* without HTML tags and entities, but with its code spans as they are."""
    if "<" not in text and "&" not in text:
        return text
    parts, past = [], 0
    for code in _CODE_SPAN.finditer(text):
        parts += [_without_html(text[past : code.start()]), code[0]]
        past = code.end()
    parts.append(_without_html(text[past:]))
    return "\n".join(line.rstrip() for line in "".join(parts).split("\n") if line.strip())


def _without_html(text: str) -> str:
    text = _COMMENT.sub("", text)
    text = _LINE_END.sub("\n", _CELL_END.sub(" | ", text))
    return html.unescape(_TAG.sub("", text))


def inline(text: str) -> str:
    """Return a heading's text as Markdown without links and images, on one line."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    return " ".join(clean(text).split())


def plain(text: str) -> str:
    """Return the words a reader sees in *text*: no link targets, addresses, images or fence marks."""
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    return _URL.sub(" ", _REFERENCE.sub("", text))


def visible(text: str) -> str:
    """Return what a reader sees of *text*: as ``plain``, without HTML either."""
    return plain(clean(text))


def line(text: str) -> str:
    """Return what a reader sees of *text* in one line, without the marks of headings, lists and code."""
    return " ".join(unmarked(_LEADING.sub("", visible(text))).split())


def unmarked(text: str) -> str:
    """Return *text* without the marks of emphasis and code around its words."""
    return _PAIRED.sub(lambda pair: pair[2], text).strip()


def anchor(heading: str) -> str:
    """Return the fragment GitHub gives *heading*, before it numbers repeated ones.

    As in github/html-pipeline's table of contents filter: lower case, everything but letters, digits, ``_``,
    ``-`` and spaces dropped, spaces turned into hyphens.
    """
    return _NOT_IN_ANCHOR.sub("", _MARKS.sub("", heading).lower()).replace(" ", "-")
