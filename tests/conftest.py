"""Listens to what any test logs or prints: a secret or a text of people in it fails the test (fault 49).

And lends the stand-in for Slack, a memory, and a browser to the tests that look at its page.
"""

import os
import re
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.playground import Playground
from bot.records.records import Records
from tests.fakes.browser import Page, chromium, running, tab

settings.register_profile("steady", derandomize=True)
settings.register_profile("searching", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))  # the same examples in every run

LEAK = re.compile(
    r"playground-[0-9a-f]{6}|/hooks/[\w-]{20}|xox[be][.-][\w.-]*[0-9a-f]{32}"
    r"|(?i:why does vacuum|how many approvals|how long does restoring|索引的区别是什么)"
    r"|keeps an old snapshot|End the transaction, or set|with a delta only 15|payments need two"
    r"|RUM 索引更大, 写入更慢|金丝雀机器先观察十五分钟"
    r"|must all wake up when the pager|tell everybody to pay invoices"
)
"""The stand-ins' tokens, signing secret and response_urls, the questions asked most, and what the articles
of most tests say, and so the answers that quote them."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what passed but was not discreet."""
    report = yield
    if report.passed and (leak := LEAK.search(report.capstdout + report.capstderr + report.caplog)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} logged what nobody may read in a log: {leak[0]!r}"
    return report


@pytest.fixture
async def slack() -> AsyncIterator[Playground]:
    """The stand-in for Slack, on a free port."""
    async with Playground() as playground:
        yield playground


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    """A bot's memory, in a SQLite file of its own."""
    made = Records(f"sqlite:///{tmp_path / 'blogbot.sqlite'}")
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def chromium_address() -> Iterator[str]:
    """Where a headless Chromium takes orders."""
    if (path := chromium()) is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with running(path) as address:
        yield address


@pytest.fixture
async def page(chromium_address: str) -> AsyncIterator[Page]:
    """A tab of its own, in which nothing may go wrong."""
    async with tab(chromium_address) as opened:
        yield opened
        assert opened.faults == []
