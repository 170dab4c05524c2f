"""The level by proof, whatever a signature claims to be (EN 319 142-1 6.1, attack class P13)."""

from __future__ import annotations

from collections.abc import Sequence

from ..facts import PROVING
from ..x509.certificate import Certificate
from .case import Case
from .constraints import asked
from .past import Held, Proof, good_then
from .report import TimestampResult
from .stamps import earliest


def level(
    case: Case, timestamps: Sequence[TimestampResult], path: tuple[Certificate, ...], proven: Proof | None
) -> str:
    """The level by proof (EN 319 142-1 6.1, attack class P13), whatever the file claims to be.

    B-T: a trusted timestamp over the signature. B-LT: the evidence in the file alone, the certificates of the CAs
    included, shows that the signer's path and that of the timestamp's authority were good then. B-LTA: so does that
    part of it which a trusted document timestamp covers.
    """
    family = case.facts.family
    if family not in ("PAdES", "XAdES", "CAdES"):
        return family
    if proven is None:
        return f"{family}-B-B"
    in_file = [h for h in case.held if h.in_file]
    if not _suffices(case, in_file, timestamps, path, proven):
        return f"{family}-B-T"
    protected = [h for h in in_file if h.protected]
    lasting = protected == in_file or _suffices(case, protected, timestamps, path, proven)
    return f"{family}-B-LTA" if lasting else f"{family}-B-LT"


def _suffices(
    case: Case,
    held: Sequence[Held],
    timestamps: Sequence[TimestampResult],
    path: tuple[Certificate, ...],
    proven: Proof,
) -> bool:
    if not any(h.evidence.crls or h.evidence.ocsp for h in held) or not path:
        return False
    at_hand = frozenset(c for h in held for c in h.evidence.certificates)
    constraints = asked(case)
    if not at_hand.issuperset(path[1:-1]) or not good_then(path, proven.by, held, constraints):
        return False
    proving = [t for t in timestamps if t.facts.kind in (*PROVING, "document")]
    own = [(t.path, p, t.facts.certificates) for t in proving if (p := earliest([t])) is not None]
    over = [(c.path, c.proof, c.carried) for c in case.covers]
    return any(
        tsa
        and p.by == proven.by
        and at_hand.union(carried).issuperset(tsa[1:-1])
        and good_then(tsa, p.by, held, constraints)
        for tsa, p, carried in (*own, *over)
    )
