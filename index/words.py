"""Text -> search words, for Chinese, English and mixed text; a question and an article go through the same."""

import re
import unicodedata

import rjieba
import Stemmer

_MOST_CACHED = 200_000
_LONGEST = 64
_ENGLISH = frozenset(
    "a about after all also am an and any are as at be because been before being between both but by can cannot could"
    " did do does doing done down during each few for from further had has have having he her here hers him his how i"
    " if in into is it its itself just let lets me more most my myself no nor not now of off on once only or other our"
    " ours out over own same shall she should so some such than that the their theirs them then there these they this"
    " those through to too under until up us very was we were what when where which while who whom why will with would"
    " you your yours yourself ll re ve don doesn didn isn aren wasn weren won couldn shouldn wouldn".split()
)
_CHINESE = frozenset(
    "的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 它们 她们 是否 在 也 还 有 这 那 这个 那个 这些 那些"
    " 我 你 他 她 它 您 咱 吗 呢 吧 啊 呀 嘛 哦 哈 么 什么 怎么 怎样 怎么样 如何 为什么 为啥 为何 啥 咋 哪 哪些 哪个"
    " 请问 请 一下 有没有 有人 知道 到底 究竟 其实 就是 可以 能 能够 会 要 想 让 把 被 给 对 对于 从 到 由 于 以 以及"
    " 因为 所以 如果 但是 但 不过 而且 并 并且 则 之 其 此 该 很 太 更 最 又 再 才 只 地 得 过 上 下 里 中 后 前 时"
    " 个 种 些 件 次 等 不 没 说 去 来 做 用 那么 这么 这样 那样 多少 几 各 每 某 自己 已经 还是 或者 虽然 然后".split()
)
_STOP = _ENGLISH | _CHINESE
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_stem = Stemmer.Stemmer("english").stemWord
_known: dict[str, tuple[str, ...]] = {}


def words(text: str) -> list[str]:
    """Return the search words of *text* in order, with repeats.

    Chinese is cut by dictionary, long words also into the shorter ones within; English is stemmed; identifiers
    count whole and in parts; full-width letters count as half-width ones; stop words of both languages are left
    out. Whatever looks like query syntax is text.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found: list[str] = []
    known = _known
    for token in rjieba.cut_for_search(text, False):
        of_token = known.get(token)
        if of_token is None:
            of_token = _remember(token)
        found += of_token
    return found


def _remember(token: str) -> tuple[str, ...]:
    if len(_known) >= _MOST_CACHED:
        _known.clear()
    _known[token] = of_token = _of(token)
    return of_token


def _of(token: str) -> tuple[str, ...]:
    """Return the words that one token of the segmenter stands for."""
    if not any(character.isalnum() for character in token):
        return ()
    lower = token.lower()[:_LONGEST]
    if lower in _STOP:
        return ()
    if not token.isascii():
        return (lower,)
    parts = _CAMEL.findall(token) if not token.isupper() and not token.islower() and token.isalnum() else []
    pieces = [lower, *(part.lower() for part in parts if len(parts) > 1 and len(part) > 1)]
    return tuple(_stem(piece) for piece in dict.fromkeys(pieces) if piece not in _STOP)
