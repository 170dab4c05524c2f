"""How a fault test ends: an error in time that names the token and the remedy, and service that comes back.

`breaks` and `resumes` are the two halves; `Background` signs while a test does harm.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kyso_hsm.opening import OpenKey
from kyso_hsm.pool import Limits, Pool
from kyso_pki.errors import KysoError, TokenBusy, TokenTimeout, TokenUnavailable

from ..standins.program import until
from ..standins.standin import SCHEMES, StandIn, imprints, verified

if TYPE_CHECKING:
    from collections.abc import Iterator

# Long enough for a machine with much to do, short enough that a test which hangs something ends soon.
LIMITS = Limits(start_s=6.0, call_s=3.0, login_s=4.0, per_signature_s=0.5, first_pause_s=0.05, longest_pause_s=0.4)
# One request's worst way: a call, a restart with its first call, a look at the flags, a login, the second call.
WORST_S = LIMITS.start_s + 4 * LIMITS.call_s + LIMITS.login_s + 2.0
BACK_S = 30.0
PASSING = (TokenUnavailable, TokenTimeout, TokenBusy)


@contextmanager
def in_time(seconds: float = WORST_S) -> Iterator[None]:
    """Nothing in the block may take longer than its deadlines allow."""
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    assert took < seconds, f"took {took:.1f} s; its deadlines allow {seconds:.1f} s"


def breaks(work: Callable[[], object], token: str, *kinds: type[KysoError], seconds: float = WORST_S) -> KysoError:
    """The error of `work`, which comes in time, is of one of these kinds, names the token and says what to do."""
    with in_time(seconds), pytest.raises(kinds or PASSING) as e:
        work()
    named(e.value, token)
    return e.value


def named(error: KysoError, token: str) -> None:
    """The error names the token and the remedy."""
    assert token in error.message, f"does not name {token!r}: {error}"
    assert error.remedy, f"gives no remedy: {error}"


def resumes(key: OpenKey, token: StandIn, scheme: str = "rsa-pkcs1", count: int = 2) -> None:
    """The same open key signs again, without any help; until then it fails in time and by name."""
    public = token.keys[SCHEMES[scheme]].public
    assert public is not None
    end = time.monotonic() + BACK_S
    while True:
        try:
            with in_time():
                values = key.sign(imprints(count))
            break
        except PASSING as e:
            named(e, token.token)
            assert time.monotonic() < end, f"not back within {BACK_S:g} s: {e}"
            time.sleep(0.05)
    verified(scheme, public, values)


def signs(key: OpenKey, token: StandIn, scheme: str = "rsa-pkcs1", count: int = 2) -> None:
    """At the first try."""
    public = token.keys[SCHEMES[scheme]].public
    assert public is not None
    with in_time():
        verified(scheme, public, key.sign(imprints(count)))


class Background:
    """Signs a batch on a thread of its own; `outcome` waits for its end and judges it."""

    def __init__(self, key: OpenKey, token: StandIn, count: int, scheme: str = "rsa-pkcs1") -> None:
        self._token, self._scheme, self._count = token, scheme, count
        self._values: list[bytes] = []
        self._error: KysoError | None = None
        self._took = 0.0
        self._thread = threading.Thread(target=self._work, args=(key,), daemon=True)
        self._thread.start()

    def _work(self, key: OpenKey) -> None:
        start = time.monotonic()
        try:
            self._values = key.sign(imprints(self._count))
        except KysoError as e:
            self._error = e
        self._took = time.monotonic() - start

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def outcome(self) -> KysoError | None:
        """None when every value came and is good; else the error, which comes in time and names the token."""
        allowed = WORST_S + LIMITS.per_signature_s * self._count * 2
        self._thread.join(allowed)
        assert self.done, f"still at it after {allowed:.1f} s"
        assert self._took < allowed
        if self._error is not None:
            assert isinstance(self._error, PASSING), repr(self._error)
            named(self._error, self._token.token)
            return self._error
        public = self._token.keys[SCHEMES[self._scheme]].public
        assert public is not None and len(self._values) == self._count
        verified(self._scheme, public, self._values)
        return None


def worker_of(token: StandIn, pool: Pool) -> int:
    """The process id of the token's worker."""
    pid = pool.host_of(f"pkcs11:token={token.token}", [token.module]).pid
    assert pid
    return pid


def pauses_of(pid: int) -> int:
    """How often a process has waited for something so far: each exchange with a device is at least one."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("voluntary_ctxt_switches")))


def until_gone(pid: int) -> None:
    """This process's child has ended with all its threads, so that its pipes are closed; it is not waited for."""
    until(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None, f"{pid} has ended")
