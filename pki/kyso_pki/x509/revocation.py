"""Is a certificate revoked? From OCSP answers and CRLs, at a given time, failing closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RevocationStatus = Literal["good", "revoked", "unknown", "not_checked"]


@dataclass(frozen=True)
class RevocationResult:
    """What is known of the signer's certificate. Only `good` is good."""

    status: RevocationStatus
    source: str | None = None
    """`ocsp`, `crl`, with the place: `ocsp (embedded)`."""
    at: datetime | None = None
    """thisUpdate of the answer used, or the revocation date when `revoked`."""
    reason: str | None = None
    text: str = ""
