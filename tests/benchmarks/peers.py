"""Other search engines, as someone would set them up in an hour, over the same articles: for the tables.

Each peer is a function from documents (id, title, text) to a search (question, limit) -> ids, best first.
Chinese is cut with jieba for all of them; a peer whose package is missing is left out, which the table says.
"""

import importlib.util
import re
import sqlite3
import tempfile
from collections.abc import Callable, Sequence

Document = tuple[str, str, str]
Search = Callable[[str, int], list[str]]

NEEDS = {"bm25s": "bm25s", "tantivy": "tantivy", "SQLite FTS5": "jieba", "stock Whoosh": "jieba"}


def missing() -> dict[str, str]:
    """The peers that cannot run here, and the package each lacks."""
    lacking = {
        peer: [name for name in (package, "jieba") if not importlib.util.find_spec(name)]
        for peer, package in NEEDS.items()
    }
    return {peer: ", ".join(dict.fromkeys(names)) for peer, names in lacking.items() if names}


def cut(text: str) -> list[str]:
    """The words of *text* as jieba's search mode gives them, in lower case."""
    import jieba  # noqa: PLC0415

    return [word.lower() for word in jieba.cut_for_search(text) if word.strip() and re.search(r"\w", word)]


def bm25s(documents: Sequence[Document]) -> Search:
    """The package bm25s with its defaults."""
    import bm25s as library  # noqa: PLC0415

    ids = [name for name, _, _ in documents]
    index = library.BM25()
    index.index([cut(f"{title}\n{text}") for _, title, text in documents], show_progress=False)

    def search(question: str, limit: int) -> list[str]:
        found, _ = index.retrieve([cut(question)], k=min(limit, len(ids)), show_progress=False)
        return [ids[at] for at in found[0]]

    return search


def tantivy(documents: Sequence[Document]) -> Search:
    """Tantivy over words joined by blanks, title and text as fields of equal weight."""
    import tantivy as library  # noqa: PLC0415

    builder = library.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("title", tokenizer_name="whitespace")
    builder.add_text_field("text", tokenizer_name="whitespace")
    schema = builder.build()
    index = library.Index(schema)
    writer = index.writer(heap_size=200_000_000)
    for name, title, text in documents:
        writer.add_document(library.Document(id=name, title=" ".join(cut(title)), text=" ".join(cut(text))))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(question: str, limit: int) -> list[str]:
        terms = [
            (library.Occur.Should, library.Query.term_query(schema, field, word))
            for word in dict.fromkeys(cut(question))
            for field in ("title", "text")
        ]
        hits = searcher.search(library.Query.boolean_query(terms), limit).hits
        return [searcher.doc(address)["id"][0] for _, address in hits]

    return search


def fts5(documents: Sequence[Document]) -> Search:
    """SQLite's FTS5 over words joined by blanks, ranked by its bm25()."""
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table docs using fts5(id unindexed, title, text)")
    rows = ((name, " ".join(cut(title)), " ".join(cut(text))) for name, title, text in documents)
    base.executemany("insert into docs values (?, ?, ?)", rows)

    def search(question: str, limit: int) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in dict.fromkeys(cut(question)) if '"' not in word)
        statement = "select id from docs where docs match ? order by bm25(docs) limit ?"
        return [name for (name,) in base.execute(statement, (query, limit))] if query else []

    return search


def whoosh(documents: Sequence[Document]) -> Search:
    """Whoosh with jieba's ChineseAnalyzer and an OrGroup parser over title and text, as its manual shows."""
    from jieba.analyse import ChineseAnalyzer  # noqa: PLC0415
    from whoosh import fields, index, qparser  # noqa: PLC0415

    analyzer = ChineseAnalyzer()
    schema = fields.Schema(id=fields.ID(stored=True), title=fields.TEXT(analyzer), text=fields.TEXT(analyzer))
    made = index.create_in(tempfile.mkdtemp(), schema)
    writer = made.writer(limitmb=256)
    for name, title, text in documents:
        writer.add_document(id=name, title=title, text=text)
    writer.commit()
    searcher = made.searcher()
    parser = qparser.MultifieldParser(["title", "text"], schema, group=qparser.OrGroup)

    def search(question: str, limit: int) -> list[str]:
        return [
            hit["id"] for hit in searcher.search(parser.parse(re.sub(r"[^\w]", " ", question)), limit=limit)
        ]

    return search


PEERS: dict[str, Callable[[Sequence[Document]], Search]] = {
    "bm25s": bm25s,
    "tantivy": tantivy,
    "SQLite FTS5": fts5,
    "stock Whoosh": whoosh,
}
