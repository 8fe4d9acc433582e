"""BLOGBOT_REPO read apart: what git is given, what people are shown, and the secret in between. Pure.

A credential in the address goes to git as a request header in its environment, never in the address: so it
cannot stand in a process list, in the mirror's configuration, or in what git says when it fails.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

TOKEN_LENGTH = 20
"""A user name this long without a password is a token; a shorter one is left to credential helpers."""

_SCP_LIKE = re.compile(r"[^/:]+:(?!//).+")
_USERINFO = re.compile(r"(\w[\w+.-]*://)[^/\s@]*@")
_QUERY = re.compile(r"(\w[\w+.-]*://[^\s?]*)\?\S*")


@dataclass(frozen=True, slots=True)
class Address:
    """A repository's address: ``url`` for git and ``shown`` for people hold no secret.

    ``header`` is the request header that carries the credential, for the site ``scope``; both are "" without.
    """

    url: str
    shown: str
    scope: str = ""
    header: str = field(default="", repr=False)

    @classmethod
    def parse(cls, repo: str) -> "Address":
        """Read any Git URL, scp-like address or path; what cannot be read is passed on for git to refuse."""
        try:
            parts = urlsplit(repo) if "://" in repo else None
            host = _host(parts) if parts else ""
        except ValueError:
            return cls(repo, scrubbed(repo))
        if parts is None or not host:
            return cls(repo, repo)
        if parts.scheme not in {"http", "https"}:
            user = f"{parts.username}@" if parts.username else ""
            return cls(parts._replace(netloc=user + host).geturl(), scrubbed(repo))
        secret = parts.password is not None or len(parts.username or "") >= TOKEN_LENGTH
        if not secret:
            return cls(repo, scrubbed(repo))
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        header = "Authorization: Basic " + b64encode(pair.encode()).decode()
        url = parts._replace(netloc=host).geturl()
        return cls(url, scrubbed(url), f"{parts.scheme}://{host}/", header)


def is_url(repo: str) -> bool:
    """Whether *repo* names another machine or a scheme, rather than a path on this one."""
    return "://" in repo or bool(_SCP_LIKE.fullmatch(repo))


def scrubbed(text: str) -> str:
    """Return *text* with user names, passwords and query strings taken out of every address in it."""
    return _QUERY.sub(r"\1", _USERINFO.sub(r"\1", text))


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
