"""Know when nothing answers: how much evidence a question must find in this index to be worth answering.

Scores mean something only within one index, so each gets its own measure: handfuls of words drawn from random
places of the blog, which nothing in it is about. A question has to find more evidence than many of those do.
"""

import random
from collections.abc import Sequence

import numpy as np

from index.retrieval.ranking import Ranked, rank
from index.retrieval.reader import Reader
from index.words import asked

_HANDFULS, _WORDS = 200, 5
_MOST_EACH = 10
_BELOW = 35
"""Per cent of the handfuls whose evidence a question must exceed; 30 to 40 serve equally well."""
_FLOOR = 0.1
_RARE = 1
_UNKNOWN = "\0"
_TIES = 10


def evidence(reader: Reader, words: Sequence[str], ranked: Ranked) -> float:
    """Return how strongly the best article speaks for holding an answer to a question's *words*.

    That is its score, times the square of the share of the words, by weight, that the blog knows at all,
    times the root of the share that stands together in one passage of it. 0 without words.
    """
    if not words or not len(ranked.articles):
        return 0.0
    terms = [reader.term(word).articles for word in words]
    weights = np.array([term.idf for term in terms])
    known = np.array([reader.often(word) > 0 for word in words])
    best = ranked.articles.max()
    equal = np.flatnonzero(ranked.articles == best)[:_TIES]
    together = max(reader.shares(int(at), words, weights).max() for at in equal)
    total = float(weights.sum())
    known_share = float(weights[known].sum()) / total
    return float(float(best) * known_share**2 * (float(together) / total) ** 0.5)


def least_evidence(reader: Reader) -> float:
    """Return the evidence below which a question counts as unanswerable in this index.

    The same articles always give the same. In half of the handfuls, words that a single article holds count
    as unknown, because in a question about anything else they would be. In a tiny blog that leaves next to
    nothing; there the other half sets a floor.
    """
    paths = sorted((reader.article(int(at)).path, int(at)) for at in np.flatnonzero(reader.live))
    if not paths:
        return 0.0
    articles = [at for _, at in paths]
    times = min(_HANDFULS, _MOST_EACH * len(articles))
    draw = random.Random(len(articles))  # noqa: S311  a sample, no secret
    strict = [_found(reader, articles, draw, _RARE) for _ in range(times)]
    lenient = [_found(reader, articles, draw, 0) for _ in range(times)]
    return float(max(np.percentile(strict, _BELOW), _FLOOR * np.percentile(lenient, _BELOW)))


def _found(reader: Reader, articles: Sequence[int], draw: random.Random, rare: int) -> float:
    """Return the evidence of one handful; its words in no more than *rare* articles count as unknown."""
    words: dict[str, None] = {}
    for _ in range(_WORDS):
        passage = draw.choice(reader.passages_of(draw.choice(articles)))
        if choice := [word for word, _ in asked(reader.passage(passage).text)]:
            word = draw.choice(choice)
            words[_UNKNOWN + word if reader.often(word) <= rare else word] = None
    return evidence(reader, list(words), rank(reader, list(words)))
