"""Text between Slack and us: entities in, escaped text out; nothing sent can ping or fake a link.

Slack reads ``&``, ``<`` and ``>`` as its own (docs.slack.dev/messaging/formatting-message-text):
``<!channel>`` and ``<@U…>`` ping, ``<url|label>`` links. Outgoing text takes three forms here:
:func:`escape` for mrkdwn, :func:`markdown` for markdown blocks and :func:`mrkdwn` for Markdown where no
markdown block is to be had.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

QUESTION_LIMIT = 12_000
"""Longest question in characters; the rest is cut, no prompt would hold it."""

_ENTITY = re.compile(r"<([^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def clean(text: str, bot_user: str) -> str:
    """The question in a message's text: our own mention gone, the other entities as people see them."""

    def seen(match: re.Match[str]) -> str:
        return _entity(match[1], bot_user)

    plain = unescape(_ENTITY.sub(seen, text))
    return _CONTROL.sub("", plain).strip()[:QUESTION_LIMIT].rstrip()


def _entity(inside: str, bot_user: str) -> str:
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@":
            return "" if target[1:] == bot_user else f"@{label.removeprefix('@') or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
        case _:
            return label or target.removeprefix("mailto:")


def unescape(text: str) -> str:
    """Undo Slack's escaping, which knows these three entities and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Plain text for mrkdwn and for a message's ``text``; ``*_~`` and backticks keep their meaning there."""
    return _CONTROL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    """A mrkdwn link with a plain label; the label alone when *url* is no http(s) address."""
    shown = escape(" ".join(label.replace("`", "").split()))
    if not is_web(url):
        return shown
    safe = url.translate(_IN_URL)
    return f"<{safe}|{shown or safe}>"


def is_web(url: str) -> bool:
    """Whether *url* is an http(s) address that can be linked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


_IN_URL = str.maketrans({
    "|": "%7C", "<": "%3C", ">": "%3E", "&": "&amp;", '"': "%22", " ": "%20", "\\": "%5C",
    "\t": "", "\n": "", "\r": "",
})  # fmt: skip


# Code in Markdown: a fence up to its closing line or the end, or a span of backticks within one line.
_CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*(?:\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
# What Slack or Markdown would act on wherever it is read as prose.
_PING = re.compile(
    r"<(?=@[UWB][A-Z0-9]|#[CGD][A-Z0-9]|!(?:here|channel|everyone|group|subteam|date)|[a-z][a-z0-9+.-]*:)",
    re.IGNORECASE,
)
_TARGET = re.compile(r"\](?=(?:\(|:)\s*<?(?:[a-z][a-z0-9+.-]*:|//|www\.))", re.IGNORECASE)
# Where a paragraph begins this would define a link (CommonMark 0.31.2, 4.7); elsewhere it is a citation.
_DEFINITION = re.compile(r"^((?:[\s>*+-]|\d+[.)])*\[[^\]]*\]):", re.MULTILINE)
_CHARACTER_REFERENCE = re.compile(r"&(?=#?\w+;)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s<>]+)>?(?:\s+\"[^\"\n]*\")?\s*\)")
_ZERO_WIDTH = "\u200b"
CJK = "\u2e80"  # from here on a character is a word's end as good as any


def markdown(text: str) -> str:
    """Markdown from a model for a markdown block, where nothing pings and a link shows where it leads.

    Outside code ``<`` becomes a character reference and ``[label](url)`` is written ``label (url)``; the
    sources below an answer are the links that count. Code must stay as it was written, so there only what
    would ping or link gets a zero-width space, in case Slack disagrees about where the code ends.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n"))
    return close(_outside_code(text, _neutral_prose, _neutral_code))


def growing(text: str) -> str:
    """The part of Markdown being written that no later text changes, as :func:`markdown` shows it.

    What may still become code or a link is held back. A fence stays open, so that this can be appended to.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n"))
    line = text.rfind("\n") + 1
    return _outside_code(text[: line + _settled(text[line:])], _neutral_prose, _neutral_code)


def _settled(line: str) -> int:
    """Where to cut the last line: behind a word, outside brackets and backticks."""
    best, inside, ticks = 0, 0, False
    for end, sign in enumerate(line, 1):
        inside += (sign in "[(") - (sign in "])")
        ticks ^= sign == "`"
        if inside <= 0 and not ticks and (sign.isspace() or sign >= CJK):
            best = end
    return best


def _neutral_prose(text: str) -> str:
    text = _DEFINITION.sub(r"\1 :", _LINK.sub(_spelled_out, text).replace("](", "] ("))
    return _CHARACTER_REFERENCE.sub("&amp;", text).replace("<", "&lt;")


def _spelled_out(match: re.Match[str]) -> str:
    label, url = match[1].strip(), match[2]
    return url if label in {"", url} else f"{label} ({url})"


def _neutral_code(text: str) -> str:
    return _TARGET.sub("]" + _ZERO_WIDTH, _PING.sub("<" + _ZERO_WIDTH, text))


def _outside_code(text: str, prose: Callable[[str], str], code: Callable[[str], str]) -> str:
    """Apply *prose* and *code* to the parts of Markdown *text* that are each."""
    done, at = [], 0
    for match in _CODE.finditer(text):
        done += [prose(text[at : match.start()]), code(match[0])]
        at = match.end()
    return "".join([*done, prose(text[at:])])


def mrkdwn(text: str) -> str:
    """Markdown in Slack's older dialect, escaped, for a workspace that refuses markdown blocks."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n"))
    return _outside_code(close(text), _mrkdwn_prose, _mrkdwn_code)


def _mrkdwn_code(text: str) -> str:
    # A language after the fence would be shown as the first line of the code.
    return escape(re.sub(r"\A( {0,3}(?:`{3,}|~{3,}))[^\n`]*(?=\n|\Z)", r"```", text).replace("~~~", "```"))


def _mrkdwn_prose(text: str) -> str:
    text = escape(_LINK.sub(_spelled_out, text))
    text = re.sub(r"^&gt; ?", "> ", text, flags=re.MULTILINE)
    text = re.sub(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$", r"**\1**", text, flags=re.MULTILINE)
    text = re.sub(r"^(\s*)[*+-][ \t]+", r"\1• ", text, flags=re.MULTILINE)
    text = re.sub(r"~~(.+?)~~", r"~\1~", text)
    return re.sub(r"(\S?)(\*\*|__)(?=\S)(.+?)(?<=\S)\2(?=(\S?))", _bold, text)


def _bold(match: re.Match[str]) -> str:
    """Slack sees bold only between spaces, which Chinese does not write: zero-width ones do."""
    before, after = match[1], match[4]
    left = before + _ZERO_WIDTH if before else ""
    return f"{left}*{match[3]}*{_ZERO_WIDTH if after else ''}"


def close(text: str) -> str:
    """*text* with a fence that is still open closed, as while an answer is being written."""
    fence = _open_fence(text)
    return f"{text.rstrip()}\n{fence.strip()}" if fence else text


def _open_fence(text: str) -> str:
    """The opening fence in force at the end of *text* (its marks, without the language), or ""."""
    fence = ""
    for line in text.split("\n"):
        marks = _FENCE.match(line)
        if not marks:
            continue
        if not fence:
            fence = marks[1] if "`" not in marks[2] else ""
        elif marks[1].startswith(fence) and not marks[2].strip():
            fence = ""
    return fence


def shorten(text: str, limit: int) -> str:
    """*text* within *limit* characters, cut at a line or word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    return "…"[:limit] if limit <= 1 else text[: _cut(text, limit - 1)].rstrip(" \t\n.。") + "…"


def fit_bytes(text: str, limit: int) -> str:
    """*text* within *limit* bytes of UTF-8, an ellipsis at the end when something is missing."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    return raw[: limit - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def split(text: str, limit: int) -> list[str]:
    """Cut Markdown into pieces of at most *limit* characters, at paragraphs, lines or words.

    A fence that a cut falls into is closed before it and opened again after it. *limit* must leave room for
    that: at least 100.
    """
    return list(_pieces(text, limit))


def _pieces(text: str, limit: int) -> Iterator[str]:
    opening = ""
    while len(opening) + len(text) > limit:
        room = limit - len(opening) - _FENCE_ROOM
        at = _cut(text, room)
        piece = opening + text[:at].rstrip("\n")
        fence = _open_fence(piece)[: _FENCE_ROOM - 1]
        yield f"{piece}\n{fence}" if fence else piece
        opening = f"{fence}\n" if fence else ""
        begun = "\n" in text[at - 1 : at + 1]  # else what begins the next piece began no line before
        text = text[at:].lstrip("\n")
        if not begun and (_FENCE.match(text) or _DEFINITION.match(text)):
            text = _ZERO_WIDTH + text
    yield opening + text


_FENCE_ROOM = 20


def _cut(text: str, limit: int) -> int:
    """Where to cut *text* at *limit* or a little before: a paragraph, a line, a sentence or a word's end."""
    least = limit // 2
    for mark in ("\n\n", "\n", "。", ". ", " "):
        at = text.rfind(mark, least, limit)
        if at > 0:
            return at + len(mark)
    return max(limit, 1)
