"""The documents say what the program does: every setting, every command, every file they name."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot import config
from bot.__main__ import app

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def settings() -> set[str]:
    """The names that bot.config reads."""
    return set(re.findall(r'"([A-Z]+_[A-Z_]+)"', Path(config.__file__).read_text())) | {"OLLAMA_HOST"}


@pytest.mark.parametrize("document", [*READMES, "deploy/env.example"])
def test_every_setting_is_told_and_none_that_is_not_read(document: str) -> None:
    text = (ROOT / document).read_text()
    told = set(re.findall(r"\b((?:BLOGBOT|SLACK|OLLAMA)_[A-Z_]*[A-Z])\b", text))
    assert told == settings()
    assert len(fields(config.Config)) > 10


@pytest.mark.parametrize("document", READMES)
def test_every_command_is_told(document: str) -> None:
    text = (ROOT / document).read_text()
    for command in app.registered_commands:
        assert command.callback
        assert f"`{command.callback.__name__}" in text


@pytest.mark.parametrize("document", [*READMES, "CHANGELOG.md", "deploy/THREATS.md"])
def test_every_file_that_is_linked_is_there(document: str) -> None:
    file = ROOT / document
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text()):
        assert (file.parent / target).exists(), target


def test_the_two_commands_that_start_it_stand_before_line_forty() -> None:
    head = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "\ndeploy/run\n" in head
    assert "ollama pull" in head
