"""Many large documents together take no more memory than is stated; small ones wait for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.requests import Request

from kyso_server.app import create_app
from kyso_server.load import HELD_TIMES, SMALL, Load
from kyso_server.problems import Busy, CallerGone, problem_of
from kyso_server.routes.documents import _document
from tests.server.province import Province

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


@pytest.mark.parametrize("stays", [True, False])
def test_nothing_is_made_for_a_caller_who_has_gone_while_his_document_waited(province: Province, stays: bool) -> None:
    """Signed, it would be a signature that nobody receives, and that he asks for once more."""
    settings = replace(province.settings, max_document_mb=4)
    app = create_app(settings, now=lambda: datetime.now(UTC))
    load, body = app.state.house.load, b"%" * (2 * SMALL)
    messages = [{"type": "http.request", "body": body}, *([] if stays else [{"type": "http.disconnect"}])]

    async def receive() -> Any:
        if not messages:
            await asyncio.sleep(3600)
        return messages.pop(0)

    async def work() -> None:
        async def taken() -> bytes:
            async with _document(Request({"type": "http", "headers": [], "app": app}, receive)) as data:
                return data

        async with load.working(settings.max_document_mb << 20):
            waiting = asyncio.ensure_future(taken())
            await asyncio.sleep(0.01)
            assert not waiting.done()
        if stays:
            assert await waiting == body
        else:
            with pytest.raises(CallerGone):
                await waiting
        async with load.working(settings.max_document_mb << 20):
            pass

    try:
        run(work())
    finally:
        app.state.house.close()


def test_a_caller_who_goes_in_the_moment_of_his_turn_holds_up_nobody() -> None:
    async def work() -> None:
        load, done = Load(LARGEST), []
        first_ends = asyncio.Event()

        async def first() -> None:
            async with load.working(LARGEST):
                await first_ends.wait()

        async def waiter(name: str) -> None:
            async with load.working(LARGEST):
                done.append(name)

        running, gone, last = (asyncio.create_task(c) for c in (first(), waiter("gone"), waiter("last")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first_ends.set()  # the first is about to end,
        gone.cancel()  # and the turn of the second is cancelled before its task hears of it
        await asyncio.gather(running, last)
        assert done == ["last"]
        assert gone.cancelled()
        async with load.working(LARGEST):  # nothing is counted any more
            pass

    run(work())
