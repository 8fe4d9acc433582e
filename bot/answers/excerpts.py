"""An article's passages as the model reads them: cleaned, harmless, numbered."""

import re
from collections.abc import Callable

from bot.answers.plain import apart, unlinked
from bot.answers.sentences import sentences
from bot.answers.templates import neutralise
from index.model import Passage

_FOOTNOTE = re.compile(r"\[(\^?\d{1,3})\]")
_BLANK = re.compile(r"[ \t]+(?=\n|\Z)")
_GAP = re.compile(r"\n{3,}")


def excerpt(passage: Passage) -> str:
    """Return *passage* as quoted text: no link, no template token, no ``[3]`` like a citation."""
    text = tidy(passage.text)
    heading = one_line(passage.headings[-1]) if passage.headings else ""
    return f"{heading}\n{text}" if heading and heading not in text.partition("\n")[0] else text


def tidy(text: str) -> str:
    """Return Markdown from outside as quoted text; code in it keeps its addresses and brackets."""
    plain = apart(neutralise(text), lambda prose: _FOOTNOTE.sub(r"(\1)", unlinked(prose)), str)
    return _GAP.sub("\n\n", _BLANK.sub("", plain)).strip()


def one_line(text: str) -> str:
    """Return *text*, a title or heading, as quoted text in one line."""
    return " ".join(tidy(text).split())


def opening(text: str, fits: Callable[[str], bool]) -> str:
    """Return as many whole sentences from the start of *text* as *fits* allows, "" for none."""
    kept = ""
    for sentence in sentences(text):
        if not fits(kept + sentence):
            break
        kept += sentence
    return kept.strip()
