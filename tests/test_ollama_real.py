"""The model's promises once more, against a real Ollama at OLLAMA_HOST with BLOGBOT_MODEL (default qwen3:8b).

They also hold the protocol double to the truth: where one fails here and its twin in test_llm*.py passes, the
double is wrong.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.config import Config
from bot.errors import ModelMissing, ModelUnavailable, PromptTooLong
from bot.llm import Ollama
from bot.model import Done, Message
from tests.fakes.models import answer, failure_of

pytestmark = [pytest.mark.ollama, pytest.mark.timeout(600)]
ARTICLE = (
    Message("system", "Answer in one short sentence, from [1] only, and cite [1]."),
    Message("user", "Why does gin not keep positions?"),
    Message(
        "assistant", "[1] A GIN index keeps no positions, so it must visit the heap to rank. RUM keeps them."
    ),
)
ASKED = (*ARTICLE, Message("user", "Which index keeps positions?"))


@pytest.fixture
async def model() -> AsyncIterator[Ollama]:
    """The real one, or a skip that says why."""
    config = Config.from_env(os.environ)
    async with Ollama(config.ollama, config.model, context=2048, answer_tokens=120) as real:
        try:
            await real.facts()
        except ModelMissing as failure:
            pytest.skip(f"{failure} {failure.fix}")
        except ModelUnavailable as failure:
            pytest.skip(f"No real Ollama to test against: {failure}")
        yield real


async def test_it_answers_from_the_article_and_counts(model: Ollama) -> None:
    text, done = await answer(model, ASKED)
    assert "rum" in text.lower()
    assert "<think>" not in text
    assert done.prompt_tokens > 30
    assert 0 < done.answer_tokens <= 120
    assert done.reason in {"stop", "length"}


async def test_a_follow_up_starts_sooner_than_a_cold_prompt(model: Ollama) -> None:
    salt = Message("system", f"Note {time.time_ns()}. " + "Old rows stay until vacuum removes them. " * 60)
    text, cold = await answer(model, (salt, *ASKED[1:]))
    turns = (salt, *ASKED[1:], Message("assistant", text), Message("user", "And which one does not?"))
    _, warm = await answer(model, turns)
    assert warm.prompt_tokens > cold.prompt_tokens
    assert warm.first_token_ms < cold.first_token_ms + 500


async def test_a_prompt_that_does_not_fit_is_refused_and_not_cut(model: Ollama) -> None:
    with pytest.raises(PromptTooLong):
        await answer(model, (Message("user", "Which rows does vacuum remove? " * 2000),))


async def test_an_answer_that_fills_its_tokens_says_so(model: Ollama) -> None:
    _, done = await answer(
        model, (Message("user", "Count from one to a thousand, in words, without stopping."),)
    )
    assert done.reason == "length"


async def test_closing_the_answer_leaves_the_server_free_for_the_next(model: Ollama) -> None:
    long = (Message("user", "Write a long story about a database, at least a thousand words."),)
    async with aclosing(model.chat(long)) as parts:
        await anext(parts)
    async with asyncio.timeout(60):
        assert (await answer(model, ASKED))[0]


async def test_a_raw_prompt_is_continued(model: Ollama) -> None:
    parts = [part async for part in model.raw("One, two, three,")]
    assert isinstance(parts[-1], Done)
    assert len(parts) > 1


async def test_preloading_puts_the_model_in_memory_as_the_answers_want_it(model: Ollama) -> None:
    await model.preload()
    assert await model.loaded()
    _, done = await answer(model, ASKED)
    assert done.first_token_ms < 30_000


async def test_the_facts_name_the_trained_context_and_the_capabilities(model: Ollama) -> None:
    facts = await model.facts()
    assert facts.context_length >= 2048
    assert "completion" in facts.capabilities
    assert facts.version


async def test_a_model_that_was_never_pulled_is_missing(model: Ollama) -> None:
    hosts = Config.from_env(os.environ).ollama
    async with Ollama(hosts, "no-such-model:0b", context=2048, answer_tokens=16) as other:
        _, failure = await failure_of(other)
    assert isinstance(failure, ModelMissing)
