"""HTTP mode: payloads as signed POSTs to the app's Request URL.

Signature v0: HMAC-SHA256 of ``v0:{timestamp}:{body}`` under the signing secret, in hexadecimal
(https://docs.slack.dev/authentication/verifying-requests-from-slack).
"""

import hashlib
import hmac
import json
import secrets
import time
from urllib.parse import urlencode

import aiohttp

from bot.playground.model import Json
from bot.playground.sockets import Ack

FORM, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"


def sign(secret: str, body: bytes, timestamp: int | str) -> dict[str, str]:
    """The two headers that prove *body* to come from Slack."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": "v0=" + digest}


class RequestUrl:
    """Delivers to ``address``; a 2xx answer within ``ack_seconds`` is the acknowledgement."""

    def __init__(self, address: str, secret: str, ack_seconds: float) -> None:
        self.address, self._secret = address, secret
        self._timeout = aiohttp.ClientTimeout(total=ack_seconds)

    async def send(self, kind: str, payload: Json, *, retry: int = 0, reason: str = "") -> Ack:
        """Post one payload, encoded as Slack encodes its kind."""
        if kind == "events_api":
            body, content_type = json.dumps(payload).encode(), JSON_TYPE
        elif kind == "slash_commands":
            body, content_type = urlencode(payload).encode(), FORM
        else:
            body, content_type = urlencode({"payload": json.dumps(payload)}).encode(), FORM
        headers = {"Content-Type": content_type, **sign(self._secret, body, int(time.time()))}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        return await self._post(body, headers)

    async def verify(self) -> bool:
        """Whether the address answers Slack's url_verification challenge, as it must before events come."""
        challenge = secrets.token_urlsafe(16)
        body = json.dumps(
            {"type": "url_verification", "challenge": challenge, "token": "playground"}
        ).encode()
        headers = {"Content-Type": JSON_TYPE, **sign(self._secret, body, int(time.time()))}
        ack = await self._post(body, headers)
        return ack.acked and (ack.payload or {}).get("challenge") == challenge

    async def _post(self, body: bytes, headers: dict[str, str]) -> Ack:
        started = time.monotonic()
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(self.address, data=body, headers=headers) as answer,
            ):
                payload = _payload(await answer.text())
                return Ack(answer.ok, payload, time.monotonic() - started)
        except (aiohttp.ClientError, TimeoutError):
            return Ack(acked=False, seconds=time.monotonic() - started)


def _payload(text: str) -> Json | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"text": text} if text.strip() else None
    return answer if isinstance(answer, dict) else None
