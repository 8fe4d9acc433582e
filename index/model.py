"""The values that travel between the rooms of the index, all frozen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Blog:
    """Where the articles come from and how people reach them.

    ``repo`` is any Git URL, path or bundle; it may hold credentials, so it never shows in a repr.
    ``branch`` "" means the remote's HEAD; ``link`` "" means derived from the repository's address,
    otherwise a template with ``{path}`` and ``{branch}``. ``include`` and ``exclude`` are globs over
    paths in the repository.
    """

    repo: str = field(repr=False)
    branch: str = ""
    link: str = ""
    include: tuple[str, ...] = ("**/*.md",)
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One blog post: its body holds Markdown without title, header block, footer or front matter.

    ``date`` is ISO 8601 (``2019-07-06``) or "". ``also`` holds other names and a summary, one a line, for the
    search alone; ``anchors`` are the fragments of the headings that are not in the body.
    """

    path: str
    title: str
    date: str
    tags: tuple[str, ...]
    body: str
    also: str = ""
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a file is no article, in a few words that refresh reports count by: ``index page``, ``no text``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A prompt-sized piece of an article, cut at headings, never inside a fence or a sentence.

    ``number`` counts from 0 within the article; ``headings`` is the trail above it, outermost first,
    without the title; ``anchor`` is the fragment of the nearest heading as GitHub makes it, or ""; ``url``
    leads there, once a search has found the passage.
    """

    path: str
    number: int
    headings: tuple[str, ...]
    anchor: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that matches, with its best passages, best first (never none).

    ``url`` leads to the article, ``score`` is comparable only within one search.
    """

    path: str
    title: str
    url: str
    date: str
    score: float
    passages: tuple[Passage, ...]

    @property
    def passage(self) -> Passage:
        """The passage that matched best."""
        return self.passages[0]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: hits best first, and whether they can be trusted to hold an answer.

    ``words_alone`` tells that embeddings were to be heard, too, and could not be.
    """

    hits: tuple[Hit, ...]
    answerable: bool
    words_alone: bool = False


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An article that a refresh added; ``url`` is "" where there is no page to link."""

    title: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one refresh did. ``skipped`` counts files by reason; ``seconds`` is wall time.

    ``newcomers`` are some of the articles added, the newest date first.
    """

    commit: str
    generation: str
    articles: int
    passages: int
    added: int
    changed: int
    removed: int
    skipped: Mapping[str, int]
    seconds: float
    newcomers: tuple[Newcomer, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """The generation being searched, and when it was published (UTC)."""

    generation: str
    commit: str
    articles: int
    passages: int
    published: datetime


Step = Literal["fetch", "read", "index", "embed", "publish"]
Progress = Callable[[Step, int, int], None]
"""Called with (step, done, total) while a refresh works; total 0 means unknown."""


def silent(step: Step, done: int, total: int) -> None:
    """Report progress to nobody."""
