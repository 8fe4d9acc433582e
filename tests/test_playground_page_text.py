"""How the playground's page reads Markdown and Slack's mrkdwn, in a real headless Chromium."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.playground import Playground
from tests.fakes.browser import Page, tab

pytestmark = pytest.mark.browser
LINK = ' target="_blank" rel="noopener noreferrer"'
MARKDOWN = [
    ("中文**粗体**中文", "<p>中文<strong>粗体</strong>中文</p>"),
    ("a *b* _c_ ~~d~~ `e < f`", "<p>a <em>b</em> <em>c</em> <s>d</s> <code>e &lt; f</code></p>"),
    ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
    (r"\*plain\* \[1\]", "<p>*plain* [1]</p>"),
    ("see [a (b)](https://x.example/y)", f'<p>see <a href="https://x.example/y"{LINK}>a (b)</a></p>'),
    (
        "见 https://x.example/y。好",
        f'<p>见 <a href="https://x.example/y"{LINK}>https://x.example/y</a>。好</p>',
    ),
    ("[x](javascript:alert(1))", '<p><span title="javascript:alert(1">x</span>)</p>'),
    ("answer [1] and [2]", "<p>answer [1] and [2]</p>"),
    ("# Title\ntext", '<p class="heading level-1" role="heading" aria-level="3">Title</p><p>text</p>'),
    ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
    ("- a\n  - b\n- c", "<ul><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ul>"),
    ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    ("1. a\n\n2. b", '<ol start="1"><li>a</li><li>b</li></ol>'),
    (
        "1. run:\n   ```sh\n   ls -l\n   ```\n2. done",
        (
            '<ol start="1"><li><p>run:</p><pre tabindex="0" data-language="sh"><code>ls -l</code></pre></li>'
            "<li>done</li></ol>"
        ),
    ),
    ("```\n**a** <b>\n```", '<pre tabindex="0"><code>**a** &lt;b&gt;</code></pre>'),
    ("```sql\nSELECT", '<pre tabindex="0" data-language="sql"><code>SELECT</code></pre>'),
    ("> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
    ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
    (
        "| a | b |\n|:-|-:|\n| `x \\| y` | **z** |",
        (
            '<div class="wide" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
            "<tbody><tr><td><code>x | y</code></td><td><strong>z</strong></td></tr></tbody></table></div>"
        ),
    ),
    ("&lt;!channel&gt; a &amp; b", "<p>&lt;!channel&gt; a &amp; b</p>"),
]
MRKDWN = [
    ("*bold* _it_ ~no~ `c`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>c</code>"),
    ("中文*不粗*中文", "中文*不粗*中文"),
    ("中文 *粗* 中文", "中文 <strong>粗</strong> 中文"),
    ("<https://x.example|a &amp; b>", f'<a href="https://x.example"{LINK}>a &amp; b</a>'),
    ("*<https://x.example|a>*", f'<strong><a href="https://x.example"{LINK}>a</a></strong>'),
    (
        "<@U0LIN00001> in <#C0GENERAL1>",
        '<span class="mention">@lin</span> in <span class="mention">#general</span>',
    ),
    ("<!channel>", '<span class="mention ping">@channel</span>'),
    ("&lt;!channel&gt;", "&lt;!channel&gt;"),
    ("<javascript:alert(1)|x>", '<span title="javascript:alert(1)">x</span>'),
    ("a\nb", "a<br>b"),
    ("&gt; said\nme", "<blockquote>said</blockquote>me"),
    ("```a *b*\n&lt;```", '<pre tabindex="0"><code>a *b*\n&lt;</code></pre>'),
]


@pytest.fixture
async def page(chromium_address: str) -> AsyncIterator[Page]:
    async with Playground(port=0) as slack, tab(chromium_address) as opened:
        await opened.goto(slack.url)
        await opened.until("document.querySelector('#place').innerText")
        yield opened


async def drawn(page: Page, reader: str, text: str) -> str:
    """The HTML that *reader* makes of *text*."""
    return str(
        await page.evaluate(
            f"import('/page/{reader}.js').then((reader) => {{ const box = document.createElement('div');"
            f" box.append(...reader.{reader}({json.dumps(text)})); return box.innerHTML; }})"
        )
    )


@pytest.mark.parametrize(("reader", "cases"), [("markdown", MARKDOWN), ("mrkdwn", MRKDWN)])
async def test_texts_are_drawn_as_slack_draws_them(
    page: Page, reader: str, cases: list[tuple[str, str]]
) -> None:
    found = {text: await drawn(page, reader, text) for text, _ in cases}
    assert found == dict(cases)
