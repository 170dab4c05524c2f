"""Growth: what keeps a signature verifiable is added to the document, and nothing that stands there is changed.

Reach for `extend`. Each step is a function of a document: `timestamp_document` (PDF: a document timestamp alone),
`missing_evidence` and `add_evidence` (B-LT). Where a timestamp or evidence goes is the format's affair
(`document.Growing`): to the end of a PDF, into the unsigned properties of each XML signature, into the unsigned
attributes of each CMS signer. A level whose evidence
cannot be had is refused by name of the certificate and of what it lacks, never claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ..document import Addition, Document, Growing, Level, Splice, StampPurpose, Wanted, can_grow
from ..errors import NotExtendable, UsageError
from ..evidence import Evidence, together
from ..facts import SignatureFacts, proven
from ..scheme import digest
from ..signer import Timestamper
from .search import NO_TRUST as NO_TRUST
from .search import Sources as Sources
from .search import missing_evidence as missing_evidence
from .stamping import TIMESTAMP_HASH, token_size

Grow = Callable[[Addition], Growing]
"""Puts an addition into the document and opens the result."""


def extend(
    document: Document,
    level: Level,
    *,
    timestamper: Timestamper | None,
    sources: Sources,
    grow: Grow | None = None,
    only: Collection[str] | None = None,
) -> Growing:
    """The document with its signatures brought to `level`; at B-LTA always with one more timestamp over each.

    So B-LTA on a document that is B-LTA renews it: evidence for the timestamp before, then a new one over it. `grow`
    is for documents that are not in memory; `only` names the signatures that are meant, in XML and CMS, where each
    grows by itself. Raises `NotExtendable`, `EvidenceMissing`, `TimestampError`.
    """
    growing = _growing(document)
    found = _intact(growing, only)
    if level == "B-B":
        raise UsageError("Every signature is B-B already.", remedy="Use B-T, B-LT or B-LTA.")
    if not all(proven(f, growing.signatures()) for f in found if f.countersigned is None):
        growing = _stamped(growing, "signature", timestamper, grow, only)
    if level == "B-T":
        return growing
    wanted = missing_evidence(growing.signatures(), sources, only)
    growing = add_evidence(growing, wanted, grow)
    return _stamped(growing, "archive", timestamper, grow, only) if level == "B-LTA" else growing


def timestamp_document(document: Document, timestamper: Timestamper | None, grow: Grow | None = None) -> Growing:
    """The PDF with a timestamp over all of it (EN 319 142-1 5.4.3). Raises `TimestampError`, `UsageError`."""
    growing = _growing(document)
    if growing.format != "pdf":
        raise UsageError(
            "Only a PDF carries a timestamp over the whole document; elsewhere a timestamp belongs to a signature.",
            remedy="Sign it, or extend its signatures: kyso extend.",
        )
    return _stamped(growing, "archive", timestamper, grow, None)


def _stamped(
    growing: Growing,
    purpose: StampPurpose,
    timestamper: Timestamper | None,
    grow: Grow | None,
    only: Collection[str] | None,
) -> Growing:
    if timestamper is None:
        raise UsageError("A timestamp needs a time-stamping authority.", remedy="Name one (--tsa URL).")
    addition: list[Splice] = []
    for pending in growing.prepare_timestamps(purpose, lambda: token_size(timestamper), only):
        imprint = pending.digest(TIMESTAMP_HASH)
        token = timestamper.timestamp(imprint, TIMESTAMP_HASH)
        addition += pending.addition(token, imprint, TIMESTAMP_HASH)
    return (grow or growing.grown)(addition)


def add_evidence(document: Document, evidence: Evidence | Sequence[Wanted], grow: Grow | None = None) -> Growing:
    """The document with this evidence inside, for every signature or for those that want it.

    As it is when it holds all of it already.
    """
    growing = _growing(document)
    if isinstance(evidence, Evidence):
        ids = [f.id for f in growing.signatures()] if growing.format == "xml" else [""]
        evidence = [Wanted(i, evidence) for i in ids]
    every = together(w.evidence for w in evidence)
    parts = (*(c.der for c in every.certificates), *every.crls, *every.ocsp)
    addition = growing.prepare_evidence(evidence, digest("sha256", b"".join(parts)))
    return (grow or growing.grown)(addition) if addition else growing


def _growing(document: Document) -> Growing:
    if not can_grow(document):
        raise UsageError(
            f"Signatures in {document.format.upper()} documents cannot be extended.",
            remedy="Sign at level B-B or B-T.",
        )
    return document


def _intact(document: Growing, only: Collection[str] | None) -> Sequence[SignatureFacts]:
    """The signatures that are meant, all of them sound: what is broken is not preserved."""
    found = [f for f in document.signatures() if only is None or f.id in only]
    if not found:
        raise NotExtendable("The document carries no signature.", remedy="Sign it first, or timestamp it.")
    for facts in found:
        stamps = all(t.intact for t in facts.timestamps)
        if any(f.code == "SIGNED_DATA_NOT_FOUND" for f in facts.findings):
            raise NotExtendable(
                f"The content that the signature {facts.id!r} covers is not at hand.",
                remedy="Put it beside (van-ban.docx beside van-ban.docx.p7s), or name it with --content.",
            )
        if not (facts.well_formed and facts.references_intact and facts.signature_intact and stamps):
            raise NotExtendable(
                f"The signature {facts.id!r} is not intact; it is not extended.",
                remedy="Verify the document, and get it again from its sender.",
            )
        if facts.family == "XMLDSIG":
            raise NotExtendable(
                f"The signature {facts.id!r} is plain XML Signature (XMLDSIG), which cannot be extended. "
                "Timestamps and evidence go into XAdES properties, which are signed together with the document.",
                remedy="Have it signed again as XAdES.",
            )
        if any(not c.allowed and c.kind != "overlay" for c in facts.changes_after):
            raise NotExtendable(f"The document was changed after the signature {facts.id!r}; it is not extended.")
    return found
