"""The ollama package's client, and what its 0.6.3 has no words for [ollama]."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal, cast

import ollama
from ollama import ChatResponse, GenerateResponse

Path = Literal["/api/chat", "/api/generate"]
Line = ChatResponse | GenerateResponse


class Client(ollama.AsyncClient):
    """AsyncClient with request bodies of our own.

    chat() and generate() take no ``truncate`` and ``shift``, and there is no version(). The package's methods
    are one call of ``_request`` each, and so are these: headers, key, errors and NDJSON stay the package's.
    """

    async def version(self) -> str:
        """Return the server's version."""
        answer = await self._request_raw("GET", "/api/version")  # type: ignore[no-untyped-call]
        return str(answer.json()["version"])

    async def post(self, path: Path, body: Mapping[str, Any]) -> None:
        """Send a request whose answer says nothing new."""
        await self._request_raw("POST", path, json=body)  # type: ignore[no-untyped-call]

    async def stream(self, path: Path, body: Mapping[str, Any]) -> AsyncGenerator[Line, None]:
        """Send a request and yield its lines; closing the generator closes the connection."""
        kind: type[Line] = ChatResponse if path == "/api/chat" else GenerateResponse
        lines = await self._request(kind, "POST", path, json=body, stream=True)
        return cast("AsyncGenerator[Line, None]", lines)
