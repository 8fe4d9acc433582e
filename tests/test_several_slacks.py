"""Several workspaces behind one address: the OAuth, and to which of them calls and events belong."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, ServerDisconnectedError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from bot.playground.faults import Fault
from tests.fakes.several import Slacks, neighbours, running
from tests.fakes.tiny_app import mention, refused

# slack_sdk 3.47 still sends the app's secret with what aiohttp 3.14 deprecates.


@pytest.fixture
async def slacks() -> AsyncIterator[Slacks]:
    async with running() as slacks:
        yield slacks


def client_of(slacks: Slacks, token: str = "") -> AsyncWebClient:
    return AsyncWebClient(token, base_url=slacks.api_url, retry_handlers=[])


async def granted(slacks: Slacks, **how: Any) -> dict[str, Any]:
    """What oauth.v2.access answers the app that it knows."""
    client = {"client_id": slacks.client_id, "client_secret": slacks.client_secret}
    answer = await client_of(slacks).oauth_v2_access(**client | how)
    assert isinstance(answer.data, dict)
    return answer.data


async def installed(slacks: Slacks, workspace: Playground) -> AsyncWebClient:
    answer = await granted(slacks, code=slacks.code(workspace))
    return client_of(slacks, answer["access_token"])


async def test_a_code_buys_a_token_that_speaks_in_the_workspace_that_gave_it(slacks: Slacks) -> None:
    first, second = slacks.workspaces
    assert (first.general, first.ada) == (second.general, second.ada)
    web = await installed(slacks, second)
    posted = await web.chat_postMessage(channel=second.general, text="it's here, 这里")
    assert first.messages() == []
    assert second.messages()[0]["text"] == "it's here, 这里"
    assert posted["message"]["team"] == second.team_id
    assert (await web.auth_test())["team_id"] == second.team_id
    assert slacks.tokens(first) == []
    assert slacks.calls[-1] == ("auth.test", second.team_id, slacks.tokens(second)[-1])


async def test_the_answer_of_a_grant_has_the_documented_shape(slacks: Slacks) -> None:
    answer = await granted(slacks, code=slacks.code(slacks.first))
    token = answer.pop("access_token")
    assert token.startswith("xoxb-")
    assert token == slacks.tokens(slacks.first)[-1]
    assert answer == {
        "ok": True,
        "token_type": "bot",
        "scope": ",".join(slacks.first.scopes),
        "bot_user_id": slacks.first.bot_user_id,
        "app_id": slacks.first.app_id,
        "team": {"id": slacks.first.team_id, "name": "Playground"},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": slacks.first.ada},
    }


async def test_a_code_is_good_once_for_the_right_app_and_the_address_it_was_sent_to(slacks: Slacks) -> None:
    code = slacks.code(slacks.first)
    assert await refused(granted(slacks, code=code, client_id="1.2")) == "invalid_client_id"
    assert await refused(granted(slacks, code=code, client_secret="guessed")) == "bad_client_secret"
    await granted(slacks, code=code)
    assert await refused(granted(slacks, code=code)) == "invalid_code"
    elsewhere = slacks.code(slacks.first, "https://bot.example/back")
    refusal = refused(granted(slacks, code=elsewhere, redirect_uri="https://evil.example/"))
    assert await refusal == "bad_redirect_uri"


async def test_the_apps_secret_may_stand_in_the_form_too(slacks: Slacks) -> None:
    form = {"client_id": slacks.client_id, "client_secret": slacks.client_secret}
    async with (
        ClientSession() as session,
        session.post(
            slacks.api_url + "oauth.v2.access", data={**form, "code": slacks.code(slacks.first)}
        ) as answer,
    ):
        assert (await answer.json())["ok"]


async def test_refreshing_gives_a_new_pair_and_leaves_the_old_token_good_until_it_ends() -> None:
    async with running(rotates=True, expires_in=60) as slacks:
        first = await granted(slacks, code=slacks.code(slacks.first))
        assert first["access_token"].startswith("xoxe.xoxb-1-")
        assert first["refresh_token"].startswith("xoxe-1-")
        assert first["expires_in"] == 60
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = await granted(slacks, **again)
        assert second["refresh_token"] != first["refresh_token"]
        assert slacks.tokens(slacks.first) == [first["access_token"], second["access_token"]]
        assert await refused(granted(slacks, **again)) == "invalid_refresh_token"
        assert slacks.refreshes == 1
        old, new = (client_of(slacks, answer["access_token"]) for answer in (first, second))
        assert (await old.auth_test())["ok"]
        slacks.expire(first["access_token"])
        assert await refused(old.auth_test()) == "token_expired"
        assert (await new.auth_test())["ok"]


async def test_an_uninstalled_app_is_told_and_its_tokens_serve_no_more_until_it_is_installed_again() -> None:
    async with running(rotates=True) as slacks:
        first, second = slacks.workspaces
        pair = await granted(slacks, code=slacks.code(first))
        gone, other = client_of(slacks, pair["access_token"]), await installed(slacks, second)
        await slacks.uninstall(first)
        assert await refused(gone.auth_test()) == "token_revoked"
        again = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        assert await refused(granted(slacks, **again)) == "invalid_refresh_token"
        assert (await other.auth_test())["ok"]
        assert second.events == []
        told = [(body["event"]["type"], body["team_id"]) for body in first.events]
        assert told == [("tokens_revoked", first.team_id), ("app_uninstalled", first.team_id)]
        assert first.events[0]["event"]["tokens"] == {"oauth": [], "bot": [first.bot_user_id]}
        assert (await (await installed(slacks, first)).auth_test())["ok"]


async def test_calls_without_a_known_token_are_refused(slacks: Slacks) -> None:
    assert await refused(client_of(slacks, "xoxb-guessed").auth_test()) == "invalid_auth"
    assert await refused(client_of(slacks, slacks.first.bot_token).auth_test()) == "invalid_auth"
    assert await refused(client_of(slacks).auth_test()) == "not_authed"
    assert {team for _, team, _ in slacks.calls} == {""}


@pytest.mark.parametrize("way", ["json", "data", "params"])
async def test_a_token_may_stand_among_the_arguments(slacks: Slacks, way: str) -> None:
    second = slacks.workspaces[1]
    await installed(slacks, second)
    how: dict[str, Any] = {way: {"token": slacks.tokens(second)[-1]}}
    async with (
        ClientSession() as session,
        session.post(slacks.api_url + "auth.test", **how) as answer,
    ):
        assert (await answer.json())["team_id"] == second.team_id


async def test_what_a_stand_in_does_to_a_call_reaches_the_app(slacks: Slacks) -> None:
    web = await installed(slacks, slacks.first)
    slacks.first.fail("auth.test", retry_after=7)
    slacks.first.fail("auth.test", status=503)
    slacks.first.fail("auth.test", drop=True)
    with pytest.raises(SlackApiError, match="ratelimited") as limited:
        await web.auth_test()
    assert limited.value.response.headers["Retry-After"] == "7"
    with pytest.raises(SlackApiError, match="503"):
        await web.auth_test()
    with pytest.raises(ServerDisconnectedError):
        await web.auth_test()
    assert (await web.auth_test())["ok"]
    assert (await web.auth_test()).headers["X-OAuth-Scopes"] == ",".join(slacks.first.scopes)


async def test_faults_befall_grants_too(slacks: Slacks) -> None:
    code = slacks.code(slacks.first)
    slacks.faults.order(Fault("oauth.v2.access", error="internal_error"))
    assert await refused(granted(slacks, code=code)) == "internal_error"
    assert (await granted(slacks, code=code))["ok"]


async def test_a_person_who_agrees_goes_back_with_a_code_and_one_who_does_not_with_the_reason(
    slacks: Slacks,
) -> None:
    async def consent(client_id: str) -> dict[str, list[str]]:
        query = {"client_id": client_id, "scope": "chat:write,commands", "state": "s&1"}
        async with session.get(slacks.authorize_url, params=query, allow_redirects=False) as answer:
            return parse_qs(urlsplit(answer.headers.get("Location", "")).query)

    slacks.redirect_url = "http://127.0.0.1:1/back"
    second = slacks.workspaces[1]
    async with ClientSession() as session:
        slacks.choosing = second
        back = await consent(slacks.client_id)
        assert back["state"] == ["s&1"]
        assert (await granted(slacks, code=back["code"][0]))["team"]["id"] == second.team_id
        slacks.choosing = None
        assert await consent(slacks.client_id) == {"error": ["access_denied"], "state": ["s&1"]}
        assert await consent("1.2") == {}
    assert slacks.asked[0]["scope"] == "chat:write,commands"


async def test_one_socket_mode_connection_hears_all_workspaces_and_answers_each_in_its_own(
    slacks: Slacks,
) -> None:
    webs = {each.team_id: await installed(slacks, each) for each in slacks.workspaces}

    async def authorize(team_id: str, **_context: Any) -> AuthorizeResult:
        web = webs[team_id]
        return AuthorizeResult.from_auth_test_response(
            bot_token=web.token, auth_test_response=await web.auth_test()
        )

    app = AsyncApp(client=client_of(slacks), authorize=authorize)

    @app.event("app_mention")
    async def answer(say: Any, context: Any) -> None:
        await say(f"hello {context.team_id}")

    app.event("message")(_nothing)
    handler = AsyncSocketModeHandler(app, slacks.first.app_token)
    await handler.connect_async()
    try:
        await slacks.first.connected()
        for each in slacks.workspaces:
            await each.say(each.ada, each.general, mention(each))
            said = await each.wait_for(lambda each=each: each.messages()[1:])  # type: ignore[misc]
            assert said[0]["text"] == f"hello {each.team_id}"
    finally:
        await handler.close_async()


async def test_workspaces_of_different_apps_have_no_address_in_common() -> None:
    with pytest.raises(ValueError, match="app token"):
        Slacks(Playground(), Playground())


async def test_an_org_wide_token_speaks_for_the_enterprise() -> None:
    async with running(*neighbours(enterprise_id="E0GRID0001", org_wide=True)) as slacks:
        workspace = slacks.first
        answer = await granted(slacks, code=slacks.code(workspace))
        assert answer["team"] is None
        assert answer["enterprise"] == {"id": "E0GRID0001", "name": "Playground Inc"}
        assert answer["is_enterprise_install"] is True
        me = await client_of(slacks, answer["access_token"]).auth_test()
        assert me["team_id"] == me["enterprise_id"] == "E0GRID0001"
        assert me["is_enterprise_install"] is True


async def _nothing() -> None:
    """Acknowledge, and no more."""
