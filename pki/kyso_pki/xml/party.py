"""Whose place a Signature stands in on an e-invoice, and whether its signer is that party (QĐ 1450/QĐ-TCT).

A Signature is no part of what it covers, so anybody can take the buyer's out of `DSCKS/NMua` and put it into
`DSCKS/NBan`: it verifies there as well, and the invoice looks signed by its seller. What tells it are two numbers
that somebody vouches for: the tax code of the party in the signed data, and that in the certificate (`UID=MST:…`).
Reach for `place_of`, then `party_finding` once the certificate is known. Where a tax code is missing nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..facts import Finding
from ..x509.certificate import Certificate
from .parse import local_name
from .targets import is_inside

if TYPE_CHECKING:
    from lxml.etree import _Element

_PARTIES: Final = {
    # of DSCKS: who signs there, and where the signed data have his tax code. A seller may leave his invoices to
    # another (NĐ 123/2020, Article 3), who is named then and signs for him.
    "NBan": ("seller", ("NDHDon/NBan/MST", "TTChung/MSTDVNUNLHDon")),
    "NMua": ("buyer", ("NDHDon/NMua/MST",)),
}
_AUTHORITY: Final = "CQT"  # the tax authority, of whom the data have no code; the seller is never it
_DATA, _PLACES = "DLHDon", "DSCKS"
_ENTERPRISE: Final = re.compile(r"(\d{10})(-?\d{3})?")  # TT 86/2024: a branch has its head office's ten digits
_PERSON: Final = re.compile(r"\d{12}")  # who has no other tax code than his citizen's number
MAX_CODE: Final = 20  # characters; the longest has 14


@dataclass(frozen=True)
class Party:
    """Who is meant to sign in one place."""

    name: str
    codes: tuple[str, ...]
    """Tax codes of the signed data, as they stand there."""
    others: bool = False
    """They are those of somebody else, who cannot sign here."""


def place_of(signature: _Element, signed: AbstractSet[_Element]) -> Party | None:
    """The party in whose place the Signature stands, by the invoice data among `signed`; None where none is known."""
    above = [signature.getparent()]
    for _ in range(2):
        above.append(None if above[-1] is None else above[-1].getparent())
    place, places, invoice = above
    if place is None or places is None or invoice is None or local_name(places) != _PLACES:
        return None
    others = local_name(place) == _AUTHORITY
    name, paths = _PARTIES["NBan"] if others else _PARTIES.get(local_name(place), ("", ()))
    data = [e for e in signed if local_name(e) == _DATA and e.getparent() is invoice]
    if not data and is_inside(invoice, signed):  # else anybody can put children there, to be looked through
        data = [e for e in invoice.iterchildren() if local_name(e) == _DATA]
    codes = tuple(code for one in data for path in paths for code in _texts(one, path.split("/")))
    return Party(name, tuple(dict.fromkeys(codes)), others) if codes else None


def party_finding(party: Party | None, certificate: Certificate | None) -> Finding | None:
    """What stands against this signer in this place; None where nothing does, or nothing is known."""
    if party is None or certificate is None:
        return None
    own = [v.partition(":")[2].strip() for v in certificate.subject.all("UID") if v.upper().startswith("MST:")]
    own = [code for code in own if _known(code)]
    meant = [code for code in party.codes if _known(code)]
    if not own or not meant or any(_same(a, b) for a in own for b in meant) != party.others:
        return None
    named, codes = ", ".join(own), ", ".join(meant)
    if party.others:
        text = f"It stands in the place of the tax authority, and its certificate is of the seller ({named})."
        return Finding("PLACE_OF_ANOTHER", "warning", text)
    if party.name == "seller":
        text = f"It stands in the place of the seller ({codes}), and its certificate is of another ({named})."
    else:
        text = f"It stands in the place of the buyer ({codes}), and its certificate is of another ({named})."
    enterprises = all(_ENTERPRISE.fullmatch(code) for code in (*own, *meant))
    # A household's old tax code became its owner's citizen's number, and certificates outlive that.
    return Finding("PLACE_OF_ANOTHER" if enterprises else "TAX_CODE_DIFFERS", "warning", text)


def _known(code: str) -> bool:
    return bool(_ENTERPRISE.fullmatch(code) or _PERSON.fullmatch(code))


def _same(one: str, other: str) -> bool:
    """Branches sign with the certificate of their head office, and the other way round."""
    enterprises = [_ENTERPRISE.fullmatch(code) for code in (one, other)]
    if all(enterprises):
        return len({m[1] for m in enterprises if m}) == 1
    return one == other


def _texts(element: _Element, steps: Sequence[str]) -> Iterator[str]:
    found = [element]
    for step in steps:
        found = [c for e in found for c in e.iterchildren() if local_name(c) == step]
    for e in found:
        text = "".join(e.itertext()).strip()
        if 0 < len(text) <= MAX_CODE:
            yield text
