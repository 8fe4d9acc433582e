"""A bot that lives on does not grow: what a question took is given back when it is answered."""

import asyncio
import os
import threading
from pathlib import Path

from tests.fakes.furnished import furnished
from tests.fakes.house import House
from tests.fakes.ollama_faults import Fault

QUESTION = "why does VACUUM leave dead rows behind?"
WARMING_UP, MORE = 5, 20
SPARE = 10
"""What may be under way at the moment of counting, where a connection takes two file descriptors, one for
each of its ends: far less than one of anything a question."""


async def answer(home: House, number: int) -> None:
    """Have one question answered, every fifth badly and after a broken connection."""
    if number % 5 == 4:
        home.ollama.fault = Fault("cut", after=2, times=1)
        await home.slack.drop_connections()
    await home.reply(await home.ask(QUESTION))


def held() -> dict[str, int]:
    """What this process, with the bot and its neighbours in it, holds at this moment."""
    return {
        "tasks": len(asyncio.all_tasks()),
        "file descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "threads": threading.active_count(),
    }


async def test_tasks_threads_and_file_descriptors_do_not_grow_with_the_questions(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        for number in range(WARMING_UP):
            await answer(home, number)
        before = held()
        for number in range(MORE):
            await answer(home, number)
        after = held()
    grown = {name: after[name] - before[name] for name in before}
    assert all(growth <= SPARE for growth in grown.values()), grown
