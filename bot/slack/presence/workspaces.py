"""The workspaces that the bot is in: one by its token, or those that installed the app [Slack Web API]."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import structlog
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotFailure, SlackFailure
from bot.model import Person
from bot.records.installations import Installations
from bot.slack.calls import Calls, client
from bot.slack.delivery.delivery import Delivery
from bot.slack.presence.agent import Agent
from bot.slack.presence.rights import IsAdmin, Rights

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, and where that is, from auth.test."""

    team: str
    user: str
    bot: str
    url: str = ""


async def identify(web: AsyncWebClient) -> Identity:
    """Ask Slack who the token belongs to.

    Raises SlackFailure with Slack's code when it refuses the token, SlackTrouble when it does not answer.
    """
    found = await Calls(web).call("auth.test", {})
    return Identity(
        str(found["team_id"]),
        str(found["user_id"]),
        str(found.get("bot_id") or ""),
        str(found.get("url") or ""),
    )


@dataclass(frozen=True, slots=True)
class Workspace:
    """The bot in one workspace, or in all of an organization, with the token that it has there."""

    web: AsyncWebClient
    me: Identity
    delivery: Delivery
    rights: Rights
    agent: Agent

    async def site(self) -> str:
        """The workspace's own address, or "" where Slack does not tell it now."""
        try:
            return self.me.url or (await identify(self.web)).url
        except BotFailure as failure:
            log.info("site not known", failure=type(failure).__name__)
            return ""


At = Callable[[str, str], Awaitable[Workspace]]
"""The bot in a workspace: by its id, and that of its organization or "".

Raises SlackFailure where the bot is not there, another BotFailure where that cannot be told now.
"""


def workspace(web: AsyncWebClient, me: Identity, admins: Collection[str] = ()) -> Workspace:
    """The bot as *me*, speaking through *web*, which comes from :func:`bot.slack.calls.client`."""
    return Workspace(web, me, Delivery(web, bot_user=me.user), Rights(web, admins), Agent(web))


def only(here: Workspace) -> At:
    """The bot where there is one workspace: its token speaks for it wherever an event came from."""

    async def at(_team: str, _enterprise: str) -> Workspace:
        return here

    return at


def administers(at: At) -> IsAdmin:
    """Ask in a person's workspace whether they administer it."""

    async def is_admin(person: Person) -> bool:
        here = await at(person.team, person.enterprise)
        return await here.rights.is_admin(person.id)

    return is_admin


class Workspaces:
    """Those that installed the app; *allowed* are ids of workspaces and organizations that may.

    *good* gives an installation a token that has not ended.
    """

    def __init__(
        self,
        installations: Installations,
        *,
        api_url: str,
        allowed: Collection[str],
        admins: Collection[str],
        good: Callable[[Bot], Awaitable[Bot]],
    ) -> None:
        self._installations, self._good = installations, good
        self._api_url, self._allowed, self._admins = api_url, frozenset(allowed), admins
        self._known: dict[tuple[str | None, str | None], Workspace] = {}

    async def at(self, team: str, enterprise: str) -> Workspace:
        """The bot in a workspace, as ``At`` has it."""
        bot = await self._installations.find(team, enterprise)
        if bot is None or not self.welcome(bot.team_id, bot.enterprise_id):
            raise SlackFailure(
                "The app is not installed in that workspace.",
                "Install it at /slack/install; BLOGBOT_WORKSPACES must name the workspace.",
                code="not_installed",
            )
        return self._workspace(await self._good(bot))

    def welcome(self, team: str | None, enterprise: str | None) -> bool:
        """Whether that workspace, or its organization, may install the app."""
        return team in self._allowed or enterprise in self._allowed

    async def forget(self, team: str, enterprise: str) -> None:
        """Forget an installation that was taken back."""
        bot = await self._installations.find(team, enterprise)
        if bot and await self._installations.forget(bot):
            self._known.pop((bot.enterprise_id, bot.team_id), None)
            log.warning("app uninstalled", workspace=bot.team_id or bot.enterprise_id)

    def _workspace(self, bot: Bot) -> Workspace:
        """The same for as long as the installation lasts: it knows how much may be asked of Slack there."""
        me = Identity(bot.team_id or "", bot.bot_user_id, bot.bot_id)
        found = self._known.get((bot.enterprise_id, bot.team_id))
        if found is None or found.me != me:
            found = workspace(client(bot.bot_token, self._api_url), me, self._admins)
            self._known[bot.enterprise_id, bot.team_id] = found
        found.web.token = bot.bot_token  # so that answers under way go on with the new one too
        return found
