"""Answers of the model against the protocol double: text, thoughts, settings, cancelling, counting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.errors import ModelUnavailable
from bot.llm import Call, Limits
from bot.model import Done
from tests.fakes.models import HELLO, PATIENCE, Models, answer, failure_of, until
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault
from tests.fakes.ollama_wire import Model, render


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


async def test_the_answer_comes_as_text_and_then_done_with_the_servers_counts(
    fake: FakeOllama, make: Models
) -> None:
    text, done = await answer(make(fake))
    assert text == "It keeps old rows [1]."
    sent = fake.prompts[0]["messages"]
    assert sent == [{"role": "user", "content": "What is MVCC?"}]
    assert (done.prompt_tokens, done.reason) == (fake.count(render(sent)), "stop")
    assert done.answer_tokens > 0
    assert done.model == "qwen3:8b"


async def test_each_piece_is_handed_on_before_the_next_one_is_written(fake: FakeOllama, make: Models) -> None:
    fake.answer, fake.steps = ["one", "two"], asyncio.Semaphore(1)
    async with aclosing(make(fake, limits=Limits()).chat(HELLO)) as parts:
        assert await anext(parts) == "one"
        fake.steps.release()
        assert await anext(parts) == "two"


async def test_an_answer_that_fills_its_tokens_says_so(fake: FakeOllama, make: Models) -> None:
    fake.answer = "word " * 300
    _, done = await answer(make(fake, answer_tokens=20))
    assert done.reason == "length"


async def test_a_raw_prompt_is_sent_byte_for_byte_without_the_template(
    fake: FakeOllama, make: Models
) -> None:
    prompt = "[INST] 标题 [/INST] 正文</s>[INST] 问题 [/INST]"
    parts = [part async for part in make(fake).raw(prompt)]
    assert "".join(part for part in parts if isinstance(part, str)) == "It keeps old rows [1]."
    request = fake.requests[-1]
    assert (request.path, request.body["prompt"], request.body["raw"]) == ("/api/generate", prompt, True)
    assert isinstance(parts[-1], Done)
    assert parts[-1].prompt_tokens == fake.count(prompt)


async def test_nothing_that_reloads_the_model_ever_varies(fake: FakeOllama, make: Models) -> None:
    model = make(fake)
    await model.preload()
    await answer(model)
    async for _ in model.raw("[INST] x [/INST]"):
        pass
    assert fake.loads == [("qwen3:8b", 8192, False)]
    assert {r.body["keep_alive"] for r in fake.requests if "keep_alive" in r.body} == {"30m"}
    assert {body["options"]["num_predict"] for body in fake.prompts} == {100}


async def test_the_context_is_never_larger_than_the_model_was_trained_for(
    fake: FakeOllama, make: Models
) -> None:
    fake.models["qwen3:8b"] = Model(context_length=2048)
    await answer(make(fake))
    assert fake.prompts[0]["options"]["num_ctx"] == 2048


async def test_a_server_that_does_not_know_truncate_and_shift_is_not_sent_them(
    fake: FakeOllama, make: Models
) -> None:
    fake.version = "0.12.5"
    await answer(make(fake))
    assert not {"truncate", "shift"} & fake.prompts[0].keys()


@pytest.mark.parametrize("version", ["0.12.6", "0.32.15", "1.0.0-rc1", "0.0.0"])
async def test_a_server_that_knows_truncate_and_shift_is_told_to_do_neither(
    fake: FakeOllama, make: Models, version: str
) -> None:
    fake.version = version
    await answer(make(fake))
    assert (fake.prompts[0]["truncate"], fake.prompts[0]["shift"]) == (False, False)


async def test_facts_say_what_the_model_is(fake: FakeOllama, make: Models) -> None:
    facts = await make(fake).facts()
    assert (facts.name, facts.context_length, facts.family) == ("qwen3:8b", 40_960, "qwen3")
    assert facts.thinks
    assert "<|im_start|>" in facts.template


async def test_a_name_without_a_tag_is_the_latest(fake: FakeOllama, make: Models) -> None:
    fake.models["mistral:latest"] = Model("mistral:latest", "llama", ("completion",))
    model = make(fake, model="mistral")
    assert not await model.loaded()
    await model.preload()
    assert await model.loaded()


async def test_the_key_of_the_environment_is_sent(
    fake: FakeOllama, make: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "s3cret")
    await answer(make(fake))
    assert {r.headers["Authorization"] for r in fake.requests} == {"Bearer s3cret"}


async def test_a_proxy_of_the_environment_does_not_stand_before_loopback(
    fake: FakeOllama, make: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert (await answer(make(fake)))[0]


async def test_a_thinking_model_is_told_not_to_think(fake: FakeOllama, make: Models) -> None:
    fake.thoughts = "Let me see."
    text, _ = await answer(make(fake))
    assert text == "It keeps old rows [1]."
    assert fake.prompts[0]["think"] is False


async def test_a_model_that_cannot_think_is_not_told_about_it(fake: FakeOllama, make: Models) -> None:
    fake.models["qwen3:8b"] = Model(capabilities=("completion",))
    await answer(make(fake))
    assert "think" not in fake.prompts[0]


async def test_thoughts_of_a_model_that_thinks_anyway_are_neither_shown_nor_counted(
    fake: FakeOllama, make: Models
) -> None:
    fake.stubborn, fake.thoughts = True, ["Let", " me", " see."]
    text, done = await answer(make(fake))
    assert text == "It keeps old rows [1]."
    assert done.thought_tokens == 3
    fake.stubborn = False
    assert done.answer_tokens == (await answer(make(fake)))[1].answer_tokens


async def test_thoughts_printed_into_the_answer_are_left_out(fake: FakeOllama, make: Models) -> None:
    fake.answer = ["<th", "ink>", "secret", " plan</thi", "nk>\n\n", "Old rows", " stay."]
    text, done = await answer(make(fake))
    assert text == "Old rows stay."
    assert done.thought_tokens > 0


async def test_closing_the_answer_closes_the_connection(fake: FakeOllama, make: Models) -> None:
    fake.steps = asyncio.Semaphore(1)
    model = make(fake, limits=Limits())
    async with aclosing(model.chat(HELLO)) as parts:
        await anext(parts)
        assert model.state.in_flight == 1
    async with asyncio.timeout(PATIENCE):
        await fake.dropped.wait()
    await until(lambda: fake.streaming == 0)
    assert model.state.in_flight == 0


async def test_cancelling_the_task_closes_the_connection_before_the_first_token(
    fake: FakeOllama, make: Models
) -> None:
    fake.fault = Fault("hang")
    asked = asyncio.create_task(answer(make(fake, limits=Limits())))
    async with asyncio.timeout(PATIENCE):
        await fake.hung.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await fake.dropped.wait()


async def test_the_doctor_hears_the_version_and_the_model(fake: FakeOllama, make: Models) -> None:
    model = make(fake)
    assert await model.check() == f"{fake.url} runs Ollama 0.32.15"
    assert await model.check_model() == "qwen3:8b (8.2B), context 40960, not in memory"


async def test_the_doctor_hears_of_every_dead_server(fake: FakeOllama, make: Models) -> None:
    async with FakeOllama() as dead:
        pass
    with pytest.raises(ModelUnavailable, match=dead.url):
        await make(fake, dead).check()


async def test_every_answer_is_counted_once_with_how_it_ended(fake: FakeOllama, make: Models) -> None:
    calls: list[Call] = []
    model = make(fake, observe=calls.append, limits=Limits(retry=0))
    await answer(model)
    fake.fault = Fault("busy")
    await failure_of(model)
    fake.fault = None
    async with aclosing(model.chat(HELLO)) as parts:
        await anext(parts)
    assert [(call.outcome, call.tries) for call in calls] == [("answered", 1), ("busy", 2), ("stopped", 1)]
    assert calls[0].prompt_tokens > 0
    assert calls[1].first_token is None
