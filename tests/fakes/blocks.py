"""Slack's published limits on messages and views, written down once more, apart from the stand-in's.

https://docs.slack.dev/reference/block-kit/blocks and …/block-elements, read November 2026.
"""

from collections.abc import Mapping
from typing import Any

TEXTS = {"section": 3_000, "header": 150, "markdown": 12_000}
ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}
INPUTS = {"plain_text_input"}


def check_message(message: Mapping[str, Any]) -> None:
    """Fail unless Slack would take the message's text and blocks."""
    assert message["text"].strip()
    assert len(message["text"]) <= 40_000
    assert len(message["text"].encode()) <= 4_000, "chat.update takes 4,000 bytes"
    blocks = message["blocks"]
    assert 0 < len(blocks) <= 50
    assert sum(len(block["text"]) for block in blocks if block["type"] == "markdown") <= 12_000
    for block in blocks:
        check_block(block)


def check_view(view: Mapping[str, Any]) -> None:
    """Fail unless Slack would open the modal or show the App Home."""
    assert view["type"] in {"home", "modal"}
    assert 0 < len(view["blocks"]) <= 100
    for name in ("title", "submit", "close"):
        assert view["type"] == "home" or 0 < len(view[name]["text"]) <= 24
    assert len(view.get("private_metadata", "")) <= 3_000
    for block in view["blocks"]:
        assert block["type"] not in {"markdown", "context_actions"}, "messages only"
        check_block(block)


def check_block(block: Mapping[str, Any]) -> None:
    """Fail unless the block is well formed and within its limits."""
    kind = block["type"]
    if kind in {"section", "header"}:
        _text(block["text"], TEXTS[kind], plain=kind == "header")
    elif kind == "markdown":
        assert block["text"].strip()
        assert len(block["text"]) <= TEXTS[kind]
    elif kind in ELEMENTS:
        assert 0 < len(block["elements"]) <= ELEMENTS[kind]
        for element in block["elements"]:
            _element(kind, element)
    elif kind == "input":
        _text(block["label"], 2_000, plain=True)
        _text(block["hint"], 2_000, plain=True)
        assert block["element"]["type"] in INPUTS
        assert 0 < block["element"]["max_length"] <= 3_000
    elif kind == "rich_text":
        for part in block["elements"]:
            assert part["type"] == "rich_text_quote"
            assert all(each["type"] == "text" and each["text"] for each in part["elements"])
    else:
        raise AssertionError(f"a block of type {kind} that nobody checks")


def _element(holder: str, element: Mapping[str, Any]) -> None:
    if holder == "context":
        _text(element, 3_000)
    elif holder == "actions":
        assert element["type"] == "button"
        assert 0 < len(element["action_id"]) <= 255
        _button(element)
    else:
        assert element["type"] == "feedback_buttons"
        assert 0 < len(element["action_id"]) <= 255
        _button(element["positive_button"])
        _button(element["negative_button"])


def _button(button: Mapping[str, Any]) -> None:
    _text(button["text"], 75, plain=True)
    assert 0 < len(button["value"]) <= 2_000


def _text(text: Mapping[str, Any], limit: int, *, plain: bool = False) -> None:
    assert text["type"] == "plain_text" if plain else text["type"] in {"plain_text", "mrkdwn"}
    assert text["text"].strip()
    assert len(text["text"]) <= limit
