"""Generations of the index: what they are made from, sealed, published, pruned."""
