"""One token in its worker processes, for all threads of this process.

`TokenHost` hands out its lanes (one worker each), logs them in one after the other, and decides what may be
done again after which error. Reach it through `kyso_hsm.pool.Pool.host`. The rules kept here:

* one call at a time in each lane, a bounded queue in front of them, a deadline on everything;
* a worker that hung or crashed is replaced at the next call, with growing pauses while that fails
  (`kyso_hsm.breaker`);
* a PIN is tried once (`kyso_hsm.pins`), and only when the token's flags say that a wrong one would not lock it;
* a caller who opens a token that is open already must know the same PIN, which is compared here: the token
  sees no second login;
* every try again is counted and logged; what has its value already is not signed again.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeVar

from kyso_pki.errors import (
    KysoError,
    PinLocked,
    PinRefused,
    SigningError,
    TokenBusy,
    TokenTimeout,
    TokenUnavailable,
)

from . import ckr, explain, wire
from .breaker import BreakerState
from .checking import Checking
from .lanes import Lane, Limits, NoTurn, Turns
from .module import Module, TokenInfo
from .pin import SecretRequest, SecretSource, ask
from .pins import Attempt, Mark, PinMemory, Trace
from .worker import Worker, WorkerGone, WorkerTimeout

log = logging.getLogger("kyso_hsm")

_PATIENCE_S = 1.0  # a pause before a restart that a caller sits out; after a longer one it is told to come back

MAX_BATCH = 256  # imprints in one frame
FAIR_S = 2.0  # seconds for which one caller's frame may keep a lane from the others
UNKNOWN_PACE_BATCH = 16  # before the first signature has shown how fast the token is

TokenCondition = Literal["ready", "logged out", "missing", "locked", "faulty"]


@dataclass(frozen=True)
class TokenStatus:
    """A token as its host knows it, for `/readyz`, metrics and the command line. Nothing secret is in it."""

    label: str
    serial: str
    module: str
    condition: TokenCondition
    workers: int
    running: int
    waiting: int
    breakers: tuple[BreakerState, ...]
    events: dict[str, int]
    """How often each thing happened: `signatures`, `logins`, `retries_reopen`, `worker_crashes`, …"""


class House(Protocol):
    """What a host needs of the pool it lives in."""

    limits: Limits
    pins: PinMemory

    def start(self, module: Module) -> Worker:
        """A new worker that has loaded the module."""


class _Interrupted(Exception):
    """A signature was not made because the worker is new or had to go; it may be asked for once more."""

    def __init__(self, error: KysoError, lane: Lane, kind: Literal["restart", "login"]) -> None:
        super().__init__(str(error))
        self.error = error
        self.lane = lane
        self.kind = kind


class TokenHost:
    """One token. All of it may be called from any thread."""

    def __init__(self, pool: House, module: Module, info: TokenInfo, worker: Worker | None = None) -> None:
        self.module = module
        self.info = info
        self._pool = pool
        self.limits = pool.limits
        count = 1 if info.has_pinpad else module.workers  # nobody types his PIN twice for one login
        self._lanes = [Lane(pool.limits, worker if i == 0 else None) for i in range(count)]
        self._turns = Turns(self._lanes, pool.limits.queue)
        self._lock = threading.Lock()  # guards _events
        self._login_lock = threading.Lock()  # one person at a time is asked for the PIN
        self._users = 0
        self._accepted: Mark | None = None
        self._trace: Trace | None = None
        self._trouble: TokenCondition | None = None
        self._events: Counter[str] = Counter()
        self._pace_s: float | None = None

    @property
    def pid(self) -> int | None:
        """The (first) worker's process id, None while none runs."""
        return next(iter(self.pids), None)

    @property
    def fair_batch(self) -> int:
        """How many imprints to send at once, so that whoever waits for the token waits for some two seconds."""
        if self._pace_s is None:
            return UNKNOWN_PACE_BATCH
        return max(1, min(MAX_BATCH, int(FAIR_S / max(self._pace_s, 1e-6))))

    @property
    def pids(self) -> tuple[int, ...]:
        """The running workers' process ids."""
        return tuple(w.pid for lane in self._lanes if (w := lane.worker) is not None and w.alive)

    # Lanes ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _turn(self, limit_s: float, wanted: Lane | None = None) -> Iterator[Lane]:
        """The best idle lane (or the wanted one). Raises `TokenBusy`."""
        lane = self._take(limit_s, wanted)
        try:
            yield lane
        finally:
            self._turns.give_back(lane)

    def _take(self, limit_s: float, wanted: Lane | None = None) -> Lane:
        try:
            return self._turns.take(limit_s, wanted)
        except NoTurn as e:
            self._count("busy")
            raise self._busy(str(e)) from None

    def _busy(self, why: str) -> TokenBusy:
        return TokenBusy(
            f"Token {self.info.label!r} is busy: {why}.", remedy="Try again later.", token=self.info.label
        )

    def _count(self, event: str, by: int = 1) -> None:
        with self._lock:
            self._events[event] += by

    # Calls ---------------------------------------------------------------------------------------------

    def call(self, request: wire.Request, deadline_s: float | None = None) -> wire.Reply:
        """The worker's answer. Raises the `KysoError` that a refusal, a crash or a missed deadline means."""
        limit = deadline_s or self.limits.call_s
        with self._turn(limit) as lane:
            return self._told(self._ask(lane, request, limit))

    def _told(self, reply: wire.Reply) -> wire.Reply:
        """The reply, unless it is a refusal, which is raised."""
        if isinstance(reply, wire.Refusal):
            raise self._error_of(reply)
        return reply

    def _error_of(self, refusal: wire.Refusal) -> KysoError:
        error = explain.error_of(refusal, self.info.label, self.module.path)
        if refusal.reason == "no-token":
            self._trouble = "missing"
        elif isinstance(error, PinLocked):
            self._trouble = "locked"
        return error

    def _ask(self, lane: Lane, request: wire.Request, limit_s: float) -> wire.Reply:
        replies: list[wire.Reply] = []
        self._exchange(lane, request, limit_s, replies.append)
        (reply,) = replies
        return reply

    def _exchange(
        self, lane: Lane, request: wire.Request, limit_s: float, take: Callable[[wire.Reply], object]
    ) -> None:
        """Hands the replies of a worker that runs to `take`; the lane is held."""
        worker = self._running_worker(lane)
        try:
            worker.exchange(request, limit_s, take)
        except WorkerTimeout:
            lane.failed()
            self._count("worker_timeouts")
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
        self._count("worker_crashes")
        log.warning("%s", error.message)
        return error

    def _running_worker(self, lane: Lane) -> Worker:
        if lane.worker is not None and lane.worker.alive:
            return lane.worker
        if lane.worker is not None:
            self._count("worker_crashes")
            log.warning("worker %d of token %r had ended", lane.worker.pid, self.info.label)
        lane.drop()
        pause = lane.breaker.wait_s
        if pause > _PATIENCE_S:
            raise TokenUnavailable(
                f"Token {self.info.label!r} failed {lane.breaker.failures} times in a row; "
                f"next try in {pause:.0f} s.",
                remedy=explain.CHECK_TOKEN,
                token=self.info.label,
                waiting=True,
            )
        time.sleep(pause)
        self._count("worker_starts")
        try:
            lane.worker = self._pool.start(self.module)
            reply = lane.worker.call(wire.Bind(self.info.label, self.info.serial), self.limits.call_s)
        except (WorkerGone, WorkerTimeout) as e:
            lane.failed()
            raise self._gone(e if isinstance(e, WorkerGone) else WorkerGone("it hung", sent=False)) from None
        except KysoError as e:
            lane.failed()
            raise self._by_name(e) from None
        if isinstance(reply, wire.Refusal):
            lane.failed()
            raise self._error_of(reply)
        log.info("worker %d serves token %r", lane.worker.pid, self.info.label)
        return lane.worker

    def _by_name(self, error: KysoError) -> KysoError:
        """The error of a module that could not be started, with the token that is missed because of it."""
        message = f"Token {self.info.label!r} cannot be reached. {error.message}"
        return type(error)(message, remedy=error.remedy, **{**error.details, "token": self.info.label})

    # Looking -------------------------------------------------------------------------------------------

    def is_there(self) -> bool:
        """Whether the token still answers. One that hangs or is being restarted raises instead.

        While all its lanes are at work it is there: their callers will be told when it is not.
        """
        if self._turns.all_busy:
            return True
        try:
            self.state()
        except TokenUnavailable as e:
            if e.details.get("waiting"):
                raise
            return False
        return True

    def state(self) -> wire.TokenState:
        """The token's flags now, and whether it is logged in."""
        with self._turn(self.limits.call_s) as lane:
            return self._state_in(lane)

    def _state_in(self, lane: Lane) -> wire.TokenState:
        reply = self._ask(lane, wire.ReadToken(), self.limits.call_s)
        if isinstance(reply, wire.Refusal) and reply.reason == "ckr" and ckr.recovery_of(reply.number) == "restart":
            lane.failed()  # its library has lost the device, and would say so for ever
        state = expect(self._told(reply), wire.TokenState)
        lane.logged_in = state.logged_in
        self._trouble = "locked" if state.token.locked else None
        return state

    def objects(self) -> wire.Objects:
        """Keys and certificates that can be seen now."""
        return expect(self.call(wire.ReadObjects()), wire.Objects)

    def status(self, *, look: bool = False) -> TokenStatus:
        """What is known of the token; with `look` it is asked first, unless all its lanes are at work."""
        if look:
            with contextlib.suppress(KysoError), self._turn(0.2) as lane:  # each error has left its trace in the lane
                self._state_in(lane)
        with self._lock:
            events = dict(self._events)
        return TokenStatus(
            self.info.label,
            self.info.serial,
            self.module.path,
            self._condition(),
            len(self._lanes),
            len(self.pids),
            self._turns.waiting,
            tuple(lane.breaker.state for lane in self._lanes),
            events,
        )

    def _condition(self) -> TokenCondition:
        if self._trouble is not None:
            return self._trouble
        if all(lane.breaker.failures and not lane.alive for lane in self._lanes):
            return "faulty"
        if self.info.needs_login and not any(lane.is_open for lane in self._lanes):
            return "logged out"
        return "ready"

    # Login ---------------------------------------------------------------------------------------------

    def unlock(self, source: SecretSource | None) -> None:
        """Makes sure that the token is logged in and that the caller knows its PIN; counts one more user.

        Raises `PinRequired`, `PinRefused`, `PinLocked`. At most one try of the PIN, never with one refused before.
        """
        with self._logging_in():
            self._unlock(source)
            self._users += 1

    @contextlib.contextmanager
    def _logging_in(self) -> Iterator[None]:
        if not self._login_lock.acquire(timeout=self.limits.login_s):
            raise self._busy(f"somebody has been logging in for {self.limits.login_s:g} s")
        try:
            yield
        finally:
            self._login_lock.release()

    def _unlock(self, source: SecretSource | None) -> None:
        if any(lane.is_open for lane in self._lanes):  # nothing to ask the token, which may be at work for others
            if self.info.needs_login and not self.info.has_pinpad:
                self._compare(self._pin_from(source, self.info, again=False), self.info)
            return
        info = self.state().token
        if not info.needs_login:
            return
        automatic = not (getattr(source, "interactive", False) or getattr(source, "given_now", False))
        self._refuse_unsafe(info, automatic and not info.has_pinpad)
        lanes = sorted(self._lanes, key=lambda lane: lane.rank)
        if info.has_pinpad:
            self._log_in_at_pad(lanes[0])
            return
        self._restore()
        pin = self._pin_from(source, info, again=False)
        typed = getattr(source, "interactive", False)
        with self._attempt(info, pin, automatic, typed) as attempt:
            self._log_in(lanes[0], pin, automatic, attempt)
            for lane in lanes[1:]:
                self._log_in_too(lane, pin, attempt)

    def _pin_from(self, source: SecretSource | None, info: TokenInfo, *, again: bool) -> str:
        request = SecretRequest("user-pin", info.label, info.serial, info.count_low, info.final_try, again)
        pin = ask(source, request)
        self._pool.pins.check(self._pool.pins.mark(info, pin))
        return pin

    def _compare(self, pin: str, info: TokenInfo) -> None:
        """Refuses a PIN that is not the one with which the token was opened."""
        mark = self._pool.pins.mark(info, pin)
        if self._accepted is None or not hmac.compare_digest(mark.digest, self._accepted.digest):
            raise PinRefused(
                f"This is not the PIN with which token {info.label!r} was opened. The token was not asked.",
                remedy="Give the right PIN.",
                token=info.label,
            )

    def _refuse_unsafe(self, info: TokenInfo, automatic: bool) -> None:
        if info.locked:
            self._trouble = "locked"
        if info.locked or info.final_try or (automatic and info.count_low):
            raise explain.unsafe_login(info.flags, info.label)

    def _attempt(
        self, info: TokenInfo, pin: str, automatic: bool, typed: bool
    ) -> contextlib.AbstractContextManager[Attempt]:
        return self._pool.pins.attempt(info, pin, automatic=automatic, typed=typed, limit_s=self.limits.login_s)

    def _log_in_at_pad(self, lane: Lane) -> None:
        with self._turn(self.limits.login_s, lane):
            self._count("logins")
            self._told(self._ask(lane, wire.Login(None, False), self.limits.login_s))
            lane.logged_in = True

    def _log_in(self, lane: Lane, pin: str, automatic: bool, attempt: Attempt) -> None:
        """The one try that a PIN gets."""
        with self._turn(self.limits.login_s, lane):
            self._running_worker(lane)  # what fails here costs no try
            attempt.begin()
            self._count("logins")
            try:
                reply = self._ask(lane, wire.Login(pin, automatic), self.limits.call_s)
            except KysoError as e:
                if e.details.get("not_begun"):
                    attempt.not_tried()
                else:
                    attempt.unknown()
                raise
            if isinstance(reply, wire.Refusal):
                self._settle(reply, attempt)
                raise self._error_of(reply)
            attempt.right()
            self._accepted, self._trace = attempt.mark, attempt.trace
            lane.logged_in = True

    def _log_in_too(self, lane: Lane, pin: str, attempt: Attempt) -> None:
        """A further lane, with a PIN that the token has just accepted. A worker that fails is left for later."""
        with self._turn(self.limits.login_s, lane):
            try:
                reply = self._ask(lane, wire.Login(pin, True), self.limits.call_s)
            except KysoError as e:
                log.warning("token %r: a further worker could not be opened: %s", self.info.label, e.message)
                return
            if isinstance(reply, wire.Refusal):
                self._settle(reply, attempt)
                raise self._error_of(reply)
            lane.logged_in = True

    def _settle(self, refusal: wire.Refusal, attempt: Attempt) -> None:
        """Writes down what a refused login says of the PIN."""
        if refusal.reason != "login" or refusal.number in ckr.LOGIN_NOT_TRIED:
            attempt.not_tried()
        elif refusal.number in ckr.LOGIN_UNSURE:
            self._count("logins_unsure")
            attempt.unknown()
        else:
            self._count("logins_refused")
            attempt.refused()

    def _log_in_again(self, lane: Lane, source: SecretSource | None) -> None:
        """Opens a lane whose worker is new or lost its login; other lanes go on meanwhile."""
        with self._logging_in():
            with self._turn(self.limits.login_s, lane):
                state = self._state_in(lane)
            info = state.token
            if not info.needs_login or state.logged_in:
                return
            if not info.has_pinpad and self._log_in_with_held(lane, info):
                return
            automatic = not getattr(source, "interactive", False)  # what was given long ago is not given now
            self._refuse_unsafe(info, automatic and not info.has_pinpad)
            if not info.has_pinpad:
                pin = self._pin_from(source, info, again=True)
                if any(other.is_open for other in self._lanes):
                    self._compare(pin, info)
        if info.has_pinpad:
            self._log_in_at_pad(lane)
            return
        with self._attempt(info, pin, automatic, not automatic) as attempt:
            self._log_in(lane, pin, automatic, attempt)

    def _log_in_with_held(self, lane: Lane, info: TokenInfo) -> bool:
        """Whether the worker is in again with the PIN that it still holds: one try, written down like any other.

        The login lock is held, so that workers that lost their sessions together try one after the other, and none
        after one was refused. The record is locked before the lane is taken, here as in every login: whoever took
        them the other way round would wait for one who waits for him.
        """
        if self._accepted is None or self._trace is None or info.count_low or info.final_try or info.locked:
            return False
        with self._pool.pins.attempt_again(info, self._accepted, self._trace, self.limits.login_s) as attempt:
            if attempt is None:
                return False
            with self._turn(self.limits.login_s, lane):
                self._running_worker(lane)  # what fails here costs no try
                attempt.begin()
                try:
                    reply = self._ask(lane, wire.LoginAgain(), self.limits.call_s)
                except KysoError as e:
                    if e.details.get("not_begun"):
                        attempt.not_tried()
                    else:
                        attempt.unknown()
                    raise
                lane.logged_in = isinstance(reply, wire.TokenState)
            if isinstance(reply, wire.Refusal) and reply.reason != "login":
                attempt.not_tried()  # a new worker holds no PIN
                return False
            self._count("logins")
            if isinstance(reply, wire.Refusal):
                log.error("token %r: opening a lost session answered %s", self.info.label, ckr.name_of(reply.number))
                self._settle(reply, attempt)
                raise self._error_of(reply)
            attempt.right()
            self._count("retries_reopen")
            log.warning("token %r: the session was lost and opened again", self.info.label)
            return True

    def _open_or_retire(self, lane: Lane, source: SecretSource | None) -> None:
        """Opens the lane again; one whose login is refused is left out while another serves."""
        try:
            self._log_in_again(lane, source)
        except (PinRefused, PinLocked) as e:
            if not any(other.is_open for other in self._lanes if other is not lane):
                self._restore()
                raise
            lane.retired = True
            self._count("lanes_retired")
            log.error("token %r goes on with one worker less: %s", self.info.label, e.message)

    def _restore(self) -> None:
        for lane in self._lanes:
            lane.retired = False

    def release(self) -> None:
        """One user less; with the last one the token is logged out and the workers forget the PIN."""
        with self._login_lock:
            self._users -= 1
            if self._users:
                return
            self._accepted = self._trace = None
            for lane in self._lanes:
                if lane.alive:
                    with contextlib.suppress(KysoError), self._turn(self.limits.call_s, lane):
                        lane.logged_in = False
                        self._ask(lane, wire.Logout(), self.limits.call_s)

    # Signing -------------------------------------------------------------------------------------------

    def sign(self, request: wire.Sign, source: SecretSource | None, checking: Checking) -> list[bytes]:
        """The values of a batch, each of which `checking` sees while the worker makes the next.

        Lost sessions, workers and devices are opened again once, and only what has no value yet is signed then;
        the PIN is asked for again, except where the worker could open the session itself.
        """
        values: list[bytes] = []
        restarts = logins = 0
        while True:
            rest = replace(request, imprints=request.imprints[len(values) :]) if values else request
            try:
                self._sign_rest(rest, values, checking)
                return values
            except _Interrupted as e:
                restarts += e.kind == "restart"
                logins += 1
                if restarts > 1 or logins > 2:
                    raise e.error from None
                self._count(f"retries_{e.kind}")
                log.warning("%s Trying once more (%d values were made).", e.error.message, len(values))
                lane = e.lane
            self._open_or_retire(lane, source)

    def _sign_rest(self, request: wire.Sign, values: list[bytes], checking: Checking) -> None:
        """Adds the values of `request` to `values`. Raises `_Interrupted` where one more try is right."""
        limit = self.limits.call_s + self.limits.per_signature_s * (len(request.imprints) - 1)
        lane = self._take(limit)
        try:
            refusal = self._collect(lane, request, values, checking, limit)
            if refusal is not None:
                self._refused(lane, refusal)
        except TokenUnavailable as e:
            if e.details.get("not_begun"):
                raise _Interrupted(e, lane, "restart") from None
            raise
        finally:
            self._turns.give_back(lane)

    def _collect(
        self, lane: Lane, request: wire.Sign, values: list[bytes], checking: Checking, limit_s: float
    ) -> wire.Refusal | None:
        """Adds the values as they come, None at their end; or gives what ended them. Raises what they fail with."""
        before, start = len(values), time.monotonic()
        wrong: SigningError | None = None
        refusal: wire.Refusal | None = None

        def take(reply: wire.Reply) -> None:
            nonlocal wrong, refusal
            if isinstance(reply, wire.Refusal):
                refusal = reply
                return
            made = expect(reply, wire.Signatures)
            if wrong is None:  # else it is raised when the worker has ended its work, so that it can be used again
                try:
                    checking.add(made.values)
                    values.extend(made.values)
                except SigningError as e:
                    wrong = e
            if made.last and made.reopened:
                self._count("retries_reopen")
                log.warning("token %r: the session was lost and opened again", self.info.label)

        self._exchange(lane, request, limit_s, take)
        count = len(values) - before
        self._count("signatures", count)
        if refusal is None and wrong is None:
            if count != len(request.imprints):
                raise TokenUnavailable(f"A worker gave {count} values for {len(request.imprints)}.")
            try:
                checking.finish()
            except SigningError as e:
                wrong = e
        if wrong is not None:
            self._count("values_invalid")
            log.error("%s", wrong.message)
            raise wrong
        if refusal is None:
            self._pace_s = (time.monotonic() - start) / count if count else self._pace_s
            lane.breaker.succeeded()  # only signatures prove that the token is well again
            self._trouble = None
        return refusal

    def _refused(self, lane: Lane, refusal: wire.Refusal) -> None:
        """Raises what a refusal to sign means: an error, or `_Interrupted` where one more try is right."""
        error = self._error_of(refusal)
        if refusal.reason == "not-logged-in":
            lane.logged_in = False
            raise _Interrupted(error, lane, "login")
        lost = refusal.reason in ("no-key", "no-token")  # both were there when the key was opened
        if lost or (refusal.reason == "ckr" and ckr.recovery_of(refusal.number) == "restart"):
            lane.failed()
            raise _Interrupted(error, lane, "restart")
        raise error

    def close(self) -> None:
        """Ends the workers, in the middle of a call too. The next call starts another."""
        for lane in self._lanes:
            try:
                with self._turn(_PATIENCE_S, lane):
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
