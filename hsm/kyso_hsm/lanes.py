"""Lanes: the places of a token's workers, and the queue of callers in front of them.

`Turns` hands the lanes out, first come, first served. Whoever holds a lane is the only one that calls its worker.
What is refused here: waiting without a bound, in time and in number.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .breaker import Breaker
from .worker import Worker


@dataclass(frozen=True)
class Limits:
    """Deadlines in seconds, and how many may wait."""

    start_s: float = 20.0
    """Start of a worker and C_Initialize; a smart card reader takes seconds."""
    call_s: float = 20.0
    """Any other call."""
    per_signature_s: float = 2.0
    """Added for each further signature of a batch; a slow card takes one second each."""
    login_s: float = 60.0
    """C_Login: with a PIN pad a person types meanwhile."""
    generate_s: float = 180.0
    """A key pair; RSA-4096 on a card takes minutes."""
    queue: int = 64
    """How many callers may wait for one token; more are told that it is busy."""
    first_pause_s: float = 0.2
    longest_pause_s: float = 10.0
    """The pause before a restart doubles from the first to the longest while restarts fail."""


class Lane:
    """A place for one worker. Whoever holds it may call; see `kyso_hsm.crew`."""

    def __init__(self, limits: Limits, worker: Worker | None = None) -> None:
        self.breaker = Breaker(limits.first_pause_s, limits.longest_pause_s)
        self.worker = worker
        self.logged_in = False
        self.retired = False
        """It cannot be opened, while another can be used: not for callers who want any lane."""

    @property
    def alive(self) -> bool:
        worker = self.worker
        return worker is not None and worker.alive

    @property
    def is_open(self) -> bool:
        return self.logged_in and self.alive

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """The smallest is the best to use: logged in, alive, the shortest pause."""
        alive = self.alive
        return not (self.logged_in and alive), not alive, self.breaker.wait_s

    def drop(self) -> None:
        worker, self.worker = self.worker, None
        self.logged_in = False
        if worker is not None:
            worker.kill()

    def failed(self) -> None:
        self.drop()
        self.breaker.failed()


class _Waiter:
    """A caller in the queue, who may want one lane only."""

    def __init__(self, wanted: Lane | None) -> None:
        self.wanted = wanted
        self.lane: Lane | None = None
        self.served = threading.Event()


class NoTurn(Exception):
    """No lane became free; the text says why, to follow "the token is busy"."""


class Turns:
    """Who may use which lane. All of it may be called from any thread."""

    def __init__(self, lanes: Sequence[Lane], longest_queue: int) -> None:
        self._idle = list(lanes)
        self._queue: deque[_Waiter] = deque()
        self._longest_queue = longest_queue
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many callers wait now."""
        return len(self._queue)

    @property
    def all_busy(self) -> bool:
        """Whether every lane is in use now."""
        return not self._idle

    def take(self, limit_s: float, wanted: Lane | None = None) -> Lane:
        """The best idle lane (or the wanted one), after waiting `limit_s` at most. Raises `NoTurn`."""
        with self._lock:
            fitting = [x for x in self._idle if (x is wanted if wanted else not x.retired)]
            if fitting:
                lane = fitting[0] if len(fitting) == 1 else min(fitting, key=lambda x: x.rank)
                self._idle.remove(lane)
                return lane
            if len(self._queue) >= self._longest_queue:
                raise NoTurn(f"{self._longest_queue} callers are waiting for it already")
            waiter = _Waiter(wanted)
            self._queue.append(waiter)
        waiter.served.wait(limit_s)
        with self._lock:
            if waiter.lane is None:
                self._queue.remove(waiter)
                raise NoTurn(f"it was not free for {limit_s:g} s")
            return waiter.lane

    def give_back(self, lane: Lane) -> None:
        """To whoever waits longest for it, else to the idle ones."""
        with self._lock:
            for waiter in self._queue:
                if waiter.wanted is lane or (waiter.wanted is None and not lane.retired):
                    self._queue.remove(waiter)
                    waiter.lane = lane
                    waiter.served.set()
                    return
            self._idle.append(lane)
