"""What a message or view shows, as plain text: for tests and for search on the page's behalf."""

from typing import Any

from bot.playground.model import Json

TEXTS = ("text", "title", "label", "placeholder", "description", "alt_text")
HOLDERS = ("blocks", "elements", "fields", "accessory", "element", "options", "rows", "positive_button")


def shown(message: Json) -> str:
    """Every text *message* shows, one a line: that of its blocks, or without blocks its ``text``."""
    blocks = message.get("blocks")
    return "\n".join(_texts(blocks)) if blocks else str(message.get("text", ""))


def _texts(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, list):
        return [text for item in part for text in _texts(item)]
    if not isinstance(part, dict):
        return []
    return [
        text for name in (*TEXTS, *HOLDERS, "negative_button") if name in part for text in _texts(part[name])
    ]
