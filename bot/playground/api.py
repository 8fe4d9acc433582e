"""The Web API over HTTP: reads a call, meets ordered faults, checks token and scopes, answers like Slack."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.playground import chat, reading, surfaces
from bot.playground.chat import Method
from bot.playground.faults import Fault, Faults, RateLimits
from bot.playground.limits import Refusal
from bot.playground.model import Json
from bot.playground.workspace import Workspace

MOST_CALLS = 5000
JSON_FIELDS = {"blocks", "chunks", "metadata", "view", "prompts", "loading_messages", "attachments"}
FLAGS = {"include_all_metadata", "inclusive", "include_locale", "unfurl_links", "unfurl_media"}
SCOPES = frozenset(
    {
        *(
            "app_mentions:read",
            "chat:write",
            "commands",
            "assistant:write",
            "im:history",
            "im:read",
            "im:write",
        ),
        *(
            "channels:history",
            "channels:read",
            "groups:history",
            "groups:read",
            "users:read",
            "reactions:write",
        ),
    }
)
NEEDED = {
    "chat.": "chat:write",
    "assistant.": "chat:write",
    "agents.": "chat:write",
    "reactions.": "reactions:write",
    "users.info": "users:read",
    "bots.info": "users:read",
    "conversations.open": "im:write",
}
BY_CHANNEL = {
    "conversations.replies": {"channel": "channels:history", "group": "groups:history", "im": "im:history"},
    "conversations.history": {"channel": "channels:history", "group": "groups:history", "im": "im:history"},
    "conversations.info": {"channel": "channels:read", "group": "groups:read", "im": "im:read"},
}


@dataclass(frozen=True, slots=True)
class Call:
    """One Web API call as it arrived, at the clock's ``time``; ``error`` is "" when the answer was ok."""

    method: str
    arguments: Json
    time: float
    error: str = ""


class Api:
    """Answers ``/api/{method}``; ``tokens`` maps a token to "bot" or "app", or to the error it earns."""

    def __init__(  # each is a different thing it needs
        self,
        slack: Workspace,
        tokens: dict[str, str],
        trigger: Callable[[str], str],
        open_connection: Callable[[], str],
        *,
        scopes: frozenset[str] = SCOPES,
        rate_limits: bool = False,
    ) -> None:
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self.tokens, self.scopes = tokens, scopes
        self._slack = slack
        self._limits = RateLimits(slack.clock) if rate_limits else None
        self._methods: dict[str, Method] = {
            **chat.METHODS,
            **reading.METHODS,
            **surfaces.METHODS,
            "views.open": surfaces.view_opener(trigger),
            "apps.connections.open": lambda _slack, _args: {"url": open_connection()},
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method = request.match_info["method"]
        args = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.pop("token", ""))
        await self.faults.pass_gate(method)
        fault = self.faults.take(method)
        if fault and not fault.acts:
            self._log(method, args, fault.error or "fault")
            return fail(request, fault)
        answer = self._answer(method, args, token)
        if fault:
            return fail(request, fault)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}
        if answer.get("error") == "ratelimited":
            return web.json_response(answer, status=429, headers={"Retry-After": str(answer.pop("wait"))})
        return web.json_response(answer, headers=headers)

    def _answer(self, method: str, args: Json, token: str) -> Json:
        try:
            self._admit(method, args, token)
            answer = {"ok": True, **self._methods[method](self._slack, args)}
            self._log(method, args)
        except Refusal as refusal:
            self._log(method, args, refusal.code)
            answer = {"ok": False, "error": refusal.code, **refusal.more}
            if refusal.detail:
                answer["errors"] = list(refusal.detail)
                answer["response_metadata"] = {"messages": [f"[ERROR] {line}" for line in refusal.detail]}
        return answer

    def _admit(self, method: str, args: Json, token: str) -> None:
        if method not in self._methods:
            raise Refusal("unknown_method", req_method=method)
        if not token:
            raise Refusal("not_authed")
        kind = self.tokens.get(token, "invalid_auth")
        if kind not in {"bot", "app"}:
            raise Refusal(kind)
        if (kind == "app") != (method == "apps.connections.open"):
            raise Refusal("not_allowed_token_type")
        needed = self._needed(method, args)
        if needed and needed not in self.scopes:
            raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        wait = self._limits.wait(method, str(args.get("channel", ""))) if self._limits else 0.0
        if wait:
            raise Refusal("ratelimited", wait=str(max(1, round(wait + 0.5))))

    def _needed(self, method: str, args: Json) -> str:
        place = self._slack.channels.get(str(args.get("channel", "")))
        if method in BY_CHANNEL and place:
            return BY_CHANNEL[method][place.type]
        return next((scope for start, scope in NEEDED.items() if method.startswith(start)), "")

    def _log(self, method: str, args: Json, error: str = "") -> None:
        self.calls.append(Call(method, args, self._slack.clock(), error))
        self._slack.wake()


def fail(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The answer of a call that meets *fault*, if any: a dropped connection hears none."""
    if fault.drop:
        if request.transport:
            request.transport.abort()
        return web.Response()  # goes nowhere: the connection is gone
    if fault.retry_after is not None:
        headers = {"Retry-After": f"{fault.retry_after:g}"}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    if fault.status:
        return web.Response(
            status=fault.status, text="<html>Something went wrong</html>", content_type="text/html"
        )
    return web.json_response({"ok": False, "error": fault.error})


async def _arguments(request: web.Request) -> Json:
    """A call's arguments, from the query, a form or JSON; lists and objects in a form are JSON themselves."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        try:
            sent = json.loads(body or "{}")
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            return {**args, "token": ""}
        args |= sent
    else:
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return {name: _decoded(name, value) for name, value in args.items()}


def _decoded(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in FLAGS:
        return value in {"true", "1"}
    if name in JSON_FIELDS:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
