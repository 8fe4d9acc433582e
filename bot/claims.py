"""What a clause says beyond its words: numbers with units, names, what it denies, which way things go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.claim_words import OPPOSITES, SPELT, UNITS
from index.words import words

_CLAUSE = re.compile(r"[，,；;：。！？!?\n（）()]+(?=\D|\Z)|[.:](?=\s|\Z)|\s+(?:but|while|whereas)\s+")
_NUMBER = re.compile(
    r"(?<![A-Za-z\d_.])(\d{1,3}(?:,\d{3})+|\d+)((?:[.:]\d+)*)(\s*[%％]|\s*[A-Za-z]+|\s*[\u4e00-\u9fff]{1,2})?"
)
_NAME = re.compile(r"`([^`\n]+)`|([A-Za-z][A-Za-z0-9]*(?:[_./+#-]+[A-Za-z0-9]+)*[+#]*)")
_DENIAL = re.compile(
    r"(?:不(?!仅|但|过|同|断|少|论|管|超过|久|只|光|错|妨|禁|止|限|时|良)|没(?!收)|未(?!来|必)|无(?!论|障碍|线|非|疑)|"
    r"并非|而非|(?<![\u4e00-\u9fff])别|[请万]别|禁止|避免|跳过|拒绝|防止|停用|去掉|取消)[会能再得有要可是用应该需必须法]{0,3}"
    r"|\b(?:not|never|no|without|cannot|nor|avoids?|skips?|stops?|prevents?|instead of|rather than)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_DENIED_WORDS = 3
_OPENING = " *_-#>\"'“("
_SIDES = tuple(
    tuple(re.compile(rf"(?<![a-z])(?:{side})(?![a-z])", re.IGNORECASE) for side in pair) for pair in OPPOSITES
)
_ORDERED = re.compile(
    r"先|然后|换成|改成|改用|取代|从.+到|由.+到|比|\bthan\b|\bfrom\b.+\bto\b|\bbefore\b|\bafter\b|\breplac",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, taken apart: ``numbers`` maps each to its units, ``denied`` are words under a negation."""

    text: str
    words: frozenset[str]
    numbers: dict[str, frozenset[str]]
    denied: frozenset[str]


def clauses(text: str) -> list[Clause]:
    """Cut *text* at commas and stops and take the clauses with words or numbers apart."""
    found = (_clause(part) for part in _CLAUSE.split(text) if part.strip())
    return [clause for clause in found if clause.words or clause.numbers]


def _clause(text: str) -> Clause:
    denied = frozenset(
        word for negation in _DENIAL.finditer(text) for word in words(text[negation.end() :])[:_DENIED_WORDS]
    )
    return Clause(text, frozenset(words(text)), numbers(text), denied)


def numbers(text: str) -> dict[str, frozenset[str]]:
    """Return the numbers of *text* as digits without grouping, each with the units it stands with."""
    found: dict[str, frozenset[str]] = {}
    for whole, fraction, unit in _NUMBER.findall(text):
        number = whole.replace(",", "").lstrip("0") or "0"
        name = UNITS.get(unit.strip().lower()) or UNITS.get(
            unit.strip().lower()[:1] if not unit.isascii() else "", ""
        )
        found[number + fraction] = found.get(number + fraction, frozenset()) | (
            {name} if name else frozenset()
        )
    return found


def spelt(text: str) -> Iterator[str]:
    """Yield the small numbers that *text* spells out in words."""
    for word in re.findall(r"[零一二三四五六七八九十两半首]|[a-z]+", text.lower()):
        if word in SPELT:
            yield SPELT[word]


def names(text: str) -> frozenset[str]:
    """Return, in lower case, what is no ordinary word in *text*: code, identifiers, products."""
    chinese = bool(re.search(r"[\u4e00-\u9fff]", text))
    found = set()
    for match in _NAME.finditer(text):
        code, name = match.groups()
        if code:
            found.add(code.strip().lower())
        elif len(name) > 1 and (chinese or _is_name(name, begins=not text[: match.start()].strip(_OPENING))):
            found.add(name.lower())
    return frozenset(found)


def _is_name(word: str, *, begins: bool) -> bool:
    inner = any(sign in word for sign in "_./#+") or any(char.isdigit() for char in word)
    mixed = word[1:] != word[1:].lower()
    return inner or mixed or (word[0].isupper() and not begins)


def opposed(claim: str, evidence: str) -> bool:
    """Whether *claim* says one thing of a pair such as rise and fall, and *evidence* only the other."""
    for sides in _SIDES:
        said = [bool(side.search(claim)) for side in sides]
        held = [bool(side.search(evidence)) for side in sides]
        if said != held and sum(said) == sum(held) == 1:
            return True
    return False


def reversed_order(claim: str, evidence: str) -> bool:
    """Whether *claim* orders in time, size or replacement what *evidence* orders the other way round."""
    if not (_ORDERED.search(claim) and _ORDERED.search(evidence)):
        return False
    said, held = (_places(text) for text in (claim, evidence))
    common = sorted(said.keys() & held.keys(), key=said.__getitem__)
    steps = [held[b] - held[a] for a, b in pairwise(common)]
    return len(common) > 1 and sum(step < 0 for step in steps) * 2 > len(steps)


def _places(text: str) -> dict[str, int]:
    """Where each word and number that stands only once in *text* stands."""
    found = [word for word in words(text) if len(word) > 1 or word.isdigit()]
    return {word: place for place, word in enumerate(found) if found.count(word) == 1}
