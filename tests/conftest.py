"""Listens to what any test logs or prints: a secret or a text of people in it fails the test (fault 49)."""

import re
from collections.abc import Generator

import pytest

from tests.fakes.house import ARTICLES

LEAK = re.compile(
    r"xox\w-playground-[0-9a-f]{6}|xapp-1-playground-[0-9a-f]{6}|/hooks/[\w-]{20}"
    r"|(?i:why does vacuum)|"
    + "|".join(re.escape(text.strip().splitlines()[-1][:40]) for text in ARTICLES.values())
)
"""The stand-in's tokens and response_urls, the question asked most, and how most tests' articles end."""


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
