"""The playground's page in a real headless Chromium: what no text and no window may do to it."""

import pytest

from bot.playground import Playground
from bot.playground.model import Person
from tests.fakes.browser import Page
from tests.fakes.tiny_answers import answering
from tests.fakes.tiny_app import client_of, connected
from tests.fakes.tiny_forms import text_object as text

pytestmark = pytest.mark.browser
ROOM = "#room-composer textarea"


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
        [{"type": "section", "text": text(HOSTILE)}],
        [{"type": "context", "elements": [text(HOSTILE), text(HOSTILE, "plain_text")]}],
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
