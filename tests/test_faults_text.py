"""What articles and people write stays text: it pings nobody, links nowhere, and stays where it was said."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.playground import shown
from tests.fakes.furnished import furnished
from tests.test_slack_text import LIVE, MARKDOWN_LINK

PAGER = "who is called when the pager rings?"
INVOICES = "where are invoices paid?"


HOME = "https://example.org/"
BARE = re.compile(r"https?://evil\.example")


def everything(message: dict[str, Any]) -> str:
    """All of a message as Slack gets it."""
    return json.dumps([message["text"], message.get("blocks")], ensure_ascii=False).replace("\\n", "\n")


def parts(block: Any) -> Iterator[dict[str, Any]]:
    """A block and whatever it is made of."""
    if isinstance(block, dict):
        yield block
        block = list(block.values())
    for part in block if isinstance(block, list) else ():
        yield from parts(part)


def assert_harmless(message: dict[str, Any]) -> None:
    """Fail where it would ping, or link anywhere but to the blog.

    In rich text an element is text or a link or a ping, and text is nothing else. Elsewhere Slack reads
    text for marks, and makes links of bare addresses too, except where it is marked verbatim
    (docs.slack.dev/reference/block-kit/composition-objects/text-object).
    """
    rich = [part for block in message["blocks"] if block["type"] == "rich_text" for part in parts(block)]
    assert not [part for part in rich if part.get("type") in {"user", "usergroup", "broadcast", "channel"}]
    assert all(str(part.get("url", HOME)).startswith(HOME) for part in rich)
    read = [part for block in message["blocks"] if block["type"] != "rich_text" for part in parts(block)]
    read = [part for part in read if isinstance(part.get("text"), str) and part.get("type") != "plain_text"]
    for text in (message["text"], *(part["text"] for part in read)):
        assert not LIVE.search(text.replace(f"<{HOME}", ""))
        assert not MARKDOWN_LINK.search(text)
    assert not [part for part in read if BARE.search(part["text"]) and not part.get("verbatim")]


@pytest.mark.parametrize("question", [PAGER, INVOICES])
async def test_rows_45_and_46_an_article_that_pings_or_links_does_neither_through_the_model(
    tmp_path: Path, question: str
) -> None:
    async with furnished(tmp_path) as home:
        reply = await home.reply(await home.ask(question))
        assert home.ollama.prompts, "the hostile article was not found"
    assert_harmless(reply)


@pytest.mark.parametrize("question", [PAGER, INVOICES])
async def test_rows_45_and_46_nor_where_the_article_itself_is_shown_for_want_of_a_model(
    tmp_path: Path, question: str
) -> None:
    async with furnished(tmp_path) as home:
        await home.ollama.stop()
        reply = await home.reply(await home.ask(question))
    assert "notes/" in everything(reply)
    assert_harmless(reply)


@pytest.mark.parametrize("words", ["search pager", "search invoices"])
async def test_rows_45_and_46_nor_in_a_list_of_search_results(tmp_path: Path, words: str) -> None:
    async with furnished(tmp_path) as home:
        await home.slack.command(home.slack.lin, home.slack.general, "/blog", words)
        (note,) = await home.slack.wait_for(lambda: home.slack.private(home.slack.lin))
    assert "notes/" in everything(note)
    assert_harmless(note)


async def test_row_46_what_the_model_makes_up_is_no_link_either(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = (
            "Pay at [the bank](https://evil.example/pay) or <https://evil.example/pay|here>, "
            "https://evil.example/pay, www.evil.example/pay [9] [1].\n\n[x]: https://evil.example/pay"
        )
        reply = await home.reply(await home.ask(INVOICES))
    assert_harmless(reply)
    assert "[9]" not in shown(reply)


async def test_row_46_an_article_cannot_open_a_turn_of_its_own_in_the_prompt(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await home.reply(await home.ask(INVOICES))
        (prompt,) = home.ollama.prompts
    assert "<|im_start|>" not in json.dumps(prompt["messages"])
    assert [m["role"] for m in prompt["messages"]].count("system") == 1


async def test_what_is_said_in_private_never_leaves_its_thread(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        slack = home.slack
        closed, direct = slack.add_channel("board", private=True), slack.direct(slack.lin)
        mention = f"<@{slack.bot_user_id}> "
        first = await slack.say(slack.ada, closed, f"{mention}why do VACUUM dead rows of quokka stay?")
        second = await slack.say(slack.lin, direct, "why do VACUUM dead rows of zebrafish stay?")
        home.ollama.answer = "Zebrafish and quokka keep an old snapshot [1]."
        await home.reply(first, closed)
        await home.reply(second, direct)
        told, home.ollama.answer = len(home.ollama.prompts), "A long transaction [1]."
        await home.reply(await home.ask("why does VACUUM leave dead rows behind?"))
        await slack.open_home(slack.ada)
        await slack.open_home(slack.lin)
        await slack.command(slack.ada, slack.general, "/blog", "status")
        await slack.wait_for(lambda: slack.private(slack.ada))
    elsewhere = [
        *slack.messages(slack.general),
        *slack.messages(slack.direct(slack.ada)),
        *slack.private(slack.ada),
        *slack.private(slack.lin),
        *home.ollama.prompts[told:],
    ]
    homes = {person: json.dumps(view).lower() for person, view in slack.workspace.homes.items()}
    assert len(elsewhere) > 3
    assert "quokka" in homes[slack.ada]
    assert "zebrafish" not in homes[slack.ada]
    assert "zebrafish" in homes[slack.lin]
    assert "quokka" not in homes[slack.lin]
    assert "zebrafish" in json.dumps([slack.messages(closed), slack.messages(direct)]).lower()
    for secret in ("zebrafish", "quokka"):
        assert secret not in json.dumps(elsewhere).lower()
