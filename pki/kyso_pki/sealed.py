"""What leaves the process and comes back: DER with a kind, a version and a seal.

Reach for `sealed` and `opened`. The seal is an HMAC-SHA-256 with a key that both ends share: without it nobody can
change the octets unnoticed. `key=None` only with `unauthenticated=True`: a checksum, which finds accidents and stops
nobody; who takes such octets back must not let a key sign what they say.
"""

from __future__ import annotations

import hmac
from typing import Final

from .asn1 import der
from .errors import FormatError, PendingDamaged, UsageError
from .scheme import digest

MIN_KEY_BYTES: Final = 32  # of a shared key; the size of HMAC-SHA-256
MAX_SEALED_BYTES: Final = 64 << 20  # against memory exhaustion; a prepared signature has some 30 kB


def sealed(kind: str, version: int, fields: bytes, key: bytes | None, *, unauthenticated: bool = False) -> bytes:
    """The DER elements in `fields` under a seal. Raises `UsageError` as `require_key`."""
    require_key(key, unauthenticated)
    body = der.sequence(der.utf8_string(kind), der.integer(version), fields)
    return der.sequence(body, der.octet_string(_seal(body, key)))


def opened(kind: str, version: int, data: bytes, key: bytes | None, *, unauthenticated: bool = False) -> der.Reader:
    """The fields of what `sealed` made.

    Raises `PendingDamaged` for octets that were changed or sealed with another key, `FormatError` for others,
    `UsageError` as `require_key`.
    """
    require_key(key, unauthenticated)
    if len(data) > MAX_SEALED_BYTES:
        raise FormatError(f"It has {len(data)} bytes; at most {MAX_SEALED_BYTES} are read.")
    outer = der.read(data, der.SEQUENCE).reader()
    body = outer.take(der.SEQUENCE)
    seal = outer.take(der.OCTET_STRING).content
    outer.finish()
    if not hmac.compare_digest(_seal(body.raw, key), seal):
        raise PendingDamaged(
            "The prepared signature was changed on its way, or sealed with another key.",
            remedy="Send it again unchanged, and use the key that it was sealed with.",
        )
    fields = body.reader()
    found = fields.take(der.UTF8_STRING).text(), fields.take(der.INTEGER).integer()
    if found != (kind, version):
        raise FormatError(f"It says {found[0]!r}, version {found[1]}; {kind!r}, version {version} is known.")
    return fields


def require_key(key: bytes | None, unauthenticated: bool) -> None:
    """Raises `UsageError` for a key of fewer than 32 bytes, for none without that word, and for a key with it."""
    if (key is None) != unauthenticated:
        raise UsageError(
            "A prepared signature travels either with a shared key or, spelt out, unauthenticated.",
            remedy=f"Give a key of at least {MIN_KEY_BYTES} random bytes that both ends share.",
        )
    if key is not None and len(key) < MIN_KEY_BYTES:
        raise UsageError(
            f"The shared key has {len(key)} bytes.", remedy=f"Use at least {MIN_KEY_BYTES} random bytes."
        )


def _seal(body: bytes, key: bytes | None) -> bytes:
    """HMAC-SHA-256 with the key; without one a SHA-256, which finds accidents and stops nobody."""
    if key is None:
        return digest("sha256", body)
    return hmac.digest(key, body, "sha256")
