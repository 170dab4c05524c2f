"""Many large documents together take no more memory than is stated; small ones wait for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from kyso_server.load import HELD_TIMES, SMALL, Load
from kyso_server.problems import Busy, problem_of

LARGEST = 4 * SMALL


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_no_more_is_worked_on_than_the_largest_document_has() -> None:
    async def work() -> None:
        load, at_work, most, order = Load(LARGEST), 0, 0, []

        async def one(number: int, size: int) -> None:
            nonlocal at_work, most
            async with load.working(size):
                order.append(number)
                at_work += size
                most = max(most, at_work)
                await asyncio.sleep(0.001)
                at_work -= size

        sizes = [LARGEST, 2 * SMALL, 2 * SMALL, 3 * SMALL, 2 * SMALL, LARGEST, 2 * SMALL]
        await asyncio.gather(*(one(n, size) for n, size in enumerate(sizes)))
        assert order == list(range(len(sizes)))  # nobody is passed by
        assert most == LARGEST

    run(work())


def test_small_documents_wait_for_nobody() -> None:
    async def work() -> None:
        load = Load(LARGEST)
        async with load.working(LARGEST):
            for _ in range(100):
                async with load.working(SMALL):
                    pass

    run(work())


def test_document_larger_than_the_largest_gets_its_turn_alone() -> None:
    async def work() -> None:
        load = Load(LARGEST)
        async with load.working(2 * LARGEST):
            waiting = asyncio.ensure_future(_turn(load, LARGEST))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        await waiting

    run(work())


async def _turn(load: Load, size: int) -> None:
    async with load.working(size):
        pass


def test_who_gives_up_waiting_takes_nobodys_turn() -> None:
    async def work() -> None:
        load = Load(LARGEST)
        async with load.working(LARGEST):
            gone, next_one = (asyncio.ensure_future(_turn(load, LARGEST)) for _ in range(2))
            await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.sleep(0.01)
            assert not next_one.done()
        await next_one
        with pytest.raises(asyncio.CancelledError):
            await gone
        await _turn(load, LARGEST)

    run(work())


def test_turn_is_passed_on_by_who_is_called_and_cancelled_at_once() -> None:
    async def work() -> None:
        load = Load(LARGEST)
        async with load.working(LARGEST):
            gone = asyncio.ensure_future(_turn(load, LARGEST))
            await asyncio.sleep(0.01)
        gone.cancel()  # it has been called, and has not run yet
        with pytest.raises(asyncio.CancelledError):
            await gone
        await _turn(load, LARGEST)

    run(work())


def test_work_that_fails_gives_its_turn_back() -> None:
    async def work() -> None:
        load = Load(LARGEST)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with load.working(LARGEST):
                    raise ZeroDivisionError

    run(work())


def test_bodies_beyond_what_may_be_held_are_refused_with_503_until_there_is_room() -> None:
    load = Load(LARGEST)
    with load.holding() as mine:
        for _ in range(HELD_TIMES):
            mine(LARGEST)
        with load.holding() as another, pytest.raises(Busy) as refused:
            another(1)
        status, body = problem_of(refused.value, "1")
        assert (status, body["code"]) == (503, "http.busy")
    with load.holding() as another:
        another(HELD_TIMES * LARGEST)
