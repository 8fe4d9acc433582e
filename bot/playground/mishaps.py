"""What befalls an app: calls that fail, connections that die, tokens revoked, events that come twice."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

from bot.playground.api import Api
from bot.playground.dispatch import Dispatch
from bot.playground.events import envelope
from bot.playground.faults import Fault, Gate
from bot.playground.hooks import Hooks
from bot.playground.model import BOT, Json
from bot.playground.people import People
from bot.playground.sockets import Ack, Sockets
from bot.playground.workspace import Workspace


class Mishaps(People):
    """A workspace whose Slack fails on order; ``bot_token`` is the one that *api* knows as the bot's."""

    def __init__(
        self, slack: Workspace, dispatch: Dispatch, lent: Hooks, api: Api, sockets: Sockets, bot_token: str
    ) -> None:
        super().__init__(slack, dispatch, lent)
        self.bot_token = bot_token
        self._api, self._sockets = api, sockets

    def fail(self, method: str, *, error: str = "", status: int = 0, times: int = 1, **how: Any) -> None:
        """Let the next calls of *method* ("*": any) fail; ``retry_after``, ``drop``, ``acts``: see Fault."""
        self._api.faults.order(Fault(method, error, status, times=times, **how))

    def lose_response(self, method: str, times: int = 1) -> None:
        """Carry the next calls out, but drop the connection instead of answering."""
        self.fail(method, drop=True, acts=True, times=times)

    def mend(self) -> None:
        """Forget every ordered fault."""
        self._api.faults.clear()

    def held(self, method: str) -> AbstractAsyncContextManager[Gate]:
        """``async with slack.held("chat.update") as gate``: calls wait there until the block is left."""
        return self._api.faults.held(method)

    def refuse_tickets(self, times: int) -> None:
        """Answer the next WebSocket handshakes with 404."""
        self._sockets.refusals = times

    def go_deaf(self) -> None:
        """Make the present Socket Mode connections half-open: no pong, no event, no ack passes."""
        self._sockets.go_deaf()

    async def send_disconnect(self, reason: str = "refresh_requested") -> None:
        """Announce a disconnect: "warning" leaves the connections open, the other reasons close them."""
        await self._sockets.disconnect(reason)

    async def drop_connections(self) -> None:
        """Close the Socket Mode connections without a word."""
        await self._sockets.close()

    async def revoke(self) -> None:
        """Revoke both tokens: calls answer ``token_revoked``, the connections close."""
        for token in self._api.tokens:
            self._api.tokens[token] = "token_revoked"
        await self._sockets.close()

    async def uninstall(self) -> None:
        """Remove the app: its bot token is revoked, and Slack tells it of that and of its removal."""
        self._api.tokens[self.bot_token] = "token_revoked"
        tokens: Json = {"oauth": [], "bot": [BOT]}
        self.dispatch.event({"type": "tokens_revoked", "tokens": tokens, "event_ts": self.workspace.ts()})
        self.dispatch.event({"type": "app_uninstalled", "event_ts": self.workspace.ts()})

    def install(self) -> None:
        """Let the bot token serve again after ``uninstall`` or ``revoke``."""
        self._api.tokens[self.bot_token] = "bot"

    def share_connections(self, other: "Mishaps") -> None:
        """Deliver over the Socket Mode connections of *other*: an app has one set for all its workspaces."""
        self._sockets = self.dispatch.sockets = other.dispatch.sockets

    async def redeliver(self, payload: Json, times: int = 1) -> list[Ack]:
        """Deliver an event payload (of ``events``) again, *times* over, with its event_id."""
        sending = (
            self.dispatch.send("events_api", payload, retry=retry + 1, reason="timeout", patient=True)
            for retry in range(times)
        )
        return list(await asyncio.gather(*sending))

    async def send_event(self, event: Json) -> Ack:
        """Deliver any event of your own making, subscribed to or not, and wait for the acknowledgement."""
        return await self.dispatch.deliver(envelope(event, self.workspace.clock(), self.workspace.installed))
