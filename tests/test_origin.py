"""Which workspace a payload of Slack's comes from, in each of the forms that Slack gives it."""

from typing import Any

import pytest

from bot.slack.origin import origin

GRANT = {
    "enterprise_id": "E1",
    "team_id": "T1",
    "user_id": "U1",
    "is_bot": True,
    "is_enterprise_install": False,
}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param({"team_id": "T1", "event": {"team": "T9"}}, ("T1", ""), id="an old event"),
        pytest.param(
            {"team_id": "T9", "enterprise_id": "E9", "authorizations": [GRANT]},
            ("T1", "E1"),
            id="an event in a channel shared with another company",
        ),
        pytest.param(
            {"team_id": "T2", "enterprise_id": "E1", "authorizations": [GRANT | {"team_id": None}]},
            ("T2", "E1"),
            id="an event where all of an organization has the app",
        ),
        pytest.param({"team_id": "T1", "authorizations": []}, ("T1", ""), id="an event by nobody's leave"),
        pytest.param({"team_id": "T1", "enterprise_id": "E1"}, ("T1", "E1"), id="a slash command"),
        pytest.param(
            {"team": {"id": "T1", "enterprise_id": "E1"}, "user": {"id": "U1", "team_id": "T9"}},
            ("T1", "E1"),
            id="a button",
        ),
        pytest.param(
            {"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T2"}},
            ("T2", "E1"),
            id="a button where all of an organization has the app",
        ),
        pytest.param(
            {"enterprise_id": "E1", "event": {"type": "app_uninstalled"}},
            ("", "E1"),
            id="an organization's end",
        ),
        pytest.param({"event": "?", "team": "?", "authorizations": ["?"]}, ("", ""), id="nonsense"),
    ],
)
def test_the_workspace_that_has_the_app_is_found(body: dict[str, Any], found: tuple[str, str]) -> None:
    assert origin(body) == found
