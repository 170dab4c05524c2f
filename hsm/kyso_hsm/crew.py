"""The workers of one token: who may call which, what a call does to a worker that hangs or crashes, what is counted.

Reach it through `kyso_hsm.host`. One call at a time in each lane, a bounded queue in front of them, a deadline on
everything; a worker that hung or crashed is replaced at the next call, with growing pauses while that fails
(`kyso_hsm.breaker`). Nothing is done twice here.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal, Protocol, TypeVar

from kyso_pki.errors import KysoError, PinLocked, TokenBusy, TokenTimeout, TokenUnavailable

from . import ckr, explain, wire
from .lanes import Lane, Limits, NoTurn, Turns
from .module import Module, TokenInfo
from .pins import PinMemory
from .worker import Worker, WorkerGone, WorkerTimeout

log = logging.getLogger("kyso_hsm")
# Who sets up no logs gets no lines: a command says what matters in its own words.
log.addHandler(logging.NullHandler())

PATIENCE_S = 1.0  # a pause before a restart that a caller sits out; after a longer one it is told to come back

TokenCondition = Literal["ready", "logged out", "missing", "locked", "faulty"]


class House(Protocol):
    """What a token's workers need of the pool they live in."""

    limits: Limits
    pins: PinMemory

    def start(self, module: Module) -> Worker:
        """A new worker that has loaded the module."""


class Crew:
    """The workers of one token, and all calls to them. All of it may be called from any thread."""

    def __init__(self, pool: House, module: Module, info: TokenInfo, worker: Worker | None = None) -> None:
        self.module = module
        self.info = info
        self.pool = pool
        self.limits = pool.limits
        count = 1 if info.has_pinpad else module.workers  # nobody types his PIN twice for one login
        self.lanes = [Lane(pool.limits, worker if i == 0 else None) for i in range(count)]
        self.turns = Turns(self.lanes, pool.limits.queue)
        self.trouble: TokenCondition | None = None
        """What the token itself has said since it last answered well."""
        self._lock = threading.Lock()  # guards _events
        self._events: Counter[str] = Counter()

    @property
    def pins(self) -> PinMemory:
        """What is known of PINs that were tried, on any token of the pool."""
        return self.pool.pins

    @property
    def pids(self) -> tuple[int, ...]:
        """The running workers' process ids."""
        return tuple(w.pid for lane in self.lanes if (w := lane.worker) is not None and w.alive)

    @property
    def events(self) -> dict[str, int]:
        """How often each thing happened."""
        with self._lock:
            return dict(self._events)

    @contextlib.contextmanager
    def turn(self, limit_s: float, wanted: Lane | None = None) -> Iterator[Lane]:
        """The best idle lane (or the wanted one). Raises `TokenBusy`."""
        lane = self.take(limit_s, wanted)
        try:
            yield lane
        finally:
            self.turns.give_back(lane)

    def take(self, limit_s: float, wanted: Lane | None = None) -> Lane:
        try:
            return self.turns.take(limit_s, wanted)
        except NoTurn as e:
            self.count("busy")
            raise self.busy(str(e)) from None

    def busy(self, why: str) -> TokenBusy:
        return TokenBusy(
            f"Token {self.info.label!r} is busy: {why}.", remedy="Try again later.", token=self.info.label
        )

    def count(self, event: str, by: int = 1) -> None:
        with self._lock:
            self._events[event] += by

    def call(self, request: wire.Request, deadline_s: float | None = None) -> wire.Reply:
        """The worker's answer. Raises the `KysoError` that a refusal, a crash or a missed deadline means."""
        limit = deadline_s or self.limits.call_s
        with self.turn(limit) as lane:
            return self.told(self.ask(lane, request, limit))

    def told(self, reply: wire.Reply) -> wire.Reply:
        """The reply, unless it is a refusal, which is raised."""
        if isinstance(reply, wire.Refusal):
            raise self.error_of(reply)
        return reply

    def error_of(self, refusal: wire.Refusal) -> KysoError:
        error = explain.error_of(refusal, self.info.label, self.module.path)
        if refusal.reason == "no-token":
            self.trouble = "missing"
        elif isinstance(error, PinLocked):
            self.trouble = "locked"
        return error

    def ask(self, lane: Lane, request: wire.Request, limit_s: float) -> wire.Reply:
        replies: list[wire.Reply] = []
        self.exchange(lane, request, limit_s, replies.append)
        (reply,) = replies
        return reply

    def exchange(
        self, lane: Lane, request: wire.Request, limit_s: float, take: Callable[[wire.Reply], object]
    ) -> None:
        """Hands the replies of a worker that runs to `take`; the lane is held."""
        worker = self.running_worker(lane)
        try:
            worker.exchange(request, limit_s, take)
        except WorkerTimeout:
            lane.failed()
            self.count("worker_timeouts")
            error = TokenTimeout(
                f"Token {self.info.label!r} did not answer within {limit_s:g} s; its worker was stopped.",
                remedy=explain.CHECK_TOKEN,
                token=self.info.label,
            )
            log.warning("%s", error.message)
            raise error from None
        except WorkerGone as e:
            lane.failed()
            raise self._gone(e) from None

    def _gone(self, why: WorkerGone) -> KysoError:
        error = TokenUnavailable(
            f"The worker of token {self.info.label!r} (module {self.module.path}) failed: {why}.",
            remedy="Try again; a new worker is started.",
            token=self.info.label,
            not_begun=not why.sent,
        )
        self.count("worker_crashes")
        log.warning("%s", error.message)
        return error

    def running_worker(self, lane: Lane) -> Worker:
        if lane.worker is not None and lane.worker.alive:
            return lane.worker
        if lane.worker is not None:
            self.count("worker_crashes")
            log.warning("worker %d of token %r had ended", lane.worker.pid, self.info.label)
        lane.drop()
        pause = lane.breaker.wait_s
        if pause > PATIENCE_S:
            raise TokenUnavailable(
                f"Token {self.info.label!r} failed {lane.breaker.failures} times in a row; "
                f"next try in {pause:.0f} s.",
                remedy=explain.CHECK_TOKEN,
                token=self.info.label,
                waiting=True,
            )
        time.sleep(pause)
        self.count("worker_starts")
        try:
            lane.worker = self.pool.start(self.module)
            reply = lane.worker.call(wire.Bind(self.info.label, self.info.serial), self.limits.call_s)
        except (WorkerGone, WorkerTimeout) as e:
            lane.failed()
            raise self._gone(e if isinstance(e, WorkerGone) else WorkerGone("it hung", sent=False)) from None
        except KysoError as e:
            lane.failed()
            raise self._by_name(e) from None
        if isinstance(reply, wire.Refusal):
            lane.failed()
            raise self.error_of(reply)
        log.info("worker %d serves token %r", lane.worker.pid, self.info.label)
        return lane.worker

    def _by_name(self, error: KysoError) -> KysoError:
        """The error of a module that could not be started, with the token that is missed because of it."""
        message = f"Token {self.info.label!r} cannot be reached. {error.message}"
        return type(error)(message, remedy=error.remedy, **{**error.details, "token": self.info.label})

    def state(self) -> wire.TokenState:
        """The token's flags now, and whether it is logged in."""
        with self.turn(self.limits.call_s) as lane:
            return self.state_in(lane)

    def state_in(self, lane: Lane) -> wire.TokenState:
        reply = self.ask(lane, wire.ReadToken(), self.limits.call_s)
        if isinstance(reply, wire.Refusal) and reply.reason == "ckr" and ckr.recovery_of(reply.number) == "restart":
            lane.failed()  # its library has lost the device, and would say so for ever
        state = expect(self.told(reply), wire.TokenState)
        lane.logged_in = state.logged_in
        self.trouble = "locked" if state.token.locked else None
        return state

    def close(self) -> None:
        """Ends the workers, in the middle of a call too. The next call starts another."""
        for lane in self.lanes:
            try:
                with self.turn(PATIENCE_S, lane):
                    worker, lane.worker, lane.logged_in = lane.worker, None, False
                    if worker is not None:
                        worker.close()
            except TokenBusy:
                if (worker := lane.worker) is not None:
                    worker.kill()  # whoever waits for its answer is told that it has gone


_T = TypeVar("_T")


def expect(reply: wire.Reply, kind: type[_T]) -> _T:
    """The reply, if it is of this kind; any other means that a worker is broken."""
    if not isinstance(reply, kind):
        raise TokenUnavailable(f"A worker answered with {type(reply).__name__} where {kind.__name__} was due.")
    return reply
