"""Settings: parsed once from a mapping, every fault reported at once, nothing read at import."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from bot.errors import ConfigFailure
from bot.settings import Reader
from index.model import Blog

SAMPLE_BLOG = Path(__file__).resolve().parent.parent / "deploy" / "sample-blog"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the bot can be told, in types; secrets never show in a repr.

    ``context`` and ``answer_tokens`` are tokens; ``health_port`` 0 turns the health pages off; questions,
    answers and feedback are deleted after ``keep_days``; each Ollama writes ``parallel`` answers at once;
    ``announce`` is the channel that hears of refreshes, or "", in the workspace ``announce_in`` where there
    are several; ``workspaces`` are those that may install the app, by their id or their organization's.
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
    announce_in: str
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
    client_id: str
    client_secret: str = field(repr=False)
    workspaces: tuple[str, ...]

    @property
    def mode(self) -> Literal["socket", "http", "playground"]:
        """How the bot meets Slack: Socket Mode wins over HTTP, and without tokens there is the playground."""
        if not (self.bot_token or self.several):
            return "playground"
        return "socket" if self.app_token else "http"

    @property
    def several(self) -> bool:
        """Whether workspaces install the app, each with a token of its own."""
        return bool(self.client_id)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Parse the settings, or raise ConfigFailure with one sentence for each that cannot be used."""
        read = Reader(env)
        slack = _Slack(
            bot_token=read.token("SLACK_BOT_TOKEN", "xoxb-"),
            app_token=read.token("SLACK_APP_TOKEN", "xapp-"),
            signing_secret=read.text("SLACK_SIGNING_SECRET"),
            client_id=read.text("SLACK_CLIENT_ID"),
            client_secret=read.text("SLACK_CLIENT_SECRET"),
            workspaces=read.ids("BLOGBOT_WORKSPACES", "TE", "ids of workspaces such as T012ABCDEF"),
        )
        for sentence in slack.faults():
            read.fault(sentence)
        announce_in, announce = read.channel("BLOGBOT_ANNOUNCE", several=bool(slack.client_id))
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
            announce=announce,
            announce_in=announce_in,
            database_url=read.database("BLOGBOT_DATABASE_URL", f"sqlite:///{data / 'blogbot.sqlite'}"),
            admins=read.ids("BLOGBOT_ADMINS", "UW", "user ids such as U012ABCDEF"),
            channels=read.ids("BLOGBOT_CHANNELS", "CGD", "channel ids such as C012ABCDEF"),
            keep_days=read.number("BLOGBOT_KEEP_DAYS", 90, 1, 36_500),
            health_host=read.text("BLOGBOT_HEALTH_HOST", "127.0.0.1"),
            health_port=read.number("BLOGBOT_HEALTH_PORT", 8080, 0, 65535),
            slack_api_url=read.address("SLACK_API_URL", "https://slack.com/api/"),
            http_port=read.number("BLOGBOT_HTTP_PORT", 3000, 1, 65535),
            playground_port=read.number("BLOGBOT_PLAYGROUND_PORT", 3030, 0, 65535),
            **asdict(slack),
        )
        if read.faults:
            raise ConfigFailure(tuple(read.faults))
        return config


@dataclass(frozen=True, slots=True)
class _Slack:
    """What Slack's own settings say, which only together make sense."""

    bot_token: str
    app_token: str
    signing_secret: str
    client_id: str
    client_secret: str
    workspaces: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        """A sentence for each thing that does not fit together."""
        if self.bot_token and self.client_id:
            yield (
                "SLACK_BOT_TOKEN is for one workspace and SLACK_CLIENT_ID for several that install the app:"
                " remove one of them."
            )
        elif self.bot_token and not self._hears:
            yield (
                "SLACK_BOT_TOKEN is set alone: add SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET"
                " (HTTP), or remove it to use the playground."
            )
        elif self.client_id and not self._hears:
            yield (
                "SLACK_CLIENT_ID is set without a way to hear from Slack: add SLACK_APP_TOKEN (Socket Mode)"
                " or SLACK_SIGNING_SECRET (HTTP)."
            )
        elif self._hears and not (self.bot_token or self.client_id):
            yield (
                "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is set without SLACK_BOT_TOKEN: add it (it starts"
                " with xoxb-), or remove them to use the playground."
            )
        if bool(self.client_id) != bool(self.client_secret):
            yield "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together: copy both from Basic Information."
        if bool(self.client_id) != bool(self.workspaces):
            yield (
                "SLACK_CLIENT_ID and BLOGBOT_WORKSPACES go together: list the ids of the workspaces (T…) or"
                " organizations (E…) that may install the app, since whoever installs it can read the blog."
            )

    @property
    def _hears(self) -> bool:
        return bool(self.app_token or self.signing_secret)
