"""One part of a generation: a Whoosh index of one segment, a document a passage.

The one place that knows Whoosh. The first passage of each article also carries the article's names. A part
is written once and never changed.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import index
from whoosh.codec.whoosh3 import W3Codec
from whoosh.fields import ID, STORED, FieldType, Schema
from whoosh.formats import Existence
from whoosh.reading import TermNotFound

from index.articles.markdown import visible
from index.model import Article, Passage
from index.words import words

Ids = NDArray[np.int32]
Numbers = NDArray[np.float32]
Entry = tuple[Article, tuple[Passage, ...]]
"""An article without its body, and its passages: all that a part keeps of it."""

_FIRST = "first"
_POSTINGS_A_BLOCK = 1 << 16
_POOL_MB = 48
_NOBODY = (np.empty(0, np.int32), np.empty(0, np.float32))


class Words(FieldType):  # type: ignore[misc]
    """A field of search words, given as a list; the weight of a posting is how often the word occurs."""

    def __init__(self) -> None:
        super().__init__(format=Existence(), analyzer=None, scorable=True)

    def index(self, value: list[str], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (word in UTF-8, how often, the same as weight, nothing) for every word once."""
        for word, often in Counter(value).items():
            yield word.encode(), often, float(often), b""


def schema() -> Schema:
    """Return the fields of one document."""
    return Schema(text=Words(), title=Words(), names=Words(), role=ID(), article=STORED(), passage=STORED())


class Writer:
    """Writes a part into an empty folder; nothing can be read before ``close``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._index = index.create_in(folder, schema())
        codec = W3Codec(blocklimit=_POSTINGS_A_BLOCK, compression=0)
        self._writer = self._index.writer(codec=codec, limitmb=_POOL_MB)

    def add(self, entry: Entry) -> None:
        """Add an article with its passages."""
        article, held = entry
        for at, passage in enumerate(held):
            own = {} if at else _names(article)
            self._writer.add_document(
                text=words(visible("\n".join([*passage.headings[-2:], passage.text]))),
                passage=(passage.path, passage.number, passage.headings, passage.anchor, passage.text),
                **own,
            )

    def close(self) -> None:
        """Write everything to disk."""
        self._writer.commit(merge=False)
        self._index.close()


def _names(article: Article) -> dict[str, Any]:
    return {
        "role": _FIRST,
        "title": words(article.title),
        "names": words(" \n ".join([article.also, article.path.rpartition(".")[0], *article.tags])),
        "article": (article.path, article.title, article.date, article.tags, article.also),
    }


class Part:
    """A part open for reading; passages and articles are numbered from 0 within it. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        # with the schema given, the one in the folder is not unpickled
        self._index = index.open_dir(folder, readonly=True, schema=schema())
        self._reader = self._index.reader()
        self.passages: int = self._reader.doc_count_all()
        self.firsts: Ids = self.postings("role", _FIRST)[0]
        """The number of the first passage of each article, ascending."""

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
        self._index.close()

    def lengths(self, field: str) -> Numbers:
        """Return how many words *field* has in each passage, as exactly as Whoosh keeps it."""
        length = self._reader.doc_field_length
        # Whoosh says None for a passage whose field holds no word.
        return np.fromiter(
            (length(at, field, 0) or 0 for at in range(self.passages)), np.float32, self.passages
        )

    def postings(self, field: str, word: str) -> tuple[Ids, Numbers]:
        """Return the passages whose *field* holds *word*, ascending, and how often each does."""
        try:
            matcher = self._reader.postings(field, word)
        except TermNotFound:
            return _NOBODY
        ids: list[Ids] = []
        weights: list[Numbers] = []
        while matcher.is_active():
            # A block at a time: matcher.next() costs as much for one posting as this for fifty.
            matcher.id()
            matcher.weight()
            ids.append(np.array(matcher._ids, np.int32))  # noqa: SLF001
            weights.append(np.array(matcher._weights, np.float32))  # noqa: SLF001
            matcher._next_block()  # noqa: SLF001
        return np.concatenate(ids), np.concatenate(weights)

    def starting(self, start: str) -> list[str]:
        """Return the words of the text that begin with *start*."""
        return [word.decode() for word in self._reader.expand_prefix("text", start)]

    def article(self, number: int) -> Article:
        """Return an article, without its body."""
        path, title, date, tags, also = self._reader.stored_fields(int(self.firsts[number]))["article"]
        return Article(path=path, title=title, date=date, tags=tuple(tags), body="", also=also)

    def passage(self, number: int) -> Passage:
        """Return a passage."""
        path, count, headings, anchor, text = self._reader.stored_fields(number)["passage"]
        return Passage(path=path, number=count, headings=tuple(headings), anchor=anchor, text=text)

    def sizes(self) -> dict[str, int]:
        """Return the number of passages of each article by path, in order."""
        ends = np.append(self.firsts[1:], self.passages)
        return {self.article(at).path: int(end - self.firsts[at]) for at, end in enumerate(ends)}

    def entries(self) -> Iterator[Entry]:
        """Yield every article with its passages."""
        for at, (first, size) in enumerate(zip(self.firsts, self.sizes().values(), strict=True)):
            yield (
                self.article(at),
                tuple(self.passage(number) for number in range(int(first), int(first) + size)),
            )
