"""Which word was meant: one letter wrong, missing, too many, or two swapped. Pure."""

from collections.abc import Callable, Iterable

_SHORTEST = 5
_SHORTEST_SUBSTITUTED = 7
_SAME_START = 3
_COMMON = 3
_TIMES_COMMONER = 20


def corrected(word: str, alike: Callable[[str], Iterable[str]], often: Callable[[str], int]) -> str:
    """Return the much commoner word that *word* was probably meant to be, or "".

    *alike* gives the known words with the same start, *often* in how many articles a word stands. Only Latin
    words of five letters or more are corrected, never in their first three letters, where slips are rare, and
    a wrong letter only from seven on, since two short words may well differ in one.
    """
    if len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return ""
    enough = max(_COMMON, _TIMES_COMMONER * often(word))
    near = (other for other in alike(word[:_SAME_START]) if _slipped(word, other))
    best = max(((often(other), other) for other in near), default=(0, ""))
    return best[1] if best[0] >= enough else ""


def _slipped(word: str, other: str) -> bool:
    if len(word) == len(other):
        wrong = sum(a != b for a, b in zip(word, other, strict=True))
        return (wrong == 1 and len(word) >= _SHORTEST_SUBSTITUTED) or (wrong == 2 and _swapped(word, other))  # noqa: PLR2004
    longer, shorter = (word, other) if len(word) > len(other) else (other, word)
    return len(longer) - len(shorter) == 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    )


def _swapped(word: str, other: str) -> bool:
    at = next(at for at, (a, b) in enumerate(zip(word, other, strict=True)) if a != b)
    return word[at : at + 2] == other[at : at + 2][::-1]
