"""The few Block Kit shapes the bot uses, within Slack's limits (docs.slack.dev/reference/block-kit). Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from bot.model import Source
from bot.phrases import Phrases
from bot.slack.rendering import text as slack_text

Block = dict[str, Any]

SECTION = 3_000
CONTEXT = 3_000
MARKDOWN = 11_500
"""Characters of Markdown in one message: Slack allows 12,000 in its markdown blocks together."""
TEXT_BYTES = 3_900
"""``chat.update`` refuses a ``text`` over 4,000 bytes, counted after escaping (gitlab-org/gitlab!258898)."""
URL = 1_000
"""Longest address that is linked; longer ones would crowd out the other sources of a section."""

MOST_SOURCES = 10

FEEDBACK = "feedback"
AGAIN = "again"
MORE = "more"
SHARE = "share"
STOP = "stop"


_PICTURE = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)")
_FENCE = re.compile(r"(?:`{3,}|~{3,})")
_NOTHING = re.compile(r"[`~]*$")
_OF_ITS_OWN = re.compile(r"#{1,6}\s|\|")
"""Headings and rows of tables: a line behind one does not go on with it."""
_BEGINS = re.compile(rf"[-*+>]\s|\d+[.)]\s|{_OF_ITS_OWN.pattern}")


class Reply(TypedDict):
    """A message to Slack: ``text`` for notifications, ``blocks`` for the eye."""

    text: str
    blocks: list[Block]


def reply(text: str, *blocks: Block) -> Reply:
    """A reply whose notification is the mrkdwn *text*; without *blocks* the text is its only section."""
    shown = slack_text.fit_bytes(text, TEXT_BYTES)
    return Reply(text=shown if shown.strip() else "…", blocks=list(blocks) or [section(text)])


def section(text: str) -> Block:
    """A section of mrkdwn, escaped by the caller."""
    return {"type": "section", "text": mrkdwn(text, SECTION)}


def sections(lines: Iterable[str]) -> list[Block]:
    """Lines of mrkdwn in as few sections as hold them; no line is cut unless it alone is too long."""
    packed: list[str] = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= SECTION:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return [section(text) for text in packed]


def context(*texts: str) -> Block:
    """Small print in mrkdwn, escaped by the caller."""
    elements = [mrkdwn(text, CONTEXT) for text in texts if text]
    return {"type": "context", "elements": elements[:10]}


def mrkdwn(text: str, limit: int) -> Block:
    """A mrkdwn object, escaped by the caller; verbatim, or Slack would link every bare address in it."""
    return {"type": "mrkdwn", "text": slack_text.shorten(text, limit), "verbatim": True}


def markdown(text: str) -> Block:
    """A markdown block of at most MARKDOWN characters, neutralised by the caller."""
    return {"type": "markdown", "text": text}


def plain(text: str, limit: int = 75) -> Block:
    """A plain_text object, where nothing is read as anything but text."""
    return {"type": "plain_text", "text": slack_text.shorten(text, limit), "emoji": True}


def button(label: str, action: str, value: str) -> Block:
    """A button; *value* comes back with the press (at most 2,000 characters)."""
    return {"type": "button", "action_id": action, "text": plain(label), "value": value}


def actions(*elements: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def feedback(words: Phrases, name: str, *, classic: bool = False) -> Block:
    """Good and bad; *name* tells which reply is meant. *classic* for workspaces without feedback buttons."""
    if classic:
        return actions(
            button(f"👍 {words.good}", f"{FEEDBACK}_good", f"good {name}"),
            button(f"👎 {words.bad}", f"{FEEDBACK}_bad", f"bad {name}"),
        )
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": {"text": plain(words.good), "value": f"good {name}"},
        "negative_button": {"text": plain(words.bad), "value": f"bad {name}"},
    }
    return {"type": "context_actions", "elements": [element]}


def source_line(source: Source) -> str:
    """``[1] title · date · section`` in mrkdwn, the title a link where there is an address."""
    url = source.url if len(source.url) <= URL else ""
    title = slack_text.link(url, slack_text.shorten(source.title or source.path, 200))
    more = [
        slack_text.escape(slack_text.shorten(part, 100)) for part in (source.date, source.section) if part
    ]
    return " · ".join([f"[{source.n}] {title}", *more])


def quote(text: str, limit: int = 500) -> str:
    """A passage as a mrkdwn quotation: at most *limit* characters before escaping, no fences, no pictures."""
    lines = _unwrapped(_PICTURE.sub("", text).splitlines())
    shown = slack_text.mrkdwn(slack_text.shorten("\n".join(lines), limit))
    return "\n".join(f"> {line}" for line in shown.splitlines())


def _unwrapped(lines: Iterable[str]) -> list[str]:
    """Paragraphs as one line each, since mrkdwn keeps line ends; code as it is, without its fences."""
    kept: list[str] = []
    fenced = goes_on = False
    for whole in lines:
        line = whole.strip()
        if _FENCE.match(line):
            fenced, goes_on = not fenced, False
        elif _NOTHING.match(line):
            goes_on = False
        elif goes_on and not _BEGINS.match(line):
            kept[-1] += ("" if kept[-1][-1] >= slack_text.CJK <= line[0] else " ") + line
        else:
            kept.append(whole.rstrip() if fenced else line)
            goes_on = not fenced and not _OF_ITS_OWN.match(line)
    return kept


def source_blocks(heading: str, sources: Sequence[Source], *, passages: bool = False) -> list[Block]:
    """The sources under a heading, with their best passage quoted where *passages* is set."""
    if not sources:
        return []
    if not passages:
        return sections([f"*{heading}*", *map(source_line, sources)])
    quoted = ("\n".join(filter(None, (source_line(each), quote(each.passage)))) for each in sources)
    return [section(f"*{heading}*"), *map(section, quoted)]
