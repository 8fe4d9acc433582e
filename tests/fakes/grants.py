"""What Slack's OAuth hands out: codes, bot tokens, refresh tokens, and what becomes of them.

Shapes: https://docs.slack.dev/reference/methods/oauth.v2.access,
https://docs.slack.dev/authentication/using-token-rotation and, for an org-wide installation,
https://api.slack.com/enterprise/apps/reference.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from bot.playground import Playground
from bot.playground.model import TEAM_NAME

HALF_A_DAY = 43_200


class Grants:
    """The codes and tokens of one app; those that *rotates* end, by ``expire`` and not by the clock."""

    def __init__(self, *, rotates: bool, expires_in: int = HALF_A_DAY) -> None:
        self.client_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}"
        self.client_secret = secrets.token_hex(16)
        self.refreshes = 0
        self._rotates, self.expires_in = rotates, expires_in
        self._codes: dict[str, tuple[Playground, str]] = {}
        self._refreshing: dict[str, Playground] = {}
        self._holders: dict[str, Playground] = {}
        self._ended: dict[str, str] = {}

    def code(self, workspace: Playground, redirect_uri: str = "") -> str:
        """What Slack sends the browser back with when *workspace* agreed; good for one grant."""
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._codes[code] = (workspace, redirect_uri)
        return code

    def tokens(self, workspace: Playground) -> list[str]:
        """Every bot token that *workspace* ever gave, newest last."""
        return [token for token, holder in self._holders.items() if holder is workspace]

    def expire(self, token: str) -> None:
        """Let a token's time be over."""
        self._ended[token] = "token_expired"

    def revoke(self, workspace: Playground) -> None:
        """Take back all that *workspace* gave, the ways to new tokens too."""
        self._ended |= dict.fromkeys(self.tokens(workspace), "token_revoked")
        for token in [token for token, holder in self._refreshing.items() if holder is workspace]:
            del self._refreshing[token]

    def holder(self, token: str) -> tuple[Playground | None, str]:
        """The workspace that a token speaks for, or None and the error it earns."""
        error = self._ended.get(token) or ("" if token in self._holders else "invalid_auth")
        return (None if error else self._holders[token]), error

    def access(self, client: tuple[str, str], fields: Mapping[str, str]) -> dict[str, Any]:
        """The answer of oauth.v2.access to an app that says to be *client*, an id and a secret."""
        if client[0] != self.client_id:
            return _refusal("invalid_client_id")
        if client[1] != self.client_secret:
            return _refusal("bad_client_secret")
        if fields.get("grant_type") == "refresh_token":
            return self._refreshed(fields.get("refresh_token", ""))
        return self._first(fields.get("code", ""), fields.get("redirect_uri", ""))

    def _first(self, code: str, redirect_uri: str) -> dict[str, Any]:
        workspace, sent = self._codes.pop(code, (None, ""))
        if workspace is None:
            return _refusal("invalid_code")
        if sent and redirect_uri != sent:
            return _refusal("bad_redirect_uri")
        workspace.install()
        return {**self._granted(workspace), "authed_user": {"id": workspace.ada}}

    def _refreshed(self, refresh_token: str) -> dict[str, Any]:
        workspace = self._refreshing.pop(refresh_token, None)
        if workspace is None:
            return _refusal("invalid_refresh_token")
        self.refreshes += 1
        return self._granted(workspace)

    def _granted(self, workspace: Playground) -> dict[str, Any]:
        installed = workspace.workspace.installed
        token = ("xoxe.xoxb-1-" if self._rotates else "xoxb-") + secrets.token_hex(16)
        self._holders[token] = workspace
        answer = {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(workspace.scopes),
            "bot_user_id": workspace.bot_user_id,
            "app_id": workspace.app_id,
            "team": None if installed.org_wide else {"id": installed.team, "name": TEAM_NAME},
            "enterprise": installed.organisation,
            "is_enterprise_install": installed.org_wide,
        }
        if not self._rotates:
            return answer
        refresh_token = "xoxe-1-" + secrets.token_hex(16)
        self._refreshing[refresh_token] = workspace
        return {**answer, "expires_in": self.expires_in, "refresh_token": refresh_token}


def _refusal(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}
