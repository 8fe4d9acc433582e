"""``blogbot feedback export``: what people think of the answers, a JSON line an opinion.

The lines are what ``evaluate`` reads. A good opinion vouches for the articles that its answer cites: they
become ``gold``, none where the answer was that the blog has none. A bad one tells that something is wrong but
not what would be right: it has no ``gold``, and ``evaluate`` leaves it out until somebody writes the right
paths in. Who thinks so stays in the database.
"""

from typing import Any

from bot import terminal
from bot.config import Config
from bot.model import Verdict
from bot.phrases import choose
from bot.records import Records
from bot.records.opinions import Opinion


async def export(config: Config, verdict: Verdict | None = None) -> None:
    """Print every opinion, or those of one *verdict*, the oldest first. Raises DatabaseFailure."""
    records = Records(config.database_url)
    await records.open()
    try:
        for opinion in await records.opinions.all(verdict):
            terminal.dump(row(opinion))
    finally:
        await records.close()


def row(opinion: Opinion) -> dict[str, Any]:
    """One line: ``question`` is what was searched for, so that a follow-up stands by itself."""
    known = opinion.exchange
    articles = [source.path for source in known.sources]
    gold = {"gold": [] if known.outcome == "no_source" else articles}
    return {
        "question": " ".join((known.searched or known.question.text).split()),
        **(gold if opinion.verdict == "good" else {}),
        "verdict": opinion.verdict,
        "reason": opinion.reason,
        "lang": choose(known.question.text, known.question.locale).code,
        "asked": known.question.text,
        "asked_at": known.asked_at.isoformat(timespec="seconds"),
        "outcome": known.outcome,
        "answer": known.answer,
        "articles": articles,
        "model": known.model,
        "prompt_version": known.prompt_version,
        "first_token_ms": known.first_token_ms,
        "total_ms": known.total_ms,
        "given_at": opinion.given_at.isoformat(timespec="seconds"),
    }
