"""The tokens of one process: which token has which workers.

`Pool.host(uri, modules)` gives the `TokenHost` of a token, starting a worker where none runs; `default_pool()`
is the one that `kyso_hsm.opening` uses. All of it may be called from any thread. Workers of one module start
one after the other, and `Pool.states()` tells how every token is.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from kyso_pki.errors import AmbiguousKey, KysoError, TokenBusy, TokenTimeout, TokenUnavailable

from . import explain, wire
from .host import TokenHost, TokenStatus, expect
from .lanes import Limits
from .module import Module, TokenInfo
from .pin import secret_variables
from .pins import PinMemory
from .token import ModuleProblem
from .uri import Pkcs11Uri, same_text, token_address
from .worker import Worker, WorkerGone, WorkerTimeout

__all__ = ["Limits", "Pool", "TokenHost", "TokenStatus", "default_pool", "expect"]

_Question: TypeAlias = "tuple[Pkcs11Uri, tuple[object, ...]]"


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

    def states(self, *, look: bool = False) -> tuple[TokenStatus, ...]:
        """How every token is that this process has opened; with `look` each is asked first."""
        with self._lock:
            hosts = list(self._hosts.values())
        return tuple(host.status(look=look) for host in hosts)

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
