"""Replies on their way into Slack: posted once, streamed, finished."""
