"""Two opinions about the same articles, words and embeddings, made into one. Pure."""

import math

import numpy as np

from index.retrieval.part import Numbers

_CANDIDATES = 100
_WEIGHT = 1.5
_FAR_OUT = 3.6


def fused(by_words: Numbers, by_meaning: Numbers) -> Numbers:
    """Return one score for each article from its two, minus infinity where neither has it in its first 100.

    Among these candidates each opinion counts in standard deviations from its mean, so that neither the
    size of the blog nor the model's idea of a high cosine matters, and both count the same.
    """
    candidates = np.union1d(_first(by_words), _first(by_meaning))
    scores = np.full_like(by_words, -np.inf)
    scores[candidates] = _standard(by_words[candidates]) + _standard(by_meaning[candidates])
    return scores


def seconded(evidence: float, by_meaning: Numbers) -> float:
    """Return the *evidence* that words give for an answer, raised or lowered by what the embeddings say.

    What counts is how far the best cosine stands out from those of all articles, in standard
    deviations, against how far the best of so many would by chance: sqrt(2 ln n) at most, if they are
    normally distributed.
    """
    if len(by_meaning) <= 1:
        return evidence
    stands_out = float(_standard(by_meaning).max())
    by_chance = min(_FAR_OUT, math.sqrt(2 * math.log(len(by_meaning))))
    return evidence * math.exp(_WEIGHT * (stands_out - by_chance))


def _first(scores: Numbers) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    order: np.ndarray[tuple[int], np.dtype[np.intp]] = np.argsort(-scores, kind="stable")[:_CANDIDATES]
    return order


def _standard(scores: Numbers) -> Numbers:
    """Return *scores* in standard deviations from their mean; all 0 where they do not differ."""
    spread = float(scores.std())
    if not spread > 0:
        return np.zeros_like(scores)
    scaled: Numbers = ((scores - scores.mean()) / spread).astype(np.float32)
    return scaled
