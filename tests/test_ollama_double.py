"""The protocol double has Ollama's manners, seen with the official client and as a program of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import ollama
import pytest

from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault
from tests.fakes.ollama_wire import Model, render

ROOT = Path(__file__).resolve().parent.parent
ASKED = [{"role": "user", "content": "什么是 MVCC?"}]


@pytest.fixture
async def fake() -> AsyncIterator[FakeOllama]:
    """A server with a model that thinks and one that does not."""
    models = (Model(), Model("mistral:latest", "llama", ("completion",)))
    async with FakeOllama("旧行还在。", models=models) as server:
        yield server


@pytest.fixture
async def client(fake: FakeOllama) -> AsyncIterator[ollama.AsyncClient]:
    """The official client."""
    async with ollama.AsyncClient(fake.url) as made:
        yield made


async def test_a_whole_answer_is_what_the_stream_says(client: ollama.AsyncClient) -> None:
    whole = await client.chat("qwen3:8b", ASKED)
    parts = [part async for part in await client.chat("qwen3:8b", ASKED, stream=True)]
    assert whole.message.content == "".join(part.message.content or "" for part in parts) == "旧行还在。"
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert (whole.done_reason, whole.eval_count) == ("stop", parts[-1].eval_count)
    assert whole.total_duration


async def test_generate_wraps_a_prompt_and_raw_does_not(fake: FakeOllama, client: ollama.AsyncClient) -> None:
    wrapped = await client.generate("mistral", "hello")
    raw = await client.generate("mistral", "hello", raw=True)
    assert wrapped.response == raw.response == "旧行还在。"
    assert raw.prompt_eval_count == fake.count("hello")
    assert wrapped.prompt_eval_count == fake.count(render([{"role": "user", "content": "hello"}]))


async def test_a_thinking_model_thinks_unless_told_not_to(
    fake: FakeOllama, client: ollama.AsyncClient
) -> None:
    fake.thoughts = "hmm"
    assert (await client.chat("qwen3:8b", ASKED)).message.thinking == "hmm"
    assert (await client.chat("qwen3:8b", ASKED, think=False)).message.thinking is None
    with pytest.raises(ollama.ResponseError, match="does not support thinking"):
        await client.chat("mistral", ASKED, think=True)


async def test_a_long_prompt_loses_its_first_messages_in_silence(
    fake: FakeOllama, client: ollama.AsyncClient
) -> None:
    seen: list[list[str]] = []
    fake.answer = lambda messages: seen.append([m["content"][:1] for m in messages]) or "ok"  # type: ignore[func-returns-value]
    long = [{"role": "system", "content": "S"}, *({"role": "user", "content": c * 300} for c in "甲乙丙")]
    await client.chat("qwen3:8b", long, options={"num_ctx": 512})
    assert seen == [["S", "丙"]]
    assert fake.truncated == 1


async def test_another_context_loads_the_model_anew(fake: FakeOllama, client: ollama.AsyncClient) -> None:
    for context in (1024, 1024, 2048):
        await client.chat("qwen3:8b", [], options={"num_ctx": context})
    assert [load[1] for load in fake.loads] == [1024, 2048]
    running = (await client.ps()).models
    assert [(held.model, held.context_length) for held in running] == [("qwen3:8b", 2048)]


async def test_models_are_listed_and_shown(client: ollama.AsyncClient) -> None:
    assert {held.model for held in (await client.list()).models} == {"qwen3:8b", "mistral:latest"}
    shown = await client.show("mistral")
    assert shown.capabilities == ["completion"]
    assert shown.modelinfo
    assert shown.modelinfo["llama.context_length"] == 40_960
    with pytest.raises(ollama.ResponseError, match="not found") as caught:
        await client.show("gemma2:9b")
    assert caught.value.status_code == 404


async def test_texts_with_common_words_are_near_each_other(client: ollama.AsyncClient) -> None:
    given = ["vacuum removes old rows", "old rows and vacuum", "北京今天下雨"]
    near, other, far = (await client.embed("qwen3:8b", given)).embeddings
    assert sum(x * x for x in near) == pytest.approx(1)
    assert sum(map(float.__mul__, near, other)) > sum(map(float.__mul__, near, far)) + 0.3


async def test_rendering_alone_asks_no_model(fake: FakeOllama, client: ollama.AsyncClient) -> None:
    body = {"model": "qwen3:8b", "messages": ASKED, "stream": False, "_debug_render_only": True}
    async with httpx.AsyncClient() as plain:
        answer = (await plain.post(f"{fake.url}/api/chat", json=body)).json()
    assert answer["_debug_info"]["rendered_template"] == render(ASKED)


async def test_a_fault_before_the_first_chunk_has_a_status_and_after_it_a_line(
    fake: FakeOllama, client: ollama.AsyncClient
) -> None:
    for after, status in ((0, 500), (1, -1)):
        fake.fault = Fault("error_line", after=after)
        with pytest.raises(ollama.ResponseError) as caught:
            [part async for part in await client.chat("qwen3:8b", ASKED, stream=True)]
        assert caught.value.status_code == status


async def test_it_runs_as_a_program_that_tells_its_address() -> None:
    command = (sys.executable, "-m", "tests.fakes.ollama", "--answer", "Yes.", "--interval", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        async with ollama.AsyncClient(line.removeprefix("listening on ").strip()) as client:
            assert (await client.chat("qwen3:8b", ASKED)).message.content == "Yes."
    finally:
        process.terminate()
        await process.communicate()
