"""A Markdown file of the blog -> an Article: title, date, tags, and the text without boilerplate."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import PurePosixPath

from index.articles.front_matter import split
from index.articles.markdown import Block, anchor, blocks, inline, normal, unmarked, visible
from index.articles.passages import cut
from index.model import Article, Passage, Skip

INDEX_PAGE = Skip("index page")
NO_TEXT = Skip("no text")

_SHORTEST_TEXT = 32
_LONGEST_TITLE = 200
_MOST_TAGS = 30
_OPENING, _OPENING_NAME, _OPENING_BLOCKS = 320, 80, 40
_INDEX_LINKS = 3
_INDEX_SHARE = 0.8
_AUTHOR, _DATE, _TAGS = "author", "date", "tags"
_HEADER = {
    "作者": _AUTHOR, "author": _AUTHOR, "authors": _AUTHOR,
    "日期": _DATE, "date": _DATE,
    "标签": _TAGS, "tag": _TAGS, "tags": _TAGS,
}  # fmt: skip
_CLASS_LINK = re.compile(r"tag\s*\d+", re.IGNORECASE)
_FOOTER_MARK = re.compile(r"\]\([^)\n]*[ \t]\"[0-9a-f]{32}\"\)")
_LIST_PAGE = re.compile(r"文章列表|table of contents|目录", re.IGNORECASE)
_ENTRY = re.compile(r"[^\s\[]*\.md[ \t]+\S")
_LINK_LINE = re.compile(r"[\s>]*(?:[-*+]|\d+[.)\\、]*)[\s]+.{0,20}?\[[^\]\n]+\]\([^)\s]+\).{0,40}")
_LABELLED = re.compile(r"[\s>*+-]*[^\[\]()：:]{1,20}[：:]\s*\S.*")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.年]?(1[0-2]|0?[1-9])[-/.月]?(3[01]|[12]\d|0?[1-9])(?!\d)")
_PATH_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_/]?)(1[0-2]|0[1-9])\2(3[01]|[12]\d|0[1-9])(?!\d)")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def parse(path: str, text: str) -> Article | Skip:
    """Return the article in the file *path*, or why it is none: ``index page`` or ``no text``.

    The title is the front matter's, or the heading above the text, or the file's name. The date is the front
    matter's, or the one in the file's name, or the header's. Text that would fit in a few words is no
    article.
    """
    values, text = split(normal(text))
    found = list(blocks(text))
    if _is_index_page(found):
        return INDEX_PAGE
    found = _without_footer(found)
    above, title, body = _title(found)
    header, body = _header(body)
    labels, body = _labels(above, body)
    if _weight(body) < _SHORTEST_TEXT:
        return NO_TEXT
    name = _line(values.get("title")) or unmarked(title) or _name(path, body)
    dropped = [
        block.text for block in found if block.kind == "heading" and not any(block is kept for kept in body)
    ]
    return Article(
        path=path,
        title=name[:_LONGEST_TITLE].strip(),
        date=_day(values.get("date")) or _path_day(path) or _day(header.get(_DATE)),
        tags=_tags(values, header.get(_TAGS, "")),
        body="\n\n".join(_markdown(block) for block in body),
        also="\n".join([*_also(values), title if title and unmarked(title) != name else "", labels]).strip(),
        anchors=tuple(anchor(heading) for heading in dropped),
    )


def passages(article: Article) -> tuple[Passage, ...]:
    """Return the passages of *article* in order, never none for an article that ``parse`` gave."""
    return cut(article)


def opening(article: Article) -> str:
    """Return what says what *article* is about, for embedding: title, another name, and the first prose.

    320 characters: with a small model, headings made it worse, and more text made it slower and no better.
    """
    prose = " ".join(" ".join(visible(block.text).split()) for block in _prose(article))
    name = article.also.partition("\n")[0][:_OPENING_NAME]
    return f"{article.title}\n{name}\n{prose}"[:_OPENING]


def _prose(article: Article) -> Iterator[Block]:
    return islice((block for block in blocks(article.body) if block.kind == "text"), _OPENING_BLOCKS)


def _is_index_page(found: Sequence[Block]) -> bool:
    """Whether the page as a whole is a list of links to articles: single lines of that kind say nothing."""
    headings = [block.text for block in found if block.kind == "heading"]
    entries = sum(bool(_ENTRY.match(heading)) for heading in headings)
    lines = [
        line
        for block in found
        if block.kind == "text"
        for line in block.text.split("\n")
        if inline(line).strip(" >")
    ]
    links = sum(bool(_LINK_LINE.fullmatch(line)) for line in lines)
    if any(block.kind == "fence" for block in found):
        return False
    if not lines:
        return entries > 0 or any(_LIST_PAGE.fullmatch(heading) for heading in headings)
    listed = entries + links
    return listed >= _INDEX_LINKS and listed >= _INDEX_SHARE * (entries + len(lines))


def _without_footer(found: Sequence[Block]) -> list[Block]:
    """Drop everything from the first ``#### [..](.. "32 hex digits")`` to the last link with such a title."""
    marked = [at for at, block in enumerate(found) if _FOOTER_MARK.search(block.source or block.text)]
    first = next((at for at in marked if found[at].kind == "heading"), None)
    if first is None:
        return list(found)
    return [*found[:first], *found[marked[-1] + 1 :]]


def _title(found: Sequence[Block]) -> tuple[Sequence[Block], str, Sequence[Block]]:
    """Return what stands above the title, the title or "", and what follows it."""
    headings = [at for at, block in enumerate(found) if block.kind == "heading"]
    if not headings:
        return [], "", found
    first = headings[0]
    top = next((at for at in headings if found[at].level == 1), first)
    at = first if first == 0 else top
    if _weight([block for block in found[:at] if not _is_label(block)]) > _LONGEST_TITLE:
        return [], "", found
    return found[:at], found[at].text, found[at + 1 :]


def _header(found: Sequence[Block]) -> tuple[Mapping[str, str], Sequence[Block]]:
    """Read a header block (author, date, tags as headings, up to a rule) off the start of a text."""
    values: dict[str, str] = {}
    at = 0
    while at < len(found) and found[at].kind == "heading":
        name = _HEADER.get(found[at].text.lower())
        if name and at + 1 < len(found) and found[at + 1].kind == "text":
            values[name] = found[at + 1].text
            at += 2
        elif name or _CLASS_LINK.fullmatch(found[at].text):
            at += 1
        else:
            break
    if values and at < len(found) and found[at].kind == "rule":
        at += 1
    return values, found[at:]


def _is_label(block: Block) -> bool:
    """Whether *block* holds nothing but ``label: value`` lines, such as where a translation comes from."""
    lines = [line for line in block.text.split("\n") if visible(line).strip(" >")]
    return block.kind == "text" and all(_LABELLED.fullmatch(line) for line in lines)


def _labels(above: Sequence[Block], body: Sequence[Block]) -> tuple[str, Sequence[Block]]:
    """Return the values of the labels around the title, and the text without them."""
    at = 0
    while (
        at < len(body)
        and body[at].kind in ("text", "rule")
        and (body[at].kind == "rule" or _is_listed(body[at]))
    ):
        at += 1
    labels = [block for block in [*above, *body[:at]] if _is_label(block)]
    kept = [block for block in above if block.kind != "rule" and not _is_label(block)]
    values = [
        re.split("[：:]", visible(line), maxsplit=1)[-1].strip()
        for block in labels
        for line in block.text.split("\n")
    ]
    return "\n".join(value for value in values if value), [*kept, *body[at:]]


def _is_listed(block: Block) -> bool:
    return block.text.lstrip().startswith((">", "*", "-")) and "](" in block.text and _is_label(block)


def _weight(found: Sequence[Block]) -> int:
    """Return how many Latin letters say about as much: a Chinese character counts for three."""
    text = "".join("".join(visible(block.text).split()) for block in found if block.kind in ("text", "fence"))
    return len(text) + 2 * len(_WIDE.findall(text))


def _name(path: str, body: Sequence[Block]) -> str:
    """Return a title for a text without one: the file's name in words, or else the first line of prose."""
    stem = re.sub(r"[\W_]+", " ", PurePosixPath(path).stem).strip()
    if re.search(r"[^\W\d_]", stem):
        return stem
    prose = (unmarked(inline(block.text.split("\n")[0])) for block in body if block.kind == "text")
    return next((line[:80] for line in prose if line), PurePosixPath(path).stem)


def _markdown(block: Block) -> str:
    return f"{'#' * block.level} {block.text}" if block.kind == "heading" else block.text


def _line(value: object) -> str:
    """Return a front matter value as one line, "" for anything that is not one text."""
    return " ".join(str(value).split()) if isinstance(value, str | int | float | date) else ""


def _also(values: Mapping[str, object]) -> list[str]:
    names = (_line(values.get(name)) for name in ("subtitle", "description", "summary", "excerpt"))
    return [name for name in names if name]


def _tags(values: Mapping[str, object], header: str) -> tuple[str, ...]:
    """Return the tags of front matter and header in order, each once."""
    tags: list[str] = []
    for given in (values.get("tags"), values.get("keywords"), values.get("categories"), header):
        if isinstance(given, str):
            tags += re.split(r"\s*[,，、;；\n]\s*", given)
        elif isinstance(given, list):
            tags += [_line(tag) for tag in given[:_MOST_TAGS]]
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))[:_MOST_TAGS]


def _day(value: object) -> str:
    """Return a date as ISO 8601, or "" when *value* holds none that exists."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    day = _DAY.search(value) if isinstance(value, str) else None
    return _iso(day[1], day[2], day[3]) if day else ""


def _path_day(path: str) -> str:
    day = _PATH_DAY.search(path)
    return _iso(day[1], day[3], day[4]) if day else ""


def _iso(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
