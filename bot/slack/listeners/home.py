"""App Home: how to ask, what to ask, how fresh the index is, what the person asked, settings [Bolt]."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.errors import DatabaseFailure
from bot.model import Person, Policy, Question, Source
from bot.phrases import Phrases, choose
from bot.slack.origin import origin
from bot.slack.presence.agent import PROMPTS
from bot.slack.presence.workspaces import At
from bot.slack.rendering import notices, policy
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Block, plain, section, sections, source_line
from bot.slack.rendering.notices import Facts
from index.errors import IndexFailure
from index.model import Hit

MOST_POLICIES = 50

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person sees there; *policies* None for people who may not set them."""

    facts: Facts | None
    articles: Sequence[Hit] = ()
    questions: Sequence[Question] = ()
    policies: Mapping[str, Policy] | None = None


def register(
    app: AsyncApp,
    *,
    facts: Callable[[], Awaitable[Facts]],
    latest: Callable[[int], Awaitable[Sequence[Hit]]],
    recent: Callable[[Person], Awaitable[Sequence[Question]]],
    policies: Callable[[str], Awaitable[Mapping[str, Policy]]],
    at: At,
) -> None:
    """Publish a person's App Home whenever they open it; where they open the conversation, suggest prompts.

    *recent* are a person's latest questions, *policies* those of a workspace's channels.
    """

    @app.event("app_home_opened")
    async def opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        team, enterprise = origin(body)
        here, person = await at(team, enterprise), str(event["user"])
        words = choose("", await here.rights.locale(person))
        try:
            now, articles = await facts(), await latest(PROMPTS)
        except IndexFailure as failure:
            log.info("home without index", error=type(failure).__name__)
            now, articles = None, ()
        if event.get("tab") != "home":
            await here.agent.suggest(str(event["channel"]), articles, words)
            return
        try:
            asked = await recent(Person(person, team, enterprise))
            settings = await policies(team) if await here.rights.is_admin(person) else None
        except DatabaseFailure as failure:
            log.warning("home without memory", error=type(failure).__name__)
            asked, settings = (), None
        site = await here.site() if asked else ""
        view = home(Sight(now, articles, asked, settings), words, site)
        try:
            await here.web.api_call("views.publish", json={"user_id": person, "view": view})
        except SlackApiError as exc:
            log.warning("home not published", code=exc.response.get("error"))


def home(sight: Sight, words: Phrases, site: str = "") -> dict[str, Any]:
    """The view: at most 100 blocks (docs.slack.dev/reference/views/home-tab-views)."""
    blocks: list[Block] = [_title(words.home_title), section(words.help)]
    if sight.articles:
        numbered = enumerate(sight.articles, 1)
        lines = [source_line(Source(n, hit.title, hit.url, hit.path, hit.date)) for n, hit in numbered]
        blocks += [_title(words.home_prompts), *sections(lines)]
    state = notices.status(sight.facts, words=words) if sight.facts else notices.index_missing(words=words)
    blocks += [_title(words.home_freshness), *state["blocks"]]
    if sight.questions:
        blocks += [_title(words.home_questions), *sections(_asked(each, site) for each in sight.questions)]
    if sight.policies is not None:
        blocks += [_title(words.home_policies), *_settings(sight.policies, words)]
    return {"type": "home", "blocks": blocks}


def _title(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def _asked(question: Question, site: str) -> str:
    """A question as a link to where it was asked; a private one stands nowhere."""
    said = slack_text.shorten(" ".join(question.text.split()), 150)
    if not question.ts or not site:
        return f"• {slack_text.escape(said)}"
    below = f"?thread_ts={question.root}&cid={question.channel}" if question.root != question.ts else ""
    at = question.ts.replace(".", "")
    url = f"{site.rstrip('/')}/archives/{question.channel}/p{at}{below}"
    return f"• {slack_text.link(url, said)}"


def _settings(policies: Mapping[str, Policy], words: Phrases) -> list[Block]:
    if not policies:
        return [section(words.home_no_policies)]
    shown = list(policies.items())[:MOST_POLICIES]
    return [section(words.home_how_policies)] + [
        section(f"<#{channel}>\n{policy.lines(words, chosen)}") for channel, chosen in shown
    ]
