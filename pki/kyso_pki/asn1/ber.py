"""The indefinite lengths of BER made definite, for signatures of signers that write them (NSS, BouncyCastle).

Reach for `definite`; what it returns goes through the strict reader in `der` like anything else. This is no lenient
reader: only the outer shells of a CMS structure may be of indefinite length, what lies deeper is copied octet for
octet, and an indefinite length down there is refused. See docs/adr/0012-ber-shells.md.
"""

from __future__ import annotations

from typing import Final

from ..errors import FormatError, LimitExceeded
from . import der

MAX_SHELLS: Final = 5
"""ContentInfo, its [0], SignedData, its lists, and what stands in them. Signed attributes are deeper: they "MUST be
DER encoded, even if the rest of the structure is BER encoded" (RFC 5652 5.3)."""
_END = b"\x00\x00"
_STRING_OF_STRINGS: Final = 0x24  # a constructed OCTET STRING


def is_indefinite(data: bytes) -> bool:
    """Whether the element at the start of `data` is of indefinite length (X.690 8.1.3.6)."""
    return data[1:2] == b"\x80"


def definite(data: bytes) -> tuple[bytes, int]:
    """The element at the start of `data` with definite lengths, and where its original ends in `data`.

    Work and memory are linear in what is read. Raises `FormatError`, `LimitExceeded`.
    """
    return _definite(data, 0, 0)


def _definite(data: bytes, start: int, level: int, parent: int = 0) -> tuple[bytes, int]:
    if level == MAX_SHELLS and parent == 0xA0 and data[start : start + 1] == bytes((_STRING_OF_STRINGS,)):
        return _joined(data, start)
    if data[start + 1 : start + 2] != b"\x80":
        element = der.Reader(data, start, len(data), 0).take()
        return element.raw, element.end
    tag = data[start]
    if not tag & 0x20 or tag & 0x1F == 0x1F:
        raise FormatError(f"BER: element 0x{tag:02x} at offset {start} cannot be of indefinite length.")
    if level == MAX_SHELLS:
        raise FormatError(f"BER: indefinite length at offset {start}, deeper than {MAX_SHELLS} levels.")
    parts: list[bytes] = []
    at = start + 2
    while data[at : at + 2] != _END:
        if len(parts) == der.MAX_CHILDREN:
            raise LimitExceeded(f"BER: more than {der.MAX_CHILDREN} elements in the one at offset {start}.")
        part, at = _definite(data, at, level + 1, tag)
        parts.append(part)
    return der.tlv(tag, b"".join(parts)), at + 2


def _joined(data: bytes, start: int) -> tuple[bytes, int]:
    """The content inside a signature, `[0] EXPLICIT OCTET STRING`, as one string; strings within strings are refused.

    The digest is over the octets without any tags (RFC 5652 5.4), so nothing that is signed changes.
    """
    if data[start + 1 : start + 2] == b"\x80":
        at, end = start + 2, None
    else:
        whole = der.Reader(data, start, len(data), 0).take()
        at, end = whole.body, whole.end
    parts: list[bytes] = []
    while at != end if end is not None else data[at : at + 2] != _END:
        part = der.Reader(data, at, len(data) if end is None else end, 0).take(der.OCTET_STRING)
        parts.append(part.content)
        at = part.end
    return der.octet_string(b"".join(parts)), at + (2 if end is None else 0)
