"""The same key on several tokens (cloned partitions of an HSM), used as one: fail-over in a fixed order.

Reach for `kyso_hsm.opening.open_replicas`. The first replica that is well signs; one that fails steps back and is
tried again after a pause, first with its test key where there is one (a key made for nothing else, so that no
signature of the real key is spent on a health check). What is refused: replicas whose public keys differ,
and going on to another replica after a wrong PIN, a missing mechanism or a value that does not verify: those
are no outages.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_pki.credential import Chain
from kyso_pki.errors import CertificateUnsuitable, KysoError, TokenBusy, TokenTimeout, TokenUnavailable, UsageError
from kyso_pki.scheme import Scheme

from .token import OpenKey, OpenSigner

log = logging.getLogger("kyso_hsm.replicas")

OUTAGES = (TokenUnavailable, TokenTimeout, TokenBusy)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

_T = TypeVar("_T")
ReplicaCondition = Literal["untried", "ready", "resting", "faulty"]


@dataclass(frozen=True)
class ReplicaStatus:
    """How one replica is; `error` is the last outage's message."""

    name: str
    condition: ReplicaCondition
    tested: bool
    """A test key has signed since the last outage."""
    outages: int
    error: str | None


class Replica:
    """One place of the key. `open_key` opens it, `open_test` opens its test key (None: it has none)."""

    def __init__(
        self, name: str, open_key: Callable[[], OpenSigner], open_test: Callable[[], OpenKey] | None = None
    ) -> None:
        self.name = name
        self._open_key, self._open_test = open_key, open_test
        self._signer: OpenSigner | None = None
        self._test: OpenKey | None = None
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._failures = 0
        self._outages = 0
        self._error: str | None = None
        self._tested = False

    @property
    def rests(self) -> bool:
        return time.monotonic() < self._not_before

    def signer(self) -> OpenSigner:
        """Its signer, opened when first needed; after an outage its test key signs first."""
        with self._lock:
            if self._signer is None:
                self._signer = self._open_key()
            if self._open_test is not None and not self._tested:
                if self._test is None:
                    self._test = self._open_test()
                self._test.sign([os.urandom(self._test.scheme.hash_size)])  # verified where it is made
                self._tested = True
            return self._signer

    def well(self) -> None:
        if self._failures:
            log.warning("replica %s is in use again", self.name)
        self._failures, self._not_before, self._error = 0, 0.0, None

    def failed(self, error: KysoError) -> None:
        pause = min(FIRST_PAUSE_S * 2 ** min(self._failures, 16), LONGEST_PAUSE_S)
        self._failures += 1
        self._outages += 1
        self._error = error.message
        self._tested = False
        self._not_before = time.monotonic() + pause
        log.warning("replica %s rests for %.0f s: %s", self.name, pause, error.message)

    def status(self) -> ReplicaStatus:
        condition: ReplicaCondition = "ready"
        if self._failures:
            condition = "resting" if self.rests else "faulty"
        elif self._signer is None:
            condition = "untried"
        return ReplicaStatus(self.name, condition, self._tested, self._outages, self._error)

    def close(self) -> None:
        for key in (self._signer, self._test):
            if key is not None:
                key.close()
        self._signer = self._test = None


class ReplicaSigner:
    """A `Signer` over several replicas of one key, until it is closed."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        if not replicas:
            raise UsageError("A key needs at least one place.")
        self._replicas = tuple(replicas)
        self._first = self._any(lambda signer: signer)
        self._closed = False

    @property
    def chain(self) -> Chain:
        return self._first.chain

    @property
    def scheme(self) -> Scheme:
        return self._first.scheme

    @property
    def public_key(self) -> PublicKeyTypes:
        return self._first.public_key

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """One verified value per imprint, all from the first replica that is well."""
        if self._closed:
            raise UsageError("This key is closed.", remedy="Open it again.")
        return self._any(lambda signer: signer.sign(imprints))

    def status(self) -> tuple[ReplicaStatus, ...]:
        """How each replica is, in the order of preference."""
        return tuple(r.status() for r in self._replicas)

    def _any(self, use: Callable[[OpenSigner], _T]) -> _T:
        """What `use` gives with the first replica that works; those that rest come last."""
        last: KysoError | None = None
        for replica in sorted(self._replicas, key=lambda r: r.rests):  # a stable sort keeps the order otherwise
            try:
                signer = replica.signer()
                self._refuse_another_key(replica, signer)
                found = use(signer)
            except OUTAGES as e:
                replica.failed(e)
                last = e
                continue
            replica.well()
            return found
        names = ", ".join(r.name for r in self._replicas)
        raise TokenUnavailable(
            f"None of the replicas {names} can be used; the last said: {last.message if last else ''}",
            remedy=last.remedy if last else None,
        ) from last

    def _refuse_another_key(self, replica: Replica, signer: OpenSigner) -> None:
        first = getattr(self, "_first", None)
        if first is not None and signer.public_key != first.public_key:
            raise CertificateUnsuitable(
                f"The key at {replica.name} is not the one that its replicas hold.",
                remedy="Correct the list of replicas: they must be clones of one key.",
            )

    def close(self) -> None:
        self._closed = True
        for replica in self._replicas:
            replica.close()

    def __enter__(self) -> ReplicaSigner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
