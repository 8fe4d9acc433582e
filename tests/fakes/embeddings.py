"""Ollama's ``/api/embed`` over real HTTP on loopback, with vectors that a test can foresee.

A text's vector counts its words in 512 places, so that texts which share words are near each other.
"""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from zlib import crc32

from tests.fakes.loopback import Loopback

PLACES = 512


class FakeEmbeddings(Loopback):
    """Answers while it is entered.

    ``texts`` are those that were embedded, ``bodies`` and ``keys`` what came with the requests. ``answer`` (a
    function of the texts, which gives status and body) replaces the usual one, ``longest`` is the number of
    characters from which on a text is refused, ``dimensions`` the length of a vector.
    """

    def __init__(self, model: str = "e5-small") -> None:
        self.model = model
        self.texts: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answer: Callable[[list[str]], tuple[int, object]] | None = None
        self.longest = 1 << 30
        self.dimensions = PLACES

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A handler that knows this server."""
        serving = self

        class Handler(_Handler):
            fake = serving

        return Handler

    def reply(self, body: dict[str, Any]) -> tuple[int, object]:
        """Answer as Ollama does."""
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if self.answer:
            return self.answer(texts)
        if body["model"] != self.model:
            return 404, {"error": f'model "{body["model"]}" not found, try pulling it first'}
        if any(len(text) > self.longest for text in texts):
            return 400, {"error": "the input length exceeds the context length"}
        self.texts += texts
        return 200, {"model": self.model, "embeddings": [vector(text, self.dimensions) for text in texts]}


def vector(text: str, places: int = PLACES) -> list[float]:
    """Count the words of *text*; never all zero, and of no particular length."""
    counts = [0.01] * places
    for word in text.lower().split():
        counts[crc32(word.encode()) % places] += 3.0
    return counts


class _Handler(BaseHTTPRequestHandler):
    fake: FakeEmbeddings
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.bodies.append(body)
        self.fake.keys.append(self.headers.get("Authorization", ""))
        status, answer = self.fake.reply(body) if self.path == "/api/embed" else (404, {"error": "not found"})
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
