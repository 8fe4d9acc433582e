"""Workspaces by id, in an enterprise, and org-wide, as Bolt reads the stand-in's payloads."""

from typing import Any

import pytest
from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
)

from bot.playground import Playground
from tests.fakes.tiny_app import app_of, client_of, connected, hearing, mention, refused
from tests.fakes.tiny_forms import BUTTON, FORM

KINDS = ("event_callback", "command", "message_action", "block_actions", "view_submission")
ORGANISED: dict[str, Any] = {"team_id": "T0GRID0001", "enterprise_id": "E0GRID0001"}


def seen(body: dict[str, Any]) -> tuple[str | None, str | None, bool | None]:
    """What Bolt makes of a payload: enterprise, team, and whether the installation is org-wide."""
    return extract_enterprise_id(body), extract_team_id(body), extract_is_enterprise_install(body)


async def payloads(slack: Playground) -> dict[str, dict[str, Any]]:
    """One payload of each kind that an app gets, by kind."""
    app, bodies = app_of(slack), {}

    @app.middleware
    async def keep(body: dict[str, Any], next_: Any) -> None:
        bodies[str(body.get("type", "command"))] = body
        await next_()

    async def acknowledge(ack: Any) -> None:
        await ack()

    hearing(app)
    app.command("/ask")(acknowledge)
    app.action("a")(acknowledge)
    app.shortcut("about")(acknowledge)
    app.view("why")(acknowledge)
    async with connected(slack, app):
        ts = await slack.say(slack.ada, slack.general, mention(slack))
        await slack.wait_for(lambda: "event_callback" in bodies)
        await slack.command(slack.ada, slack.general, "/ask", "why?")
        await slack.shortcut(slack.ada, ts, "about")
        blocks = [{"type": "actions", "elements": [BUTTON]}]
        posted = await app.client.chat_postMessage(channel=slack.general, text="x", blocks=blocks)
        await slack.press(slack.ada, posted["ts"], "a")
        trigger = slack.lent.trigger(slack.ada)
        view = (await app.client.views_open(trigger_id=trigger, view=FORM))["view"]
        await slack.submit(slack.ada, view["id"], {"text": "old"})
    return bodies


async def test_a_workspace_of_no_enterprise_names_itself_alone() -> None:
    async with Playground(team_id="T0ALONE001") as slack:
        found = {kind: seen(body) for kind, body in (await payloads(slack)).items()}
    assert found == dict.fromkeys(KINDS, (None, "T0ALONE001", False))


async def test_a_workspace_of_an_enterprise_names_both() -> None:
    async with Playground(**ORGANISED) as slack:
        found = {kind: seen(body) for kind, body in (await payloads(slack)).items()}
    assert found == dict.fromkeys(KINDS, ("E0GRID0001", "T0GRID0001", False))


async def test_an_org_wide_installation_names_the_enterprise_first_and_the_workspace_too() -> None:
    async with Playground(**ORGANISED, org_wide=True) as slack:
        bodies = await payloads(slack)
    assert {kind: seen(body) for kind, body in bodies.items()} == {
        "event_callback": ("E0GRID0001", None, True),
        "command": ("E0GRID0001", "T0GRID0001", True),
        "message_action": ("E0GRID0001", "T0GRID0001", True),
        "block_actions": ("E0GRID0001", "T0GRID0001", True),
        "view_submission": ("E0GRID0001", "E0GRID0001", True),  # the view's app_installed_team_id
    }
    for body in bodies.values():
        assert (body.get("team_id") or body["user"]["team_id"]) == "T0GRID0001"


@pytest.mark.parametrize(
    ("dials", "ids"),
    [
        ({}, {"team_id": "T0PLAYGRND"}),
        (ORGANISED, ORGANISED),
        ({**ORGANISED, "org_wide": True}, {"enterprise_id": "E0GRID0001"}),
    ],
)
async def test_an_app_that_is_removed_hears_where_and_is_authorized_no_more(
    dials: dict[str, Any], ids: dict[str, str]
) -> None:
    async with Playground(**dials) as slack:
        await slack.uninstall()
        assert [body["event"]["type"] for body in slack.events] == ["tokens_revoked", "app_uninstalled"]
        for body in slack.events:
            assert {name: body[name] for name in body if name.endswith(("team_id", "enterprise_id"))} == ids
            assert "authorizations" not in body
        assert await refused(client_of(slack).auth_test()) == "token_revoked"
        slack.install()
        assert (await client_of(slack).auth_test())["ok"]


def test_an_org_wide_installation_without_an_enterprise_is_none() -> None:
    with pytest.raises(ValueError, match="enterprise"):
        Playground(org_wide=True)
