"""The sample blog's links lead to its articles, and nowhere else on the disk."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.config import SAMPLE_BLOG
from bot.playground import Playground


async def test_an_article_is_shown_as_plain_text() -> None:
    async with Playground(articles=SAMPLE_BLOG) as slack, ClientSession() as session:
        async with session.get(f"{slack.url}articles/database/vacuum-dead-tuples.md") as page:
            assert page.status == 200
            assert page.content_type == "text/plain"
            assert "死元组" in await page.text()


@pytest.mark.parametrize(
    "path",
    ["nothing.md", "../environment.sh", "..%2f..%2fREADME.md", "%2e%2e/slack-manifest.yaml", "database"],
)
async def test_nothing_else_of_the_disk_is_served(path: str) -> None:
    async with Playground(articles=SAMPLE_BLOG) as slack, ClientSession() as session:
        async with session.get(f"{slack.url}articles/{path}") as page:
            assert page.status in {403, 404}


async def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "blog" / "way-out.md").symlink_to(tmp_path / "secret.md")
    async with Playground(articles=tmp_path / "blog") as slack, ClientSession() as session:
        async with session.get(f"{slack.url}articles/way-out.md") as page:
            assert page.status == 404
