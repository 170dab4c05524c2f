"""One token in its worker processes, for all threads of this process.

Reach a `TokenHost` through `kyso_hsm.pool.Pool.host`. It is the door to three rooms: `crew` (the workers and the
calls to them), `logins` (one try of one PIN) and `batches` (signatures, and what may be done again after which
error).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from kyso_pki.errors import KysoError, TokenUnavailable

from . import wire
from .batches import Batches
from .breaker import BreakerState
from .checking import Checking
from .crew import Crew, House, TokenCondition, expect
from .lanes import Limits
from .logins import Logins
from .module import Module, TokenInfo
from .pin import SecretSource
from .worker import Worker

__all__ = ["TokenCondition", "TokenHost", "TokenStatus", "expect"]


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


class TokenHost:
    """One token. All of it may be called from any thread."""

    def __init__(self, pool: House, module: Module, info: TokenInfo, worker: Worker | None = None) -> None:
        self._crew = Crew(pool, module, info, worker)
        self._logins = Logins(self._crew)
        self._batches = Batches(self._crew, self._logins)

    @property
    def module(self) -> Module:
        return self._crew.module

    @property
    def info(self) -> TokenInfo:
        return self._crew.info

    @property
    def limits(self) -> Limits:
        return self._crew.limits

    @property
    def pid(self) -> int | None:
        """The (first) worker's process id, None while none runs."""
        return next(iter(self.pids), None)

    @property
    def pids(self) -> tuple[int, ...]:
        """The running workers' process ids."""
        return self._crew.pids

    @property
    def fair_batch(self) -> int:
        """How many imprints to send at once, so that whoever waits for the token waits for some two seconds."""
        return self._batches.fair_batch

    def call(self, request: wire.Request, deadline_s: float | None = None) -> wire.Reply:
        """The worker's answer. Raises the `KysoError` that a refusal, a crash or a missed deadline means."""
        return self._crew.call(request, deadline_s)

    def unlock(self, source: SecretSource | None) -> None:
        """Makes sure that the token is logged in and that the caller knows its PIN; counts one more user.

        Raises `PinRequired`, `PinRefused`, `PinLocked`. At most one try of the PIN, never with one refused before.
        """
        self._logins.unlock(source)

    def release(self) -> None:
        """One user less; with the last one the token is logged out and the workers forget the PIN."""
        self._logins.release()

    def sign(self, request: wire.Sign, source: SecretSource | None, checking: Checking) -> list[bytes]:
        """The values of a batch, each of which `checking` sees while the worker makes the next.

        Lost sessions, workers and devices are opened again once, and only what has no value yet is signed then;
        the PIN is asked for again, except where the worker could open the session itself.
        """
        return self._batches.sign(request, source, checking)

    def close(self) -> None:
        """Ends the workers, in the middle of a call too. The next call starts another."""
        self._crew.close()

    def state(self) -> wire.TokenState:
        """The token's flags now, and whether it is logged in."""
        return self._crew.state()

    def is_there(self) -> bool:
        """Whether the token still answers. One that hangs or is being restarted raises instead.

        While all its lanes are at work it is there: their callers will be told when it is not.
        """
        if self._crew.turns.all_busy:
            return True
        try:
            self.state()
        except TokenUnavailable as e:
            if e.details.get("waiting"):
                raise
            return False
        return True

    def objects(self) -> wire.Objects:
        """Keys and certificates that can be seen now."""
        return expect(self.call(wire.ReadObjects()), wire.Objects)

    def status(self, *, look: bool = False) -> TokenStatus:
        """What is known of the token; with `look` it is asked first, unless all its lanes are at work."""
        if look:
            with (
                contextlib.suppress(KysoError),
                self._crew.turn(0.2) as lane,
            ):  # each error has left its trace in the lane
                self._crew.state_in(lane)
        return TokenStatus(
            self.info.label,
            self.info.serial,
            self.module.path,
            self._condition(),
            len(self._crew.lanes),
            len(self.pids),
            self._crew.turns.waiting,
            tuple(lane.breaker.state for lane in self._crew.lanes),
            self._crew.events,
        )

    def _condition(self) -> TokenCondition:
        if self._crew.trouble is not None:
            return self._crew.trouble
        if all(lane.breaker.failures and not lane.alive for lane in self._crew.lanes):
            return "faulty"
        if self.info.needs_login and not any(lane.is_open for lane in self._crew.lanes):
            return "logged out"
        return "ready"
