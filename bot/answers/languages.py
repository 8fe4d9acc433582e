"""The language of a text, as far as the bot's own words need to know it."""

import re
from typing import Literal

Language = Literal["en", "zh"]

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_LATIN = re.compile(r"[A-Za-z]+")
_ENGLISH_WORDS = (
    "a an and are can do does did for from had has have how i if in is it its mean means my not of"
    " on or should that the this to was we were what when where which who why will with would you"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())


def language(text: str) -> Language:
    """Return the language to speak to the writer of *text* in.

    Chinese with English terms in it is Chinese, an English sentence about a Chinese term is English, and
    everything else is answered in English.
    """
    chinese = len(_CHINESE.findall(text))
    words = [word.lower() for word in _LATIN.findall(text)]
    if not chinese or _KANA.search(text):
        return "en"
    return "zh" if chinese >= len(words) or not _ENGLISH.intersection(words) else "en"
