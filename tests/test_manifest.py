"""The manifest asks Slack for what the code uses, and for nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.listeners.shortcuts import LABEL, NAME
from bot.slack.presence.installing import SCOPES

ROOT = Path(__file__).parent.parent
# Scopes of the methods and events, from the pages of https://docs.slack.dev/reference/methods and …/events.
METHODS: dict[str, set[str]] = {
    "agents.sessions.setStatus": {"chat:write"},
    "apps.connections.open": set(),  # the app-level token's
    "apps.uninstall": set(),
    "assistant.threads.setStatus": {"chat:write"},
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "assistant.threads.setTitle": {"assistant:write"},
    "auth.test": set(),
    "chat.appendStream": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.startStream": {"chat:write"},
    "chat.stopStream": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},  # of channels alone: no direct messages
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "oauth.v2.access": set(),
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
}
EVENTS = {
    "agent_session_stopped": {"assistant:write"},  # of every app that has an agent view
    "app_home_opened": set[str](),
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "app_uninstalled": set[str](),
    "tokens_revoked": set[str](),
}
MESSAGES = {"message.channels", "message.groups", "message.im"}
NAMED = re.compile(
    r"(agents|apps|assistant|auth|bookmarks|chat|conversations|files|oauth|pins|reactions|team|users|views)\.[a-zA-Z.]+"
)


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())


def nodes() -> Iterator[ast.AST]:
    """The syntax of every module of the bot, without the stand-in."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if "playground" not in path.parts:
            yield from ast.walk(ast.parse(path.read_text()))


def used_methods() -> set[str]:
    """Web API methods: named in strings, or called as methods of the SDK's client."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
            found.add(node.value)
        if isinstance(node, ast.Attribute) and hasattr(AsyncWebClient, node.attr):
            name = re.sub(r"_(?=[a-z])", ".", node.attr)
            found |= {name} if NAMED.fullmatch(name) else set()
    return found


def registered(kind: str) -> set[str]:
    """What is registered with ``app.event``, ``app.command``, …: literal strings."""
    return {
        node.args[0].value
        for node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == kind
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "app"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_method_the_code_calls_is_known_to_this_test() -> None:
    assert used_methods() <= set(METHODS)
    assert {"chat.postMessage", "chat.update", "conversations.replies"} <= used_methods()


def test_the_scopes_are_those_that_methods_events_and_commands_need_and_no_others(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    needed = set().union(*(METHODS[method] for method in used_methods()), *EVENTS.values(), {"commands"})
    assert set(scopes) == {"bot"}
    assert sorted(needed) == scopes["bot"] == sorted(SCOPES), "of an installation too"


def test_the_events_are_those_that_have_a_listener_and_no_others(manifest: Any) -> None:
    heard = registered("event")
    heard = (heard - {"message"}) | (MESSAGES if "message" in heard else set())
    assert sorted(heard) == manifest["settings"]["event_subscriptions"]["bot_events"]
    assert heard == set(EVENTS)


def test_the_commands_are_those_that_have_a_listener_and_no_others(manifest: Any) -> None:
    assert sorted(registered("command")) == [c["command"] for c in manifest["features"]["slash_commands"]]
    assert all(c["should_escape"] for c in manifest["features"]["slash_commands"]), (
        "mentions come as entities"
    )


def test_the_shortcuts_are_those_that_have_a_listener_and_no_others(manifest: Any) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert registered("shortcut") == {each["callback_id"] for each in shortcuts} == {NAME}
    assert [(each["name"], each["type"]) for each in shortcuts] == [(LABEL, "message")]
    assert all(len(each["name"]) <= 24 and len(each["description"]) <= 150 for each in shortcuts)


def test_interactivity_and_home_are_on_because_buttons_and_a_view_are_used(manifest: Any) -> None:
    calls = {
        node.func.attr
        for node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert ("action" in calls) == manifest["settings"]["interactivity"]["is_enabled"]
    assert ("views.publish" in used_methods()) == manifest["features"]["app_home"]["home_tab_enabled"]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]
    assert not manifest["features"]["app_home"]["messages_tab_read_only_enabled"], "people may write to it"
    assert set(manifest["features"]) == {"agent_view", "app_home", "bot_user", "shortcuts", "slash_commands"}


def test_the_manifest_keeps_to_slacks_lengths(manifest: Any) -> None:
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert all(len(c["description"]) <= 2_000 for c in manifest["features"]["slash_commands"])
    assert all(len(c["usage_hint"]) <= 1_000 for c in manifest["features"]["slash_commands"])
