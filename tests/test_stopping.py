"""Stopping: who asked ends the model's work, and keeps what was written."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import AnswerCutShort, ModelMissing
from bot.model import Answer, Event, Question
from bot.playground import shown
from bot.slack.rendering import replies as slack_replies
from bot.stopping import Stop, Stops
from tests.fakes.blocks import check_message
from tests.fakes.furnished import furnished, replies, silent_model
from tests.fakes.house import House

ASKED = "why does VACUUM leave dead rows behind?"
QUESTION = Question("q1", "why?", "U1", "T1", "C1", "1.0", "1.0", "mention")
STOPPED = Answer("why?", "Because", "cut_short", stopped=True)


class Model:
    """Writes one piece and then thinks for ever; knows whether it was asked, and told to end."""

    def __init__(self) -> None:
        self.asked = False
        self.closed = asyncio.Event()

    async def stream(self) -> AsyncGenerator[str]:
        self.asked = True
        try:
            async with asyncio.timeout(3600):
                yield "a"
                await asyncio.Event().wait()
        finally:
            self.closed.set()


async def test_a_stop_ends_the_stream_at_once_and_says_so() -> None:
    model, stop = Model(), Stop()
    guarded = stop.guard(model.stream())
    assert await anext(guarded) == "a"
    stop.ask()
    with pytest.raises(AnswerCutShort):
        await anext(guarded)
    assert model.closed.is_set()


async def test_a_stop_before_the_model_is_asked_never_asks_it() -> None:
    model, stop = Model(), Stop()
    stop.ask()
    with pytest.raises(AnswerCutShort):
        await anext(stop.guard(model.stream()))
    assert not model.asked


async def test_a_stop_in_the_moment_the_model_is_asked_never_asks_it() -> None:
    model, stop = Model(), Stop()
    asyncio.get_running_loop().call_soon(stop.ask)
    with pytest.raises(AnswerCutShort):
        await anext(stop.guard(model.stream()))
    assert not model.asked


async def test_what_the_model_raises_is_raised_even_when_a_stop_was_asked_for_too_late() -> None:
    async def failing() -> AsyncGenerator[str]:
        yield "a"
        raise ModelMissing("gone")

    stop = Stop()
    guarded = stop.guard(failing())
    assert await anext(guarded) == "a"
    stop.ask()
    with pytest.raises(ModelMissing):
        await anext(guarded)


async def test_leaving_a_guarded_stream_closes_it() -> None:
    model, stop = Model(), Stop()
    guarded = stop.guard(model.stream())
    assert await anext(guarded) == "a"
    await guarded.aclose()
    assert model.closed.is_set()


async def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    async def events() -> AsyncIterator[Event]:
        yield Answer("why?", "Because.", "answered")

    stop = Stop()
    stop.ask()
    assert [event async for event in stop.told(events())] == [Answer("why?", "Because.", "answered")]


def test_only_a_question_that_is_being_answered_can_be_stopped() -> None:
    stops = Stops()
    assert not stops.stop("q1")
    with stops.answering(QUESTION) as stop:
        assert stops.in_thread("C1", "1.0") == (QUESTION,)
        assert stops.in_thread("C1", "2.0") == ()
        assert stops.stop("q1")
        assert stop.asked
    assert not stops.stop("q1")


@pytest.mark.parametrize(("text", "said"), [("why?", "Stopped before the end."), ("为什么?", "已停止")])
def test_a_stopped_answer_keeps_its_text_and_says_that_it_was_stopped(text: str, said: str) -> None:
    (reply,) = slack_replies.render(replace(QUESTION, text=text), STOPPED)
    check_message(reply)
    assert "Because" in str(reply)
    assert said in str(reply)
    (bare,) = slack_replies.render(replace(QUESTION, text=text), replace(STOPPED, text=""))
    check_message(bare)
    assert said in str(bare)


# In the whole house


async def writing(home: House, ts: str) -> dict[str, Any]:
    """The sign with the stop button, once the model writes."""
    await home.ollama.wait_for(lambda: home.ollama.streaming)
    (sign,) = await home.slack.wait_for(
        lambda: [m for m in replies(home, ts) if '"stop"' in str(m).replace("'", '"')], 30
    )
    return sign


async def test_who_asked_stops_the_model_and_keeps_what_was_written(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = ["A long transaction keeps an old snapshot [1]. ", *["more "] * 500]
        home.ollama.interval = 0.05
        ts = await home.ask(ASKED)
        sign = await writing(home, ts)
        await home.slack.wait_for(lambda: any("old snapshot" in shown(m) for m in replies(home, ts)), 30)
        await home.slack.press(home.slack.ada, sign["ts"], "stop")
        await asyncio.wait_for(home.ollama.dropped.wait(), 10)
        reply = await home.reply(ts)
        assert "old snapshot" in shown(reply)
        assert "Stopped before the end." in shown(reply)
        assert "notes/vacuum.md" in str(reply["blocks"])
        assert len(replies(home, ts)) == 1
        check_message(reply)


async def test_somebody_else_may_not_stop_it_and_is_told_so_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        with silent_model(home):
            ts = await home.ask(ASKED)
            sign = await writing(home, ts)
            await home.slack.press(home.slack.lin, sign["ts"], "stop")
            await home.slack.wait_for(lambda: home.slack.private(home.slack.lin))
        assert "Only the person who asked" in shown(home.slack.private(home.slack.lin)[-1])
        assert "Stopped" not in shown(await home.reply(ts))


async def test_the_stop_of_an_agent_conversation_stops_the_answer(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        channel = home.slack.direct(home.slack.lin)
        home.ollama.interval = 0.05
        home.ollama.answer = ["A long transaction keeps an old snapshot [1]. ", *["more "] * 500]
        ts = await home.slack.say(home.slack.lin, channel, ASKED)
        await home.slack.wait_for(lambda: home.slack.workspace.sessions.get((channel, ts)) == "processing")
        await home.slack.wait_for(
            lambda: any("old snapshot" in shown(m) for m in replies(home, ts, channel)), 30
        )
        await home.slack.stop(home.slack.lin, channel, ts)
        reply = await home.reply(ts, channel)
        assert "Stopped before the end." in shown(reply)
        assert reply["blocks"][0]["text"].count("old snapshot") == 1
        await home.slack.wait_for(lambda: home.slack.workspace.sessions[channel, ts] == "active")
