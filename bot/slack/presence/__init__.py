"""Where the bot is in Slack, and what it may do there."""
