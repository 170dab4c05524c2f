"""A CMS structure with something added to it: a signer, unsigned attributes, certificates, revocation answers.

Reach for `added`. What stands there is copied octet for octet but for the lengths around it; new signers and
attributes are the last ones, so that nothing that was numbered changes its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .. import oids
from ..asn1 import der
from ..errors import FormatError

_OTHER: Final = 0xA1
"""OtherRevocationInfoFormat; with one of them SignedData is of version 5 (RFC 5652 5.1)."""
_OTHER_OCSP = "1.3.6.1.5.5.7.16.2"  # id-ri-ocsp-response, RFC 5940


@dataclass(frozen=True)
class Added:
    """What goes into the structure."""

    signers: Sequence[bytes] = ()
    """Whole SignerInfos."""
    digests: Sequence[bytes] = ()
    """AlgorithmIdentifiers of their hashes."""
    certificates: Sequence[bytes] = ()
    revocation: Sequence[bytes] = ()
    """RevocationInfoChoices."""
    unsigned: Mapping[int, Sequence[bytes]] = field(default_factory=dict)
    """Whole attributes, by the number of the signer that gets them, from 0."""


def parts_of(encoded: bytes) -> list[der.Element]:
    """The elements of the SignedData in a ContentInfo. Raises `FormatError`."""
    try:
        _, wrapped = der.read(encoded, der.SEQUENCE).children()
        [body] = wrapped.children()
        return body.children()
    except ValueError:
        raise FormatError("The CMS structure does not have the usual parts.") from None


def ocsp_choice(answer: bytes) -> bytes:
    """An OCSPResponse as RevocationInfoChoice (RFC 5940 2)."""
    return der.tlv(_OTHER, der.oid(_OTHER_OCSP) + answer)


def added(encoded: bytes, new: Added) -> bytes:
    """The ContentInfo with `new` in it. Raises `FormatError`."""
    parts = parts_of(encoded)
    digests, content, infos = parts[1], parts[2], parts[-1]
    certificates = _with_tag(parts[3:-1], 0xA0)
    revocation = _with_tag(parts[3:-1], _OTHER)
    signers = [_with_unsigned(e, new.unsigned.get(n, ())) for n, e in enumerate(infos.children())]
    answers = _joined(revocation, new.revocation)
    return der.sequence(
        der.oid(oids.ID_SIGNED_DATA),
        der.explicit(
            0,
            der.sequence(
                der.integer(5) if any(a[0] == _OTHER for a in answers) else parts[0].raw,
                der.tlv(der.SET, b"".join(_joined(digests.children(), new.digests))),
                content.raw,
                _set(0xA0, _joined(certificates, new.certificates)),
                _set(_OTHER, answers),
                der.tlv(der.SET, b"".join((*signers, *new.signers))),
            ),
        ),
    )


def _with_tag(parts: Iterable[der.Element], tag: int) -> list[der.Element]:
    found = [p for p in parts if p.tag == tag]
    return found[0].children() if found else []


def _joined(there: Iterable[der.Element], new: Iterable[bytes]) -> list[bytes]:
    """What is there, in its order, and what is not there yet."""
    return list(dict.fromkeys((*(e.raw for e in there), *new)))


def _set(tag: int, items: Sequence[bytes]) -> bytes:
    return der.tlv(tag, b"".join(items)) if items else b""


def _with_unsigned(info: der.Element, attributes: Sequence[bytes]) -> bytes:
    """The SignerInfo with these as its last unsigned attributes."""
    if not attributes:
        return info.raw
    parts = info.children()
    there = [e.raw for e in parts.pop().children()] if parts[-1].tag == 0xA1 else []
    return der.sequence(*(p.raw for p in parts), der.tlv(0xA1, b"".join((*there, *attributes))))


def attribute(kind: str, value: bytes) -> bytes:
    """An Attribute with one value."""
    return der.sequence(der.oid(kind), der.tlv(der.SET, value))


def token_with_index(token: bytes, index: bytes) -> bytes:
    """An archive timestamp with its index as an unsigned attribute (EN 319 122-1 5.5.2). Raises `FormatError`."""
    return added(token, Added(unsigned={0: [attribute(oids.ID_AA_ATS_HASH_INDEX_V3, index)]}))
