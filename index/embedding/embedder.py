"""Embeddings from Ollama's ``/api/embed``, of questions and of passages."""

import json
import os
from collections.abc import Mapping, Sequence
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from index.embedding.instructions import instructions
from index.errors import EmbeddingUnavailable

Matrix = NDArray[np.float32]

BATCH = 16
"""Texts in one request: enough to fill a GPU, few enough that an interruption loses seconds."""

PATIENCE = 3.0
"""Seconds that a question of somebody who is waiting may take; a model that is loaded needs a tenth."""

_CONNECT, _ANSWER = 3.0, 300.0
_ROUNDS = 3
_WAIT = 1.0
_KEEP_ALIVE = "1h"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SHORTEST = 200
_LARGEST = 32 * 1024 * 1024
"""Bytes of an answer: a BATCH of 4096 numbers each, of 20 digits, takes 1.3 MB."""


class _TooLong(Exception):
    """The server does not cut a text that is longer than its context, although it was asked to."""


class Embedder:
    """The embedding *model* on the first of *hosts* that answers. Threads may share it.

    *key* is sent as a bearer token, as Ollama's own clients do; None reads it from OLLAMA_API_KEY. *wait* is
    the seconds between further rounds over the hosts, *patience* those that a question may take.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        model: str,
        *,
        key: str | None = None,
        wait: float = _WAIT,
        patience: float = PATIENCE,
    ) -> None:
        self.model = model
        self._hosts = tuple(host.rstrip("/") for host in hosts)
        self._wait = wait
        self._patience = patience
        self._words = instructions(model)
        secret = os.environ.get("OLLAMA_API_KEY", "") if key is None else key
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._clients = {host: _client(host, headers) for host in self._hosts}

    def passages(self, texts: Sequence[str]) -> Matrix:
        """Embed *texts*: one row of unit length each, float32. EmbeddingUnavailable after a few rounds."""
        prepared = [self.prepared(text) for text in texts]
        rows = [self._rows(prepared[start : start + BATCH]) for start in range(0, len(prepared), BATCH)]
        return np.concatenate(rows) if rows else np.empty((0, 0), np.float32)

    def query(self, text: str) -> Matrix:
        """Embed one question as a vector of unit length, within *patience* or not at all."""
        vector: Matrix = self._asked([self._words.query + text], rounds=1, patience=self._patience)[0]
        return vector

    def wake(self) -> None:
        """Let the model be loaded, which may take minutes; EmbeddingUnavailable if it does not answer now."""
        self._asked(["blog"], rounds=1, patience=_ANSWER)

    def prepared(self, text: str) -> str:
        """Return *text* as the model gets it when it is a passage."""
        return self._words.passage + text

    def _rows(self, texts: Sequence[str]) -> Matrix:
        """Embed one batch; where the server finds a text too long, alone and then halved."""
        try:
            return self._asked(texts, rounds=_ROUNDS, patience=_ANSWER)
        except _TooLong as exc:
            if len(texts) > 1:
                return np.concatenate([self._rows([text]) for text in texts])
            if len(texts[0]) <= _SHORTEST:
                raise EmbeddingUnavailable(f"{self.model} refuses a short text: {exc}", self._pull) from exc
            return self._rows([texts[0][: len(texts[0]) // 2]])

    def _asked(self, texts: Sequence[str], *, rounds: int, patience: float) -> Matrix:
        """Ask host after host, for some rounds; the last failure is the one that is raised."""
        failure = EmbeddingUnavailable("No Ollama address is set for embedding.", "Set OLLAMA_HOST.")
        for left in reversed(range(rounds)):
            for host in self._hosts:
                try:
                    return self._post(host, texts, patience)
                except EmbeddingUnavailable as exc:
                    failure = exc
            if left:
                sleep(self._wait)
        raise failure

    def _post(self, host: str, texts: Sequence[str], patience: float) -> Matrix:
        body = {"model": self.model, "input": list(texts), "truncate": True, "keep_alive": _KEEP_ALIVE}
        timeout = httpx.Timeout(patience, connect=_CONNECT)
        try:
            with self._clients[host].stream(
                "POST", f"{host}/api/embed", json=body, timeout=timeout
            ) as response:
                answer = json.loads(_read(response))
        except httpx.HTTPError as exc:
            raise EmbeddingUnavailable(
                f"Ollama at {host} does not answer ({type(exc).__name__}).", "Is `ollama serve` running?"
            ) from exc
        except ValueError as exc:
            raise EmbeddingUnavailable(f"{host} does not speak Ollama's API.", "Check OLLAMA_HOST.") from exc
        if response.status_code != httpx.codes.OK:
            raise self._refusal(host, response.status_code, answer)
        return self._unit(host, answer, len(texts))

    def _refusal(self, host: str, status: int, answer: Any) -> Exception:
        said = str(answer.get("error", "") if isinstance(answer, Mapping) else "")[:200]
        if status == httpx.codes.NOT_FOUND:
            return EmbeddingUnavailable(f"Ollama at {host} has no model {self.model}.", self._pull)
        if status == httpx.codes.BAD_REQUEST and "length" in said:
            return _TooLong(said)
        return EmbeddingUnavailable(f"Ollama at {host} cannot embed: {status} {said}", "See Ollama's log.")

    @property
    def _pull(self) -> str:
        return f"Run `ollama pull {self.model}`, or set BLOGBOT_EMBED_MODEL to an embedding model."

    def _unit(self, host: str, answer: Any, count: int) -> Matrix:
        """The rows of an answer, scaled to unit length."""
        try:
            rows = np.asarray(answer["embeddings"], dtype=np.float32)
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
            sound = len(rows) == count and bool(np.isfinite(norms).all()) and bool((norms > 0).all())
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise EmbeddingUnavailable(f"Ollama at {host} sent no embeddings for {self.model}.", self._pull)
        return np.asarray(rows / norms, dtype=np.float32)


def _read(response: httpx.Response) -> bytes:
    """The body, or ValueError when it is longer than any batch of embeddings."""
    pieces, left = [], _LARGEST
    for piece in response.iter_bytes():
        left -= len(piece)
        if left < 0:
            raise ValueError(f"an answer of more than {_LARGEST} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _client(host: str, headers: Mapping[str, str]) -> httpx.Client:
    """A client that keeps no connection open between requests, so that nobody needs to close it.

    A proxy from the environment must not come between us and this very machine.
    """
    return httpx.Client(
        headers=headers,
        trust_env=urlsplit(host).hostname not in _LOOPBACK,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
