"""The whole bot on the playground's page: the buttons below an answer are there, and do what they say."""

from pathlib import Path

import pytest

from tests.fakes.browser import Page
from tests.fakes.furnished import furnished
from tests.fakes.overheard import overheard
from tests.test_more import ASKED

pytestmark = pytest.mark.browser
ROOM = "#room-composer textarea"


async def test_more_articles_and_an_answer_from_others_are_a_press_away(tmp_path: Path, page: Page) -> None:
    with overheard() as heard:
        async with furnished(tmp_path) as home:
            await page.goto(home.slack.url)
            await page.shows("blogbot is connected")
            await page.type(ROOM, f"@blogbot {ASKED}", enter=True)
            await page.shows("Try other articles", "#thread")
            await heard.until("outcome=answered")
            await page.click("#thread [data-action=more]")
            await page.shows("More articles on this", "#thread")
            await page.shows("Only visible to you", "#thread")
            await page.click("#thread [data-action=again]")
            await page.until("document.querySelectorAll('#thread .thumbs').length === 2")
            await heard.until("outcome=answered", times=2)
    page.faults.clear()  # the playground went before its page
