"""Logs: to stderr, ids and timings, no text of people and no secret [structlog]."""

import logging
import re
import sys
from typing import IO, Any

import structlog
from structlog.typing import EventDict, WrappedLogger

VALUE_CHARACTERS = 300
REPEAT_SECONDS = 30.0
_OURS = ("bot", "index", "__main__")
_HIDDEN = r"(?:\w+_)?(?:token|secret|password|api_key|response_url)"
_SECRETS = (
    (re.compile(r"\b(xox[a-z]|xapp)-[\w.-]+"), r"\1-…"),
    (re.compile(r"(https?://hooks\.slack\.com)/\S*"), r"\1/…"),
    (re.compile(r"\b(wss?://[^\s?]+)\?\S*"), r"\1?…"),
    (re.compile(r"(\b[a-z][\w+.-]*://)[^\s/@]+@", re.IGNORECASE), r"\1…@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 …"),
    (re.compile(rf"""\b({_HIDDEN}['"]?\s*[=:]\s*['"]?)[^\s'"&,}}]+""", re.IGNORECASE), r"\1…"),
)


def configure(*, debug: bool = False, json: bool = False, stream: IO[str] | None = None) -> None:
    """Send everything logged, ours and the libraries', to *stream* (stderr), one line an event.

    ``debug`` shows our own debug lines alone. Libraries stay at warnings: slack-sdk and httpx write whole
    messages and tokens at DEBUG; whatever level is set elsewhere, the handler lets no such line through.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        censor,
    ]
    out = stream or sys.stderr
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_loud_enough)
    handler.addFilter(_Repeats().first)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)
    logging.getLogger("dbos").propagate = True


def censor(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank what looks like a secret, and cut what is too long to be an id or a timing."""
    for key, value in event.items():
        if re.fullmatch(_HIDDEN, key, re.IGNORECASE):
            event[key] = "…"
        elif isinstance(value, str):
            event[key] = _censored(value if key in {"exception", "stack"} else value[:VALUE_CHARACTERS])
    return event


def _censored(text: str) -> str:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class _Repeats:
    """Lets a library say the same thing once in REPEAT_SECONDS; DBOS without a database never rests.

    The same thing is what the same line of its source says, whatever the values in it; tracebacks all pass.
    """

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], float] = {}

    def first(self, record: logging.LogRecord) -> bool:
        if record.exc_info or record.name.partition(".")[0] in _OURS:
            return True
        line = (record.pathname, record.lineno)
        if record.created - self._said.get(line, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._said[line] = record.created
        return True


def _loud_enough(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS
