"""What people do in Slack, and who in the house is told."""
