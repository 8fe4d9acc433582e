"""Who may change what: administrators by id first, Slack's own second; in doubt nobody [Slack Web API]."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotFailure
from bot.model import Person
from bot.slack.calls import Calls

IsAdmin = Callable[[Person], Awaitable[bool]]
"""Whether a person administers their workspace."""

log = structlog.get_logger(__name__)


class Rights:
    """Asks Slack each time, because roles change; where Slack does not tell, the answer is no."""

    def __init__(self, web: AsyncWebClient, admins: Collection[str] = ()) -> None:
        self._calls = Calls(web)
        self._admins = frozenset(admins)

    async def is_admin(self, person: str) -> bool:
        """Whether *person* is named in BLOGBOT_ADMINS, or an admin or owner of the workspace."""
        if person in self._admins:
            return True
        user = (await self._asked("users.info", {"user": person})).get("user") or {}
        return user.get("is_admin") is True or user.get("is_owner") is True

    async def may_set(self, person: str, channel: str) -> bool:
        """Whether *person* may set the policy of *channel*: as its creator or an administrator.

        Everybody may set that of their own conversation with the bot.
        """
        if channel.startswith("D") or await self.is_admin(person):
            return True
        found = (await self._asked("conversations.info", {"channel": channel})).get("channel") or {}
        return bool(person) and found.get("creator") == person

    async def locale(self, person: str) -> str:
        """The person's locale in Slack (``zh-CN``), or ""."""
        user = (await self._asked("users.info", {"user": person, "include_locale": True})).get("user") or {}
        return str(user.get("locale") or "")

    async def _asked(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._calls.once(method, arguments)
        except BotFailure as failure:
            log.info("rights not known", method=method, failure=type(failure).__name__)
            return {}
