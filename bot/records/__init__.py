"""What the bot remembers: questions, answers, threads, feedback [SQLAlchemy]."""

from bot.records.records import Records, claim

__all__ = ["Records", "claim"]
