"""Search, prompt and model wired together once, for the bot and the command line alike."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from index.vectors import Embedder

from bot import answering
from bot.choosing import Budget, Layout
from bot.config import Config
from bot.llm import Call, Ollama
from bot.model import Conversation, Event
from index.model import Found
from index.search import Search


@dataclass(frozen=True, slots=True)
class Answerer:
    """What it takes to answer: the open index, the model, and the limits of a prompt."""

    search: Search
    model: Ollama
    settings: answering.Settings

    def answer(
        self,
        question: str,
        conversation: Conversation | None = None,
        *,
        generate: answering.Generate | None = None,
    ) -> AsyncIterator[Event]:
        """Answer *question*, which may follow up on *conversation*; exactly one Answer comes last."""
        return answering.answer(
            question,
            conversation or Conversation(),
            search=self.find,
            generate=generate or self.model.chat,
            settings=self.settings,
        )

    async def find(self, question: str, limit: int) -> Found:
        """Search off the event loop, which has acknowledgements to give."""
        return await asyncio.to_thread(self.search, question, limit)


@asynccontextmanager
async def answerer(
    config: Config, *, layout: Layout = "turns", observe: Callable[[Call], None] = lambda _: None
) -> AsyncIterator[Answerer]:
    """Open what answering needs and close it at the end. Neither index nor Ollama has to be there yet."""
    budget = Budget(context=config.context, answer=config.answer_tokens, layout=layout)
    model = Ollama(
        config.ollama,
        config.model,
        context=config.context,
        answer_tokens=config.answer_tokens,
        observe=observe,
    )
    try:
        yield Answerer(open_search(config), model, answering.Settings(model=config.model, budget=budget))
    finally:
        await model.close()


def embedder(config: Config) -> Embedder | None:
    """The embedding model that the settings name, or None: then words alone decide."""
    return Embedder(config.ollama, config.embed_model) if config.embed_model else None


def open_search(config: Config) -> Search:
    """The search over the index in the data folder; whether there is one shows when it is asked."""
    return Search(config.data, config.blog)
