"""Follow-ups such as "那 gin 呢?" and "and in version 16?", written out so that a search can find them.

Chinese leaves out what both know, English says it or this; both name only what changes. So the words of the
question before stand in for what was left out, less those that the new ones replace.
"""

import re
from collections.abc import Iterable, Sequence

from index.words import words

_LINES = 3
"""Questions that stand in one search: this one, the one before, and the one the thread began with."""
_OWN_WORDS = 4
"""A question with a name and so many words of its own needs nothing from before."""

_NAME = re.compile(r"[A-Za-z][\w.+#/-]*(?: [A-Z][\w.+#/-]*)*|\d+(?:\.\d+)*")
_COMMON_WORDS = (
    "a about also an and another any are as better between both but by can compare compared could"
    " did do does for from get had happens has have he how i if in instead into is it its like make"
    " many mean means much my need new not of on one ones or should so some tell than that the their"
    " them then there these they this those to use used using vs want was we well were what when"
    " where which while who whom why will with work works would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_REFERS = re.compile(
    r"^\s*(?:那|换|再|还有|而|如果|要是|继续|接着|然后|所以|可是|但是?|"
    r"(?:and|but|so|or|then)\b|what about|how about|what if|why\b(?:\s+not)?\s*[?]?$)|呢\s*[?？。!！~]*\s*$|"
    r"它|其中|其(?![他它余实中])|[这那](?:个|样|些|种|里|时|篇|两)|前者|后者|两者|上面|刚才|"
    r"\b(?:it|its|this|that|they|them|their|these|those|former|latter|both|ones?|there|above|instead)\b",
    re.IGNORECASE,
)
_ONLY_CHANGES = re.compile(
    r"呢\s*[?？。!！~]*\s*$|^\s*(?:(?:and|or|what about|how about)\b|那|换成)", re.IGNORECASE
)
_FORMER = re.compile(r"前者|\bformer\b", re.IGNORECASE)
_LATTER = re.compile(r"后者|\blatter\b", re.IGNORECASE)
_ABOUT_ANSWER = re.compile(
    r"总结|概括|翻译|简短|简单|详细|具体|举(?:个|一)?(?:例|栗)子?|例子|解释|说明|列表|表格|代码|继续|展开|多说|谢谢|"
    r"\b(?:summar\w*|translat\w*|short\w*|brief\w*|detail\w*|examples?|explain\w*|elaborate|more|list|table|code|"
    r"continue|again|simpl\w*|english|chinese|thanks?|thank you|please|give|show|say|tell|me|ok(?:ay)?)\b|"
    r"[中英]文",
    re.IGNORECASE,
)


def written_out(question: str, earlier: Sequence[str]) -> str:
    """Return *question* with what it leaves unsaid, taken from *earlier* questions, the last of them first.

    A question that stands by itself comes back alone. Each line of the result is one question's part.
    """
    question = " ".join(question.split())
    before = [line for line in earlier[-1].split("\n") if line] if earlier else []
    if not before or _stands_alone(question):
        return question
    lines = [question if _own(question) else "", _taken(question, before[0]), *before[1:]]
    lines = [line for line in lines if line]
    return "\n".join(lines if len(lines) <= _LINES else [*lines[: _LINES - 1], lines[-1]])


def speaks_of(question: str, texts: Iterable[str]) -> bool:
    """Whether one of *texts* holds half the words that *question* brings by itself; it may bring none."""
    own = _own(question)
    return not own or any(len(own.intersection(words(text))) * 2 >= len(own) for text in texts)


def _own(question: str) -> frozenset[str]:
    """The search words of a question, without those that ask for another form of the last answer."""
    return frozenset(words(_ABOUT_ANSWER.sub(" ", _FORMER.sub(" ", _LATTER.sub(" ", question)))))


def _stands_alone(question: str) -> bool:
    """Whether *question* refers to nothing and names its own subject."""
    if _REFERS.search(question) or not (names := _names(question)):
        return False
    subject, of, _ = question.partition("的")
    return len(_own(question)) >= _OWN_WORDS or bool(of and subject.strip().endswith(names[0]))


def _taken(question: str, before: str) -> str:
    """Return what of the question *before* stands in for what *question* leaves out."""
    names = _names(before)
    for side, pattern in ((0, _FORMER), (1, _LATTER)):
        if pattern.search(question) and len(names) > side:
            return names[side]
    subject, of, rest = before.partition("的")
    if not (of and _names(subject) and _ONLY_CHANGES.search(question) and _names(question)):
        return before
    return subject + of + _NAME.sub(lambda found: "" if found[0].lower() not in _COMMON else found[0], rest)


def _names(text: str) -> list[str]:
    """Products, identifiers and numbers in *text*, in order: Latin words that say what is asked about."""
    return [found for found in _NAME.findall(text) if found.lower() not in _COMMON]
