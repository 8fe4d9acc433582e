"""Search, prompt and model wired together once, for the bot and the command line alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.answers import answering
from bot.answers.calibrations import Calibrations
from bot.answers.choosing import Budget, Layout
from bot.config import Config
from bot.llm import Ollama
from bot.model import Conversation, Event, Policy
from index.embedding.embedder import PATIENCE, Embedder
from index.model import Found
from index.search import Search

EVERYTHING = Policy()

_LOADING = 60.0
"""Seconds that a command gives the embedding model to load."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """What it takes to answer: the open index, the model, and the limits of a prompt."""

    search: Search
    model: Ollama
    settings: answering.Settings
    counts: "Counts"

    def answer(
        self,
        question: str,
        conversation: Conversation | None = None,
        *,
        generate: answering.Generate | None = None,
        policy: Policy = EVERYTHING,
        without: tuple[str, ...] = (),
    ) -> AsyncIterator[Event]:
        """Answer *question*, which may follow up on *conversation*; exactly one Answer comes last.

        Of *policy* the articles and the language count; *without* are paths of articles that do not.
        """
        return answering.answer(
            question,
            conversation or Conversation(),
            search=partial(self.find, within=policy.within, without=without),
            generate=generate or self.model.chat,
            settings=replace(self.settings, speak=policy.language),
        )

    async def find(
        self, question: str, limit: int, within: tuple[str, ...] = (), without: tuple[str, ...] = ()
    ) -> Found:
        """Search off the event loop, which has acknowledgements to give."""
        found = await asyncio.to_thread(self.search, question, limit, within, without)
        if found.words_alone:
            self.counts.embedding_failed()
        return found


class Counts(Protocol):
    """Who is told what happens beside the answers, say bot.metrics."""

    def embedding_failed(self) -> None:
        """A search had to do without the embeddings that the settings ask for."""

    def prompt_cut(self) -> None:
        """The server cannot have read the whole of a prompt."""


class Uncounted:
    """Counts nothing."""

    def embedding_failed(self) -> None:
        """Count nothing."""

    def prompt_cut(self) -> None:
        """Count nothing."""


@asynccontextmanager
async def answerer(
    config: Config, *, layout: Layout = "turns", counts: Counts | None = None
) -> AsyncIterator[Answerer]:
    """Open what answering needs and close it at the end. Neither index nor Ollama has to be there yet."""
    counts = counts or Uncounted()
    calibrations = Calibrations(config.data / "calibration.json", config.model, cut=counts.prompt_cut)
    search = Search(config.data, config.blog, embedder(config))
    async with Ollama(
        config.ollama,
        config.model,
        context=config.context,
        answer_tokens=config.answer_tokens,
        parallel=config.parallel,
    ) as model:
        settings = answering.Settings(
            model=config.model,
            budget=Budget(context=config.context, answer=config.answer_tokens, layout=layout),
            context=model.context,
            calibration=calibrations.current,
            counted=calibrations.counted,
        )
        yield Answerer(search, model, settings, counts)
    search.close()


def embedder(config: Config, patience: float = PATIENCE) -> Embedder | None:
    """The embedding model that the settings name, or None: then words alone decide."""
    return Embedder(config.ollama, config.embed_model, patience=patience) if config.embed_model else None


def open_search(config: Config) -> Search:
    """A command's search over the index in the data folder; whether there is one shows when it is asked.

    It lets the embedding model be loaded first, where the bot would answer from words alone.
    """
    return Search(config.data, config.blog, embedder(config, _LOADING))
