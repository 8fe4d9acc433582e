"""The blog at its source: a Git repository or a folder, fetched, listed and read."""
