"""The Web API of the Slack stand-in: what Slack keeps, shows and refuses."""

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground, shown
from tests.fakes.tiny_app import client_of, refused
from tests.fakes.tiny_forms import BUTTON, text_object


@pytest.fixture
def client(slack: Playground) -> AsyncWebClient:
    return client_of(slack)


async def test_tokens_are_checked_by_kind(slack: Playground, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == slack.bot_user_id
    stranger = AsyncWebClient("xoxb-wrong", base_url=slack.api_url, retry_handlers=[])
    assert await refused(stranger.auth_test()) == "invalid_auth"
    nobody = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    assert await refused(nobody.auth_test()) == "not_authed"
    assert await refused(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    assert await refused(client.api_call("chat.unheard_of")) == "unknown_method"


async def test_missing_scopes_are_named() -> None:
    async with Playground(port=0, scopes={"chat:write"}) as slack:
        client = client_of(slack)
        with pytest.raises(SlackApiError) as failure:
            await client.users_info(user=slack.ada)
        assert failure.value.response["error"] == "missing_scope"
        assert failure.value.response["needed"] == "users:read"
        assert (await client.auth_test()).headers["x-oauth-scopes"] == "chat:write"


async def test_form_and_json_bodies_mean_the_same(slack: Playground) -> None:
    blocks = [{"type": "markdown", "text": "**你好**"}]
    fields = {"channel": slack.general, "text": "hi", "blocks": json.dumps(blocks)}
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        await session.post(f"{slack.api_url}chat.postMessage", data=fields)
        await session.post(f"{slack.api_url}chat.postMessage", json={**fields, "blocks": blocks})
    first, second = slack.messages()
    assert shown(first) == shown(second) == "**你好**"


async def test_posted_metadata_is_found_in_the_thread_only_when_asked_for(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    metadata = {"event_type": "question", "event_payload": {"id": "q1"}}
    posted = await client.chat_postMessage(
        channel=slack.general, thread_ts=root, text="…", metadata=metadata, unfurl_links=False
    )
    whole = await client.conversations_replies(channel=slack.general, ts=root, include_all_metadata=True)
    plain = await client.conversations_replies(channel=slack.general, ts=root)
    assert [m["ts"] for m in whole["messages"]] == [root, posted["ts"]]
    assert whole["messages"][1]["metadata"] == metadata
    assert "metadata" not in plain["messages"][1]
    assert (
        await refused(client.conversations_replies(channel=slack.general, ts="1.000000"))
        == "thread_not_found"
    )


async def test_a_long_thread_is_read_page_by_page(slack: Playground, client: AsyncWebClient) -> None:
    root = await slack.say(slack.ada, slack.general, "root")
    for number in range(4):
        await slack.say(slack.lin, slack.general, str(number), root)
    found, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = await client.conversations_replies(channel=slack.general, ts=root, limit=2, cursor=cursor)
        found += [m["text"] for m in page["messages"]]
        cursor, pages = page["response_metadata"]["next_cursor"], pages + 1
    assert (found, pages) == (["root", "0", "1", "2", "3"], 3)


async def test_history_is_newest_first_without_replies(slack: Playground, client: AsyncWebClient) -> None:
    root = await slack.say(slack.ada, slack.general, "first")
    await slack.say(slack.ada, slack.general, "reply", root)
    await slack.say(slack.ada, slack.general, "second")
    history = await client.conversations_history(channel=slack.general)
    assert [m["text"] for m in history["messages"]] == ["second", "first"]
    assert history["messages"][1]["reply_count"] == 1


async def test_a_reply_whose_parent_was_deleted_lands_at_top_level(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    await slack.delete(root)
    posted = await client.chat_postMessage(channel=slack.general, thread_ts=root, text="answer")
    assert "thread_ts" not in posted["message"]


async def test_a_deleted_parent_with_replies_leaves_a_tombstone(
    slack: Playground, client: AsyncWebClient
) -> None:
    root = await slack.say(slack.ada, slack.general, "a question")
    await client.chat_postMessage(channel=slack.general, thread_ts=root, text="answer")
    await slack.delete(root)
    first, second = slack.messages(slack.general, root)
    assert (first["subtype"], second["text"]) == ("tombstone", "answer")


async def test_places_that_refuse_a_post_say_why(slack: Playground, client: AsyncWebClient) -> None:
    archived = slack.add_channel("old", archived=True)
    foreign = slack.add_channel("foreign", bot_in=False)
    assert await refused(client.chat_postMessage(channel=archived, text="x")) == "is_archived"
    assert await refused(client.chat_postMessage(channel=foreign, text="x")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel="C0NOWHERE1", text="x")) == "channel_not_found"
    posted = await client.chat_postMessage(channel=slack.lin, text="to a person")
    assert posted["channel"] == slack.direct(slack.lin)


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([{"type": "section", "text": text_object("x" * 3001)}], "invalid_blocks"),
        ([{"type": "section", "text": text_object("")}], "invalid_blocks"),
        ([{"type": "header", "text": text_object("x" * 151, "plain_text")}], "invalid_blocks"),
        ([{"type": "header", "text": text_object("mrkdwn is not for headers")}], "invalid_blocks"),
        ([{"type": "context", "elements": [text_object("x")] * 11}], "invalid_blocks"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "action_id": str(n)} for n in range(26)]}],
            "invalid_blocks",
        ),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "invalid_blocks"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "text": text_object("x" * 76, "plain_text")}]}],
            "invalid_blocks",
        ),
        ([{"type": "actions", "elements": [{**BUTTON, "url": "javascript:alert(1)"}]}], "invalid_blocks"),
        ([{"type": "context_actions", "elements": [BUTTON]}], "invalid_blocks"),
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "divider", "block_id": "same"}] * 2, "invalid_blocks"),
        ([{"type": "marquee"}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 12_001}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 7000}] * 2, "msg_blocks_too_long"),
    ],
)
async def test_blocks_beyond_slacks_limits_are_refused(
    slack: Playground, client: AsyncWebClient, blocks: list[dict[str, Any]], error: str
) -> None:
    assert await refused(client.chat_postMessage(channel=slack.general, text="x", blocks=blocks)) == error
    assert slack.messages() == []


async def test_texts_beyond_slacks_limits_are_refused(slack: Playground, client: AsyncWebClient) -> None:
    channel = slack.general
    assert await refused(client.chat_postMessage(channel=channel, text="x" * 40_001)) == "msg_too_long"
    empty = client.api_call("chat.postMessage", json={"channel": channel, "text": " "})
    assert await refused(empty) == "no_text"
    long = client.chat_postMessage(channel=channel, markdown_text="x" * 12_001)
    assert await refused(long) == "msg_too_long"
    kept = await client.chat_postMessage(channel=channel, text="x" * 40_000)
    assert len(kept["message"]["text"]) == 40_000


async def test_only_the_bots_own_messages_can_be_changed(slack: Playground, client: AsyncWebClient) -> None:
    theirs = await slack.say(slack.ada, slack.general, "mine")
    ours = (await client.chat_postMessage(channel=slack.general, text="ours"))["ts"]
    change = client.chat_update(channel=slack.general, ts=theirs, text="x")
    assert await refused(change) == "cant_update_message"
    await client.chat_update(channel=slack.general, ts=ours, text="better")
    assert slack.messages()[1]["text"] == "better"
    await client.chat_delete(channel=slack.general, ts=ours)
    gone = client.chat_update(channel=slack.general, ts=ours, text="x")
    assert await refused(gone) == "message_not_found"
