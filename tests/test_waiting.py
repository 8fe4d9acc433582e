"""How many questions wait, and whether one more may."""

import asyncio

from bot.jobs.waiting import Limits, Waiter, Waiting


class Queue:
    """A queue that takes its time when the door is shut, and counts who looks."""

    def __init__(self, *people: str) -> None:
        self.waiters = [Waiter(f"{number}/answer", person) for number, person in enumerate(people)]
        self.looks = 0
        self.door = asyncio.Event()
        self.door.set()

    async def look(self) -> list[Waiter]:
        self.looks += 1
        await self.door.wait()
        return self.waiters


async def test_all_who_ask_while_a_look_lasts_share_it() -> None:
    queue = Queue("U1", "U2")
    waiting = Waiting(Limits(), queue.look)
    queue.door.clear()
    asking = [asyncio.create_task(waiting.count()) for _ in range(9)]
    late = asyncio.create_task(waiting.before("1/answer"))
    await asyncio.wait(asking, timeout=0)
    queue.door.set()
    assert await asyncio.gather(*asking, late) == [2] * 9 + [1]
    assert queue.looks == 1
    await waiting.count()
    assert queue.looks == 2


async def test_one_who_gives_up_does_not_end_the_look_of_others() -> None:
    queue = Queue("U1")
    waiting = Waiting(Limits(), queue.look)
    queue.door.clear()
    first, second = (asyncio.create_task(waiting.count()) for _ in range(2))
    await asyncio.wait([first, second], timeout=0)
    first.cancel()
    queue.door.set()
    assert await second == 1


async def test_a_question_on_its_way_to_the_queue_counts() -> None:
    waiting = Waiting(Limits(waiting=3, waiting_per_person=2), Queue("U1", "U2").look)
    assert not await waiting.too_many("U1")
    with waiting.opening("a", "U1"):
        assert await waiting.count() == 3
        assert not await waiting.too_many("U1")
        with waiting.opening("b", "U2"):
            assert await waiting.too_many("U1")
    assert await waiting.count() == 2


async def test_a_person_may_have_too_many_while_others_may_ask() -> None:
    waiting = Waiting(Limits(waiting=9, waiting_per_person=2), Queue("U1", "U1").look)
    with waiting.opening("a", "U1"):
        assert await waiting.too_many("U1")
        assert not await waiting.too_many("U2")


async def test_a_question_that_does_not_wait_has_none_before_it() -> None:
    waiting = Waiting(Limits(), Queue("U1", "U2").look)
    assert (await waiting.before("0/answer"), await waiting.before("9/answer")) == (0, 0)
