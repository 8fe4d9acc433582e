"""The blog as a searchable index: mirror, articles, generations, search. Knows nothing of Slack or models."""
