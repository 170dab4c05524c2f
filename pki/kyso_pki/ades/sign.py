"""Signing at each level, over any format.

Reach for `sign_document`, or `sign_documents` for many with one use of the key. The certificate is checked before the
key moves, the value after; nothing half-signed is ever returned. B-LT and B-LTA are a B-T signature that then grows
(`grow`). Who keeps documents outside of memory uses the steps one by one: `ready`, `values_of`, `evidence_for`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..credential import Chain, check_before_signing
from ..document import TIMESTAMP_SIZE, Document, Intent, Pending, grows_when_signed
from ..errors import SignatureValueInvalid, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..scheme import Scheme, digest
from ..signer import Signer, Timestamper
from .grow import Sources, extend
from .stamping import TIMESTAMP_HASH, token_size


def sign_document(
    document: Document,
    intent: Intent,
    signer: Signer,
    timestamper: Timestamper | None = None,
    sources: Sources | None = None,
) -> bytes:
    """The signed document. `sources`: where the evidence for B-LT and B-LTA comes from.

    Raises `CertificateError`, `KeyAccessError`, `SigningError`, `EvidenceMissing`, `TimestampError`.
    """
    return sign_documents([document], intent, signer, timestamper, sources)[0]


def sign_documents(
    documents: Sequence[Document],
    intent: Intent,
    signer: Signer,
    timestamper: Timestamper | None = None,
    sources: Sources | None = None,
) -> list[bytes]:
    """All signed documents, in order, with one batch sent to the key; all or an exception."""
    intent = ready(intent, signer.chain, signer.scheme, timestamper, sources)
    for document in documents:
        require_growth(document, intent)
    pending = [document.prepare(intent, signer.chain, signer.scheme) for document in documents]
    values = values_of(signer, pending)
    out: list[bytes] = []
    for document, waiting, value in zip(documents, pending, values, strict=True):
        signed = waiting.finish(value, evidence_for(waiting, value, intent, timestamper))
        if intent.level in ("B-LT", "B-LTA") and sources is not None and grows_when_signed(document):
            again = document.reopened(signed)
            only = None if again.format == "pdf" else (waiting.signature_id,)
            signed = extend(again, intent.level, timestamper=timestamper, sources=sources, only=only).data
        out.append(signed)
    return out


def ready(
    intent: Intent, chain: Chain, scheme: Scheme, timestamper: Timestamper | None, sources: Sources | None
) -> Intent:
    """The intent with the room that this authority's tokens need, when all that the level asks for is there.

    Raises `UsageError`, `CertificateError`: before the key is touched.
    """
    if intent.timestamped and timestamper is None:
        raise UsageError(
            f"Level {intent.level} needs a time-stamping authority.",
            remedy="Name one (--tsa URL), or sign at level B-B.",
        )
    if intent.level in ("B-LT", "B-LTA") and sources is None:
        raise UsageError(f"Level {intent.level} needs sources of evidence.", remedy="Pass a fetcher or evidence.")
    check_before_signing(chain, scheme, intent.signing_time)
    if intent.timestamped and timestamper is not None and intent.timestamp_size == TIMESTAMP_SIZE:
        return replace(intent, timestamp_size=token_size(timestamper))
    return intent


def require_growth(document: Document, intent: Intent) -> None:
    """Refuses a level that this format cannot reach, before the key is touched. Raises `UsageError`."""
    if intent.level in ("B-LT", "B-LTA") and not grows_when_signed(document):
        raise UsageError(
            f"Level {intent.level} is not written into {document.format.upper()} documents yet.",
            remedy="Sign at level B-B or B-T.",
        )


def values_of(signer: Signer, pending: Sequence[Pending]) -> list[bytes]:
    """One value for each, in order, from one call to the key. Raises `SigningError`, `KeyAccessError`."""
    values = signer.sign([p.imprint for p in pending])
    if len(values) != len(pending):
        raise SignatureValueInvalid(f"The key returned {len(values)} values for {len(pending)} hashes.")
    return values


def evidence_for(pending: Pending, value: bytes, intent: Intent, timestamper: Timestamper | None) -> Evidence:
    """The timestamp over a signature value, when the level asks for one. Raises `TimestampError`."""
    if not intent.timestamped or timestamper is None:
        return NO_EVIDENCE
    token = timestamper.timestamp(digest(TIMESTAMP_HASH, pending.timestamp_message(value)), TIMESTAMP_HASH)
    return Evidence(timestamps=(token,))
