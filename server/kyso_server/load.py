"""How much the server works on and holds at one time, so that many callers together cannot fill its memory (R3).

Reach for `Load`. A large XML document takes some thirty times its size while it is looked at, whatever the number of
processors: so many are not looked at together, the others wait for their turn in the order in which they came. Small
ones, which is what nearly all are, never wait. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from .problems import Busy

SMALL: Final = 1 << 20  # bytes of a document that waits for nobody: forty threads with one each take a gigabyte
HELD_TIMES: Final = 8  # request bodies in memory, waiting ones too, in sizes of the largest that is accepted


class Load:
    """What is in the house at this moment. For coroutines of one event loop."""

    def __init__(self, largest: int) -> None:
        """`largest`: bytes of the largest document that is accepted; of large ones so many are worked on at once."""
        self._most_at_work = largest
        self._most_held = HELD_TIMES * largest
        self._at_work = 0
        self._held = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """Counts the bytes of one request, as they come, until the block ends. What is given raises `Busy`."""
        mine = 0

        def hold(size: int) -> None:
            nonlocal mine
            if self._held + size > self._most_held:
                raise Busy(
                    f"The server holds as many documents as it can ({self._most_held} bytes).",
                    remedy="Send it again in some seconds.",
                )
            mine += size
            self._held += size

        try:
            yield hold
        finally:
            self._held -= mine

    @asynccontextmanager
    async def working(self, size: int) -> AsyncIterator[None]:
        """A turn for a document of so many bytes."""
        if size <= SMALL:
            yield
            return
        weight = min(size, self._most_at_work)
        await self._turn(weight)
        try:
            yield
        finally:
            self._at_work -= weight
            self._call_next()

    async def _turn(self, weight: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((weight, turn))
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # called and cancelled at once
                self._at_work -= weight
            self._call_next()
            raise

    def _call_next(self) -> None:
        while self._queue:
            weight, turn = self._queue[0]
            if not turn.cancelled():  # of a caller who has gone; his own task may not have come to it yet
                if self._at_work + weight > self._most_at_work:
                    return
                self._at_work += weight
                turn.set_result(None)
            self._queue.popleft()
