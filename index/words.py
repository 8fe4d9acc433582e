"""Text -> search words, for Chinese, English and mixed text."""

import unicodedata

import rjieba
import Stemmer

from index.stop_words import ASKING, STOP

_GUESS = False
"""Whether to guess words that the dictionary lacks: slower, and found no more on 1,500 questions."""

_MOST_CACHED = 200_000
_LONGEST = 64
_SHORTEST_STEMMED = 3  # iOS is not I/O, and CSS is no plural
_stem = Stemmer.Stemmer("english").stemWord
_known: dict[str, str] = {}


def words(text: str) -> list[str]:
    """Return the search words of *text* in order, with repeats: what an article is found by.

    Chinese is cut by dictionary, long words also into the shorter ones within. English is stemmed; full-width
    letters count as half-width ones; stop words of both languages are left out. Whatever looks like query
    syntax is text.
    """
    found: list[str] = []
    for token in rjieba.cut_for_search(_folded(text), _GUESS):
        word = _known.get(token)
        if word is None:
            word = _remember(token)
        if word:
            found.append(word)
    return found


def asked(question: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the words of *question*, each with the shorter ones to fall back on where no article holds it.

    Only the longest words stand here: counting the shorter ones within would give a long word several voices.
    Words that shape a question are left out.
    """
    found = []
    for token in rjieba.cut(_folded(question), _GUESS):
        word = _of(token)
        if word and word not in ASKING:
            found.append(
                (word, () if token.isascii() else tuple(part for part in words(token) if part != word))
            )
    return found


def _folded(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _remember(token: str) -> str:
    if len(_known) >= _MOST_CACHED:
        _known.clear()
    word = _known[token] = _of(token)
    return word


def _of(token: str) -> str:
    """Return the word that a token of the segmenter stands for, or "" for none."""
    word = token.lower()[:_LONGEST]
    if word in STOP or not any(character.isalnum() for character in word):
        return ""
    return _stem(word) if word.isascii() and len(word) > _SHORTEST_STEMMED else word
