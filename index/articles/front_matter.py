"""YAML and TOML front matter: what stands between the first two ``---`` or ``+++`` lines of a file."""

import re
import tomllib
from collections.abc import Mapping

import yaml

_BLOCK = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_PAIR = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*)")
_LONGEST = 20_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def split(text: str) -> tuple[Mapping[str, object], str]:
    """Return the front matter's values by lower-case name, and the text after it.

    Text that opens with a thematic break rather than with front matter comes back whole, with no values.
    """
    block = _BLOCK.match(text)
    if not block or len(block[2]) > _LONGEST:
        return {}, text
    values = _toml(block[2]) if block[1] == "+++" else _yaml(block[2])
    if values is None:
        return {}, text
    return {str(name).lower(): value for name, value in values.items()}, text[block.end() :]


def _toml(block: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _yaml(block: str) -> Mapping[str, object] | None:
    try:
        values = yaml.load(block, Loader=_LOADER)  # noqa: S506  a SafeLoader, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError):
        return _pairs(block)
    return values if isinstance(values, dict) else {} if values is None else None


def _pairs(block: str) -> Mapping[str, object] | None:
    """Read ``name: value`` lines that YAML refuses, as in ``title: Postgres: a tour``."""
    lines = [line for line in block.splitlines() if line.strip()]
    pairs = [_PAIR.fullmatch(line.rstrip()) for line in lines if not line.startswith((" ", "\t", "-", "#"))]
    if not pairs or not all(pairs):
        return None
    return {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}
