"""Waiting: the place in the queue, and a model that has to be loaded first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DatabaseFailure, ModelUnavailable
from bot.model import Answer, Event, Question, Stage
from bot.patience import Loading
from bot.playground import Playground, shown
from bot.slack.delivery.delivery import Delivery
from tests.fakes.furnished import furnished, replies, silent_model
from tests.fakes.slack import Naps, web_client
from tests.test_delivery import ask, calls

ANSWER = Answer("why?", "Because.", "answered")
ASKED = "why does VACUUM leave dead rows behind?"


class Model:
    """A model that takes 40 s to load, on a clock of its own."""

    def __init__(self) -> None:
        self.now, self.held, self.fault = 100.0, False, False

    async def loaded(self) -> bool:
        if self.fault:
            raise ModelUnavailable("Ollama does not answer.")
        return self.held

    async def load(self) -> None:
        self.now += 40
        self.held = True

    async def events(self) -> AsyncIterator[Event]:
        yield Stage("searching")
        yield Stage("reading", 3)
        await self.load()
        yield Stage("writing")
        yield ANSWER


async def stages(loading: Loading, model: Model) -> list[Event]:
    return [event async for event in loading.told(model.events())]


async def test_a_model_that_is_being_loaded_is_told_of_with_what_it_took_the_last_time() -> None:
    model = Model()
    loading = Loading(model.loaded, clock=lambda: model.now)
    assert Stage("loading", 0) in await stages(loading, model)
    model.held = False
    assert (await stages(loading, model))[2] == Stage("loading", 40)


async def test_loading_at_the_start_is_measured_but_not_where_there_was_nothing_to_load() -> None:
    model = Model()
    loading = Loading(model.loaded, clock=lambda: model.now)
    await loading.measured(model.load)
    assert loading.seconds == 40
    loading = Loading(model.loaded, clock=lambda: model.now)
    await loading.measured(model.load)
    assert loading.seconds == 0


@pytest.mark.parametrize("trouble", ["in memory", "away"])
async def test_nothing_is_said_of_a_model_that_is_there_or_of_which_nothing_is_known(trouble: str) -> None:
    model = Model()
    model.held, model.fault = trouble == "in memory", trouble == "away"
    seen = await stages(Loading(model.loaded, clock=lambda: model.now), model)
    assert [event.name for event in seen if isinstance(event, Stage)] == ["searching", "reading", "writing"]


async def test_a_cold_model_shows_as_loading_in_slack(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        await home.reply(await home.ask(ASKED))
        home.ollama.loaded.clear()
        home.ollama.load_gate = asyncio.Event()
        ts = await home.ask(ASKED)
        await home.slack.wait_for(
            lambda: any("Loading the model" in shown(reply) for reply in replies(home, ts)), 30
        )
        home.ollama.load_gate.set()
        assert "old snapshot" in shown(await home.reply(ts))


# The queue


class Queue:
    """Answers with the next of *places*, and says when the last was asked for."""

    def __init__(self, *places: int | Exception) -> None:
        self.places = list(places)

    async def __call__(self, _question: Question) -> int:
        place = self.places.pop(0)
        if isinstance(place, Exception):
            raise place
        return place


async def test_the_place_in_the_queue_is_shown_as_it_changes_until_the_question_is_next(
    slack: Playground,
) -> None:
    now = iter(range(0, 10_000, 10))
    delivery = Delivery(
        web_client(slack), bot_user=slack.bot_user_id, sleep=Naps(), clock=lambda: float(next(now))
    )
    question = await ask(slack)
    ts = await delivery.open(question)
    await delivery.wait(question, ts, Queue(4, 4, DatabaseFailure("away"), 2, 0))
    told = [update["text"] for update in calls(slack, "chat.update")]
    assert [("4 before you" in text, "2 before you" in text) for text in told] == [
        (True, False),
        (False, True),
    ]


async def test_places_are_not_shown_at_the_cost_of_answers(slack: Playground) -> None:
    delivery = Delivery(web_client(slack), bot_user=slack.bot_user_id, sleep=Naps(), clock=lambda: 1.0)
    question = await ask(slack)
    ts = await delivery.open(question)
    await delivery.wait(question, ts, Queue(4, 3, 2, 1, 0))
    assert len(calls(slack, "chat.update")) == 1, "the clock stands, so there is one place alone"


async def test_whoever_waits_behind_others_sees_how_many(tmp_path: Path) -> None:
    async with furnished(tmp_path, BLOGBOT_PARALLEL="1") as home:
        with silent_model(home):
            asked = [await home.ask(ASKED) for _ in range(3)]
            await home.slack.wait_for(
                lambda: any("1 before you" in shown(reply) for ts in asked for reply in replies(home, ts)), 30
            )
        for ts in asked:
            assert "old snapshot" in shown(await home.reply(ts))
