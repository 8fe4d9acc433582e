"""A Git server over real HTTP on loopback: Git's own ``http-backend``, or plain files as of old."""

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.loopback import Loopback


class GitServer(Loopback):
    """Serves the repositories under *root* while it is entered.

    ``user`` and ``password`` are asked for when set; ``old`` keeps the protocol version from the backend, so
    that it speaks version 0; ``dumb`` serves files only. ``paths`` are the requests that came in.
    """

    def __init__(
        self, root: Path, *, user: str = "", password: str = "", old: bool = False, dumb: bool = False
    ) -> None:
        self.root = root
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.old = old
        self.dumb = dumb
        self.paths: list[str] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A handler that knows this server."""
        serving = self

        class Handler(_Handler):
            server_of = serving

        return Handler


class _Handler(BaseHTTPRequestHandler):
    server_of: GitServer

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(body)

    def _answer(self, body: bytes) -> None:
        serving = self.server_of
        serving.paths.append(self.path)
        if serving.expected and self.headers.get("Authorization") != serving.expected:
            self._send(401, [("WWW-Authenticate", 'Basic realm="blog"')], b"")
        elif serving.dumb:
            file = serving.root / urlsplit(self.path).path.lstrip("/")
            self._send(200 if file.is_file() else 404, [], file.read_bytes() if file.is_file() else b"")
        else:
            self._run(body)

    def _run(self, body: bytes) -> None:
        """Hand the request to ``git http-backend``, a CGI program."""
        parts = urlsplit(self.path)
        environment = os.environ | {
            "GIT_PROJECT_ROOT": str(self.server_of.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": "" if self.server_of.old else self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, check=True, env=environment
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [
            (name, value) for name, value in (line.split(": ", 1) for line in head.decode().splitlines())
        ]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self._send(status, [pair for pair in headers if pair[0] != "Status"], content)

    def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
