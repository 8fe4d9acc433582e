"""One question from search to checked answer; takes functions, knows neither Whoosh, Ollama nor Slack."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from bot.answers.choosing import Budget
from bot.answers.drafting import Draft
from bot.answers.lookup import Lookup, Search, look_up
from bot.answers.prompt import VERSION, Prompt, bare, build
from bot.answers.quotations import own_words
from bot.answers.tokens import Calibration, Size
from bot.errors import ModelFailure, PromptTooLong
from bot.model import Answer, Conversation, Delta, Done, Event, Message, Outcome, Source, Stage
from index.errors import IndexFailure
from index.model import Hit

Generate = Callable[[Sequence[Message]], AsyncIterator[str | Done]]

_TRIES = 3
"""Prompts tried when the server says they are too long, each with fewer articles."""


def _unheard(size: Size, tokens: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all answers have in common.

    ``model`` is the name shown where the server gives none; ``context`` tells how many tokens it can hold
    where that may be less than the budget's. ``hits`` are asked of the search, ``sources`` listed where
    there is no answer. ``calibration`` gives the model's calibration of the moment, ``counted`` is told each
    prompt's size and the server's own count of it. ``clock`` gives seconds that only ever grow. ``speak`` is
    the code of the language to answer in, "" for that of each question.
    """

    model: str = ""
    budget: Budget = field(default_factory=Budget)
    context: Callable[[], Awaitable[int]] | None = None
    hits: int = 5
    sources: int = 3
    calibration: Callable[[], Calibration] = Calibration
    counted: Callable[[Size, int], None] = _unheard
    clock: Callable[[], float] = time.monotonic
    speak: str = ""

    async def fitting(self) -> Budget:
        """Return the budget within what the model can hold."""
        if self.context is None:
            return self.budget
        return replace(self.budget, context=min(self.budget.context, await self.context()))


_SETTINGS = Settings()
_NEW = Conversation()


async def answer(
    question: str,
    conversation: Conversation = _NEW,
    *,
    search: Search,
    generate: Generate,
    settings: Settings = _SETTINGS,
) -> AsyncGenerator[Event]:
    """Yield Stages, Deltas, and exactly one Answer last; failures become its outcome.

    The Deltas together are the Answer's text. Where the blog holds nothing on the question the model is not
    asked. An answer that cites nothing lists the sources that support its sentences, or else all that were
    shown. An answer that stops before its end, at num_predict too, is ``cut_short``. Closing this closes
    the model's stream.
    """
    case = _Case(question, conversation, settings)
    yield Stage("searching")
    try:
        found = case.found = await look_up(question, conversation, search, settings.hits)
    except IndexFailure as failure:
        yield case.unanswered("failed", (), str(failure))
        return
    if not found.answerable:
        yield case.unanswered("no_source", found.hits)
        return
    try:
        for attempt in range(_TRIES):
            prompt = await case.prompt(attempt)
            if not prompt.sources:
                yield case.unanswered("no_source", found.hits)
                return
            yield Stage("reading", prompt.articles or len(prompt.sources))
            try:
                async with aclosing(case.written(prompt, generate)) as events:
                    async for event in events:
                        yield event
                break
            except PromptTooLong:
                if attempt == _TRIES - 1:
                    raise
        yield case.answered()
    except ModelFailure as failure:
        if rest := case.draft.finish():
            yield Delta(rest)
        yield case.broken_off(failure)


async def unaided(
    question: str, *, generate: Generate, settings: Settings = _SETTINGS
) -> AsyncGenerator[Event]:
    """Answer *question* without any article, the "before" of before and after; yields as ``answer`` does."""
    case = _Case(question, _NEW, settings)
    prompt = bare(question, await settings.fitting(), settings.calibration())
    try:
        async with aclosing(case.written(prompt, generate)) as events:
            async for event in events:
                yield event
        yield case.answered()
    except ModelFailure as failure:
        if rest := case.draft.finish():
            yield Delta(rest)
        yield case.broken_off(failure)


class _Case:
    """One question on its way: what was asked, when, what was found, and what has been written."""

    def __init__(self, question: str, conversation: Conversation, settings: Settings) -> None:
        self.question = question
        self.conversation = conversation
        self.settings = settings
        self.started = settings.clock()
        self.first_token_ms = 0
        self.found = Lookup((), answerable=True, written=question)
        self.sent: Prompt | None = None
        self.draft = Draft(())

    async def prompt(self, attempt: int) -> Prompt:
        """Lay the prompt out, with fewer articles and a stricter count at each further *attempt*."""
        budget, calibration = await self.settings.fitting(), self.settings.calibration()
        for _ in range(attempt):
            calibration = calibration.stricter()
        if self.sent:
            budget = replace(budget, articles=max(1, self.sent.articles - 1))
        hits = self.found.hits
        return build(self.question, hits, self.conversation, budget, calibration, self.settings.speak)

    async def written(self, prompt: Prompt, generate: Generate) -> AsyncGenerator[Event]:
        """Yield what the model writes, as people may read it."""
        self.sent, self.draft = prompt, Draft(prompt.sources)
        stream = generate(prompt.messages)
        try:
            async for piece in stream:
                if isinstance(piece, Done):
                    self.draft.done = piece
                    self.settings.counted(prompt.size, piece.prompt_tokens)
                    continue
                if not self.first_token_ms:
                    self.first_token_ms = max(1, self._elapsed())
                    yield Stage("writing")
                if shown := self.draft.feed(piece):
                    yield Delta(shown)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        if shown := self.draft.finish():
            yield Delta(shown)

    def answered(self) -> Answer:
        """Return the answer that the model brought to an end, its own or that of its allowance."""
        if not self.draft.plain:
            return self.unanswered("failed", self.found.hits, "The model wrote nothing.")
        if self.draft.complete and self.draft.declined:
            return self._ended("no_source", self._listed(self.found.hits))
        return self._ended("answered" if self.draft.complete else "cut_short", self.draft.used)

    def broken_off(self, failure: ModelFailure) -> Answer:
        """Return what there is of an answer that the model failed to finish: a part, or the articles."""
        if not self.draft.plain:
            return self.unanswered(failure.outcome, self.found.hits, failure.detail or str(failure))
        return replace(self._ended("cut_short", self.draft.used), detail=failure.detail or str(failure))

    def unanswered(self, outcome: Outcome, hits: Sequence[Hit], detail: str = "") -> Answer:
        """Return an answer without text: the best articles, and a thread that goes on from where it was."""
        return Answer(
            question=self.question,
            text="",
            outcome=outcome,
            sources=self._listed(hits),
            model=self.settings.model,
            detail=detail,
            total_ms=self._elapsed(),
            conversation=self.conversation,
            searched=self.found.written,
        )

    def _ended(self, outcome: Outcome, sources: Sequence[Source]) -> Answer:
        done, cited = self.draft.done or Done(0, 0, ""), {source.path for source in sources}
        return Answer(
            question=self.question,
            text=self.draft.text,
            outcome=outcome,
            sources=tuple(replace(source, shown="") for source in sources),
            model=done.model or self.settings.model,
            prompt_tokens=done.prompt_tokens,
            answer_tokens=done.answer_tokens,
            first_token_ms=self.first_token_ms,
            total_ms=self._elapsed(),
            supported=self.draft.supported,
            conversation=self._goes_on(),
            searched=self.found.written,
            more=any(hit.path not in cited for hit in self.found.hits),
            prompt_version=VERSION if self.sent and self.sent.sources else "",
        )

    def _goes_on(self) -> Conversation:
        """Return what the thread's next question stands on."""
        if not self.sent:
            return self.conversation
        sources = sorted((*self.sent.sources, *self.sent.gone), key=lambda source: source.n)
        return Conversation(
            messages=(*self.sent.messages, Message("assistant", self.draft.plain)),
            sources=tuple(sources),
            questions=(*self.conversation.questions, self.found.written),
        )

    def _listed(self, hits: Sequence[Hit]) -> tuple[Source, ...]:
        return tuple(
            Source(
                n=n,
                title=hit.title,
                url=hit.url,
                path=hit.path,
                date=hit.date,
                section=hit.passage.headings[-1] if hit.passage.headings else "",
                passage=hit.passage.text,
            )
            for n, hit in enumerate(own_words(hits[: self.settings.sources]), 1)
        )

    def _elapsed(self) -> int:
        return int((self.settings.clock() - self.started) * 1000)
