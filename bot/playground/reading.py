"""The Web API's reading methods: conversations.*, users.info, auth.test.

Shapes and errors: https://docs.slack.dev/reference/methods/conversations.replies and its siblings.
"""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.playground.chat import Method, channel
from bot.playground.limits import Refusal
from bot.playground.model import APP, BOT, BOT_ID, TEAM_NAME, Channel, Json
from bot.playground.workspace import Workspace


def replies(slack: Workspace, args: Json) -> Json:
    """conversations.replies: a thread, its first message first; a reply's own ts gives that reply alone."""
    place = channel(slack, args)
    if slack.find(place.id, str(args.get("ts", ""))) is None:
        raise Refusal("thread_not_found")
    return _page(slack.thread(place.id, args["ts"]), args)


def history(slack: Workspace, args: Json) -> Json:
    """conversations.history: what stands at top level, newest first."""
    place = channel(slack, args)
    top = [m for m in place.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]
    return _page(top[::-1], args)


def info(slack: Workspace, args: Json) -> Json:
    """conversations.info, also of channels that the bot has not joined."""
    place = slack.channels.get(str(args.get("channel", "")))
    if place is None:
        raise Refusal("channel_not_found")
    return {"channel": _described(place)}


def open_direct(slack: Workspace, args: Json) -> Json:
    """conversations.open: the direct message with one person."""
    person = str(args.get("users", ""))
    if person not in slack.people or person == BOT:
        raise Refusal("user_not_found")
    return {"channel": {"id": slack.direct(person)}}


def user(slack: Workspace, args: Json) -> Json:
    """users.info: a member; the locale only with ``include_locale``."""
    person = slack.people.get(str(args.get("user", "")))
    if person is None:
        raise Refusal("user_not_found")
    found = {
        "id": person.id,
        "team_id": slack.team,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "is_bot": person.is_bot,
        "is_admin": person.is_admin,
        "is_owner": False,
        "tz": "Europe/Berlin",
        "profile": {"display_name": person.name, "real_name": person.real_name},
    }
    return {"user": {**found, **({"locale": person.locale} if args.get("include_locale") else {})}}


def bot(slack: Workspace, args: Json) -> Json:
    """bots.info of the one bot there is."""
    if args.get("bot", BOT_ID) != BOT_ID:
        raise Refusal("bot_not_found")
    return {
        "bot": {"id": BOT_ID, "app_id": APP, "name": slack.people[BOT].name, "user_id": BOT, "deleted": False}
    }


def auth(slack: Workspace, _args: Json) -> Json:
    """auth.test: who the bot token speaks for; with an org-wide token the enterprise stands as the team."""
    installed = slack.installed
    organisation = installed.organisation
    return {
        "url": "https://playground.invalid/",
        "team": organisation["name"] if organisation and installed.org_wide else TEAM_NAME,
        "user": slack.people[BOT].name,
        "team_id": installed.holder,
        "user_id": BOT,
        "bot_id": BOT_ID,
        **({"enterprise_id": installed.enterprise} if organisation else {}),
        "is_enterprise_install": installed.org_wide,
    }


def _described(place: Channel) -> Json:
    kinds = {
        "is_channel": place.type == "channel",
        "is_group": place.type == "group",
        "is_im": place.type == "im",
    }
    described: Json = {"id": place.id, **kinds, "is_archived": place.archived, "is_private": place.private}
    if place.person:
        return {**described, "user": place.person}
    return {**described, "name": place.name, "creator": place.creator, "is_member": place.bot_in}


def _page(messages: list[Json], args: Json) -> Json:
    """One page of *messages*; the cursor is an offset in disguise."""
    size = _number(args.get("limit", 100), 1, 1000)
    start = _cursor(str(args.get("cursor") or ""))
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    inclusive = args.get("inclusive")
    root = args.get("ts")
    within = [
        m
        for m in messages
        if m["ts"] == root
        or oldest < float(m["ts"]) < latest
        or (inclusive and float(m["ts"]) in {oldest, latest})
    ]
    hidden = () if args.get("include_all_metadata") else ("metadata",)
    shown = [{k: v for k, v in m.items() if k not in hidden} for m in within[start : start + size]]
    more = start + size < len(within)
    cursor = base64.b64encode(b"next:%d" % (start + size)).decode() if more else ""
    return {"messages": shown, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def _number(value: Any, least: int, most: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if not least <= number <= most:
        raise Refusal("invalid_limit")
    return number


def _cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except ValueError as exc:
        raise Refusal("invalid_cursor") from exc


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "auth.test": auth,
        "bots.info": bot,
        "conversations.replies": replies,
        "conversations.history": history,
        "conversations.info": info,
        "conversations.open": open_direct,
        "users.info": user,
    }
)
