"""Passages written to a full-text index, and found again, ranked for a question."""
