"""What a workspace is made of, and where the app is installed: frozen values and their made-up ids."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bot.playground.recent import Recent

Json = dict[str, Any]

TEAM, APP, BOT, BOT_ID = "T0PLAYGRND", "A0PLAYGRND", "U0BLOGBOT1", "B0BLOGBOT1"
ADA, LIN, GENERAL = "U0ADA00001", "U0LIN00001", "C0GENERAL1"
TEAM_NAME, ENTERPRISE_NAME = "Playground", "Playground Inc"
MESSAGES_A_CHANNEL = 1000


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the app is installed: in the workspace ``team``, "" or the ``enterprise`` it belongs to.

    ``org_wide`` installs it in the enterprise instead, once for all of its workspaces; this is one of them.
    https://api.slack.com/enterprise/org-ready-apps. ValueError for org_wide without an enterprise.
    """

    team: str = TEAM
    enterprise: str = ""
    org_wide: bool = False

    def __post_init__(self) -> None:
        if self.org_wide and not self.enterprise:
            raise ValueError("An org-wide installation is one of an enterprise: give its id too.")

    @property
    def organisation(self) -> Json | None:
        """The enterprise as payloads show it, if there is one."""
        return {"id": self.enterprise, "name": ENTERPRISE_NAME} if self.enterprise else None

    @property
    def holder(self) -> str:
        """The id of what holds the bot token: the enterprise or the workspace."""
        return self.enterprise if self.org_wide else self.team


@dataclass(frozen=True, slots=True)
class Person:
    """A member; ``locale`` is Slack's (``zh-CN``)."""

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    is_admin: bool = False
    is_bot: bool = False


@dataclass(slots=True)
class Channel:
    """A conversation; ``person`` is whose direct messages with the bot it holds, "" for a shared channel."""

    id: str
    name: str
    person: str = ""
    creator: str = ADA
    private: bool = False
    archived: bool = False
    bot_in: bool = True
    messages: Recent[str, Json] = field(default_factory=lambda: Recent(MESSAGES_A_CHANNEL))

    @property
    def type(self) -> Literal["im", "group", "channel"]:
        """Slack's ``channel_type``."""
        return "im" if self.person else "group" if self.private else "channel"


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened: what Slack would tell an app and what the page shows.

    ``before`` is the message as it was. ``person`` names the only one who sees it, "" for everyone.
    ``quiet`` changes are shown but not told to the app.
    """

    kind: str
    data: Json
    channel: str = ""
    before: Json | None = None
    person: str = ""
    quiet: bool = False
