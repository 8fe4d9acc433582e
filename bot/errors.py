"""Failures of the bot that are expected, each with a sentence for a person and a mend.

::

    BotFailure
    ├── ConfigFailure             settings that cannot be used: every fault at once
    ├── ModelFailure              no whole answer from the model
    │   ├── ModelUnavailable      Ollama does not answer, or too late, or the breaker is open
    │   ├── ModelMissing          Ollama answers, but has not pulled the model
    │   ├── ModelBusy             Ollama's queue, or ours, is full
    │   ├── PromptTooLong         the server counts more tokens than its context holds
    │   └── AnswerCutShort        the stream ended, stalled or failed midway
    ├── SlackFailure              Slack refuses us for good: a token, a scope, a channel
    └── DatabaseFailure           the database does not answer, or is not for this program to open
"""

from bot.model import Outcome


class BotFailure(Exception):
    """An expected failure: ``str()`` says what and which, ``fix`` says what to do next."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.fix = fix


class ConfigFailure(BotFailure):
    """Settings that cannot be used; ``faults`` holds one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ModelFailure(BotFailure):
    """No whole answer from the model; ``detail`` names the address or model for the reply's sentence."""

    outcome: Outcome = "failed"

    def __init__(self, sentence: str, fix: str = "", *, detail: str = "") -> None:
        super().__init__(sentence, fix)
        self.detail = detail


class ModelUnavailable(ModelFailure):
    """Ollama does not answer, answers too late, or failed so often that it is left alone for a while."""

    outcome = "model_unavailable"


class ModelMissing(ModelFailure):
    """Ollama answers, but the model was never pulled."""

    outcome = "model_missing"


class ModelBusy(ModelFailure):
    """Too many questions at once."""

    outcome = "busy"


class PromptTooLong(ModelFailure):
    """The server counted more tokens than fit; the estimate was wrong."""


class AnswerCutShort(ModelFailure):
    """The answer stopped before its end; what came so far was already handed on."""

    outcome = "cut_short"


class SlackFailure(BotFailure):
    """Slack refuses us for good; ``code`` is Slack's own word for it."""

    def __init__(self, sentence: str, fix: str = "", *, code: str = "") -> None:
        super().__init__(sentence, fix)
        self.code = code


class DatabaseFailure(BotFailure):
    """The database does not answer, is in use by another bot, or was made by a newer version."""
