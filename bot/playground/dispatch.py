"""Brings what happens in the workspace to the app, over Socket Mode or HTTP, and again until acknowledged."""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any

from bot.playground import events
from bot.playground.model import Change, Json
from bot.playground.request_url import RequestUrl
from bot.playground.sockets import Ack, Sockets
from bot.playground.workspace import Workspace

logger = logging.getLogger(__name__)

MOST_EVENTS, MOST_TASKS = 2000, 5000
SUBSCRIPTIONS = frozenset(
    {
        *("app_mention", "message.im", "message.channels", "message.groups", "app_home_opened"),
        *("agent_session_stopped", "app_context_changed", "app_uninstalled", "tokens_revoked"),
    }
)


class Dispatch:
    """Delivers event payloads in the background; ``sent`` keeps the latest of them."""

    def __init__(
        self, slack: Workspace, sockets: Sockets, subscriptions: frozenset[str], retries: tuple[float, ...]
    ) -> None:
        self.request_url: RequestUrl | None = None
        self.sent: deque[Json] = deque(maxlen=MOST_EVENTS)
        self.subscriptions = subscriptions
        self.sockets = sockets
        self._slack, self._retries = slack, retries
        self._tasks: set[asyncio.Task[Any]] = set()
        slack.listeners.append(self._on_change)

    async def send(self, kind: str, payload: Json, **how: Any) -> Ack:
        """One delivery, by the way that is configured."""
        if self.request_url:
            how.pop("patient", None)
            ack = await self.request_url.send(kind, payload, **how)
        else:
            ack = await self.sockets.send(kind, payload, **how)
        self._slack.wake()
        return ack

    def event(self, event: Json, subscription: str = "") -> Json | None:
        """Begin to deliver an event that is subscribed to; returns its payload."""
        if (subscription or event["type"]) not in self.subscriptions:
            return None
        payload = events.envelope(event, self._slack.clock(), self._slack.installed)
        self.sent.append(payload)
        self.background(self.deliver(payload))
        return payload

    async def deliver(self, payload: Json) -> Ack:
        """Deliver an event until it is acknowledged: at once, then after each pause, as Slack does."""
        ack = Ack(acked=False)
        for retry, pause in enumerate((0.0, *self._retries)):
            await asyncio.sleep(pause)
            reason = "timeout" if retry else ""
            ack = await self.send("events_api", payload, retry=retry, reason=reason, patient=True)
            if ack.acked:
                break
        return ack

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run *work* in a task that ``close`` ends; beyond a bound it is refused."""
        if len(self._tasks) >= MOST_TASKS:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Give up every delivery under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            logger.error("A delivery of the playground failed: %s", type(failure).__name__, exc_info=failure)

    def _on_change(self, change: Change) -> None:
        place = self._slack.channels.get(change.channel)
        if change.quiet or change.person or place is None or not place.bot_in:
            return
        for subscription, event in events.of_change(change, place, self._slack.ts()):
            self.event(dict(event), subscription)
