"""The pages that a supervisor and a monitor look at: /healthz, /readyz, /metrics [aiohttp]."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errors import ConfigFailure
from bot.metrics import Metrics, Reading

READ_SECONDS = 5.0
_NOTHING = Reading(index=None, slack=False)

log = structlog.get_logger(__name__)


class Health:
    """Serves the pages on *host*:*port*; they hold numbers and states, no text of people and no secret.

    ``read`` tells the bot's state, in READ_SECONDS or it counts as unready.
    """

    def __init__(
        self, host: str, port: int, *, metrics: Metrics, read: Callable[[], Awaitable[Reading]]
    ) -> None:
        self._host, self._port = host, port
        self._metrics = metrics
        self._read = read
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Begin to serve and return the address; a port that cannot be had is a ConfigFailure."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except (OSError, OverflowError) as exc:
            await self.stop()
            why = getattr(exc, "strerror", None) or exc
            fault = (
                f"The health pages cannot have {self._host}:{self._port} ({why}): set BLOGBOT_HEALTH_PORT to"
                " a free port, or to 0 to do without them; BLOGBOT_HEALTH_HOST names the address."
            )
            raise ConfigFailure((fault,)) from exc
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        reading = await self._reading()
        index = reading.index
        page = {
            "ready": reading.ready,
            "slack": reading.slack,
            "index": None
            if index is None
            else {
                "generation": index.generation,
                "articles": index.articles,
                "published": index.published.isoformat(),
            },
            "model": reading.model,
        }
        return web.json_response(page, status=200 if reading.ready else 503)

    async def _page(self, _request: web.Request) -> web.Response:
        page = self._metrics.page(await self._reading(), datetime.now(UTC))
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _reading(self) -> Reading:
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._read()
        except Exception:
            log.exception("the bot's state could not be read")
            return _NOTHING
