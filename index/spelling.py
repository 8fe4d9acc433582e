"""Which word was meant: one letter wrong, missing, too many, or two swapped. Pure."""

from collections.abc import Callable, Iterable

_SHORTEST = 5
_SAME_START = 3
_COMMON = 3
_TIMES_COMMONER = 20


def corrected(word: str, alike: Callable[[str], Iterable[str]], often: Callable[[str], int]) -> str:
    """Return the much commoner word that *word* was probably meant to be, or "".

    *alike* gives the known words with the same start, *often* in how many articles a word stands. Only Latin
    words of five letters or more are corrected, and never in their first three letters, where slips are rare.
    """
    if len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return ""
    enough = max(_COMMON, _TIMES_COMMONER * often(word))
    near = (other for other in alike(word[:_SAME_START]) if other != word and one_slip_apart(word, other))
    best = max(((often(other), other) for other in near), default=(0, ""))
    return best[1] if best[0] >= enough else ""


def one_slip_apart(one: str, other: str) -> bool:
    """Whether the optimal string alignment distance of two words is at most one."""
    if abs(len(one) - len(other)) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
        return swapped or one[at + 1 :] == other[at + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[at + 1 :] == shorter[at:]
