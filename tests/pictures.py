"""Takes the README's pictures anew: ``python -m tests.pictures`` (needs Chromium).

The playground answers from the sample blog; the words of the model are written here, for there is no telling
what a real one would say that day.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from bot.config import Config
from tests.fakes.browser import chromium, running, tab
from tests.fakes.house import serving
from tests.fakes.ollama import FakeOllama

PICTURES = Path(__file__).resolve().parent.parent / "deploy" / "pictures"
QUESTION = "@blogbot VACUUM 为什么清不掉死元组?"
ANSWER = """VACUUM 只能清理**所有活跃事务都看不见**的旧版本: 有一个更老的快照, 之后的死元组就不能清 [1]。

常见的四种原因 [1]:

1. 长事务: 有人 `BEGIN` 之后去开会了
2. 空闲事务: 连接停在 `idle in transaction`
3. 没人消费的复制槽: 备库下线了, 槽还在
4. 两阶段事务: `PREPARE TRANSACTION` 之后没有提交

先看最老的快照 [1]:

```sql
SELECT pid, state, age(backend_xmin), query FROM pg_stat_activity
 WHERE backend_xmin IS NOT NULL ORDER BY age(backend_xmin) DESC LIMIT 5;
```

预防的办法是设置 `idle_in_transaction_session_timeout = '5min'` [1]。"""
VIEWS = (("thread", 1280, 860, False), ("thread-dark", 1280, 860, True), ("phone", 390, 844, False))


async def main(browser: str) -> None:
    """Ask one question on the page and photograph its answer in every view."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(browser) as address:
        async with FakeOllama(answer=ANSWER) as ollama:
            env = {
                "BLOGBOT_DATA": folder,
                "BLOGBOT_HEALTH_PORT": "0",
                "BLOGBOT_PLAYGROUND_PORT": "0",
                "OLLAMA_HOST": ollama.url,
            }
            async with serving(Config.from_env(env)) as said, tab(address) as page:
                url = next(word for sentence in said for word in sentence.split() if word.startswith("http"))
                await page.goto(url, 1280, 860)
                await page.type("textarea", QUESTION, enter=True)
                await page.shows("来源")
                for name, width, height, dark in VIEWS:
                    await page.goto(url, width, height, dark=dark)
                    await page.click("button.replies")
                    await page.shows("来源")
                    await page.screenshot(PICTURES / f"{name}.png")


if __name__ == "__main__":
    path = chromium()
    if path is None:
        sys.exit("The pictures need Chromium; on Debian: apt-get install chromium fonts-noto-cjk")
    asyncio.run(main(path))
