"""Slack's room: what is heard there, what is said, and how it looks; the only place that talks to Slack."""
