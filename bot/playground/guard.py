"""Keeps foreign web pages out: only requests that name this machine's loopback, from no other origin.

Checking Host stops DNS rebinding, checking Origin stops other sites from driving the page through a
visitor's browser (WebSockets included), and the policy header keeps the page itself from loading or running
anything foreign.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve the request if it comes from here, and 403 otherwise."""
    origin = request.headers.get("Origin")
    if not _local(f"http://{request.host}") or (origin is not None and not _same(origin, request.host)):
        return web.Response(
            status=403, text="The playground answers this machine's own pages and programs only."
        )
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def _local(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOOPBACK
    except ValueError:
        return False


def _same(origin: str, host: str) -> bool:
    return _local(origin) and urlsplit(origin).netloc == host
