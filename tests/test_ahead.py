"""Events taken ahead of their reader: their order, their end, and what ends them early."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from bot.ahead import Ahead


class Source:
    """Gives 1 and 2 and then what *end* does; knows whether it has given all, and whether it cleaned up."""

    def __init__(self, end: BaseException | None = None) -> None:
        self._end = end
        self.given = asyncio.Event()
        self.clean = False

    async def events(self) -> AsyncGenerator[int]:
        try:
            yield 1
            yield 2
            self.given.set()
            if self._end:
                raise self._end
            await asyncio.Event().wait()
        finally:
            self.clean = True


async def test_events_are_taken_while_their_reader_is_busy() -> None:
    source = Source()
    async with aclosing(Ahead(source.events())) as ahead:
        await source.given.wait()
        assert [await anext(ahead), await anext(ahead)] == [1, 2]
    assert source.clean


async def test_what_the_events_raise_comes_behind_what_they_gave() -> None:
    source = Source(OSError("gone"))
    async with aclosing(Ahead(source.events())) as ahead:
        await source.given.wait()
        assert [await anext(ahead), await anext(ahead)] == [1, 2]
        for _ in range(2):
            with pytest.raises(OSError, match="gone"):
                await anext(ahead)


async def test_a_cut_gives_out_what_was_taken_and_then_ends() -> None:
    source = Source()
    async with aclosing(Ahead(source.events())) as ahead:
        await source.given.wait()
        ahead.cut()
        assert [event async for event in ahead] == [1, 2]
        assert ahead.was_cut
        assert source.clean


async def test_a_cut_before_the_first_event_asks_for_none() -> None:
    source = Source()
    async with aclosing(Ahead(source.events())) as ahead:
        ahead.cut()
        assert [event async for event in ahead] == []
        assert ahead.was_cut
    assert not source.given.is_set()


async def test_a_cut_behind_the_end_changes_nothing() -> None:
    async def two() -> AsyncGenerator[int]:
        yield 1
        yield 2

    async with aclosing(Ahead(two())) as ahead:
        assert [event async for event in ahead] == [1, 2]
        ahead.cut()
        assert not ahead.was_cut


async def test_a_cancelling_that_nobody_here_asked_for_is_no_end() -> None:
    async with aclosing(Ahead(Source(asyncio.CancelledError()).events())) as ahead:
        assert [await anext(ahead), await anext(ahead)] == [1, 2]
        with pytest.raises(asyncio.CancelledError):
            await anext(ahead)
