"""Durable execution: one question, one answer, whatever dies meanwhile [DBOS]."""

from bot.jobs.jobs import Jobs
from bot.jobs.waiting import Limits

__all__ = ["Jobs", "Limits"]
