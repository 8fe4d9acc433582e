"""What goes wrong at the model's end, as people see it in Slack."""

from pathlib import Path

import pytest

from bot.answers.answering import answer
from bot.llm import Limits
from bot.model import Answer, Conversation, Question
from bot.playground import shown
from bot.slack.rendering import replies as replies_of
from index.model import Found
from tests.fakes.blocks import check_message
from tests.fakes.furnished import calls, furnished, replies, silent_model
from tests.fakes.house import House
from tests.fakes.models import Models
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_faults import Fault, FaultKind
from tests.test_fuzz import found

QUESTION = "why does VACUUM leave dead rows behind?"


def ended(home: House) -> list[tuple[str, str]]:
    """Which questions came to an end, how, in which order."""
    marks = [
        call["metadata"]["event_payload"]
        for call in calls(home, "chat.update") + calls(home, "chat.postMessage")
    ]
    return [(mark["question"], mark["state"]) for mark in marks if mark["state"] != "open"]


async def test_row_24_a_busy_model_is_asked_again_and_the_person_notices_nothing(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.fault = Fault("busy", times=1)
        reply = await home.reply(await home.ask(QUESTION))
        assert "old snapshot" in shown(reply)
        assert "⚠️" not in shown(reply)


async def test_row_25_where_the_model_never_begins_people_get_the_articles() -> None:
    async def search(_: str, __: int) -> Found:
        return found([("Why VACUUM leaves dead rows behind", "A long transaction keeps an old snapshot.")])

    async with FakeOllama() as server, Models() as make:
        server.fault = Fault("hang")
        model = make(server, limits=Limits(first_token=0.2, first_token_cold=0.2))
        events = [
            event async for event in answer(QUESTION, Conversation(), search=search, generate=model.chat)
        ]
    final = events[-1]
    assert isinstance(final, Answer)
    assert final.outcome == "model_unavailable"
    asking = Question("T-C-1", QUESTION, "U1", "T", "C", "1.0", "1.0", "mention")
    (reply,) = replies_of.render(asking, final)
    assert server.url in str(reply["blocks"])
    assert "old snapshot" in str(reply["blocks"])
    assert "0.md" in str(reply["blocks"])


@pytest.mark.parametrize("kind", ["cut", "end", "error_line"])
async def test_row_27_an_answer_without_its_end_is_shown_as_cut_with_its_articles(
    tmp_path: Path, kind: FaultKind
) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.answer = (
            "A long transaction keeps an old snapshot [1]. End it, or set a limit for it [1]."
        )
        home.ollama.fault = Fault(kind, after=12)
        reply = await home.reply(await home.ask(QUESTION))
    assert "A long transaction" in shown(reply)
    assert "set a limit" not in shown(reply)
    assert "⚠️" in shown(reply)
    assert "notes/vacuum.md" in str(reply["blocks"])
    assert reply["metadata"]["event_payload"]["state"] == "cut_short"
    check_message(reply)


async def test_row_28_after_five_failures_the_model_is_left_alone_and_people_get_articles(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path) as home:
        home.ollama.fault = Fault("no_memory")
        for _ in range(5):
            await home.reply(await home.ask(QUESTION))
        asked = len(home.ollama.prompts)
        reply = await home.reply(await home.ask(QUESTION))
        assert len(home.ollama.prompts) == asked
    assert "notes/vacuum.md" in str(reply["blocks"])
    assert reply["metadata"]["event_payload"]["state"] == "model_unavailable"


async def test_row_29_in_a_small_context_the_articles_are_fewer_and_nothing_is_cut_in_silence(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path, BLOGBOT_CONTEXT="900", BLOGBOT_ANSWER_TOKENS="100") as home:
        reply = await home.reply(await home.ask(f"{QUESTION} " * 60))
        assert home.ollama.truncated == 0
        (prompt,) = home.ollama.prompts
    assert "old snapshot" in str(prompt["messages"])
    assert reply["metadata"]["event_payload"]["state"] == "answered"


async def test_rows_30_and_31_a_flood_of_one_person_is_refused_politely_and_others_are_served_first(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path) as home:
        with silent_model(home):
            flood = [await home.ask(f"{QUESTION} Number {number}.") for number in range(54)]
            refused = await home.slack.wait_for(
                lambda: [q for q, state in ended(home) if state == "busy"], 60
            )
            channel = home.slack.direct(home.slack.lin)
            await home.slack.wait_for(lambda: len(calls(home, "chat.postMessage")) >= len(flood), 60)
            calm = await home.slack.say(home.slack.lin, channel, "how many approvals does a change need?")
            await home.ollama.wait_for(lambda: home.ollama.streaming == 2)
        assert "One approval" in shown(await home.reply(calm, channel))
        order = [question for question, state in ended(home) if state == "answered"]
    assert len(order) <= 3, "two places, one of them kept by the flood"
    assert refused
    assert all(len(replies(home, ts)) == 1 for ts in flood)
