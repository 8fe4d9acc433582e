"""Reads one setting at a time from a mapping: what cannot be used becomes a sentence with its mend."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot import schedule


class Reader:
    """Reads one setting at a time and collects what is wrong; a value at fault reads as its default."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        """Take down a sentence."""
        self.faults.append(sentence)

    def text(self, name: str, default: str = "") -> str:
        """The value without spaces around it, or *default* where it is empty."""
        return self._env.get(name, "").strip() or default

    def items(self, name: str) -> tuple[str, ...]:
        """The parts between commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def token(self, name: str, prefix: str) -> str:
        """A secret that begins with *prefix*; it never stands in a sentence."""
        value = self.text(name)
        if value and not value.startswith(prefix):
            self.fault(
                f"{name} does not start with {prefix}: copy it again from the Slack app's settings page."
            )
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.text(name, str(default))
        if not (re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most):
            self.fault(f"{name} is {value[:40]!r}: give a whole number from {least} to {most}.")
            return default
        return int(value)

    def ids(self, name: str, letters: str, example: str) -> tuple[str, ...]:
        """Ids of Slack's that begin with one of *letters*."""
        found = self.items(name)
        for item in found:
            if not re.fullmatch(f"[{letters}][A-Z0-9]{{5,}}", item):
                self.fault(f"{name} holds {item!r}: give {example}, separated by commas.")
        return found

    def channel(self, name: str, *, several: bool) -> tuple[str, str]:
        """A workspace, "" unless there are *several*, and a channel of it; both "" where none is set."""
        value = self.text(name)
        form = r"([TE][A-Z0-9]{5,})/([CG][A-Z0-9]{5,})" if several else "()([CG][A-Z0-9]{5,})"
        if found := re.fullmatch(form, value):
            return found[1], found[2]
        if value:
            example = (
                "a workspace and a channel such as T012ABCDEF/C012ABCDEF"
                if several
                else "one channel id such as C012ABCDEF"
            )
            self.fault(f"{name} is {value[:60]!r}: give {example}.")
        return "", ""

    def address(self, name: str, default: str) -> str:
        """An http(s) address, with a slash at its end."""
        value = self.text(name, default)
        if not _is_http(value):
            self.fault(f"{name} is {value!r}: give an http:// or https:// address.")
            return default
        return value.rstrip("/") + "/"

    def hosts(self, name: str, default: str) -> tuple[str, ...]:
        """Addresses of Ollama servers."""
        found = tuple(_ollama_address(item) for item in self.items(name) or (default,))
        for address in found:
            if not _is_http(address):
                self.fault(
                    f"{name} holds {address!r}: give addresses such as http://127.0.0.1:11434, separated"
                    " by commas."
                )
        return found

    def link(self, name: str) -> str:
        """An address with ``{path}`` in it, or ""."""
        value = self.text(name)
        if value and not (_is_http(value) and "{path}" in value):
            self.fault(
                f"{name} is {value!r}: give an http(s) address with {{path}} in it, such as"
                " https://github.com/digoal/blog/blob/{branch}/{path}."
            )
        return value

    def cron(self, name: str, default: str) -> str:
        """A line of five fields."""
        value = self.text(name, default)
        try:
            schedule.trigger(value)
        except ValueError as exc:
            self.fault(f"{name} is {value!r}: give a cron line of five fields such as '0 3 * * *' ({exc}).")
            return default
        return value

    def database(self, name: str, default: str) -> str:
        """A database's address; it never stands in a sentence, for it may hold a password."""
        value = self.text(name, default)
        if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            self.fault(f"{name} is no database address: give sqlite:///path or postgresql://user@host/name.")
            return default
        return value


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _ollama_address(item: str) -> str:
    """Complete an address the way Ollama's own OLLAMA_HOST is read: scheme http, port 11434."""
    address = (item if "://" in item else f"http://{item}").rstrip("/")
    try:
        parts = urlsplit(address)
        bare = parts.port is None and parts.scheme == "http" and not parts.path
    except ValueError:
        return address
    address = f"{address}:11434" if bare else address
    return address.replace("://0.0.0.0", "://127.0.0.1", 1)
