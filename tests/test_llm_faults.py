"""What the model's room promises when Ollama fails: rows 22 to 29 of the list of faults, and some more."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.errors import AnswerCutShort, ModelBusy, ModelMissing, ModelUnavailable, PromptTooLong
from bot.llm import Call, Limits, Ollama
from bot.model import Done, Message
from bot.playground import Playground
from tests.fakes.models import HELLO, PATIENCE, Clock, Models, answer, failure_of, until
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault, FaultKind


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


async def test_22_a_closed_port_is_said_to_be_no_ollama_within_five_seconds(make: Models) -> None:
    async with FakeOllama() as gone:
        pass
    async with asyncio.timeout(5):
        _, failure = await failure_of(make(gone, limits=Limits()))
    assert isinstance(failure, ModelUnavailable)
    assert str(failure) == f"Ollama at {gone.url} does not answer."
    assert "ollama serve" in failure.fix
    assert failure.detail == gone.url


async def test_22_a_machine_that_takes_no_connection_is_given_up_within_the_limit_and_once(
    make: Models,
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        address = deaf.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.settimeout(0)
            one.connect_ex(address)
        calls: list[Call] = []
        host = f"http://127.0.0.1:{address[1]}"
        model = Ollama(
            (host,), "m", context=512, answer_tokens=16, limits=Limits(connect=0.3), observe=calls.append
        )
        async with model, asyncio.timeout(PATIENCE):
            _, failure = await failure_of(model)
        for one in crowd:
            one.close()
    assert isinstance(failure, ModelUnavailable)
    assert calls[0].tries == 1


async def test_23_a_model_that_was_never_pulled_is_named_with_the_pull_that_brings_it(
    fake: FakeOllama, make: Models
) -> None:
    _, failure = await failure_of(make(fake, model="gemma2:9b"))
    assert isinstance(failure, ModelMissing)
    assert failure.detail == "gemma2:9b"
    assert "`ollama pull gemma2:9b`" in failure.fix


async def test_24_a_busy_server_is_asked_once_more(fake: FakeOllama, make: Models) -> None:
    fake.fault = Fault("busy", times=1)
    assert (await answer(make(fake)))[0] == "It keeps old rows [1]."
    assert len(fake.prompts) == 2


async def test_24_a_server_that_stays_busy_is_asked_twice_and_not_more(
    fake: FakeOllama, make: Models
) -> None:
    fake.fault = Fault("busy")
    _, failure = await failure_of(make(fake))
    assert isinstance(failure, ModelBusy)
    assert len(fake.prompts) == 2


async def test_25_without_a_first_token_the_request_is_dropped_and_not_repeated(
    fake: FakeOllama, make: Models
) -> None:
    fake.fault = Fault("hang")
    text, failure = await failure_of(make(fake, limits=Limits(first_token=0.2, first_token_cold=0.2)))
    assert isinstance(failure, ModelUnavailable)
    assert "too long" in str(failure)
    assert text == ""
    async with asyncio.timeout(PATIENCE):
        await fake.dropped.wait()
    assert len(fake.prompts) == 1


async def test_25_a_model_that_is_being_loaded_is_given_more_time(fake: FakeOllama, make: Models) -> None:
    fake.load_gate = asyncio.Event()
    limits = Limits(first_token=0.05, first_token_cold=PATIENCE)
    asked = asyncio.create_task(answer(make(fake, limits=limits)))
    await until(lambda: bool(fake.prompts))
    asyncio.get_running_loop().call_later(0.2, fake.load_gate.set)
    assert (await asked)[0] == "It keeps old rows [1]."


async def test_25_a_model_that_is_being_preloaded_is_not_taken_for_loaded(
    fake: FakeOllama, make: Models
) -> None:
    fake.load_gate = asyncio.Event()
    model = make(fake, limits=Limits())
    preload = asyncio.create_task(model.preload())
    await until(lambda: bool(fake.loads))
    assert not await model.loaded()
    fake.load_gate.set()
    await preload
    assert await model.loaded()


async def test_25_behind_another_answer_of_ours_the_first_token_may_take_longer(
    fake: FakeOllama, make: Models
) -> None:
    model = make(fake, limits=Limits(first_token=0.05, first_token_cold=PATIENCE))
    await model.preload()
    fake.steps = steps = asyncio.Semaphore(1)
    async with aclosing(model.chat(HELLO)) as first:
        await anext(first)
        second = asyncio.create_task(answer(model))
        await until(lambda: fake.streaming == 2)
        for _ in range(50):
            asyncio.get_running_loop().call_later(0.2, steps.release)
        assert (await second)[0] == "It keeps old rows [1]."


async def test_26_an_answer_that_stalls_is_cut_and_keeps_what_came(fake: FakeOllama, make: Models) -> None:
    fake.answer, fake.fault = ["Old", " rows", " stay."], Fault("stall", after=2)
    text, failure = await failure_of(make(fake, limits=Limits(between=0.2)))
    assert text == "Old rows"
    assert isinstance(failure, AnswerCutShort)
    assert "stopped writing" in str(failure)
    async with asyncio.timeout(PATIENCE):
        await fake.dropped.wait()


@pytest.mark.parametrize(
    ("kind", "said"),
    [("error_line", "failed in"), ("cut", "closed the connection"), ("end", "without finishing it")],
)
async def test_27_an_answer_without_its_end_is_never_taken_for_complete(
    fake: FakeOllama, make: Models, kind: FaultKind, said: str
) -> None:
    fake.answer, fake.fault = ["Old", " rows", " stay."], Fault(kind, after=2)
    text, failure = await failure_of(make(fake))
    assert text == "Old rows"
    assert isinstance(failure, AnswerCutShort)
    assert said in str(failure)
    assert len(fake.prompts) == 1


async def test_27_a_stream_that_ends_before_it_began_is_cut_too(fake: FakeOllama, make: Models) -> None:
    fake.fault = Fault("end")
    _, failure = await failure_of(make(fake))
    assert isinstance(failure, AnswerCutShort)


async def test_28_five_failures_open_the_breaker_and_a_trial_closes_it(
    fake: FakeOllama, make: Models
) -> None:
    clock = Clock()
    model = make(fake, clock=clock)
    fake.fault = Fault("no_memory")
    _, failure = await failure_of(model)
    assert isinstance(failure, ModelUnavailable)
    assert "not enough memory" in str(failure)
    await failure_of(model)
    await failure_of(model)
    assert len(fake.prompts) == 5
    assert model.state.open
    _, failure = await failure_of(model)
    assert isinstance(failure, ModelUnavailable)
    assert len(fake.prompts) == 5
    fake.fault = None
    clock.now += 30
    async with aclosing(model.chat(HELLO)) as trial:  # who stops reading at Done has seen a good answer
        async for part in trial:
            if isinstance(part, Done):
                break
    fake.steps = asyncio.Semaphore(1)
    async with aclosing(model.chat(HELLO)) as first:
        await anext(first)
        assert not model.state.open


async def test_28_while_the_trial_runs_others_stay_away(fake: FakeOllama, make: Models) -> None:
    clock = Clock()
    model = make(fake, clock=clock, limits=Limits(retry=0))
    fake.fault = Fault("no_memory")
    for _ in range(3):
        await failure_of(model)
    fake.fault, fake.steps = None, asyncio.Semaphore(1)
    clock.now += 30
    async with aclosing(model.chat(HELLO)) as trial:
        await anext(trial)
        _, failure = await failure_of(model)
    assert isinstance(failure, ModelUnavailable)
    assert len(fake.prompts) == 6


async def test_29_a_prompt_that_does_not_fit_is_refused_and_not_cut(fake: FakeOllama, make: Models) -> None:
    model = make(fake, context=512)
    with pytest.raises(PromptTooLong, match="longer than the context"):
        await answer(model, (Message("user", "行" * 600),))
    assert fake.truncated == 0
    assert len(fake.prompts) == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [("garbage", "is not Ollama"), ("unauthorized", "refuses us"), ("reset", "does not answer")],
)
async def test_a_server_that_is_not_what_it_should_be_is_said_to_be_so(
    fake: FakeOllama, make: Models, kind: FaultKind, said: str
) -> None:
    fake.fault = Fault(kind)
    _, failure = await failure_of(make(fake))
    assert isinstance(failure, ModelUnavailable)
    assert said in str(failure)
    assert failure.fix


async def test_a_server_of_another_kind_that_speaks_json_is_said_to_be_none_of_ours(
    make: Models, slack: Playground
) -> None:
    model = make(slack, limits=Limits(retry=0))
    with pytest.raises(ModelUnavailable, match="is not Ollama"):
        await model.check()


async def test_an_answer_that_never_ends_is_dropped_before_it_fills_the_memory(
    fake: FakeOllama, make: Models
) -> None:
    fake.fault = Fault("flood")
    _, failure = await failure_of(make(fake, limits=Limits(retry=0)))
    assert isinstance(failure, ModelUnavailable)
    assert "is not Ollama" in str(failure)
    async with asyncio.timeout(PATIENCE):
        await fake.dropped.wait()


async def test_an_answer_that_takes_longer_than_a_whole_answer_may_is_cut_but_no_fault(
    fake: FakeOllama, make: Models
) -> None:
    fake.answer, fake.steps = ["one", "two"], asyncio.Semaphore(1)
    limits = Limits(whole=0.1, between=5)
    model = make(fake, limits=limits)
    for _ in range(6):
        _, failure = await failure_of(model)
        assert isinstance(failure, AnswerCutShort)
        assert "unfinished after 0.1 seconds" in str(failure)
        fake.steps = asyncio.Semaphore(1)
    assert not model.state.open
