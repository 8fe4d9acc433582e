"""Slack with several workspaces behind one address: OAuth here, everything else in a stand-in for each."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from bot.playground import Playground
from bot.playground.api import fail
from bot.playground.faults import Fault, Faults
from tests.fakes.grants import HALF_A_DAY, Grants

PASSED_ON = ("Content-Type", "Retry-After", "X-OAuth-Scopes")


def neighbours(first: str = "T0FIRST001", second: str = "T0SECOND01", **dials: Any) -> list[Playground]:
    """Two workspaces of one app, by team id; the ids of their channels and people are the same."""
    shared: dict[str, Any] = {
        "app_token": "xapp-1-" + secrets.token_hex(8),
        "signing_secret": secrets.token_hex(16),
    }
    return [Playground(team_id=team, **shared, **dials) for team in (first, second)]


@asynccontextmanager
async def running(*workspaces: Playground, **how: Any) -> AsyncIterator["Slacks"]:
    """The stand-ins, or ``neighbours()``, and the one address in front of them, all started."""
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(each) for each in workspaces or neighbours()]
        yield await stack.enter_async_context(Slacks(*started, **how))


class Slacks:
    """One app's Slack; *workspaces* share its app token and signing secret, and are started by the caller.

    A call goes to the workspace whose bot token it bears; all events come over the first one's Socket Mode
    connections. With ``rotates`` tokens can be refreshed, and end when ``expire`` says so. ``choosing`` is
    the workspace a person picks on the consent page, None for one who says no; ``redirect_url`` is where the
    browser goes from there, ``asked`` what it came with. ``faults`` befall oauth.v2.access.
    """

    def __init__(self, *workspaces: Playground, rotates: bool = False, expires_in: int = HALF_A_DAY) -> None:
        self.workspaces = workspaces
        self.first, *others = workspaces
        for other in others:
            if (other.app_token, other.signing_secret) != (self.first.app_token, self.first.signing_secret):
                raise ValueError("The workspaces of one app share its app token and signing secret.")
            other.share_connections(self.first)
        self.faults = Faults()
        self.choosing: Playground | None = self.first
        self.redirect_url = ""
        self.asked: list[dict[str, str]] = []
        self.calls: list[tuple[str, str, str]] = []
        self.grants = Grants(rotates=rotates, expires_in=expires_in)
        self.client_id, self.client_secret = self.grants.client_id, self.grants.client_secret
        self.code, self.tokens, self.expire = self.grants.code, self.grants.tokens, self.grants.expire

    @property
    def refreshes(self) -> int:
        """How many refresh tokens were taken."""
        return self.grants.refreshes

    @property
    def api_url(self) -> str:
        """The Web API's address."""
        return f"{self._url}/api/"

    @property
    def authorize_url(self) -> str:
        """The consent page's address."""
        return f"{self._url}/oauth/v2/authorize"

    async def uninstall(self, workspace: Playground) -> None:
        """Remove the app from *workspace*: its tokens are revoked, and the app is told."""
        self.grants.revoke(workspace)
        await workspace.uninstall()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 22)
        app.router.add_post("/api/oauth.v2.access", self._access)
        app.router.add_route("*", "/api/{method}", self._hand_on)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        # Without kept connections none is found closed, which would be tried again: one call, one answer.
        self._session = ClientSession(
            connector=TCPConnector(force_close=True), timeout=ClientTimeout(total=None)
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _access(self, request: web.Request) -> web.StreamResponse:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        kind, _, word = request.headers.get("Authorization", "").partition(" ")
        client = fields.get("client_id", ""), fields.get("client_secret", "")
        if kind == "Basic":
            name, _, password = base64.b64decode(word).decode("latin1").partition(":")
            client = name, password
        self.calls.append(("oauth.v2.access", "", ""))
        await self.faults.pass_gate("oauth.v2.access")
        fault = self.faults.take("oauth.v2.access")
        answer = self.grants.access(client, fields) if fault is None or fault.acts else {}
        return fail(request, fault) if fault else web.json_response(answer)

    async def _authorize(self, request: web.Request) -> web.Response:
        """Slack's consent page, where the person answers at once."""
        query = dict(request.query)
        self.asked.append(query)
        if query.get("client_id") != self.client_id:
            return web.Response(status=400, text="invalid_client_id")
        answer = {"error": "access_denied", "state": query.get("state", "")}
        if self.choosing:
            code = self.code(self.choosing, query.get("redirect_uri", ""))
            answer = {"code": code, "state": query.get("state", "")}
        raise web.HTTPFound(f"{self.redirect_url}?{urlencode(answer)}")

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        method, body = request.match_info["method"], await request.read()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or _token(request, body)
        workspace, error, own = self.first, "", self.first.app_token
        if token != own:
            found, error = self.grants.holder(token) if token else (None, "not_authed")
            workspace, own = found or self.first, (found or self.first).bot_token
        self.calls.append((method, "" if error else workspace.team_id, token))
        if error:
            return web.json_response({"ok": False, "error": error})
        headers = {"Authorization": f"Bearer {own}", "Content-Type": request.content_type}
        address = f"{workspace.api_url}{method}"
        try:
            async with self._session.request(
                request.method, address, params=request.query, data=body, headers=headers
            ) as answer:
                passed_on = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
                return web.Response(status=answer.status, body=await answer.read(), headers=passed_on)
        except ClientError:
            return fail(request, Fault(method, drop=True))  # as the stand-in did


def _token(request: web.Request, body: bytes) -> str:
    """The token of a call that bears it among its arguments."""
    sent: Mapping[str, Any] = request.query
    if request.content_type == "application/json":
        sent = json.loads(body or b"{}")
    elif "token" not in sent:
        sent = dict(parse_qsl(body.decode()))
    return str(sent.get("token", ""))
