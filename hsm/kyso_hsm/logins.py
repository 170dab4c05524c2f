"""Logging a token's workers in, one after the other, with one try of one PIN.

Reach it through `kyso_hsm.host`. A PIN is tried once (`kyso_hsm.pins`), and only when the token's flags say that a
wrong one would not lock it; a caller who opens a token that is open already must know the same PIN, which is compared
here: the token sees no second login.
"""

from __future__ import annotations

import contextlib
import hmac
import threading
from collections.abc import Iterator

from kyso_pki.errors import KysoError, PinLocked, PinRefused

from . import ckr, explain, wire
from .crew import Crew, log
from .lanes import Lane
from .module import TokenInfo
from .pin import SecretRequest, SecretSource, ask
from .pins import Attempt, Mark, Trace


class Logins:
    """Who has opened one token, and with which PIN. All of it may be called from any thread."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._info = crew.info
        self._limits = crew.limits
        self._lock = threading.Lock()  # one person at a time is asked for the PIN
        self._users = 0
        self._accepted: Mark | None = None
        self._trace: Trace | None = None

    def unlock(self, source: SecretSource | None) -> None:
        """Makes sure that the token is logged in and that the caller knows its PIN; counts one more user.

        Raises `PinRequired`, `PinRefused`, `PinLocked`. At most one try of the PIN, never with one refused before.
        """
        with self._logging_in():
            self._unlock(source)
            self._users += 1

    @contextlib.contextmanager
    def _logging_in(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._limits.login_s):
            raise self._crew.busy(f"somebody has been logging in for {self._limits.login_s:g} s")
        try:
            yield
        finally:
            self._lock.release()

    def _unlock(self, source: SecretSource | None) -> None:
        if any(lane.is_open for lane in self._crew.lanes):  # the token may be at work for others
            if self._info.needs_login and not self._info.has_pinpad:
                self._compare(self._pin_from(source, self._info, again=False), self._info)
            return
        info = self._crew.state().token
        if not info.needs_login:
            return
        automatic = not (getattr(source, "interactive", False) or getattr(source, "given_now", False))
        self._refuse_unsafe(info, automatic and not info.has_pinpad)
        lanes = sorted(self._crew.lanes, key=lambda lane: lane.rank)
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
        self._crew.pins.check(self._crew.pins.mark(info, pin))
        return pin

    def _compare(self, pin: str, info: TokenInfo) -> None:
        """Refuses a PIN that is not the one with which the token was opened."""
        mark = self._crew.pins.mark(info, pin)
        if self._accepted is None or not hmac.compare_digest(mark.digest, self._accepted.digest):
            raise PinRefused(
                f"This is not the PIN with which token {info.label!r} was opened. The token was not asked.",
                remedy="Give the right PIN.",
                token=info.label,
            )

    def _refuse_unsafe(self, info: TokenInfo, automatic: bool) -> None:
        if info.locked:
            self._crew.trouble = "locked"
        if info.locked or info.final_try or (automatic and info.count_low):
            raise explain.unsafe_login(info.flags, info.label)

    def _attempt(
        self, info: TokenInfo, pin: str, automatic: bool, typed: bool
    ) -> contextlib.AbstractContextManager[Attempt]:
        return self._crew.pins.attempt(info, pin, automatic=automatic, typed=typed, limit_s=self._limits.login_s)

    def _log_in_at_pad(self, lane: Lane) -> None:
        with self._crew.turn(self._limits.login_s, lane):
            self._crew.count("logins")
            self._crew.told(self._crew.ask(lane, wire.Login(None, False), self._limits.login_s))
            lane.logged_in = True

    def _log_in(self, lane: Lane, pin: str, automatic: bool, attempt: Attempt) -> None:
        """The first lane, with a PIN that was given just now."""
        with self._crew.turn(self._limits.login_s, lane):
            reply = self._tried(lane, wire.Login(pin, automatic), attempt)
            if isinstance(reply, wire.Refusal):
                self._settle(reply, attempt)
                raise self._crew.error_of(reply)
            attempt.right()
            self._accepted, self._trace = attempt.mark, attempt.trace
            lane.logged_in = True

    def _tried(self, lane: Lane, login: wire.Login | wire.LoginAgain, attempt: Attempt) -> wire.Reply:
        """The token's answer to the one try that a PIN gets; where none comes, that is written down. In a turn."""
        self._crew.running_worker(lane)  # what fails here costs no try
        attempt.begin()
        if isinstance(login, wire.Login):  # of the other kind nobody knows yet whether the worker holds a PIN
            self._crew.count("logins")
        try:
            return self._crew.ask(lane, login, self._limits.call_s)
        except KysoError as e:
            if e.details.get("not_begun"):
                attempt.not_tried()
            else:
                attempt.unknown()
            raise

    def _log_in_too(self, lane: Lane, pin: str, attempt: Attempt) -> None:
        """A further lane, with a PIN that the token has just accepted. A worker that fails is left for later."""
        with self._crew.turn(self._limits.login_s, lane):
            try:
                reply = self._crew.ask(lane, wire.Login(pin, True), self._limits.call_s)
            except KysoError as e:
                log.warning("token %r: a further worker could not be opened: %s", self._info.label, e.message)
                return
            if isinstance(reply, wire.Refusal):
                self._settle(reply, attempt)
                raise self._crew.error_of(reply)
            lane.logged_in = True

    def _settle(self, refusal: wire.Refusal, attempt: Attempt) -> None:
        """Writes down what a refused login says of the PIN."""
        if refusal.reason != "login" or refusal.number in ckr.LOGIN_NOT_TRIED:
            attempt.not_tried()
        elif refusal.number in ckr.LOGIN_UNSURE:
            self._crew.count("logins_unsure")
            attempt.unknown()
        else:
            self._crew.count("logins_refused")
            attempt.refused()

    def _log_in_again(self, lane: Lane, source: SecretSource | None) -> None:
        """Opens a lane whose worker is new or lost its login; other lanes go on meanwhile."""
        with self._logging_in():
            with self._crew.turn(self._limits.login_s, lane):
                state = self._crew.state_in(lane)
            info = state.token
            if not info.needs_login or state.logged_in:
                return
            if not info.has_pinpad and self._log_in_with_held(lane, info):
                return
            automatic = not getattr(source, "interactive", False)  # what was given long ago is not given now
            self._refuse_unsafe(info, automatic and not info.has_pinpad)
            if not info.has_pinpad:
                pin = self._pin_from(source, info, again=True)
                if any(other.is_open for other in self._crew.lanes):
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
        with self._crew.pins.attempt_again(info, self._accepted, self._trace, self._limits.login_s) as attempt:
            if attempt is None:
                return False
            with self._crew.turn(self._limits.login_s, lane):
                reply = self._tried(lane, wire.LoginAgain(), attempt)
                lane.logged_in = isinstance(reply, wire.TokenState)
            if isinstance(reply, wire.Refusal) and reply.reason != "login":
                attempt.not_tried()  # a new worker holds no PIN
                return False
            self._crew.count("logins")
            if isinstance(reply, wire.Refusal):
                log.error("token %r: opening a lost session answered %s", self._info.label, ckr.name_of(reply.number))
                self._settle(reply, attempt)
                raise self._crew.error_of(reply)
            attempt.right()
            self._crew.count("retries_reopen")
            log.warning("token %r: the session was lost and opened again", self._info.label)
            return True

    def open_or_retire(self, lane: Lane, source: SecretSource | None) -> None:
        """Opens the lane again; one whose login is refused is left out while another serves."""
        try:
            self._log_in_again(lane, source)
        except (PinRefused, PinLocked) as e:
            if not any(other.is_open for other in self._crew.lanes if other is not lane):
                self._restore()
                raise
            lane.retired = True
            self._crew.count("lanes_retired")
            log.error("token %r goes on with one worker less: %s", self._info.label, e.message)

    def _restore(self) -> None:
        for lane in self._crew.lanes:
            lane.retired = False

    def release(self) -> None:
        """One user less; with the last one the token is logged out and the workers forget the PIN."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            self._accepted = self._trace = None
            for lane in self._crew.lanes:
                if lane.alive:
                    with contextlib.suppress(KysoError), self._crew.turn(self._limits.call_s, lane):
                        lane.logged_in = False
                        self._crew.ask(lane, wire.Logout(), self._limits.call_s)
