"""A tiny real Bolt app that streams an answer with sources, feedback buttons and a form."""

import asyncio
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground
from tests.fakes.tiny_app import app_of
from tests.fakes.tiny_forms import FEEDBACK, FORM, text_object

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
SOURCES = [
    {
        "type": "section",
        "text": text_object("*Sources*\n1. <https://blog.example/rum.md|RUM &amp; GIN>"),
    },
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "more", "text": text_object("More articles", "plain_text")}
        ],
    },
    FEEDBACK,
]


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
        words = view["state"]["values"]["reason"]["text"]["value"]
        if words == "no":
            await ack(response_action="errors", errors={"reason": "Say more."})
            return
        reached.append(words)
        await ack()

    return app, go_on, reached
