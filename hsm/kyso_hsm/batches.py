"""Signing batches with a token, and what may be done again after which error.

Reach it through `kyso_hsm.host`. Every try again is counted and logged; what has its value already is not signed
again.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

from kyso_pki.errors import KysoError, SigningError, TokenUnavailable

from . import ckr, wire
from .checking import Checking
from .crew import Crew, expect, log
from .lanes import Lane
from .logins import Logins
from .pin import SecretSource

MAX_BATCH = 256  # imprints in one frame
FAIR_S = 2.0  # seconds for which one caller's frame may keep a lane from the others
UNKNOWN_PACE_BATCH = 16  # before the first signature has shown how fast the token is


class _Interrupted(Exception):
    """A signature was not made because the worker is new or had to go; it may be asked for once more."""

    def __init__(self, error: KysoError, lane: Lane, kind: Literal["restart", "login"]) -> None:
        super().__init__(str(error))
        self.error = error
        self.lane = lane
        self.kind = kind


class Batches:
    """The signatures of one token. All of it may be called from any thread."""

    def __init__(self, crew: Crew, logins: Logins) -> None:
        self._crew = crew
        self._logins = logins
        self.pace_s: float | None = None
        """Seconds for one signature, as last seen."""

    @property
    def fair_batch(self) -> int:
        """How many imprints to send at once, so that whoever waits for the token waits for some two seconds."""
        if self.pace_s is None:
            return UNKNOWN_PACE_BATCH
        return max(1, min(MAX_BATCH, int(FAIR_S / max(self.pace_s, 1e-6))))

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
                self._crew.count(f"retries_{e.kind}")
                log.warning("%s Trying once more (%d values were made).", e.error.message, len(values))
                lane = e.lane
            self._logins.open_or_retire(lane, source)

    def _sign_rest(self, request: wire.Sign, values: list[bytes], checking: Checking) -> None:
        """Adds the values of `request` to `values`. Raises `_Interrupted` where one more try is right."""
        limit = self._crew.limits.call_s + self._crew.limits.per_signature_s * (len(request.imprints) - 1)
        lane = self._crew.take(limit)
        try:
            refusal = self._collect(lane, request, values, checking, limit)
            if refusal is not None:
                self._refused(lane, refusal)
        except TokenUnavailable as e:
            if e.details.get("not_begun"):
                raise _Interrupted(e, lane, "restart") from None
            raise
        finally:
            self._crew.turns.give_back(lane)

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
                self._crew.count("retries_reopen")
                log.warning("token %r: the session was lost and opened again", self._crew.info.label)

        self._crew.exchange(lane, request, limit_s, take)
        count = len(values) - before
        self._crew.count("signatures", count)
        if refusal is None and wrong is None:
            if count != len(request.imprints):
                raise TokenUnavailable(f"A worker gave {count} values for {len(request.imprints)}.")
            try:
                checking.finish()
            except SigningError as e:
                wrong = e
        if wrong is not None:
            self._crew.count("values_invalid")
            log.error("%s", wrong.message)
            raise wrong
        if refusal is None:
            self.pace_s = (time.monotonic() - start) / count if count else self.pace_s
            lane.breaker.succeeded()  # only signatures prove that the token is well again
            self._crew.trouble = None
        return refusal

    def _refused(self, lane: Lane, refusal: wire.Refusal) -> None:
        """Raises what a refusal to sign means: an error, or `_Interrupted` where one more try is right."""
        error = self._crew.error_of(refusal)
        if refusal.reason == "not-logged-in":
            lane.logged_in = False
            raise _Interrupted(error, lane, "login")
        lost = refusal.reason in ("no-key", "no-token")  # both were there when the key was opened
        if lost or (refusal.reason == "ckr" and ckr.recovery_of(refusal.number) == "restart"):
            lane.failed()
            raise _Interrupted(error, lane, "restart")
        raise error
