"""Slack's published limits on messages, blocks and views, enforced so that a test meets Slack's own refusal.

Lengths are characters, from https://docs.slack.dev/reference/block-kit/. Where Slack publishes none they are
as reported: Markdown blocks past 13,200 characters in all are ``msg_blocks_too_long`` (bolt-js#2509).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.model import Json

TEXT, MARKDOWN_CALL, MARKDOWN_MESSAGE, STREAM = 40_000, 12_000, 13_200, 12_000
MESSAGE_BLOCKS, VIEW_BLOCKS, SECTION_FIELDS, URL_LENGTH = 50, 100, 10, 3000
EVERYWHERE = {"section", "header", "divider", "context", "actions", "image", "input", "rich_text", "video"}
MESSAGES_ONLY = {
    *("markdown", "context_actions", "table", "file", "task_card", "plan", "alert", "card", "carousel"),
    *("container", "data_table", "data_visualization"),
}
ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}
CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}
OPTIONS = {
    "overflow": 5,
    "static_select": 100,
    "multi_static_select": 100,
    "radio_buttons": 10,
    "checkboxes": 10,
}
URL = re.compile(r"(https?|mailto|slack|tel):", re.IGNORECASE)


class Refusal(Exception):
    """The stand-in's ``{"ok": false}``: ``code`` is Slack's error, ``detail`` explains it to developers."""

    def __init__(self, code: str, *detail: str, **more: str) -> None:
        super().__init__(code, *detail)
        self.code, self.detail, self.more = code, detail, more


def check_text(text: Any) -> None:
    """Refuse a text that is no string or longer than Slack keeps."""
    if not isinstance(text, str):
        raise Refusal("invalid_arguments", "text must be a string")
    if len(text) > TEXT:
        raise Refusal("msg_too_long")


def check_message_blocks(blocks: Any) -> None:
    """Refuse blocks that a message may not hold, naming every fault."""
    faults = list(_blocks(blocks, EVERYWHERE | MESSAGES_ONLY, MESSAGE_BLOCKS))
    if faults:
        raise Refusal("invalid_blocks", *faults)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_MESSAGE:
        raise Refusal("msg_blocks_too_long")


def check_view(view: Any) -> None:
    """Refuse a modal or App Home that Slack would not open."""
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        raise Refusal("invalid_arguments", "view.type must be modal or home")
    faults = list(_blocks(view.get("blocks"), EVERYWHERE, VIEW_BLOCKS))
    if view["type"] == "modal":
        faults += [fault for name in ("title", "submit", "close") for fault in _label(view, name, 24)]
        if "title" not in view:
            faults.append("missing required field: title")
        if "submit" not in view and any(b.get("type") == "input" for b in view.get("blocks") or []):
            faults.append("submit is required when the view holds input blocks")
    faults += _text(view.get("private_metadata", ""), "private_metadata", 3000, least=0)
    faults += _text(view.get("callback_id", "-"), "callback_id", 255)
    if faults:
        raise Refusal("invalid_arguments", *faults)


def _blocks(blocks: Any, allowed: set[str], most: int) -> Iterator[str]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield "must be an array of blocks"
        return
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:/blocks]"
    yield from _twice((block.get("block_id") for block in blocks), "block_id")
    for at, block in enumerate(blocks):
        kind = block.get("type")
        faults = _block(block) if kind in allowed else [f"unsupported type: {kind}"]
        yield from (f"{fault} [json-pointer:/blocks/{at}]" for fault in faults)


def _block(block: Json) -> Iterator[str]:
    kind = block["type"]
    yield from _text(block.get("block_id", "-"), "block_id", 255)
    if kind == "section":
        yield from _section(block)
    elif kind == "header":
        yield from _label(block, "text", 150, required=True)
    elif kind == "markdown":
        yield from _text(block.get("text"), "text", MARKDOWN_CALL)
    elif kind == "image":
        yield from _text(block.get("alt_text"), "alt_text", 2000)
    elif kind == "input":
        yield from _label(block, "label", 2000, required=True)
        yield from _label(block, "hint", 2000)
        yield from _element(block.get("element"))
    elif kind in ELEMENTS:
        yield from _elements(block, kind)


def _section(block: Json) -> Iterator[str]:
    texts = [*([block["text"]] if "text" in block else []), *block.get("fields", [])]
    if not texts:
        yield "either text or fields is required"
    if len(block.get("fields", [])) > SECTION_FIELDS:
        yield f"no more than {SECTION_FIELDS} fields allowed"
    for text in texts:
        yield from _object(text, 3000 if text is block.get("text") else 2000)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _elements(block: Json, kind: str) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield "must provide at least one element"
        return
    if len(elements) > ELEMENTS[kind]:
        yield f"no more than {ELEMENTS[kind]} elements allowed"
    yield from _twice((element.get("action_id") for element in elements), "action_id")
    for element in elements:
        if kind == "context" and element.get("type") != "image":
            yield from _object(element, 3000)
        elif kind == "context_actions" and element.get("type") not in CONTEXT_ACTIONS:
            yield f"unsupported element in context_actions: {element.get('type')}"
        else:
            yield from _element(element)


def _element(element: Any) -> Iterator[str]:
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        yield "element without a type"
        return
    yield from _text(element.get("action_id", "-"), "action_id", 255)
    if element["type"] in {"button", "icon_button"}:
        yield from _button(element)
    elif element["type"] == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            yield from _button(element.get(side) or {})
    elif element["type"] in OPTIONS:
        yield from _options(element)
    if "confirm" in element:
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _object(element["confirm"].get(name), most)


def _button(button: Json) -> Iterator[str]:
    yield from _label(button, "text", 75, required=True)
    yield from _text(button.get("value", ""), "value", 2000, least=0)
    if "url" in button and not (URL.match(str(button["url"])) and len(button["url"]) <= URL_LENGTH):
        yield "invalid url"
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield f"invalid style: {button['style']}"


def _options(element: Json) -> Iterator[str]:
    groups = element.get("option_groups")
    options = [o for g in groups for o in g.get("options", [])] if groups else element.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= OPTIONS[element["type"]]:
        yield f"{element['type']} takes 1 to {OPTIONS[element['type']]} options"
        return
    for option in options:
        yield from _object(option.get("text"), 75)
        yield from _text(option.get("value"), "value", 150)


def _label(holder: Json, name: str, most: int, *, required: bool = False) -> Iterator[str]:
    if name in holder or required:
        label = holder.get(name)
        yield from _object(label, most)
        if isinstance(label, dict) and label.get("type") != "plain_text":
            yield f"{name} must be plain_text"


def _object(text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in {"plain_text", "mrkdwn"}:
        yield "must be a plain_text or mrkdwn object"
    else:
        yield from _text(text.get("text"), "text", most)


def _text(text: Any, name: str, most: int, least: int = 1) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"missing required field: {name}"
    elif not least <= len(text) <= most:
        yield f"{name} must be {least} to {most} characters, is {len(text)}"


def _twice(names: Iterable[str | None], what: str) -> Iterator[str]:
    given = [name for name in names if name is not None]
    if len(given) != len(set(given)):
        yield f"{what} must be unique"
