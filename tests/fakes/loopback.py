"""A server in a thread of its own on loopback, for programs that cannot share a test's event loop."""

import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Loopback(ABC):
    """Serves by its ``handler`` while it is entered."""

    @abstractmethod
    def handler(self) -> type[BaseHTTPRequestHandler]:
        """What answers a request."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self._server.daemon_threads = True
        self._worker = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._worker.join()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The same, to be asked."""
        return f"http://{self.address}"
