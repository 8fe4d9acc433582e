"""How the bot comes to be in workspaces: by the token of one, or by what each gave that installed it."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.config import Config
from bot.records.records import Records
from bot.slack import calls as slack_calls
from bot.slack.presence.connection import Answering, preflight, try_socket
from bot.slack.presence.installing import Installing
from bot.slack.presence.rotation import Rotation
from bot.slack.presence.workspaces import At, Workspaces, only, workspace

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Presence:
    """Where the bot is.

    ``forget`` is told of a workspace, or an organization, that took the app back; ``news`` is the one that
    hears of refreshes; ``pages`` are those on which the app is installed; ``keep_tokens`` runs for ever.
    """

    at: At
    forget: Callable[[str, str], Awaitable[None]]
    news: tuple[str, str]
    pages: Mapping[str, Answering] = field(default_factory=dict)
    keep_tokens: Callable[[], Coroutine[Any, Any, None]] | None = None


async def join(config: Config, records: Records) -> Presence:
    """Look whether Slack takes the tokens; raises SlackFailure where it refuses one."""
    return await (_several(config, records) if config.several else _one(config))


async def _one(config: Config) -> Presence:
    web = slack_calls.client(config.bot_token, config.slack_api_url)
    me = await preflight(web, config.app_token)

    async def forget(team: str, _enterprise: str) -> None:
        log.error("the app was uninstalled, or its token revoked", team=team)

    return Presence(only(workspace(web, me, config.admins)), forget, (me.team, ""))


async def _several(config: Config, records: Records) -> Presence:
    if config.app_token:
        await try_socket(config.app_token, config.slack_api_url)
    installations = records.installations(config.client_id)
    app = slack_calls.App(config.client_id, config.client_secret, config.slack_api_url)
    rotation = Rotation(app, installations, take_turn=records.take_turn)
    workspaces = Workspaces(
        installations,
        api_url=config.slack_api_url,
        allowed=config.workspaces,
        admins=config.admins,
        good=rotation.good,
    )
    installing = Installing(app, installations, welcome=workspaces.welcome)
    organization = config.announce_in.startswith("E")
    news = ("", config.announce_in) if organization else (config.announce_in, "")
    return Presence(workspaces.at, workspaces.forget, news, installing.pages, rotation.keep)
