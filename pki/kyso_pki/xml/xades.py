"""Qualifying properties (EN 319 132-1, XAdES 1.3.2 and 1.4.1): found where they must stand (attack class X12).

Reach for `find_properties`, which checks in the tree that there is one QualifyingProperties, that its Target is this
Signature, and that its SignedProperties are covered by exactly one Reference of the right Type. What they hold is
read in `properties_signed` (from the octets that were hashed) and `properties_unsigned` (anybody's data: evidence to
be checked, never believed); `properties_stamps` knows what each timestamp covers, `properties_written` writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import FormatError
from .names import ds, xades
from .parse import elements, refuse_larger_or_hidden, required
from .properties_stamps import Canonical
from .properties_unsigned import Unsigned, properties_in, read_unsigned
from .references import Budget
from .targets import Target

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_SIGNED_PROPERTIES = 1 << 20  # octets, against denial of service; attribute certificates of roles are the largest


@dataclass(frozen=True)
class Properties:
    """The qualifying properties of one signature, as far as the tree tells."""

    reference: int
    """Index of the Reference that covers SignedProperties."""
    unsigned: Unsigned


def find_properties(
    signature: _Element, resolved: Sequence[tuple[_Element, Target]], budget: Budget
) -> Properties | None:
    """The properties of this signature; None for plain XMLDSIG. Raises `FormatError` (class X12)."""
    qualifying = qualifying_of(signature)
    typed = [n for n, (_, target) in enumerate(resolved) if target.kind == "properties"]
    if not qualifying and not typed:
        return None
    if len(qualifying) != 1 or len(typed) != 1:
        raise FormatError(
            f"{len(qualifying)} QualifyingProperties and {len(typed)} references to SignedProperties; "
            "one each is needed."
        )
    target = required(qualifying[0], "Target", ("Id",))
    if signature.get("Id") is None or target != f"#{signature.get('Id')}":
        raise FormatError(f"QualifyingProperties are for {target!r}, not for the signature that they stand in.")
    children = elements(qualifying[0])
    tags = [c.tag for c in children]
    if tags not in ([xades("SignedProperties")], [xades("SignedProperties"), xades("UnsignedProperties")]):
        raise FormatError("QualifyingProperties must hold SignedProperties, then at most one UnsignedProperties.")
    if resolved[typed[0]][0] is not children[0]:
        raise FormatError(
            "The reference to SignedProperties leads to an element outside this signature's properties."
        )
    # We read the octets that were hashed, others read the text up to a comment (X4).
    refuse_larger_or_hidden(children[0], MAX_SIGNED_PROPERTIES)
    unsigned = children[1] if len(children) > 1 else None
    canonical = Canonical(budget.spend)
    return Properties(typed[0], read_unsigned(signature, unsigned, [e for e, _ in resolved], canonical))


def qualifying_of(signature: _Element) -> list[_Element]:
    """Every QualifyingProperties in the Objects of a signature."""
    return [e for o in signature if o.tag == ds("Object") for e in o if e.tag == xades("QualifyingProperties")]


def unsigned_properties(signature: _Element) -> list[_Element]:
    """The unsigned signature properties of a XAdES signature, in their order."""
    parts = elements(qualifying_of(signature)[0])
    return properties_in(parts[1] if len(parts) > 1 else None, "UnsignedSignatureProperties")
