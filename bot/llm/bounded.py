"""Answers of a server up to a size: what never ends must not fill the memory before it is parsed [httpx]."""

from collections.abc import AsyncIterator

import httpx

LARGEST = 32 * 1024 * 1024
"""Bytes of one answer: a streamed token takes about 150, what /api/show tells of a model less than 1 MiB."""


class _Bounded(httpx.AsyncByteStream):
    """*stream*, or ValueError after LARGEST bytes of it."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LARGEST
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise ValueError(f"an answer of more than {LARGEST} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def bound(response: httpx.Response) -> None:
    """As a response hook of httpx's: let no more than LARGEST bytes of *response* be read.

    It is taken as it comes, not unpacked, since little that is packed may be much: ask for ``PLAIN``.
    """
    response.headers.pop("Content-Encoding", None)
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Bounded(response.stream)


PLAIN = {"Accept-Encoding": "identity"}
