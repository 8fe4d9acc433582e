"""What a clause says beyond its words: numbers with units, names, what it denies, which way things go."""

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.answers.claim_words import OPPOSITES, SPELT, UNITS
from index.words import words

_CLAUSE = re.compile(r"[，,；;：。！？!?\n（）()]+(?=\D|\Z)|[.:](?=\s|\Z)|\s+(?:but|while|whereas)\s+")
_NUMBER = re.compile(
    r"(?<![A-Za-z\d_.])(\d{1,3}(?:,\d{3})+|\d+)((?:[.:]\d+)*)(\s*[%％]|\s*[A-Za-z]+|\s*[\u4e00-\u9fff]{1,2})?"
)
_RATE = re.compile(r"\b(?:per|every|each)\s+([A-Za-z]+)|每[一个]?(毫秒|秒钟|秒|分钟|小时|天|周|月|年)")
_SPELT_WORD = re.compile(r"[零一二三四五六七八九十两首]|[a-z]+")
_COUNT = re.compile(
    r"[二三四五六七八九十两](?=[个次周天种台名人倍层步条项张年]|分钟|小时)"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice)\b"
)
_NAME = re.compile(r"`([^`\n]+)`|([A-Za-z][A-Za-z0-9]*(?:[_./+#-]+[A-Za-z0-9]+)*[+#]*)")
_DENIAL = re.compile(
    r"(?:不(?!仅|但|过|同|断|少|论|管|超过|久|只|光|错|妨|禁|止|限|时|良|然)|没(?!收)|未(?!来|必)|无(?!论|障碍|线|非|疑)|"
    r"并非|而非|(?<![\u4e00-\u9fff])别|[请万]别|禁止|避免|跳过|拒绝|防止|停用|去掉|取消)(?:允许|需要|应该|可以|[会能再得有要可是用应该需必须法]){0,3}"
    r"|\b(?:not|never|no|without|cannot|nor|avoids?|skips?|stops?|prevents?|instead of|rather than)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_LIGHT = frozenset(["us", "use", "need", "requir", "have", "make", "使用", "需要", "进行", "采用", "支持"])
_OPENING = " *_-#>\"'“("
_SIDE = re.compile(
    "|".join(
        f"(?P<s{n}{side}>(?<![a-z])(?:{pattern})(?![a-z]))"
        for n, pair in enumerate(OPPOSITES)
        for side, pattern in zip("ab", pair, strict=True)
    ),
    re.IGNORECASE,
)
_ORDERS = (
    re.compile(
        r"(?:从|由|把)\s*([^，。；,;从由把]{1,24}?)\s*(?:换成|换到|改成|改为|改用|变成|升级?到|迁移到|[降减升增]到|提高到|到)了?"
        r"\s*([^，。；,;]{1,24})"
    ),
    re.compile(r"\bfrom\s+([^,.;]{1,40}?)\s+to\s+([^,.;]{1,40})", re.IGNORECASE),
    re.compile(r"先\s*([^，。；,;]{1,24})[，,]?\s*(?:再|然后)\s*([^，。；,;]{1,24})"),
    re.compile(r"([A-Za-z0-9_-]+|[\u4e00-\u9fff]{1,6})\s*比\s*([A-Za-z0-9_-]+|[\u4e00-\u9fff]{1,6})"),
    re.compile(r"(\w+)\s+(?:is|are|was|were)\s+\w+\s+than\s+(\w+)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, taken apart.

    ``numbers`` maps each to its units. ``denied`` are the words that a negation stands right before, with the
    next one where the first says little by itself; ``shadowed`` are all words behind a negation.
    """

    text: str
    words: frozenset[str]
    numbers: dict[str, frozenset[str]]
    denied: frozenset[str]
    shadowed: frozenset[str]


def clauses(text: str) -> list[Clause]:
    """Cut *text* at commas and stops and take the clauses with words or numbers apart."""
    if text.lstrip().startswith("```"):  # code denies nothing
        return [Clause(text, frozenset(words(text)), numbers(text), frozenset(), frozenset())]
    found = (_clause(part) for part in _CLAUSE.split(text) if part.strip())
    return [clause for clause in found if clause.words or clause.numbers]


def _clause(text: str) -> Clause:
    denied: set[str] = set()
    shadowed: set[str] = set()
    for negation in _DENIAL.finditer(text):
        behind = words(text[negation.end() :])
        shadowed.update(behind)
        denied.update(behind[: 2 if behind[:1] and behind[0] in _LIGHT else 1])
    return Clause(text, frozenset(words(text)), numbers(text), frozenset(denied), frozenset(shadowed))


def numbers(text: str) -> dict[str, frozenset[str]]:
    """Return the numbers of *text* as plain digits, with their units; ``/min`` stands for each minute."""
    found: dict[str, frozenset[str]] = {}
    for whole, fraction, unit in _NUMBER.findall(text):
        number = whole.replace(",", "").lstrip("0") or "0"
        name = UNITS.get(unit.strip().lower()) or UNITS.get(
            unit.strip().lower()[:1] if not unit.isascii() else "", ""
        )
        found[number + fraction] = found.get(number + fraction, frozenset()) | (
            {name} if name else frozenset()
        )
    for english, chinese in _RATE.findall(text):
        if unit := UNITS.get((english or chinese).lower()):
            found[f"/{unit}"] = frozenset()
    return found


def spelt(text: str) -> frozenset[str]:
    """Return every small number that *text* may be spelling out in words."""
    return frozenset(SPELT[word] for word in _SPELT_WORD.findall(text.lower()) if word in SPELT)


def counts(text: str) -> frozenset[str]:
    """Return the small numbers above one that *text* surely spells out: English, or with a measure word."""
    return frozenset(SPELT[word] for word in _COUNT.findall(text.lower()))


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
    said = _sides(claim)
    if not said:
        return False
    held = _sides(evidence)
    return any(
        pair in held and len(sides) == len(held[pair]) == 1 and sides != held[pair]
        for pair, sides in said.items()
    )


@lru_cache(maxsize=4096)
def _sides(text: str) -> dict[str, str]:
    """Which sides of which pairs *text* speaks of."""
    found: dict[str, str] = {}
    for match in _SIDE.finditer(text):
        pair, side = (match.lastgroup or "")[:-1], (match.lastgroup or "")[-1]
        found[pair] = "".join(sorted({*found.get(pair, ""), side}))
    return found


def reversed_order(claim: str, evidence: str) -> bool:
    """Whether *claim* turns round what *evidence* says of two: from, first, or more than the other."""
    turned = {(last, first) for first, last in _pairs(claim) if first != last}
    return bool(turned) and not turned.isdisjoint(_pairs(evidence))


def _pairs(text: str) -> list[tuple[str, str]]:
    """What *text* sets in an order, in one word each."""
    found = (ends for pattern in _ORDERS for ends in pattern.findall(text))
    taken = ((words(first)[:1], words(last)[:1]) for first, last in found)
    return [(first[0], last[0]) for first, last in taken if first and last]
