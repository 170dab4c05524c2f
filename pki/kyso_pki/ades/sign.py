"""Signing at each level, over any format.

Reach for `sign_document`, or `sign_documents` for many with one use of the key. The certificate is checked
before the key moves, the value after; nothing half-signed is ever returned.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..credential import check_before_signing
from ..document import Document, Intent, Pending
from ..errors import SigningError, UsageError
from ..evidence import Evidence
from ..scheme import digest
from ..signer import Signer, Timestamper

TIMESTAMP_HASH = "sha256"


def sign_document(
    document: Document, intent: Intent, signer: Signer, timestamper: Timestamper | None = None
) -> bytes:
    """The signed document. Raises `CertificateError`, `KeyAccessError`, `SigningError`, `TimestampError`."""
    return sign_documents([document], intent, signer, timestamper)[0]


def sign_documents(
    documents: Sequence[Document], intent: Intent, signer: Signer, timestamper: Timestamper | None = None
) -> list[bytes]:
    """All signed documents, in order, with one batch sent to the key; all or an exception."""
    if intent.level == "B-T" and timestamper is None:
        raise UsageError(
            "Level B-T needs a time-stamping authority.", remedy="Name one (--tsa URL), or sign at level B-B."
        )
    check_before_signing(signer.chain, signer.scheme, intent.signing_time)
    pending = [document.prepare(intent, signer.chain, signer.scheme) for document in documents]
    values = signer.sign([p.imprint for p in pending])
    if len(values) != len(pending):
        raise SigningError(f"The key returned {len(values)} values for {len(pending)} hashes.")
    return [_finish(p, value, intent, timestamper) for p, value in zip(pending, values, strict=True)]


def _finish(pending: Pending, value: bytes, intent: Intent, timestamper: Timestamper | None) -> bytes:
    if intent.level == "B-B" or timestamper is None:
        return pending.finish(value)
    token = timestamper.timestamp(digest(TIMESTAMP_HASH, pending.timestamp_message(value)), TIMESTAMP_HASH)
    return pending.finish(value, Evidence(timestamps=(token,)))
