"""Which files of a repository are read, and how their bytes become text. Pure."""

import re
from collections.abc import Callable, Sequence

from index.model import Skip

LARGEST = 1 << 20
"""Bytes; a larger file is no article but data with a Markdown name."""

TOO_LARGE = Skip("larger than 1 MiB")

_LFS = b"version https://git-lfs.github.com/spec/"
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_MOSTLY = 0.9
_WILDCARDS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """Return the test that a path passes when a glob of *include* matches it and none of *exclude* does.

    ``*`` and ``?`` stay within a folder, ``**`` crosses folders (also none), ``[..]`` is one of some
    characters. As in .gitignore, a glob without a slash holds at any depth, one with a leading slash only
    from the top, and one that names a folder holds for all in it. Upper and lower case are the same.
    """
    wanted, unwanted = (
        [re.compile(_pattern(glob), re.IGNORECASE) for glob in globs] for globs in (include, exclude)
    )
    return lambda path: (
        any(w.fullmatch(path) for w in wanted) and not any(u.fullmatch(path) for u in unwanted)
    )


def text(content: bytes) -> str | Skip:
    """Decode a file: UTF-8, UTF-16 with its mark, or GB18030 where that gives Chinese.

    A few broken bytes are replaced; a Git LFS pointer, binary data and what is mostly broken are skipped.
    """
    if len(content) > LARGEST:
        return TOO_LARGE
    if content.startswith(_LFS):
        return Skip("Git LFS pointer")
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    if b"\0" in content:
        return Skip("binary")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _legacy(content)


def _legacy(content: bytes) -> str | Skip:
    try:
        chinese = content.decode("gb18030")
    except UnicodeDecodeError:
        pass
    else:
        foreign = [character for character in chinese if not character.isascii()]
        if len(_CHINESE.findall("".join(foreign))) >= _MOSTLY * len(foreign):
            return chinese
    replaced = content.decode(errors="replace")
    if replaced.count("\ufffd") > (1 - _MOSTLY) * len(replaced):
        return Skip("undecodable")
    return replaced


def _pattern(glob: str) -> str:
    """The regular expression of one glob."""
    anchored = glob.strip("/") if "/" in glob.rstrip("/") else f"**/{glob.strip('/')}"
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^]/]+\])", anchored)
    return "".join(_part(part) for part in parts) + "(?:/.*)?"


def _part(part: str) -> str:
    if part in _WILDCARDS:
        return _WILDCARDS[part]
    if part.startswith("[") and part.endswith("]"):
        negated = part.startswith("[!")
        inner = re.sub(r"([\\^\[])", r"\\\1", part[2 if negated else 1 : -1])
        return f"[{'^/' if negated else ''}{inner}]"
    return re.escape(part)
