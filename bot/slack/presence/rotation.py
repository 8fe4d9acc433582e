"""Tokens that end: each is exchanged for the next before that [Slack Web API].

A token of an app with rotation lasts twelve hours, and what it is exchanged with is good once
(docs.slack.dev/authentication/using-token-rotation). Replicas share both in the database: one takes its turn
to exchange a token, the others go on with the old one, or wait for the new one where that has ended.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.errors import BotFailure
from bot.records.installations import Installations
from bot.slack.calls import App, SlackTrouble, SlackUnreachable, Sleep, client, translated

AHEAD_MINUTES = 120
"""A token is exchanged this long before it ends, so that a Slack that is away has time to come back."""
LOOK_SECONDS = 600.0
"""Between two looks for tokens that end."""
TURN_SECONDS = 60
"""For so long one replica tries to exchange a token; then any may."""
_PAUSE, _LOOKS = 0.5, 10
_METHOD = "oauth.v2.access"

log = structlog.get_logger(__name__)


class Rotation:
    """Keeps tokens good. *take_turn* tells whether this replica is the first of all to ask for a name."""

    def __init__(
        self,
        app: App,
        installations: Installations,
        *,
        take_turn: Callable[[str], Awaitable[bool]],
        turn_seconds: float = TURN_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._installations, self._take_turn, self._sleep = installations, take_turn, sleep
        self._turn_seconds = turn_seconds
        self._rotator = AsyncTokenRotator(
            client_id=app.client_id, client_secret=app.client_secret, client=client(None, app.api_url)
        )

    async def good(self, bot: Bot) -> Bot:
        """The installation with a token that has not ended.

        Raises SlackFailure where Slack refuses to exchange it, SlackTrouble where that may work later.
        """
        if _left(bot) > 0:
            return bot
        if new := await self._exchanged(bot):
            return new
        for _ in range(_LOOKS):
            now = await self._installations.find(bot.team_id or "", bot.enterprise_id or "")
            if now is not None and now.bot_token != bot.bot_token:
                return now
            await self._sleep(_PAUSE)
        raise SlackTrouble(
            "A Slack token has ended and the next is not there yet.", "Look again in a minute."
        )

    async def keep(self) -> None:
        """Exchange every token before it ends, for ever."""
        while True:
            await self.look()
            await self._sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Exchange the tokens that end soon; what cannot be done is told in the log."""
        try:
            for bot in await self._installations.all():
                if _left(bot) < AHEAD_MINUTES * 60:
                    await self._try(bot)
        except BotFailure as failure:
            log.warning("tokens not looked at", reason=str(failure))

    async def _try(self, bot: Bot) -> None:
        try:
            await self._exchanged(bot)
        except BotFailure as failure:
            where = bot.team_id or bot.enterprise_id
            log.error("token not exchanged", workspace=where, reason=str(failure), fix=failure.fix)  # noqa: TRY400

    async def _exchanged(self, bot: Bot) -> Bot | None:
        """The installation with its next token, or None where the turn is another's."""
        where = bot.team_id or bot.enterprise_id
        turn = int(time.time() // self._turn_seconds)
        if not await self._take_turn(f"token of {where} until {bot.bot_token_expires_at}, {turn}"):
            return None
        new = await self._asked(bot)
        await self._installations.keep(new)
        log.info("token exchanged", workspace=where)
        return new

    async def _asked(self, bot: Bot) -> Bot:
        try:
            new = await self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=AHEAD_MINUTES
            )
        except SlackTokenRotationError as exc:
            failure = translated(_METHOD, exc.api_error)
            failure.fix = "Install the app there again, at /slack/install."
            raise failure from None  # its text quotes the request
        except (aiohttp.ClientError, TimeoutError, SlackClientError, LookupError, ValueError) as exc:
            raise SlackUnreachable(_METHOD, type(exc).__name__) from None  # its text may quote the answer
        if new is None:
            raise SlackUnreachable(_METHOD, "it gives no bot's token")
        return new


def _left(bot: Bot) -> float:
    """Seconds until the token ends; without rotation it never does."""
    return float("inf") if bot.bot_token_expires_at is None else bot.bot_token_expires_at - time.time()
