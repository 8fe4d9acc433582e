"""What can go wrong at one Ollama server, said in our own failures, each with a sentence and a mend.

The client raises a ResponseError for an HTTP status and (status -1) for an error line within a stream, a
ConnectionError for a refused connection unless it streams, and else whatever httpx and json raise.
"""

import re
from typing import Literal

import httpx
import ollama

from bot.errors import (
    AnswerCutShort,
    ModelBusy,
    ModelFailure,
    ModelMissing,
    ModelUnavailable,
    PromptTooLong,
)

FAULTS = (
    ollama.ResponseError,
    httpx.HTTPError,
    ConnectionError,
    TimeoutError,
    ValueError,  # no JSON, or JSON of another shape (pydantic's ValidationError is one)
    LookupError,
    TypeError,
    AttributeError,
)
START = "Is `ollama serve` running there? Start it, or point OLLAMA_HOST at where it runs."
SMALLER = "Choose a smaller BLOGBOT_MODEL, lower BLOGBOT_CONTEXT, or give Ollama a faster machine."
LOG = "Ollama's own log says why (`journalctl -u ollama`, or the terminal of `ollama serve`)."

# llama.cpp says "exceeds the available context size", Ollama's own runners "exceeds the context length" or
# "is longer than the context length" (llm/llama_server.go, runner/ollamarunner of v0.12 to v0.32).
TOO_LONG = re.compile(r"context (length|size|window)|exceed_context_size", re.IGNORECASE)
MEMORY = re.compile(r"out of memory|more (system )?memory|memory allocation", re.IGNORECASE)


class Overtime(AnswerCutShort):
    """The answer took longer than a whole answer may; the server is slow, not broken."""


def before(fault: Exception, address: str, model: str) -> ModelFailure:
    """Translate what was raised before the first token."""
    match fault:
        case ollama.ResponseError() if fault.status_code > 0:
            return _refused(fault.status_code, str(fault.error), address, model)
        case ollama.ResponseError():
            return ModelUnavailable(f"Ollama at {address} could not run {model}.", LOG, detail=address)
        case TimeoutError() | httpx.ReadTimeout():
            return ModelUnavailable(f"Ollama at {address} takes too long to begin.", SMALLER, detail=address)
        case ConnectionError() | httpx.HTTPError():
            return ModelUnavailable(f"Ollama at {address} does not answer.", START, detail=address)
        case _:
            return _stranger(address)


def within(fault: Exception | None, address: str) -> ModelFailure:
    """Translate what was raised after the first token; None is a stream that ended without being done."""
    match fault:
        case None:
            said = "ended the answer without finishing it"
        case TimeoutError() | httpx.ReadTimeout():
            said = "stopped writing in the middle of the answer"
        case ollama.ResponseError():
            said = "failed in the middle of the answer"
        case _:
            said = "closed the connection in the middle of the answer"
    return AnswerCutShort(f"Ollama at {address} {said}.", f"Ask again. {LOG}", detail=address)


def overtime(address: str, seconds: float) -> Overtime:
    """The failure of an answer that was still being written after *seconds*."""
    said = f"The answer of Ollama at {address} was still unfinished after {seconds:g} seconds."
    return Overtime(said, f"Lower BLOGBOT_ANSWER_TOKENS. {SMALLER}", detail=address)


def again(failure: ModelFailure) -> Literal["anywhere", "elsewhere", "never"]:
    """Where a further try before the first token may help.

    A server that wrote nothing in all its time has used up the person's patience, and a connection that times
    out would do so again; a refusal or a crash may be a restart.
    """
    match failure:
        case ModelBusy():
            return "anywhere"
        case ModelUnavailable() if isinstance(failure.__cause__, TimeoutError):
            return "never"
        case ModelUnavailable() if not isinstance(failure.__cause__, httpx.TimeoutException):
            return "anywhere"
        case ModelMissing() | ModelUnavailable():
            return "elsewhere"
        case _:
            return "never"


def broken(failure: ModelFailure) -> bool:
    """Whether the failure says that the server is not in order, so that its breaker counts it."""
    return isinstance(failure, ModelUnavailable | AnswerCutShort) and not isinstance(failure, Overtime)


def _refused(status: int, said: str, address: str, model: str) -> ModelFailure:
    codes = httpx.codes
    if status == codes.NOT_FOUND:
        return _missing(address, model) if "model" in said else _stranger(address)
    if status in {codes.SERVICE_UNAVAILABLE, codes.TOO_MANY_REQUESTS}:
        return ModelBusy(f"Ollama at {address} is busy.", "Ask again in a minute.", detail=address)
    if status in {codes.UNAUTHORIZED, codes.FORBIDDEN}:
        sentence = f"Ollama at {address} refuses us (HTTP {status})."
        return ModelUnavailable(sentence, "Set OLLAMA_API_KEY to the key it expects.", detail=address)
    if status < codes.INTERNAL_SERVER_ERROR:
        return _unfit(status, said, address, model)
    if MEMORY.search(said):
        sentence = f"Ollama at {address} has not enough memory for {model}."
        return ModelUnavailable(sentence, SMALLER, detail=address)
    return ModelUnavailable(f"Ollama at {address} failed (HTTP {status}).", LOG, detail=address)


def _missing(address: str, model: str) -> ModelMissing:
    mend = f"Run `ollama pull {model}` there, or change BLOGBOT_MODEL."
    return ModelMissing(f"Ollama at {address} has no model {model}.", mend, detail=model)


def _unfit(status: int, said: str, address: str, model: str) -> ModelFailure:
    if TOO_LONG.search(said):
        sentence = f"The prompt is longer than the context of {model} at {address}."
        return PromptTooLong(sentence, "Raise BLOGBOT_CONTEXT, or ask a shorter question.", detail=model)
    sentence = f"Ollama at {address} cannot chat with {model} (HTTP {status})."
    return ModelFailure(sentence, "Set BLOGBOT_MODEL to a chat model such as qwen3:8b.", detail=model)


def _stranger(address: str) -> ModelUnavailable:
    said = f"What answers at {address} is not Ollama."
    return ModelUnavailable(
        said, "Set OLLAMA_HOST to Ollama's address, by default port 11434.", detail=address
    )
