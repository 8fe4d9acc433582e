"""What Slack lends an app for a while: trigger ids (3 s, once) and response_urls (5 uses in 30 minutes).

https://docs.slack.dev/interactivity/handling-user-interaction
"""

import json
import secrets
from dataclasses import dataclass

from aiohttp import web

from bot.playground import chat
from bot.playground.limits import Refusal
from bot.playground.model import Json
from bot.playground.recent import Recent
from bot.playground.workspace import Workspace

TRIGGER_SECONDS, HOOK_SECONDS, HOOK_USES, MOST = 3.0, 1800.0, 5, 500


@dataclass(slots=True)
class Hook:
    """One response_url: where and to whom it answers, and which message it may replace."""

    person: str
    channel: str
    born: float
    message_ts: str = ""
    thread_ts: str = ""
    uses: int = HOOK_USES


class Hooks:
    """Lends and takes back; ``base`` is the server's own address."""

    def __init__(self, slack: Workspace) -> None:
        self.base = ""
        self._slack = slack
        self._hooks: Recent[str, Hook] = Recent(MOST)
        self._triggers: Recent[str, tuple[str, float]] = Recent(MOST)

    def trigger(self, person: str) -> str:
        """A trigger id with which the app may open a modal for *person*."""
        trigger = f"{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (person, self._slack.clock())
        return trigger

    def exchange(self, trigger: str) -> str:
        """The person behind a trigger id, once and in time."""
        person, born = self._triggers.pop(trigger, ("", 0.0))
        if not person:
            raise Refusal("invalid_trigger_id")
        if self._slack.clock() - born > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        return person

    def response_url(self, person: str, channel: str, message_ts: str = "", thread_ts: str = "") -> str:
        """An address that answers *person* in *channel*."""
        key = secrets.token_urlsafe(16)
        self._hooks[key] = Hook(person, channel, self._slack.clock(), message_ts, thread_ts)
        return f"{self.base}hooks/{key}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a POST to a response_url."""
        hook = self._hooks.get(request.match_info["key"])
        if hook is None:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if hook.uses <= 0 or self._slack.clock() - hook.born > HOOK_SECONDS:
            error = "used_url" if hook.uses <= 0 else "expired_url"
            return web.json_response({"ok": False, "error": error}, status=404)
        hook.uses -= 1
        try:
            body = json.loads(await request.text())
            answer(self._slack, hook, body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except Refusal as refusal:
            return web.json_response({"ok": False, "error": refusal.code}, status=400)
        return web.json_response({"ok": True})


def answer(slack: Workspace, hook: Hook, body: Json) -> None:
    """Show what the app answered to a command or an interaction: privately unless it says ``in_channel``."""
    if body.get("delete_original"):
        _remove(slack, hook)
        return
    fields = chat.content(body)
    if body.get("replace_original") and hook.message_ts:
        _replace(slack, hook, fields)
        return
    thread = body.get("thread_ts") or hook.thread_ts
    message = {**chat.author(slack), **fields, **({"thread_ts": thread} if thread else {})}
    if body.get("response_type") == "in_channel":
        slack.post(hook.channel, message)
    else:
        slack.note(hook.channel, hook.person, message)


def _replace(slack: Workspace, hook: Hook, fields: Json) -> None:
    if slack.find(hook.channel, hook.message_ts):
        slack.change(hook.channel, hook.message_ts, {"blocks": None, **fields})
    else:
        slack.change_note(hook.message_ts, {"blocks": None, **fields})


def _remove(slack: Workspace, hook: Hook) -> None:
    if slack.find(hook.channel, hook.message_ts):
        slack.delete(hook.channel, hook.message_ts)
    else:
        slack.drop_note(hook.message_ts)
