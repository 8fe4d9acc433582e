"""What goes wrong with the Ollama double, as the real one goes wrong."""

import asyncio
import json
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from tests.fakes.ollama_wire import Json

FaultKind = Literal[
    "busy",  # 503, as from a full queue
    "no_memory",  # 500, as when the model does not fit
    "reset",  # the connection is closed before any answer
    "hang",  # the request is taken and no byte ever follows
    "stall",  # the stream stops flowing, the connection stays
    "cut",  # the connection is closed within the stream
    "end",  # the stream ends in order, but without a line that is done
    "error_line",  # a line {"error": …} within the stream
    "garbage",  # 200 with a page of HTML
    "flood",  # 200 with a line that never ends
    "unauthorized",  # 401, as from a proxy that wants a key
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next *times* generations (0: all of them), *after* that many chunks."""

    kind: FaultKind
    after: int = 0
    times: int = 0


def error(status: int, message: str) -> web.Response:
    """A refusal before the first byte, as gin writes it."""
    return web.json_response({"error": message}, status=status)


def missing(body: Json) -> web.Response:
    """The refusal for a model that was never pulled."""
    return error(404, f"model '{body.get('model', '')}' not found")


async def before(request: web.Request, fault: Fault, hung: asyncio.Event) -> web.Response | None:
    """Go wrong before the first byte, or not at all where the fault belongs into the stream."""
    match fault.kind:
        case "busy":
            return error(503, "server busy, please try again.  maximum pending requests exceeded")
        case "no_memory":
            return error(500, "model requires more system memory (5.6 GiB) than is available (2.0 GiB)")
        case "unauthorized":
            return error(401, "unauthorized")
        case "garbage":
            return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")
        case "hang":
            await _hang(hung)
        case "flood":
            await _flood(request)
        case "reset" if request.transport:
            request.transport.abort()
            return web.Response()
    return None


async def within(
    request: web.Request, response: web.StreamResponse, fault: Fault, hung: asyncio.Event
) -> web.StreamResponse:
    """Go wrong within the stream, after the chunks sent so far."""
    if fault.kind == "stall":
        await _hang(hung)
    message = "an error was encountered while running the model: unexpected EOF"
    if not response.prepared and fault.kind == "error_line":
        return error(500, message)
    if not response.prepared:
        await response.prepare(request)
    if fault.kind == "cut" and request.transport:
        request.transport.abort()
        return response
    if fault.kind == "error_line":
        await response.write(json.dumps({"error": message}).encode() + b"\n")
    await response.write_eof()
    return response


async def _flood(request: web.Request) -> None:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * (1 << 18))


async def _hang(hung: asyncio.Event) -> None:
    hung.set()
    await asyncio.Event().wait()
