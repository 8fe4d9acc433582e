"""Places, queue and several servers: who is asked, who waits, who is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.errors import ModelBusy, ModelMissing, ModelUnavailable
from bot.llm import Call, Limits
from bot.model import Message
from tests.fakes.models import HELLO, Models, answer, failure_of, until
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault


@pytest.fixture
async def fake() -> AsyncIterator[FakeOllama]:
    """A server that knows one sentence."""
    async with FakeOllama("It keeps old rows [1].") as server:
        yield server


@pytest.fixture
async def make() -> AsyncIterator[Models]:
    """Makes models, closed in the end."""
    async with Models() as models:
        yield models


async def test_past_the_places_questions_wait_and_past_the_queue_they_are_refused(
    fake: FakeOllama, make: Models
) -> None:
    fake.steps = asyncio.Semaphore(1)
    model = make(fake, limits=Limits(), parallel=1, queue=1)
    first = model.chat(HELLO)
    await anext(first)
    second = asyncio.create_task(answer(model))
    await until(lambda: model.state.queued == 1)
    _, failure = await failure_of(model)
    assert isinstance(failure, ModelBusy)
    assert fake.most_streaming == 1
    fake.steps = None
    await first.aclose()
    assert (await second)[0] == "It keeps old rows [1]."


async def test_who_leaves_the_queue_takes_nobodys_place(fake: FakeOllama, make: Models) -> None:
    fake.steps = asyncio.Semaphore(1)
    model = make(fake, limits=Limits(), parallel=1)
    first = model.chat(HELLO)
    await anext(first)
    second = asyncio.create_task(answer(model))
    await until(lambda: model.state.queued == 1)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert model.state.queued == 0
    fake.steps = None
    await first.aclose()
    assert (await answer(model))[0]


async def test_who_has_waited_too_long_is_told_so(fake: FakeOllama, make: Models) -> None:
    fake.steps = asyncio.Semaphore(1)
    model = make(fake, limits=Limits(queue=0.05), parallel=1)
    async with aclosing(model.chat(HELLO)) as first:
        await anext(first)
        _, failure = await failure_of(model)
    assert isinstance(failure, ModelBusy)


async def test_those_who_wait_are_told_at_once_when_the_breaker_opens(fake: FakeOllama, make: Models) -> None:
    model = make(fake, limits=Limits(retry=0), parallel=1)
    fake.fault = Fault("no_memory")
    outcomes = await asyncio.gather(*(failure_of(model) for _ in range(20)))
    assert all(isinstance(failure, ModelUnavailable) for _, failure in outcomes)
    assert len(fake.prompts) == 5


async def test_the_least_loaded_server_is_asked(make: Models) -> None:
    async with FakeOllama("a b c") as one, FakeOllama("a b c") as two:
        one.steps, two.steps = asyncio.Semaphore(1), asyncio.Semaphore(1)
        model = make(one, two, limits=Limits())
        first, second = model.chat(HELLO), model.chat(HELLO)
        await anext(first)
        await anext(second)
        assert (one.streaming, two.streaming) == (1, 1)
        await first.aclose()
        await second.aclose()


async def test_a_thread_stays_with_the_server_that_knows_its_prompt(make: Models) -> None:
    async with FakeOllama() as one, FakeOllama() as two:
        model = make(one, two)
        for _ in range(4):
            await answer(model)
        assert sorted([len(one.prompts), len(two.prompts)]) == [0, 4]


async def test_a_dead_server_is_passed_over(make: Models) -> None:
    async with FakeOllama("Alive.") as alive, FakeOllama() as dead:
        await dead.stop()
        calls: list[Call] = []
        model = make(dead, alive, observe=calls.append)
        for n in range(6):
            assert (await answer(model, (Message("user", f"question {n}"),)))[0] == "Alive."
    assert sum(call.tries for call in calls) <= len(calls) + 1
    assert model.state.in_flight == 0


async def test_a_server_without_the_model_leaves_it_to_one_that_has_it(make: Models) -> None:
    async with FakeOllama("Mine.", models=()) as bare, FakeOllama("Mine.") as rich:
        model = make(bare, rich)
        for n in range(3):
            assert (await answer(model, (Message("user", f"question {n}"),)))[0] == "Mine."


async def test_preloading_is_content_with_one_server_and_fails_without_any(make: Models) -> None:
    async with FakeOllama() as alive, FakeOllama() as dead:
        await dead.stop()
        await make(dead, alive).preload()
        assert alive.loads == [("qwen3:8b", 8192, False)]
        with pytest.raises(ModelUnavailable):
            await make(dead).preload()


async def test_a_server_that_comes_back_is_asked_for_its_version_again(
    fake: FakeOllama, make: Models
) -> None:
    model = make(fake)
    await answer(model)
    await fake.stop()
    await failure_of(model)
    fake.version = "0.12.5"
    await fake.start()
    await answer(model)
    assert "truncate" not in fake.prompts[-1]


async def test_28_a_missing_model_says_nothing_against_the_server(fake: FakeOllama, make: Models) -> None:
    model = make(fake, model="gemma2:9b")
    for _ in range(7):
        _, failure = await failure_of(model)
        assert isinstance(failure, ModelMissing)
