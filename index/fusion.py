"""Two opinions about the same articles, words and embeddings, made into one. Pure."""

import numpy as np

from index.part import Numbers

EMBEDDING = 1.5
"""How much the embeddings count against the words; from 1.25 to 2 little changes."""


def fused(by_words: Numbers, by_meaning: Numbers) -> Numbers:
    """Return one score for each article from its two.

    Each opinion counts in standard deviations from what it thinks of the blog's articles on the whole, so
    that neither the size of the blog nor the model's idea of a high cosine matters.
    """
    return standard(by_words) + EMBEDDING * standard(by_meaning)


def standard(scores: Numbers) -> Numbers:
    """Return *scores* in standard deviations from their mean; all 0 where they do not differ."""
    spread = float(scores.std())
    if not spread > 0:
        return np.zeros_like(scores)
    scaled: Numbers = ((scores - scores.mean()) / spread).astype(np.float32)
    return scaled
