"""Where a signature stands among the others: alone, or inside the one whose value it countersigns (class C8).

Reach for `standing`. A CounterSignature must stand in the unsigned properties of the very signature that it covers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ..facts import Finding
from .names import ds, xades
from .targets import Paths, Target

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True)
class Place:
    """Where a signature stands among the others."""

    path: str
    """For people."""
    countersigns: str | None = None
    """The signature whose value, and nothing else, it covers."""
    inside: str | None = None
    """The signature in whose unsigned property, of number `inside_at`, it stands."""
    inside_at: int = 0


def standing(
    signature: _Element, resolved: Sequence[tuple[_Element, Target]], known: Mapping[_Element, str], paths: Paths
) -> tuple[Place, tuple[Finding, ...]]:
    """Where the signature stands, and what is wrong when it stands in another one (EN 319 132-1 5.2.7, class C8).

    `resolved`: where its references lead; `known`: the names of all signatures; `paths` names elements to people.
    """
    values = [e.getparent() for e, t in resolved if t.kind == "countersigned" and e.tag == ds("SignatureValue")]
    others = [known.get(e) for e in values if e is not None]
    path = paths.of(signature)
    findings: list[Finding] = []
    if None in others:
        text = "It covers a SignatureValue that stands in no signature."
        findings.append(Finding("NOTHING_COVERED", "error", text))
    alone = len(set(others)) == 1 and all(t.kind in ("countersigned", "properties", "own") for _, t in resolved)
    countersigns = others[0] if alone else None
    holder = signature.getparent()
    if holder is None or holder.tag != xades("CounterSignature"):
        return Place(path, countersigns), tuple(findings)
    steps = [xades("UnsignedSignatureProperties"), xades("UnsignedProperties"), xades("QualifyingProperties")]
    above = list(islice(holder.iterancestors(), 5))
    if [e.tag for e in above] != [*steps, ds("Object"), ds("Signature")]:
        text = "A CounterSignature stands where no counter-signature can stand."
        return Place(path, countersigns), (*findings, Finding("COUNTER_SIGNATURE_MISPLACED", "error", text))
    inside = known.get(above[-1])
    if inside is None or countersigns != inside:
        text = "A CounterSignature does not cover the value of the signature that it stands in."
        findings.append(Finding("COUNTER_SIGNATURE_OF_ANOTHER", "error", text))
    return Place(path, countersigns, inside, above[0].index(holder) + 1), tuple(findings)
