"""The playground's page in a real headless Chromium, with a tiny real Bolt app behind it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from bot.playground.workspace import Person
from tests.fakes.browser import Page, browser, chromium
from tests.fakes.tiny_app import app_of, client_of, connected

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]
ROOM, THREAD = "#room-composer textarea", "#thread-composer textarea"
ANSWER = """RUM 多存了**位置信息** [1]。

| index | sorts |
|---|---|
| RUM | yes |

1. first
2. second `code`

```sql
SELECT 1 < 2;
```
"""


def text(words: str, kind: str = "plain_text") -> dict[str, str]:
    return {"type": kind, "text": words}


SOURCES = [
    {"type": "section", "text": text("*Sources*\n1. <https://blog.example/rum.md|RUM &amp; GIN>", "mrkdwn")},
    {"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": text("More articles")}]},
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": text("Good answer"), "value": "good"},
                "negative_button": {"text": text("Bad answer"), "value": "bad"},
            }
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "why",
    "title": text("What was wrong?"),
    "submit": text("Send it"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": text("In your words"),
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    path = chromium()
    assert path
    async with browser(path) as opened:
        yield opened
        assert opened.faults == []


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    async with Playground(port=0) as playground:
        yield playground


def answering(slack: Playground) -> tuple[AsyncApp, asyncio.Event, list[str]]:
    """An app that streams half an answer, waits for the event, and ends with sources; what reached it."""
    app, go_on, reached = app_of(slack), asyncio.Event(), []

    async def answer(event: dict[str, Any], client: AsyncWebClient) -> None:
        if "bot_id" in event:
            return
        reached.append(event["text"])
        place, root = event["channel"], event.get("thread_ts") or event["ts"]
        await client.assistant_threads_setStatus(
            channel_id=place, thread_ts=root, status="is reading 4 articles…"
        )
        stream = await client.chat_stream(
            channel=place,
            thread_ts=root,
            recipient_team_id=slack.team_id,
            recipient_user_id=event["user"],
            buffer_size=1,
        )
        await stream.append(markdown_text=ANSWER[:20])
        await go_on.wait()
        await stream.append(markdown_text=ANSWER[20:])
        await stream.stop(blocks=SOURCES)
        await client.assistant_threads_setStatus(channel_id=place, thread_ts=root, status="")

    app.event("app_mention")(answer)

    @app.event("message")
    async def message(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event.get("channel_type") == "im" and "subtype" not in event:
            await answer(event, client)

    @app.action("more")
    async def more(ack: Any, body: dict[str, Any]) -> None:
        reached.append(body["actions"][0]["action_id"])
        await ack()

    @app.action("feedback")
    async def feedback(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("why")
    async def why(ack: Any, view: dict[str, Any]) -> None:
        words = view["state"]["values"]["reason"]["words"]["value"]
        if words == "no":
            await ack(response_action="errors", errors={"reason": "Say more."})
            return
        reached.append(words)
        await ack()

    return app, go_on, reached


async def test_a_typed_mention_is_answered_in_the_thread_with_sources_and_buttons(
    slack: Playground, page: Page
) -> None:
    app, go_on, reached = answering(slack)
    async with connected(slack, app):
        await page.goto(slack.url)
        await page.shows("not Slack")
        await page.shows("blogbot is connected")
        await page.type(ROOM, "@blogbot rum 和 gin 的区别是什么? a < b & c", enter=True)
        await page.shows("is reading 4 articles", "#thread-status")
        await page.until("document.querySelector('#thread .writing')")
        go_on.set()
        await page.shows("More articles", "#thread")
        await page.until("!document.querySelector('#thread .writing')")
        await page.until("document.querySelector('#thread-status').hidden")
        root = slack.messages()[0]
        assert root["text"] == f"<@{slack.bot_user_id}> rum 和 gin 的区别是什么? a &lt; b &amp; c"
        await page.shows("@blogbot rum 和 gin 的区别是什么? a < b & c", "#thread")
        bold = await page.evaluate("document.querySelector('#thread .markdown strong').innerText")
        assert bold == "位置信息"
        assert await page.evaluate("document.querySelector('#thread td').innerText") == "RUM"
        assert await page.evaluate("document.querySelectorAll('#thread ol li').length") == 2
        assert await page.evaluate("document.querySelector('#thread pre').innerText") == "SELECT 1 < 2;"
        source = await page.evaluate(
            "(({href, rel, target, innerText}) => [href, rel, target, innerText])"
            "(document.querySelector('#thread .section a'))"
        )
        assert source == ["https://blog.example/rum.md", "noopener noreferrer", "_blank", "RUM & GIN"]
        await page.click("#thread [data-action=more]")
        await slack.wait_for(lambda: "more" in reached)


async def test_bad_feedback_opens_a_form_that_says_what_is_wrong_with_it(
    slack: Playground, page: Page
) -> None:
    app, _, reached = answering(slack)
    async with connected(slack, app):
        await app.client.chat_postMessage(channel=slack.general, text="x", blocks=SOURCES)
        await page.goto(slack.url)
        await page.click(".thumb:last-child")
        await page.type("dialog[open] [name=words]", "no", enter=True)
        await page.shows("Say more.", "dialog")
        await page.type("dialog[open] [name=words]", "没有答案", enter=True)
        await page.until("!document.querySelector('dialog[open]')")
    assert reached == ["no没有答案"]


async def test_a_direct_message_needs_no_mention_and_another_person_does_not_see_it(
    slack: Playground, page: Page
) -> None:
    app, go_on, reached = answering(slack)
    go_on.set()
    async with connected(slack, app):
        await page.goto(slack.url)
        await page.click("#directs button")
        await page.type(ROOM, "为什么?", enter=True)
        await page.shows("More articles", "#thread")
        await page.click("#people [aria-checked=false]")
        await page.until("!document.querySelector('#room-log').innerText.includes('为什么')")
    assert reached == ["为什么?"]


async def test_commands_are_offered_and_their_answers_marked_as_private(
    slack: Playground, page: Page
) -> None:
    app = app_of(slack)

    @app.command("/ask")
    async def ask(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        await ack()
        await respond(f"An answer to {body['text']}")

    async with connected(slack, app):
        await page.goto(slack.url)
        await page.type(ROOM, "/a")
        await page.shows("only you see the answer", ".offers")
        await page.key("Tab")
        await page.type(ROOM, "why?", enter=True)
        await page.shows("An answer to why?")
        await page.shows("Only visible to you")
        await page.click("#people [aria-checked=false]")
        await page.until("!document.body.innerText.includes('An answer to why?')")


async def test_an_example_question_is_asked_by_two_presses(slack: Playground, page: Page) -> None:
    slack.offer(["怎么恢复一张表?"])
    await page.goto(slack.url)
    await page.click(".chip")
    await page.click("#room-composer .send")
    message = await slack.wait_for(slack.messages)
    assert message[0]["text"] == f"<@{slack.bot_user_id}> 怎么恢复一张表?"


async def test_the_home_tab_shows_what_the_app_publishes(slack: Playground, page: Page) -> None:
    app = app_of(slack)

    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
        blocks = [{"type": "header", "text": text("How to ask")}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async with connected(slack, app):
        await page.goto(slack.url)
        await page.click("#directs button")
        await page.click("#tabs button:last-child")
        await page.shows("How to ask", "#home")


HOSTILE = """<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script>
[click](javascript:window.hacked=1) [data](data:text/html,<script>hacked</script>) <javascript:hacked|here>
**<svg onload=hacked>** `<b>` <https://ok.example/?a="onmouseover=hacked|"><img src=x onerror=hacked>> <!here>

| <img src=x onerror=hacked> | b |
|---|---|
| <iframe srcdoc="<script>parent.hacked=1</script>"> | c |
"""


async def test_hostile_text_is_shown_and_never_run(slack: Playground, page: Page) -> None:
    client = client_of(slack)
    slack.workspace.people[slack.lin] = Person(slack.lin, "lin", "<img src=x onerror=hacked>")
    for blocks in (
        [{"type": "markdown", "text": HOSTILE}],
        [{"type": "section", "text": text(HOSTILE, "mrkdwn")}],
        [{"type": "context", "elements": [text(HOSTILE, "mrkdwn"), text(HOSTILE)]}],
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": "not a list"}]}],
        [{"type": "rich_text", "elements": [{"type": "link", "url": "javascript:hacked", "text": "x"}]}],
    ):
        await client.chat_postMessage(channel=slack.general, text="x", blocks=blocks)
    await slack.say(slack.lin, slack.general, HOSTILE)
    await page.goto(slack.url)
    await page.until("document.querySelectorAll('.message').length === 6")
    await page.shows("<script>window.hacked=1</script>")
    assert await page.evaluate("window.hacked ?? null") is None
    forbidden = "#house script, #house iframe, #house svg:not(.icon), #house img:not([src='/page/icon.svg'])"
    assert await page.evaluate(f"document.querySelectorAll({forbidden!r}).length") == 0
    links = await page.evaluate("[...document.querySelectorAll('#house a')].map((a) => a.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:"}
    attributes = "[...document.querySelectorAll('#house *')].flatMap((n) => n.getAttributeNames())"
    assert not [name for name in await page.evaluate(attributes) if name.startswith("on")]


async def test_no_text_keeps_the_page_busy(slack: Playground, page: Page) -> None:
    client = client_of(slack)
    for pattern in ("[", "**a ", ">", "`a``", "_a", "![", "*_", "- ", "a | b\n", "<", "https://"):
        long = (pattern * 12_000)[:12_000]
        await client.chat_postMessage(
            channel=slack.general, text="x", blocks=[{"type": "markdown", "text": long}]
        )
        await client.chat_postMessage(channel=slack.general, text=(pattern * 12_000)[:40_000])
    await page.goto(slack.url)
    await page.until("document.querySelectorAll('.message').length === 22")


async def test_the_page_comes_back_when_the_playground_does(page: Page) -> None:
    async with Playground(port=0) as slack:
        await page.goto(slack.url)
        await page.shows("not connected yet")
    await page.shows("The playground has stopped")
    page.faults.clear()  # refused connections while there is nothing to connect to
    async with Playground(port=slack.port) as again:
        await page.shows("not connected yet")
        await again.say(again.ada, again.general, "we are back")
        await page.shows("we are back")
    page.faults.clear()


async def test_nothing_is_cut_off_at_any_width(slack: Playground, page: Page) -> None:
    app, go_on, _ = answering(slack)
    go_on.set()
    async with connected(slack, app):
        await page.goto(slack.url, dark=True)
        await page.type(ROOM, "@blogbot " + "很长的问题 " * 20, enter=True)
        await page.shows("More articles", "#thread")
        for width, height in ((390, 844), (800, 700), (1280, 800)):
            await page.resize(width, height)
            cut = await page.evaluate(
                "[...document.querySelectorAll('button, textarea, article, h1')].filter((n) => {"
                " const r = n.getBoundingClientRect();"
                " return r.width && (r.left < -1 || r.right > innerWidth + 1); })"
                ".map((n) => n.outerHTML.slice(0, 80))"
            )
            assert (width, cut) == (width, [])
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_keyboard_alone_opens_and_closes_a_thread(slack: Playground, page: Page) -> None:
    ts = await slack.say(slack.ada, slack.general, "a question")
    await slack.say(slack.lin, slack.general, "a reply", ts)
    await page.goto(slack.url)
    await page.until("document.querySelector('.replies')")
    await page.evaluate("document.querySelector('.replies').focus()")
    await page.key("Enter")
    await page.shows("a reply", "#thread")
    await page.key("Escape")
    await page.until("document.querySelector('#thread').hidden")
