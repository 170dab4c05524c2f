"""The workers of one process: which token has which worker, who waits for it, what its PIN's fate was.

`Pool.host(uri, modules)` gives the `TokenHost` of a token, starting a worker where none runs; `default_pool()`
is the one that `kyso_hsm.opening` uses. All of it may be called from any thread. The rules kept here:

* one call at a time per token, a bounded queue in front of it, a deadline on everything;
* a worker that hung or crashed is replaced at the next call, with growing pauses while that fails;
* a PIN is tried once. One that was refused, or whose fate is unknown, is remembered as a keyed hash under the
  token's label and serial, whichever module led to it, and never sent again by this process;
* a caller who opens a token that is open already must know the same PIN, which is compared here: the token
  sees no second login.
"""

from __future__ import annotations

import atexit
import contextlib
import hmac
import importlib.util
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from kyso_pki.errors import (
    AmbiguousKey,
    KysoError,
    PinRefused,
    TokenBusy,
    TokenTimeout,
    TokenUnavailable,
)

from . import ckr, explain, wire
from .module import Module, TokenInfo
from .pin import SecretRequest, SecretSource, ask, secret_variables
from .token import ModuleProblem
from .uri import Pkcs11Uri, same_text, token_address
from .worker import Worker, WorkerGone, WorkerTimeout

log = logging.getLogger("kyso_hsm")

_Question: TypeAlias = "tuple[Pkcs11Uri, tuple[object, ...]]"

_PATIENCE_S = 1.0  # a pause before a restart that a caller sits out; after a longer one it is told to come back


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


class PinMemory:
    """Which PINs were refused on which token and which were right, as keyed hashes with a key of this process.

    The hash keeps PINs out of this process's memory and dumps; it does not withstand somebody who reads the
    key beside it.
    """

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._refused: set[tuple[str, str, bytes]] = set()
        self._right: set[tuple[str, str, bytes]] = set()

    def mark(self, token: TokenInfo, pin: str) -> tuple[str, str, bytes]:
        return token.label, token.serial, hmac.digest(self._key, pin.encode(), "sha256")

    def is_refused(self, mark: tuple[str, str, bytes]) -> bool:
        return mark in self._refused

    def about_to_try(self, mark: tuple[str, str, bytes]) -> None:
        """Remembered as refused until the token says otherwise, so that no crash can lead to a second try."""
        self._refused.add(mark)

    def was_right(self, mark: tuple[str, str, bytes]) -> None:
        self._refused.discard(mark)
        self._right.add(mark)

    def was_refused(self, mark: tuple[str, str, bytes]) -> None:
        self._right.discard(mark)

    def was_not_tried(self, mark: tuple[str, str, bytes]) -> None:
        self._refused.discard(mark)

    def is_unknown(self, mark: tuple[str, str, bytes]) -> None:
        """The call got no answer. A PIN that was right before in this process costs no try; any other may have."""
        if mark in self._right:
            self._refused.discard(mark)


class _Interrupted(Exception):
    """A signature was not made because the worker is new or had to go; it may be asked for once more."""

    def __init__(self, error: KysoError, *, restarted: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.restarted = restarted


class TokenHost:
    """One token in one worker process, for all threads of this process."""

    def __init__(self, pool: Pool, module: Module, info: TokenInfo, worker: Worker | None = None) -> None:
        self.module = module
        self.info = info
        self._pool = pool
        self.limits = pool.limits
        self._worker = worker
        self._lock = threading.Lock()  # one call at a time
        self._login_lock = threading.Lock()  # one person at a time is asked for the PIN
        self._seats = threading.BoundedSemaphore(pool.limits.queue + 1)
        self._users = 0
        self._accepted: tuple[str, str, bytes] | None = None
        self._failures = 0
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """The worker's process id, None while none runs."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive else None

    # Calls ---------------------------------------------------------------------------------------------

    def call(self, request: wire.Request, deadline_s: float | None = None) -> wire.Reply:
        """The worker's answer. Raises the `KysoError` that a refusal, a crash or a missed deadline means."""
        limit = deadline_s or self.limits.call_s
        with self._turn(limit):
            reply = self._ask(request, limit)
        if isinstance(reply, wire.Refusal):
            raise explain.error_of(reply, self.info.label, self.module.path)
        return reply

    @contextlib.contextmanager
    def _turn(self, limit_s: float) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise self._busy(f"{self.limits.queue} callers are waiting for it already")
        try:
            if not self._lock.acquire(timeout=limit_s):
                raise self._busy(f"it was not free for {limit_s:g} s")
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._seats.release()

    def _busy(self, why: str) -> TokenBusy:
        return TokenBusy(
            f"Token {self.info.label!r} is busy: {why}.", remedy="Try again later.", token=self.info.label
        )

    def _ask(self, request: wire.Request, limit_s: float) -> wire.Reply:
        """One request to a worker that runs; the lock is held."""
        worker = self._running_worker()
        try:
            reply = worker.call(request, limit_s)
        except WorkerTimeout:
            self._worker_failed()
            raise TokenTimeout(
                f"Token {self.info.label!r} did not answer within {limit_s:g} s; its worker was stopped.",
                remedy=explain.CHECK_TOKEN,
                token=self.info.label,
            ) from None
        except WorkerGone as e:
            self._worker_failed()
            raise self._gone(e) from None
        return reply

    def _gone(self, why: WorkerGone) -> KysoError:
        error = TokenUnavailable(
            f"The worker of token {self.info.label!r} (module {self.module.path}) failed: {why}.",
            remedy="Try again; a new worker is started.",
            token=self.info.label,
            not_begun=not why.sent,
        )
        log.warning("%s", error.message)
        return error

    def _worker_failed(self) -> None:
        self._drop_worker()
        pause = 0.0 if not self._failures else self.limits.first_pause_s * 2 ** (self._failures - 1)
        self._failures += 1
        self._not_before = time.monotonic() + min(pause, self.limits.longest_pause_s)

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _running_worker(self) -> Worker:
        if self._worker is not None and self._worker.alive:
            return self._worker
        self._drop_worker()
        pause = self._not_before - time.monotonic()
        if pause > _PATIENCE_S:
            raise TokenUnavailable(
                f"Token {self.info.label!r} failed {self._failures} times in a row; next try in {pause:.0f} s.",
                remedy=explain.CHECK_TOKEN,
                token=self.info.label,
                waiting=True,
            )
        time.sleep(max(0.0, pause))
        try:
            self._worker = self._pool.start(self.module)
            reply = self._worker.call(wire.Bind(self.info.label, self.info.serial), self.limits.call_s)
        except (WorkerGone, WorkerTimeout) as e:
            self._worker_failed()
            raise self._gone(e if isinstance(e, WorkerGone) else WorkerGone("it hung", sent=False)) from None
        except KysoError:
            self._worker_failed()
            raise
        if isinstance(reply, wire.Refusal):
            self._worker_failed()
            raise explain.error_of(reply, self.info.label, self.module.path)
        log.info("worker %d serves token %r", self._worker.pid, self.info.label)
        return self._worker

    def is_there(self) -> bool:
        """Whether the token still answers. One that is busy, hangs or is being restarted raises instead."""
        try:
            self.state()
        except TokenUnavailable as e:
            if e.details.get("waiting"):
                raise
            return False
        return True

    def state(self) -> wire.TokenState:
        """The token's flags now, and whether it is logged in."""
        reply = self.call(wire.ReadToken())
        return expect(reply, wire.TokenState)

    def objects(self) -> wire.Objects:
        """Keys and certificates that can be seen now."""
        return expect(self.call(wire.ReadObjects()), wire.Objects)

    # Login ---------------------------------------------------------------------------------------------

    def unlock(self, source: SecretSource | None, *, again: bool = False) -> None:
        """Makes sure that the token is logged in and that the caller knows its PIN; counts one more user.

        Raises `PinRequired`, `PinRefused`, `PinLocked`. At most one C_Login, never with a PIN refused before.
        """
        if not self._login_lock.acquire(timeout=self.limits.login_s):
            raise self._busy(f"somebody has been logging in for {self.limits.login_s:g} s")
        try:
            self._unlock(source, again)
            if not again:
                self._users += 1
        finally:
            self._login_lock.release()

    def _unlock(self, source: SecretSource | None, again: bool) -> None:
        state = self.state()
        info = state.token
        if not info.needs_login or (state.logged_in and (again or info.has_pinpad)):
            return
        alone = again and not getattr(source, "interactive", False)
        if not state.logged_in and (info.locked or info.final_try or (alone and info.count_low)):
            raise explain.unsafe_login(info.flags, info.label)
        if info.has_pinpad:
            self.call(wire.Login(None), self.limits.login_s)
            return
        request = SecretRequest("user-pin", info.label, info.serial, info.count_low, info.final_try, again)
        pin = ask(source, request)
        mark = self._pool.pins.mark(info, pin)
        if self._pool.pins.is_refused(mark):
            raise PinRefused(
                f"This PIN was refused by token {info.label!r} before (or its fate is unknown): no second try.",
                remedy="Make sure of the PIN, then start the program again with the right one.",
                token=info.label,
            )
        if not state.logged_in:
            self._log_in(pin, mark)
        elif self._accepted is None or not hmac.compare_digest(mark[2], self._accepted[2]):
            raise PinRefused(
                f"This is not the PIN with which token {info.label!r} was opened. The token was not asked.",
                remedy="Give the right PIN.",
                token=info.label,
            )

    def _log_in(self, pin: str, mark: tuple[str, str, bytes]) -> None:
        pins, limit = self._pool.pins, self.limits.login_s
        with self._turn(limit):
            self._running_worker()  # what fails here costs no try
            pins.about_to_try(mark)
            try:
                reply = self._ask(wire.Login(pin), limit)
            except KysoError as e:
                if e.details.get("not_begun"):
                    pins.was_not_tried(mark)
                else:
                    pins.is_unknown(mark)
                raise
        if not isinstance(reply, wire.Refusal):
            pins.was_right(mark)
            self._accepted = mark
            return
        if reply.reason != "login" or reply.number in ckr.LOGIN_NOT_TRIED:
            pins.was_not_tried(mark)
        else:
            pins.was_refused(mark)
        raise explain.error_of(reply, self.info.label, self.module.path)

    def release(self) -> None:
        """One user less; with the last one the token is logged out and the worker forgets the PIN."""
        with self._login_lock:
            self._users -= 1
            if self._users:
                return
            self._accepted = None
            if self.pid is not None:
                with contextlib.suppress(KysoError):  # a worker that cannot log out is killed by its deadline
                    self.call(wire.Logout())

    # Signing -------------------------------------------------------------------------------------------

    def sign(self, request: wire.Sign, source: SecretSource | None) -> tuple[bytes, ...]:
        """The values of a batch. Lost sessions, workers and devices are opened again once; the PIN is then
        asked for again, except where the worker could open the session itself."""
        limit = self.limits.call_s + self.limits.per_signature_s * (len(request.imprints) - 1)
        restarts = logins = 0
        while True:
            try:
                return self._sign_once(request, limit)
            except _Interrupted as e:
                restarts += e.restarted
                logins += 1
                if restarts > 1 or logins > 2:
                    raise e.error from None
                log.warning("%s Trying once more.", e.error.message)
            self.unlock(source, again=True)

    def _sign_once(self, request: wire.Sign, limit_s: float) -> tuple[bytes, ...]:
        with self._turn(limit_s):
            try:
                reply = self._ask(request, limit_s)
            except TokenUnavailable as e:
                if e.details.get("not_begun"):
                    raise _Interrupted(e, restarted=True) from None
                raise
            if isinstance(reply, wire.Signatures):
                self._failures = 0  # only a signature proves that the token is well again
                if reply.reopened:
                    log.warning("token %r: the session was lost and opened again", self.info.label)
                return reply.values
            refusal = expect(reply, wire.Refusal)
            error = explain.error_of(refusal, self.info.label, self.module.path)
            if refusal.reason == "not-logged-in":
                raise _Interrupted(error, restarted=False)
            if refusal.reason == "ckr" and ckr.recovery_of(refusal.number) == "restart":
                self._worker_failed()
                raise _Interrupted(error, restarted=True)
            tried = refusal.reason == "login" and refusal.number not in ckr.LOGIN_NOT_TRIED
            if tried and self._accepted is not None:
                self._pool.pins.about_to_try(self._accepted)  # the worker logged in again and was refused
                self._pool.pins.was_refused(self._accepted)
            raise error

    def close(self) -> None:
        """Ends the worker, in the middle of a call too. The next call starts another."""
        if not self._lock.acquire(timeout=_PATIENCE_S):
            worker = self._worker
            if worker is not None:
                worker.kill()  # whoever waits for its answer is told that it has gone
            return
        try:
            worker, self._worker = self._worker, None
            if worker is not None:
                worker.close()
        finally:
            self._lock.release()


class Pool:
    """The tokens that this process has opened. `close()` ends all workers."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._reset()
        _pools.add(self)

    def _reset(self) -> None:
        self.pins = PinMemory()
        self._lock = threading.Lock()
        self._hosts: dict[tuple[object, str, str], TokenHost] = {}
        self._answers: dict[_Question, TokenHost] = {}
        self._asking: dict[_Question, threading.Lock] = {}
        self._starting: dict[object, threading.Lock] = {}

    def start(self, module: Module) -> Worker:
        """A new worker that has loaded `module`. Raises `TokenUnavailable`, `TokenTimeout`, `TokenBusy`.

        Workers of one module start one after the other: several logins of fresh processes at once fail with
        some libraries.
        """
        if importlib.util.find_spec("pkcs11") is None:
            raise TokenUnavailable(
                "PKCS#11 support (the extra kyso[pkcs11]) is not installed.",
                remedy="Run `pip install 'kyso[pkcs11]'`.",
            )
        with self._lock:
            starting = self._starting.setdefault(module.key, threading.Lock())
        if not starting.acquire(timeout=self.limits.start_s):
            raise TokenBusy(f"Other workers of module {module.path} are still starting.", remedy="Try again later.")
        try:
            try:
                worker = Worker(module, hidden=secret_variables())
            except OSError as e:
                raise TokenUnavailable(
                    f"A worker process cannot be started: {e.strerror}.", module=module.path
                ) from e
            _ask_once(worker, wire.Load(module.path), self.limits.start_s, "")
        finally:
            starting.release()
        return worker

    def scout(self, module: Module) -> tuple[Worker, tuple[TokenInfo, ...]]:
        """A fresh worker and the tokens it sees. Fresh, because a library may not notice tokens that came later."""
        worker = self.start(module)
        reply = _ask_once(worker, wire.ListTokens(), self.limits.start_s, "")
        return worker, expect(reply, wire.Tokens).tokens

    def scout_all(
        self, modules: Sequence[Module]
    ) -> tuple[list[tuple[Module, Worker, tuple[TokenInfo, ...]]], list[ModuleProblem]]:
        """What `scout` gives for each module, side by side, and the modules that gave an error."""

        def one(module: Module) -> tuple[Module, Worker, tuple[TokenInfo, ...]] | ModuleProblem:
            try:
                return (module, *self.scout(module))
            except KysoError as e:
                return ModuleProblem(module.path, e)

        if not modules:
            return [], []
        with ThreadPoolExecutor(max_workers=min(4, len(modules)), thread_name_prefix="kyso-scout") as threads:
            results = list(threads.map(one, modules))
        return (
            [r for r in results if not isinstance(r, ModuleProblem)],
            [r for r in results if isinstance(r, ModuleProblem)],
        )

    def read(self, worker: Worker, info: TokenInfo) -> wire.Objects:
        """What a scout sees on one of its tokens."""
        _ask_once(worker, wire.Bind(info.label, info.serial), self.limits.call_s, info.label)
        return expect(_ask_once(worker, wire.ReadObjects(), self.limits.call_s, info.label), wire.Objects)

    def init_token(self, module: Module, label: str, so_pin: str, user_pin: str) -> TokenInfo:
        """A new token in the module's first free slot, made by a worker of its own."""
        worker = self.start(module)
        try:
            reply = _ask_once(worker, wire.InitToken(label, so_pin, user_pin), self.limits.generate_s, label)
        finally:
            worker.close()
        return expect(reply, wire.TokenState).token

    def host(self, uri: Pkcs11Uri, modules: Sequence[Module]) -> TokenHost:
        """The token that `uri` means, looked for in all modules. Its worker runs; nobody is logged in for it.

        Raises `TokenUnavailable` naming the tokens that are there, `AmbiguousKey` when two match.
        """
        question = (uri.of_token, tuple(m.key for m in modules))
        with self._lock:
            asking = self._asking.setdefault(question, threading.Lock())
        if not asking.acquire(timeout=self.limits.start_s + self.limits.call_s):
            raise TokenBusy(f"Others are still looking for {uri.of_token}.", remedy="Try again later.")
        try:
            return self._known(question) or self._look_for(question, uri, modules)
        finally:
            asking.release()

    def _look_for(self, question: _Question, uri: Pkcs11Uri, modules: Sequence[Module]) -> TokenHost:
        """The token among all that the modules show now."""
        scouts, problems = self.scout_all(modules)
        matches = [(m, w, t) for m, w, tokens in scouts for t in tokens if uri.matches_token(t)]
        try:
            module, worker, info = _only(uri, matches, [t for _, _, tokens in scouts for t in tokens], problems)
            host = TokenHost(self, module, info, worker)
            _ask_once(worker, wire.Bind(info.label, info.serial), self.limits.call_s, info.label)
        except BaseException:
            for _, w, _ in scouts:
                w.close()
            raise
        for _, other, _ in scouts:
            if other is not worker:
                other.close()
        return self._keep(question, host)

    def host_of(self, uri: str, modules: Sequence[Module]) -> TokenHost:
        """The host of the token that a `pkcs11:` address or a bare label means."""
        return self.host(token_address(uri), modules)

    def _known(self, question: _Question) -> TokenHost | None:
        """The answer given to the same question before, if the token still answers.

        Only to the same question: an address that says less may now fit two tokens.
        """
        with self._lock:
            host = self._answers.get(question)
        if host is None or host.is_there():
            return host
        with self._lock:
            self._hosts.pop(_key(host), None)
            self._answers = {q: h for q, h in self._answers.items() if h is not host}
        host.close()
        return None

    def _keep(self, question: _Question, host: TokenHost) -> TokenHost:
        """The host, or the one that another question has led to before."""
        with self._lock:
            first = self._hosts.setdefault(_key(host), host)
            self._answers[question] = first
        if first is not host:
            host.close()
        return first

    def close(self) -> None:
        with self._lock:
            hosts, self._hosts, self._answers = list(self._hosts.values()), {}, {}
        for host in hosts:
            host.close()


def _key(host: TokenHost) -> tuple[object, str, str]:
    return host.module.key, host.info.label, host.info.serial


def _ask_once(worker: Worker, request: wire.Request, limit_s: float, token: str) -> wire.Reply:
    """The answer of a worker that no token host owns yet. After any error the worker has ended."""
    deed, path = type(request).__name__, worker.module.path
    where = f"the PKCS#11 module {path}" + (f", token {token!r}" if token else "")
    try:
        reply = worker.call(request, limit_s)
    except WorkerTimeout:
        raise TokenTimeout(
            f"{deed}: {where} did not answer within {limit_s:g} s; its worker was stopped.",
            remedy=explain.CHECK_TOKEN,
            module=path,
        ) from None
    except WorkerGone as e:
        raise TokenUnavailable(
            f"{deed}: {where} failed: {e}.",
            remedy="Install the vendor's current version, or take the module out of the configuration.",
            module=path,
        ) from None
    if isinstance(reply, wire.Refusal):
        worker.close()
        raise explain.error_of(reply, token, path)
    return reply


def _only(
    uri: Pkcs11Uri,
    matches: list[tuple[Module, Worker, TokenInfo]],
    seen: list[TokenInfo],
    problems: list[ModuleProblem],
) -> tuple[Module, Worker, TokenInfo]:
    """The one match. The same token seen through two modules counts once: the module named first."""
    if not matches:
        there = ", ".join(sorted(repr(t.label) for t in seen)) or "none"
        failed = "".join(f" {p.error.message}" for p in problems)
        raise TokenUnavailable(
            f"No token matches {uri.of_token}; found: {there}.{failed}",
            remedy="Plug the token in, or name its module in the configuration or in KYSO_PKCS11_MODULES.",
        )
    module, _, first = matches[0]
    for other_module, _, other in matches[1:]:
        same = same_text(other.label, first.label) and other.serial == first.serial
        if not same or other_module.key == module.key:
            raise AmbiguousKey(
                f"{len(matches)} tokens match {uri.of_token}: "
                + ", ".join(f"{t.label!r} (serial {t.serial})" for _, _, t in matches)
                + ".",
                remedy="Add token=… or serial=… to the address.",
            )
    return matches[0]


_T = TypeVar("_T")


def expect(reply: wire.Reply, kind: type[_T]) -> _T:
    """The reply, if it is of this kind; any other means that a worker is broken."""
    if not isinstance(reply, kind):
        raise TokenUnavailable(f"A worker answered with {type(reply).__name__} where {kind.__name__} was due.")
    return reply


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_default: Pool | None = None
_default_lock = threading.Lock()


def default_pool() -> Pool:
    """The pool of this process."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Pool()
        return _default


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        pool.close()


def _forget_after_fork() -> None:
    """A forked child must not talk to its parent's workers: it starts its own, and logs in anew."""
    for pool in list(_pools):
        pool._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
