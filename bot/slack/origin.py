"""Which workspace a payload of Slack's comes from. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.model import Person


def origin(body: Mapping[str, Any]) -> tuple[str, str]:
    """The id of the workspace, and that of its organization; each is "" where Slack leaves it out.

    In a channel shared between companies that is the workspace which has the app, not that of whoever wrote
    (docs.slack.dev/apis/events-api#authorizations). Where an app is installed in all of an organization, its
    authorization names no workspace and an interaction no team: the envelope does, and the person.
    """
    grants = body.get("authorizations") or ()
    grant = grants[0] if grants and isinstance(grants[0], Mapping) else {}
    event, user = _inside(body, "event"), _inside(body, "user")
    team, enterprise = _inside(body, "team"), _inside(body, "enterprise")
    teams = (
        team.get("id"),
        grant.get("team_id"),
        body.get("team_id"),
        user.get("team_id"),
        event.get("team"),
    )
    enterprises = (
        enterprise.get("id"),
        grant.get("enterprise_id"),
        body.get("enterprise_id"),
        team.get("enterprise_id"),
    )
    return _first(teams), _first(enterprises)


def person(body: Mapping[str, Any]) -> Person:
    """Who pressed a button or sent a form."""
    return Person(str(_inside(body, "user").get("id") or ""), *origin(body))


def _inside(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _first(ids: tuple[Any, ...]) -> str:
    return next((each for each in ids if isinstance(each, str) and each), "")
