"""The payloads Slack sends to an app, pure.

Shapes: https://docs.slack.dev/reference/events and
https://docs.slack.dev/interactivity/handling-user-interaction. Those of Enterprise Grid:
https://api.slack.com/enterprise/apps/reference, tests/scenario_tests/test_events_org_apps.py and
test_events_token_revocations.py of slackapi/bolt-python, and its #23 for the team an interaction leaves out.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from bot.playground.model import APP, BOT, Change, Channel, Installed, Json, Person

TOKEN = "playground"  # noqa: S105  # the deprecated verification token; signatures do its work
DOMAIN = "playground"
PARTING = {"tokens_revoked", "app_uninstalled"}
UNSENT = ("to", "is_ephemeral", "for")


def identifier(prefix: str) -> str:
    """A made-up id such as ``Ev07AB12CD34``."""
    return prefix + secrets.token_hex(5).upper()


def envelope(event: Json, now: float, installed: Installed) -> Json:
    """The ``event_callback`` around an event, with an ``event_id`` of its own.

    An event that tells of an installation's end is authorized by none, and names the enterprise alone where
    that was org-wide.
    """
    parting = event["type"] in PARTING
    whole: Json = {
        "token": TOKEN,
        **({} if parting and installed.org_wide else {"team_id": installed.team}),
        **({"enterprise_id": installed.enterprise} if installed.enterprise else {}),
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": identifier("Ev"),
        "event_time": int(now),
    }
    if parting:
        return whole
    authorized = {
        "enterprise_id": installed.enterprise or None,
        "team_id": None if installed.org_wide else installed.team,
    }
    bot = {"user_id": BOT, "is_bot": True, "is_enterprise_install": installed.org_wide}
    return {
        **whole,
        **{f"context_{name}": value for name, value in authorized.items()},
        "authorizations": [{**authorized, **bot}],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_hex(8)}",
    }


def of_change(change: Change, place: Channel, event_ts: str) -> Iterator[tuple[str, Json]]:
    """The events one change of a channel gives rise to, each with the name of its subscription."""
    kind = {"im": "message.im", "group": "message.groups", "channel": "message.channels"}[place.type]
    where = {"channel": place.id, "channel_type": place.type, "event_ts": event_ts}
    if change.kind == "message":
        message, before = public(change.data), change.before
        if (
            place.type != "im"
            and message.get("user") != BOT
            and mentions(message)
            and not _same(message, before)
        ):
            yield "app_mention", {**message, "type": "app_mention", "channel": place.id, "event_ts": event_ts}
        if before is None:
            yield kind, {**message, **where, "event_ts": message["ts"]}
        else:
            hidden = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": event_ts}
            yield kind, {**hidden, **where, "message": message, "previous_message": public(before)}
    elif change.kind == "deleted":
        hidden = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": event_ts}
        gone = {"deleted_ts": change.data["ts"], "previous_message": public(change.before or {})}
        yield kind, {**hidden, **where, **gone}


def mentions(message: Json) -> bool:
    """Whether a message names the bot."""
    return f"<@{BOT}>" in message.get("text", "") or f"<@{BOT}|" in message.get("text", "")


def public(message: Json) -> Json:
    """A message or view as Slack sends it, without the stand-in's own marks."""
    return {name: value for name, value in message.items() if name not in UNSENT}


def command(installed: Installed, person: Person, place: Channel, name: str, text: str, **lent: str) -> Json:
    """The form fields of a slash command, with the ``trigger_id`` and ``response_url`` it is *lent*."""
    return {
        "token": TOKEN,
        "team_id": installed.team,
        "team_domain": DOMAIN,
        **_organised(installed),
        "channel_id": place.id,
        "channel_name": "directmessage" if place.person else place.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "true" if installed.org_wide else "false",
        **lent,
    }


def interaction(installed: Installed, kind: str, person: Person, **fields: Any) -> Json:
    """The common part of interactive payloads, with *fields* of this *kind*; org-wide ones name no team."""
    team = {"id": installed.team, "domain": DOMAIN, **_organised(installed)}
    return {
        "type": kind,
        "team": None if installed.org_wide else team,
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": installed.team,
        },
        "api_app_id": APP,
        "token": TOKEN,
        "enterprise": installed.organisation,
        "is_enterprise_install": installed.org_wide,
        **fields,
    }


def action(element: Json, block_id: str, value: str | None, action_ts: str) -> Json:
    """What an interactive element reports when it is used; *value* picks an option or a feedback side."""
    found: Json = {"type": element["type"], "action_id": element.get("action_id", ""), "block_id": block_id}
    found["action_ts"] = action_ts
    if element["type"] == "feedback_buttons":
        sides = [element["positive_button"], element["negative_button"]]
        side = next((side for side in sides if value in {side.get("value"), side["text"]["text"]}), None)
        if side is None:
            raise LookupError(f"The feedback buttons hold no value {value!r}.")
        return {**found, "value": side.get("value", ""), "text": side["text"]}
    if "options" in element or "option_groups" in element:
        groups = element.get("option_groups") or [element]
        options = [o for group in groups for o in group["options"] if o["value"] == value]
        if not options:
            raise LookupError(f"{element['type']} offers no value {value!r}.")
        several = element["type"] in {"checkboxes", "multi_static_select"}
        return {**found, **({"selected_options": options} if several else {"selected_option": options[0]})}
    for name in ("text", "value"):
        if name in element:
            found[name] = element[name]
    return found


def find_element(blocks: list[Json], action_id: str, value: str | None) -> tuple[Json, str]:
    """The element with *action_id* (of several, that with *value*) and its block's id, or LookupError."""
    found = [
        (element, str(block.get("block_id", "")))
        for block in blocks
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]
        if isinstance(element, dict) and element.get("action_id") == action_id
    ]
    exact = [pair for pair in found if value is not None and pair[0].get("value") == value]
    if not found:
        raise LookupError(f"No element with action_id {action_id!r} is shown there.")
    if value is not None and not exact and all(element["type"] == "button" for element, _ in found):
        raise LookupError(f"No button {action_id!r} with the value {value!r} is shown there.")
    return (exact or found)[0]


def _same(message: Json, before: Json | None) -> bool:
    return before is not None and before.get("text") == message.get("text")


def _organised(installed: Installed) -> dict[str, str]:
    organisation = installed.organisation or {}
    return {f"enterprise_{name}": str(value) for name, value in organisation.items()}
