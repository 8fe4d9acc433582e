"""One question from search to checked answer; takes functions, knows neither Whoosh, Ollama nor Slack."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.citations import Cleaner
from bot.errors import ModelFailure
from bot.llm_values import Done
from bot.model import Answer, Conversation, Delta, Event, Message, Source, Stage
from bot.prompt import Budget, Layout, Prompt, build
from bot.tokens import Calibration, Size
from index.errors import IndexFailure
from index.model import Found, Hit

Search = Callable[[str, int], Awaitable[Found]]
Generate = Callable[[Sequence[Message]], AsyncIterator[str | Done]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What answers have in common: the model's name, the prompt's limits and layout, hits asked of the search."""

    model: str = ""
    budget: Budget = Budget()
    layout: Layout = "turns"
    hits: int = 5


def _unheard(size: Size, counted: int) -> None:
    """Tell nobody."""


async def answer(
    question: str,
    conversation: Conversation = Conversation(),
    *,
    search: Search,
    generate: Generate,
    settings: Settings = Settings(),
    calibration: Callable[[], Calibration] = Calibration,
    counted: Callable[[Size, int], None] = _unheard,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Event]:
    """Answer *question*: yield Stages, then Deltas, and exactly one Answer as the last event."""
    started = clock()
    yield Stage("searching")
    try:
        found = await search(question, settings.hits)
    except IndexFailure as failure:
        yield Answer(question, "", "failed", detail=str(failure), conversation=conversation)
        return
    if not found.answerable:
        yield Answer(question, "", "no_source", sources=_sources(found.hits), conversation=conversation)
        return
    prompt: Prompt | None = None
    text = ""
    try:
        prompt = build(
            question,
            found.hits,
            conversation,
            budget=settings.budget,
            layout=settings.layout,
            calibration=calibration(),
        )
        yield Stage("reading", prompt.shown)
        cleaner = Cleaner({source.n for source in prompt.sources})
        done = Done(0, 0, "stop")
        first = 0
        async for piece in generate(prompt.messages):
            if isinstance(piece, Done):
                done = piece
                continue
            if not first:
                first = int((clock() - started) * 1000)
                yield Stage("writing")
            if shown := cleaner.feed(piece):
                text += shown
                yield Delta(shown)
        if shown := cleaner.finish():
            text += shown
            yield Delta(shown)
    except ModelFailure as failure:
        yield Answer(
            question,
            text,
            failure.outcome,
            sources=_sources(found.hits),
            detail=failure.detail,
            conversation=conversation,
        )
        return
    counted(prompt.size, done.prompt_tokens)
    by_number = {source.n: source for source in prompt.sources}
    yield Answer(
        question,
        text,
        "answered",
        sources=tuple(by_number[n] for n in cleaner.cited) or prompt.sources,
        model=done.model or settings.model,
        prompt_tokens=done.prompt_tokens,
        answer_tokens=done.answer_tokens,
        first_token_ms=first,
        total_ms=int((clock() - started) * 1000),
        conversation=Conversation(
            (*prompt.messages, Message("assistant", text)),
            (*prompt.kept, *prompt.sources),
            (*conversation.questions, question),
        ),
    )


def _sources(hits: Sequence[Hit]) -> tuple[Source, ...]:
    return tuple(
        Source(
            n,
            hit.title,
            hit.url,
            hit.path,
            hit.date,
            hit.passage.headings[-1] if hit.passage.headings else "",
            hit.passage.text,
        )
        for n, hit in enumerate(hits[:5], 1)
    )
