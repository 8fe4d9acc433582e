"""The playground's page in a real headless Chromium, with a tiny real Bolt app behind it."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from tests.fakes.browser import Page
from tests.fakes.tiny_answers import SOURCES, answering
from tests.fakes.tiny_app import app_of, connected
from tests.fakes.tiny_forms import text_object as text

pytestmark = pytest.mark.browser
ROOM, THREAD = "#room-composer textarea", "#thread-composer textarea"


async def test_a_typed_mention_is_answered_in_the_thread_with_sources_and_buttons(
    slack: Playground, page: Page
) -> None:
    app, go_on, reached = answering(slack)
    async with connected(slack, app):
        await page.goto(slack.url)
        await page.shows("not Slack")
        await page.shows("blogbot is connected")
        async with slack.held("chat.startStream"):
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
        await page.type("dialog[open] [name=text]", "no", enter=True)
        await page.shows("Say more.", "dialog")
        await page.type("dialog[open] [name=text]", "没有答案", enter=True)
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
        await page.click("#people [aria-pressed=false]")
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
        await page.click("#people [aria-pressed=false]")
        await page.until("!document.body.innerText.includes('An answer to why?')")


async def test_commands_do_not_work_inside_threads(slack: Playground, page: Page) -> None:
    ts = await slack.say(slack.ada, slack.general, "a question")
    await slack.say(slack.lin, slack.general, "a reply", ts)
    await page.goto(slack.url)
    await page.click(".replies")
    await page.type(THREAD, "/ask why?", enter=True)
    await page.shows("no slash commands inside threads", "#toast")
    assert slack.private(slack.ada) == []


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
        blocks = [{"type": "header", "text": text("How to ask", "plain_text")}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async with connected(slack, app):
        await page.goto(slack.url)
        await page.click("#directs button")
        await page.click("#tabs button:last-child")
        await page.shows("How to ask", "#home")


async def test_a_message_shortcut_is_there_for_the_keyboard_too(page: Page) -> None:
    async with Playground(port=0, shortcuts={"ask_about": "Ask the blog about this"}) as slack:
        app, asked = app_of(slack), []

        @app.shortcut("ask_about")
        async def ask_about(ack: Any, shortcut: dict[str, Any]) -> None:
            asked.append(shortcut["message"]["text"])
            await ack()

        async with connected(slack, app):
            await slack.say(slack.lin, slack.general, "索引怎么选?", told=False)
            await page.goto(slack.url)
            await page.until("document.querySelector('.shortcut')")
            await page.evaluate("document.querySelector('.shortcut').focus()")
            await page.key("Enter")
            await slack.wait_for(lambda: asked)
    assert asked == ["索引怎么选?"]
    page.faults.clear()  # the playground went before its page
