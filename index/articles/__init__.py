"""Markdown to articles and their passages. Pure."""
