"""What people do in the Slack stand-in, as it reaches an app."""

import time
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground import Playground, shown
from tests.fakes.tiny_app import app_of, client_of, connected, mention, names, refused
from tests.fakes.tiny_forms import FEEDBACK, FORM, text_object

QUICK = {"retries": (0.0, 0.0, 0.0), "ack_seconds": 0.3}


@pytest.fixture
def client(slack: Playground) -> AsyncWebClient:
    return client_of(slack)


async def test_an_edited_mention_comes_with_a_new_event_id_and_the_same_ts(slack: Playground) -> None:
    ts = await slack.say(slack.ada, slack.general, mention(slack, "hwo?"))
    await slack.edit(ts, mention(slack, "how?"))
    mentions = [body for body in slack.events if body["event"]["type"] == "app_mention"]
    assert [body["event"]["ts"] for body in mentions] == [ts, ts]
    assert mentions[0]["event_id"] != mentions[1]["event_id"]
    assert "edited" in mentions[1]["event"]
    changed = slack.events[-1]["event"]
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)


async def test_the_bots_own_posts_come_back_as_message_events_with_its_bot_id(
    slack: Playground, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=slack.general, text=mention(slack))
    assert names(slack.events) == ["message"]
    assert slack.events[0]["event"]["bot_id"] == slack.bot_id


async def test_a_command_shows_its_ack_privately_and_answers_by_response_url(slack: Playground) -> None:
    app = app_of(slack)

    @app.command("/ask")
    async def ask(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack("Looking …")
        await respond(f"You asked {body['text']}")
        await respond("For everyone", response_type="in_channel")

    async with connected(slack, app):
        ack = await slack.command(slack.ada, slack.general, "/ask", "why?")
        await slack.wait_for(slack.messages)
    assert ack.acked
    assert sorted(note["text"] for note in slack.private(slack.ada)) == ["Looking …", "You asked why?"]
    assert slack.private(slack.lin) == []
    assert slack.messages()[0]["text"] == "For everyone"


async def test_a_command_nobody_acknowledges_fails_where_it_was_typed() -> None:
    async with Playground(port=0, **QUICK) as slack:
        ack = await slack.command(slack.ada, slack.general, "/ask", "why?")
        assert not ack.acked
        assert "did not respond" in slack.private(slack.ada)[0]["text"]


async def test_a_response_url_serves_five_times_within_half_an_hour() -> None:
    now = time.time()
    async with Playground(port=0, clock=lambda: now) as slack:
        hook = AsyncWebhookClient(slack.lent.response_url(slack.ada, slack.general))
        statuses = [(await hook.send(text=str(n))).status_code for n in range(6)]
        assert statuses == [200] * 5 + [404]
        late = AsyncWebhookClient(slack.lent.response_url(slack.ada, slack.general))
        now += 1801
        assert (await late.send(text="late")).status_code == 404


async def test_bad_feedback_opens_a_form_whose_words_reach_the_app(slack: Playground) -> None:
    app, reasons = app_of(slack), []

    @app.action("feedback")
    async def feedback(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        assert body["actions"][0]["value"] == "bad"
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("why")
    async def why(ack: Any, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["reason"]["text"]["value"]
        if not reason:
            await ack(response_action="errors", errors={"reason": "Say something."})
            return
        reasons.append(reason)
        await ack()

    async with connected(slack, app):
        posted = await app.client.chat_postMessage(channel=slack.general, text="x", blocks=[FEEDBACK])
        await slack.press(slack.ada, posted["ts"], "feedback", "bad")
        view = (await slack.wait_for(lambda: slack.modals(slack.ada)))[0]
        refusal = await slack.submit(slack.ada, view["id"], {"text": ""})
        assert (refusal.payload or {})["response_action"] == "errors"
        assert slack.modals(slack.ada)
        await slack.submit(slack.ada, view["id"], {"text": "过时了"})
    assert reasons == ["过时了"]
    assert slack.modals(slack.ada) == []


async def test_a_trigger_opens_one_form_within_three_seconds() -> None:
    now = time.time()
    async with Playground(port=0, clock=lambda: now) as slack:
        client = client_of(slack)
        trigger = slack.lent.trigger(slack.ada)
        await client.views_open(trigger_id=trigger, view=FORM)
        assert await refused(client.views_open(trigger_id=trigger, view=FORM)) == "invalid_trigger_id"
        late = slack.lent.trigger(slack.ada)
        now += 3.1
        assert await refused(client.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"


async def test_views_hold_no_blocks_meant_for_messages(slack: Playground, client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]}
    assert await refused(client.views_publish(user_id=slack.ada, view=home)) == "invalid_arguments"
    home["blocks"] = [{"type": "section", "text": text_object("x")}]
    await client.views_publish(user_id=slack.ada, view=home)
    assert shown(slack.workspace.homes[slack.ada]) == "x"


async def test_opening_the_home_and_using_a_shortcut_tell_the_app(slack: Playground) -> None:
    app, seen = app_of(slack), []

    @app.event("app_home_opened")
    async def home(event: dict[str, Any]) -> None:
        seen.append(event["tab"])
        slack.workspace.wake()

    @app.shortcut("ask_about")
    async def shortcut(ack: Any, shortcut: dict[str, Any]) -> None:
        await ack()
        seen.append(shortcut["message"]["text"])

    async with connected(slack, app):
        await slack.open_home(slack.ada)
        await slack.wait_for(lambda: seen)
        ts = await slack.say(slack.ada, slack.general, "look here", told=False)
        await slack.shortcut(slack.ada, ts, "ask_about")
    assert seen == ["home", "look here"]


async def test_buttons_that_are_not_there_cannot_be_pressed(slack: Playground) -> None:
    ts = await slack.say(slack.ada, slack.general, "no buttons")
    with pytest.raises(LookupError, match="feedback"):
        await slack.press(slack.ada, ts, "feedback", "good")


async def test_a_status_line_a_title_and_prompts_are_kept(slack: Playground, client: AsyncWebClient) -> None:
    direct = slack.direct(slack.ada)
    root = await slack.say(slack.ada, direct, "a question")
    await client.assistant_threads_setStatus(
        channel_id=direct, thread_ts=root, status="is thinking…", loading_messages=["Searching…"]
    )
    assert slack.workspace.statuses[direct, root]["status"] == "is thinking…"
    await client.assistant_threads_setStatus(channel_id=direct, thread_ts=root, status="")
    assert slack.workspace.statuses == {}
    slack.show_status(direct, root, "is thinking…")
    await client.chat_postMessage(channel=direct, thread_ts=root, text="A reply takes the status away.")
    assert slack.workspace.statuses == {}
    await client.assistant_threads_setTitle(channel_id=direct, thread_ts=root, title="A question")
    assert slack.workspace.titles[direct, root] == "A question"
    prompts = [{"title": "Ask", "message": "How?"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id=direct, prompts=prompts)
    assert slack.workspace.prompts[direct]["prompts"] == prompts
    five = client.assistant_threads_setSuggestedPrompts(channel_id=direct, prompts=prompts * 5)
    assert await refused(five) == "invalid_arguments"
