"""What embedding models want written before a text, by family. Pure.

A model that was trained with such words loses much without them, and Ollama adds none. From the model cards:
intfloat/multilingual-e5-small and -large-instruct, nomic-ai/nomic-embed-text-v1.5, Qwen/Qwen3-Embedding-0.6B,
google/embeddinggemma-300m, mixedbread-ai/mxbai-embed-large-v1, BAAI/bge-large-en-v1.5 and bge-m3 (none),
Snowflake/snowflake-arctic-embed-l and -l-v2.0.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instructions:
    """What goes before a question and before a passage."""

    query: str = ""
    passage: str = ""


_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_REPRESENT = "Represent this sentence for searching relevant passages: "
_FAMILIES = (
    (r"\be5\b.*instruct", Instructions(f"{_TASK} ")),
    (r"\b(nano)?e5\b", Instructions("query: ", "passage: ")),
    (r"nomic-embed", Instructions("search_query: ", "search_document: ")),
    (r"qwen3-embedding", Instructions(_TASK)),
    (r"embeddinggemma", Instructions("task: search result | query: ", "title: none | text: ")),
    (r"arctic-embed(2|.*v2)", Instructions("query: ")),
    (r"mxbai-embed|arctic-embed|bge-(small|base|large)(?!.*zh)", Instructions(_REPRESENT)),
)


def instructions(model: str) -> Instructions:
    """Return the words for *model*, named as Ollama names it; none if its family is not known to want any."""
    name = model.lower().replace("_", "-")
    return next((words for pattern, words in _FAMILIES if re.search(pattern, name)), Instructions())
