"""Slash commands: ``/ask`` answers privately, ``/blog`` searches, tells and refreshes [Bolt]."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.model import Person, Policy, Question
from bot.slack.listeners.intake import INTAKE_SECONDS, PolicyOf, Submit, allowed
from bot.slack.origin import origin, person
from bot.slack.presence.rights import IsAdmin
from bot.slack.rendering import found as results
from bot.slack.rendering import notices, policy
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Reply
from bot.slack.rendering.notices import Facts
from index.errors import IndexFailure, IndexMissing
from index.model import Found, Report

Search = Callable[[Question, int], Awaitable[Found]]
"""Search for the question's text in what the policy of its channel allows."""

log = structlog.get_logger(__name__)


class Channel(Protocol):
    """What ``/blog policy`` asks about channels; *question* tells which, and who asks."""

    async def policy_of(self, question: Question, /) -> Policy:
        """The policy in force."""

    async def may_set(self, question: Question, /) -> bool:
        """Whether this person may change it."""

    async def set_policy(self, question: Question, policy: Policy, /) -> None:
        """Change it."""


def register_ask(
    app: AsyncApp, *, submit: Submit, policy_of: PolicyOf, channels: Collection[str] = ()
) -> None:
    """Hand what is asked with ``/ask`` to *submit*; whoever asks nothing, or where they may not, is told."""

    @app.command("/ask")
    async def ask(ack: AsyncAck, command: dict[str, Any]) -> None:
        question = asked(command)
        if not allowed(question, channels):
            await _refuse(ack, notices.channel_refused(question))
        elif not question.text:
            await _refuse(ack, notices.help_text())
        elif await recorded(question, submit, policy_of):
            # Silent, because a sign here could arrive after the answer; Delivery.open shows it.
            await ack()
        else:
            await _refuse(ack, notices.not_recorded(question))


def register_blog(
    app: AsyncApp,
    *,
    search: Search,
    facts: Callable[[], Awaitable[Facts]],
    refresh: Callable[[], Awaitable[Report]],
    forget: Callable[[Person], Awaitable[int]],
    channel: Channel,
    articles: Callable[[Policy], Awaitable[int | None]],
    is_admin: IsAdmin,
) -> None:
    """Answer ``/blog`` to the person alone: search, status, policy, refresh (for admins), forget, or help.

    *search* and *refresh* may raise IndexFailure, *facts* IndexMissing. *forget* deletes what is kept of a
    person and counts the questions, *articles* counts those that a policy leaves, None without an index.
    """

    @app.command("/blog")
    async def blog(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
        await ack()
        question = asked(command)
        verb, _, words = question.text.partition(" ")
        match notices.verb(verb):
            case "search":
                await respond(**await _search(question, words.strip(), search))
            case "status":
                await respond(**await _status(question, facts))
            case "policy":
                await respond(**await _policy(question, words, channel, articles))
            case "refresh" if not await is_admin(question.asker):
                await respond(**notices.refresh_refused(question))
            case "refresh":
                await respond(**notices.refresh_started(question))
                await respond(**await _refresh(question, refresh))
            case "forget" if not notices.is_me(words):
                await respond(**notices.forget_usage(question))
            case "forget":
                await respond(**notices.forgotten(question, await forget(question.asker)))
            case _:
                await respond(**notices.help_text(question.text))


def register_pages(app: AsyncApp, *, search: Search) -> None:
    """Turn the pages of ``/blog search``; each replaces the one before."""

    @app.action(re.compile(f"{results.TURN}_[01]"))
    async def turned(ack: AsyncAck, respond: AsyncRespond, body: dict[str, Any]) -> None:
        await ack()
        words, start = results.wanted(body["actions"][0]["value"])
        question = private("", person(body), body["channel"]["id"], str(body["trigger_id"]))
        await respond(**await _search(question, words, search, start), replace_original=True)


def asked(command: Mapping[str, Any]) -> Question:
    """The question in a slash command's payload, perhaps without text."""
    return private(
        str(command.get("text") or ""),
        Person(str(command["user_id"]), *origin(command)),
        str(command["channel_id"]),
        str(command["trigger_id"]),
        str(command["response_url"]),
    )


def private(text: str, person: Person, channel: str, trigger: str, response_url: str = "") -> Question:
    """A question asked in *channel* whose answer is for *person* alone.

    It has no message of its own, so its id comes from the payload's trigger id, which is unique to the call.
    """
    return Question(
        id=f"{person.team}-{channel}-{trigger}",
        text=slack_text.clean(text, ""),
        person=person.id,
        team=person.team,
        channel=channel,
        ts="",
        root="",
        kind="command",
        response_url=response_url,
        enterprise=person.enterprise,
    )


async def recorded(question: Question, submit: Submit, policy_of: PolicyOf) -> bool:
    """Whether the question is safe; Slack never delivers a slash command twice, so the person must know."""
    try:
        async with asyncio.timeout(INTAKE_SECONDS):
            await submit(policy.under(await policy_of(question), question))
    except Exception as exc:  # noqa: BLE001 - the person is told, the log names the kind of error alone
        log.error("question not recorded", question=question.id, error=type(exc).__name__)  # noqa: TRY400
        return False
    return True


async def _refuse(ack: AsyncAck, reply: Reply) -> None:
    await ack(text=reply["text"], blocks=reply["blocks"], response_type="ephemeral")


async def _search(question: Question, words: str, search: Search, start: int = 0) -> Reply:
    if not words:
        return notices.search_usage(question)
    try:
        found = await search(replace(question, text=words), start + results.PAGE + 1)
    except IndexFailure as failure:
        return notices.search_failed(words, failure)
    return results.page(words, found.hits, start)


async def _policy(
    question: Question,
    words: str,
    channel: Channel,
    articles: Callable[[Policy], Awaitable[int | None]],
) -> Reply:
    chosen = await channel.policy_of(question)
    order = policy.changed(chosen, words)
    if order is None:
        return policy.shown(question, chosen, await articles(chosen))
    if not await channel.may_set(question):
        return policy.refused(question)
    await channel.set_policy(question, order)
    log.info("policy changed", person=question.person, channel=question.channel)
    return policy.kept(question, order, await articles(order))


async def _status(question: Question, facts: Callable[[], Awaitable[Facts]]) -> Reply:
    try:
        return notices.status(await facts(), question.text)
    except IndexMissing:
        return notices.index_missing(question.text)


async def _refresh(question: Question, refresh: Callable[[], Awaitable[Report]]) -> Reply:
    log.info("refresh asked for", person=question.person)
    try:
        return notices.refresh_done(question, await refresh())
    except IndexFailure as failure:
        log.warning("refresh failed", error=type(failure).__name__)
        return notices.refresh_failed(question, failure)
