"""Settings: parsed once from a mapping, every fault reported at once, nothing read at import."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bot import schedule
from bot.errors import ConfigFailure
from index.model import Blog

SAMPLE_BLOG = Path(__file__).resolve().parent.parent / "deploy" / "sample-blog"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the bot can be told, in types; secrets never show in a repr.

    ``context`` and ``answer_tokens`` are tokens; ``health_port`` 0 turns the health pages off; questions,
    answers and feedback are deleted after ``keep_days``; each Ollama writes ``parallel`` answers at once;
    ``announce`` is the channel that hears of refreshes, or "".
    """

    blog: Blog
    data: Path
    ollama: tuple[str, ...]
    model: str
    embed_model: str
    context: int
    answer_tokens: int
    parallel: int
    refresh: str
    announce: str
    database_url: str = field(repr=False)
    admins: tuple[str, ...]
    channels: tuple[str, ...]
    keep_days: int
    health_host: str
    health_port: int
    slack_api_url: str
    http_port: int
    playground_port: int
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)

    @property
    def mode(self) -> Literal["socket", "http", "playground"]:
        """How the bot meets Slack: Socket Mode wins over HTTP, and without tokens there is the playground."""
        if self.bot_token and self.app_token:
            return "socket"
        return "http" if self.bot_token and self.signing_secret else "playground"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Parse the settings, or raise ConfigFailure with one sentence for each that cannot be used."""
        read = _Reader(env)
        bot_token = read.token("SLACK_BOT_TOKEN", "xoxb-")
        app_token = read.token("SLACK_APP_TOKEN", "xapp-")
        secret = read.text("SLACK_SIGNING_SECRET")
        if bot_token and not (app_token or secret):
            read.fault(
                "SLACK_BOT_TOKEN is set alone: add SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET"
                " (HTTP), or remove it to use the playground."
            )
        if (app_token or secret) and not bot_token:
            read.fault(
                "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is set without SLACK_BOT_TOKEN: add it (it starts"
                " with xoxb-), or remove them to use the playground."
            )
        data = Path(read.text("BLOGBOT_DATA", "./data")).expanduser().absolute()
        answer_tokens = read.number("BLOGBOT_ANSWER_TOKENS", 800, 16, 100_000)
        context = read.number("BLOGBOT_CONTEXT", 8192, 512, 1_000_000)
        if answer_tokens * 2 > context:
            read.fault(
                f"BLOGBOT_ANSWER_TOKENS {answer_tokens} takes more than half of BLOGBOT_CONTEXT {context}:"
                " lower the first or raise the second."
            )
        config = cls(
            blog=Blog(
                repo=read.text("BLOGBOT_REPO", str(SAMPLE_BLOG)),
                branch=read.text("BLOGBOT_BRANCH"),
                link=read.link("BLOGBOT_LINK"),
                include=read.items("BLOGBOT_INCLUDE") or ("**/*.md",),
                exclude=read.items("BLOGBOT_EXCLUDE"),
            ),
            data=data,
            ollama=read.hosts("OLLAMA_HOST", "http://127.0.0.1:11434"),
            model=read.text("BLOGBOT_MODEL", "qwen3:8b"),
            embed_model=read.text("BLOGBOT_EMBED_MODEL"),
            context=context,
            answer_tokens=answer_tokens,
            parallel=read.number("BLOGBOT_PARALLEL", 2, 1, 64),
            refresh=read.cron("BLOGBOT_REFRESH", "0 3 * * *"),
            announce=read.channel("BLOGBOT_ANNOUNCE"),
            database_url=read.database("BLOGBOT_DATABASE_URL", f"sqlite:///{data / 'blogbot.sqlite'}"),
            admins=read.ids("BLOGBOT_ADMINS", "UW", "user ids such as U012ABCDEF"),
            channels=read.ids("BLOGBOT_CHANNELS", "CGD", "channel ids such as C012ABCDEF"),
            keep_days=read.number("BLOGBOT_KEEP_DAYS", 90, 1, 36_500),
            health_host=read.text("BLOGBOT_HEALTH_HOST", "127.0.0.1"),
            health_port=read.number("BLOGBOT_HEALTH_PORT", 8080, 0, 65535),
            slack_api_url=read.address("SLACK_API_URL", "https://slack.com/api/"),
            http_port=read.number("BLOGBOT_HTTP_PORT", 3000, 1, 65535),
            playground_port=read.number("BLOGBOT_PLAYGROUND_PORT", 3030, 0, 65535),
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=secret,
        )
        if read.faults:
            raise ConfigFailure(tuple(read.faults))
        return config


class _Reader:
    """Reads one setting at a time and collects what is wrong; a value at fault reads as its default."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        self.faults.append(sentence)

    def text(self, name: str, default: str = "") -> str:
        return self.env.get(name, "").strip() or default

    def items(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def token(self, name: str, prefix: str) -> str:
        value = self.text(name)
        if value and not value.startswith(prefix):
            self.fault(
                f"{name} does not start with {prefix}: copy it again from the Slack app's settings page."
            )
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not (re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most):
            self.fault(f"{name} is {value[:40]!r}: give a whole number from {least} to {most}.")
            return default
        return int(value)

    def ids(self, name: str, letters: str, example: str) -> tuple[str, ...]:
        found = self.items(name)
        for item in found:
            if not re.fullmatch(f"[{letters}][A-Z0-9]{{5,}}", item):
                self.fault(f"{name} holds {item!r}: give {example}, separated by commas.")
        return found

    def channel(self, name: str) -> str:
        found = self.ids(name, "CG", "one channel id such as C012ABCDEF")
        if len(found) > 1:
            self.fault(f"{name} holds {len(found)} channels: give one.")
        return found[0] if found else ""

    def address(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not _is_http(value):
            self.fault(f"{name} is {value!r}: give an http:// or https:// address.")
            return default
        return value.rstrip("/") + "/"

    def hosts(self, name: str, default: str) -> tuple[str, ...]:
        found = tuple(_ollama_address(item) for item in self.items(name) or (default,))
        for address in found:
            if not _is_http(address):
                self.fault(
                    f"{name} holds {address!r}: give addresses such as http://127.0.0.1:11434, separated"
                    " by commas."
                )
        return found

    def link(self, name: str) -> str:
        value = self.text(name)
        if value and not (_is_http(value) and "{path}" in value):
            self.fault(
                f"{name} is {value!r}: give an http(s) address with {{path}} in it, such as"
                " https://github.com/digoal/blog/blob/{branch}/{path}."
            )
        return value

    def cron(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            schedule.trigger(value)
        except ValueError as exc:
            self.fault(f"{name} is {value!r}: give a cron line of five fields such as '0 3 * * *' ({exc}).")
            return default
        return value

    def database(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            self.fault(f"{name} is no database address: give sqlite:///path or postgresql://user@host/name.")
            return default
        return value


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _ollama_address(item: str) -> str:
    """Complete an address the way Ollama's own OLLAMA_HOST is read: scheme http, port 11434."""
    address = (item if "://" in item else f"http://{item}").rstrip("/")
    try:
        parts = urlsplit(address)
        bare = parts.port is None and parts.scheme == "http" and not parts.path
    except ValueError:
        return address
    address = f"{address}:11434" if bare else address
    return address.replace("://0.0.0.0", "://127.0.0.1", 1)
