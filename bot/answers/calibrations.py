"""The calibration of the model's tokens, kept between runs [files]."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from bot.answers.tokens import Calibration, Size

_log = structlog.get_logger()

_SETTLED = 0.01
"""A rate that moved by less than this share is not worth a write."""


def _unheard() -> None:
    """Tell nobody."""


class Calibrations:
    """One model's calibration: read from *path* at the start, written back when prompts teach it something.

    The file holds the rates of every model that was used, as JSON. A file that cannot be read or written
    costs accuracy only, so it is logged and passed over. *cut* is called for each prompt that the server
    cannot have read whole.
    """

    def __init__(self, path: Path, model: str, *, cut: Callable[[], None] = _unheard) -> None:
        self._path = path
        self._model = model
        self._cut = cut
        self._kept = self._value = _parsed(_read(path).get(model))

    def current(self) -> Calibration:
        """Return the calibration as it stands."""
        return self._value

    def counted(self, size: Size, tokens: int) -> None:
        """Learn from a prompt of *size* that the server counted as *tokens*; 0 means it did not count."""
        if not tokens:
            return
        if self._value.cut(size, tokens):
            _log.warning("prompt_cut", model=self._model, estimated=self._value.tokens(size), counted=tokens)
            self._cut()
            return
        self._value = self._value.learned(size, tokens)
        if _moved(self._kept, self._value):
            self._keep()

    def _keep(self) -> None:
        self._kept = self._value
        aside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(_read(self._path) | {self._model: asdict(self._value)}, indent=1))
            aside.replace(self._path)
        except OSError as exc:
            _log.warning("calibration_not_kept", path=str(self._path), reason=str(exc))


def _moved(before: Calibration, after: Calibration) -> bool:
    return (not before.samples and bool(after.samples)) or any(
        abs(new - old) > _SETTLED * old
        for old, new in ((before.wide, after.wide), (before.narrow, after.narrow))
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        _log.warning("calibration_not_read", path=str(path), reason=str(exc))
        return {}
    return kept if isinstance(kept, dict) else {}


def _parsed(kept: Any) -> Calibration:
    """Return the calibration that *kept* holds, the untaught one when it holds anything else."""
    try:
        rates = float(kept["wide"]), float(kept["narrow"])
        samples = int(kept["samples"])
    except (TypeError, KeyError, ValueError):
        return Calibration()
    sound = all(math.isfinite(rate) for rate in rates) and samples >= 0
    return Calibration(*rates, samples).bounded() if sound else Calibration()
