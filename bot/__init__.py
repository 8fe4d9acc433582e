"""blogbot: answers a team's questions from the team's own blog, with a local model."""

__version__ = "0.1.0"
