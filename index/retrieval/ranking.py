"""Rank articles for a question's words: what an article is about, and where in it the answer stands."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from index.retrieval.part import Numbers
from index.retrieval.reader import Lengths, Postings, Reader

_K1, _B = 1.2, 0.75
_ARTICLE, _TITLE, _NAMES = 1.0, 0.75, 0.5


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scores for one question: of each article in all, and of each passage."""

    articles: Numbers
    passages: Numbers


def rank(reader: Reader, words: Collection[str]) -> Ranked:
    """Score every article by its best passage, whole text, title and other names, each with BM25."""
    passages = np.zeros(len(reader.article_of), np.float32)
    articles = np.zeros(len(reader.starts), np.float32)
    for word in sorted(set(words)):
        term = reader.term(word)
        _add(passages, term.passages, reader.passage_lengths, 1.0)
        _add(articles, term.articles, reader.article_lengths, _ARTICLE)
        _add(articles, term.titles, reader.title_lengths, _TITLE)
        _add(articles, term.names, reader.names_lengths, _NAMES)
    if len(articles):
        articles += np.maximum.reduceat(passages, reader.starts)
    return Ranked(articles, passages)


def _add(scores: Numbers, term: Postings, lengths: Lengths, weight: float) -> None:
    """Add BM25 (Robertson and Zaragoza 2009, equation 3.15) of one word to *scores*."""
    if len(term.ids):
        norm = _K1 * (1 - _B + _B / lengths.mean * lengths.each[term.ids])
        scores[term.ids] += weight * term.idf * (_K1 + 1) * term.often / (term.often + norm)
