"""A PDF that waits: for a signature value, or for a token over itself.

`PdfPending` can leave the process: `to_bytes` on one machine, `from_bytes` on another, with the original file at
hand where it is finished. The octets are DER, carry a version and are sealed with a key that both ends share: without
it nobody can change them unnoticed. Unsealed ones (`unauthenticated=True`) can be exchanged whole by whoever carries
them, revision, attributes and all, and nothing in the original file tells; so their `imprint` is refused, and they
serve only where the value comes from elsewhere: `finish` takes no value that was not made over these very attributes.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from ..asn1 import der
from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data
from ..credential import Chain
from ..document import Addition, Splice
from ..errors import (
    FormatError,
    KysoError,
    PendingDamaged,
    SignatureValueInvalid,
    SigningError,
    TimestampError,
    UsageError,
)
from ..evidence import NO_EVIDENCE, Evidence
from ..scheme import HashName, Scheme, scheme_named
from ..sealed import opened, require_key, sealed
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from .slot import Pieces, Slot

MAGIC: Final = "kyso-pending-pdf"
VERSION: Final = 1
_ORIGINAL_HASH: Final = "sha256"


def attributes(content_digest: bytes, chain: Chain, scheme: Scheme) -> bytes:
    """The signed attributes. No signing-time: the claimed time of PAdES is /M (EN 319 142-1 6.3)."""
    return signed_attributes(content_digest=content_digest, leaf=chain.leaf, scheme=scheme)


@dataclass(frozen=True)
class PdfPending:
    """A PDF whose last revision waits for its signature value. Implements `kyso_pki.document.Pending`."""

    field: str
    """The full name of the field that is being signed."""
    chain: Chain
    scheme: Scheme
    to_be_signed: bytes
    slot: Slot
    size: int
    """Bytes of the original file, before the appended revision."""
    pieces: Pieces
    """The original file, in pieces."""
    timestamped: bool = False
    travelled: bool = False
    """It comes from another process, so that the file is compared with what was prepared."""
    authenticated: bool = True
    """It was made in this process, or travelled under a seal that only holders of the shared key can make."""

    @property
    def signature_id(self) -> str:
        return self.field

    @property
    def imprint(self) -> bytes:
        """What goes to the key. Raises `UsageError` when this came unsealed: it may be for another revision."""
        if not self.authenticated:
            raise UsageError(
                "This prepared signature came without a seal; whoever carried it may have exchanged what is signed.",
                remedy="Sign the imprint of what was prepared, or seal it with a shared key.",
            )
        return self.scheme.imprint(self.to_be_signed)

    def timestamp_message(self, value: bytes) -> bytes:
        """A signature timestamp covers the signature value (EN 319 122-1 5.3)."""
        return value

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The signed PDF. Raises `SignatureValueInvalid`, `SigningError`, `PendingDamaged`."""
        tail = self.tail(value, evidence)
        if self.travelled:
            self.require_original()
        return b"".join([*self.pieces(), tail])

    def tail(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """What is to be appended to the original. Raises `SignatureValueInvalid`, `SigningError`."""
        if not self.scheme.verify(self.chain.leaf.public_key, self.scheme.imprint(self.to_be_signed), value):
            raise SignatureValueInvalid(
                "The signature value does not verify with the certificate's key; nothing was written.",
                remedy="Check that the key and the certificate belong together.",
            )
        if len(evidence.timestamps) > 1 or self.timestamped != bool(evidence.timestamps):
            wanted = "one timestamp" if self.timestamped else "no timestamp"
            raise SigningError(f"{wanted} was prepared for, {len(evidence.timestamps)} came.")
        cms = signed_data(self.to_be_signed, value, self.chain, self.scheme, timestamps=evidence.timestamps)
        return self.slot.filled(cms)

    def require_original(self) -> None:
        """Raises `PendingDamaged` unless the file and the revision are what the attributes were made over."""
        found = self.slot.digest(self.scheme.hash_name, self.pieces)
        if not self.covers(found):
            raise PendingDamaged(
                "The document or the prepared signature is not what was prepared; nothing was signed.",
                remedy="Give the very file that was prepared, or prepare it again.",
            )

    def covers(self, found: bytes) -> bool:
        """Whether the attributes to be signed are those over a file with this digest."""
        return hmac.compare_digest(attributes(found, self.chain, self.scheme), self.to_be_signed)

    # Across processes ------------------------------------------------------------------------------------

    def to_bytes(self, key: bytes | None, *, unauthenticated: bool = False) -> bytes:
        """This pending signature without the document, sealed with the shared `key` against any change.

        `key=None` only with `unauthenticated=True`: a checksum, which finds accidents and stops nobody. Raises
        `UsageError` for a key of fewer than 32 bytes, for none without that word, and for a key with it.
        """
        require_key(key, unauthenticated)
        original = hashlib.new(_ORIGINAL_HASH)
        for piece in self.pieces():
            original.update(piece)
        fields = (
            der.utf8_string(self.field),
            der.utf8_string(self.scheme.name),
            der.sequence(*(c.der for c in self.chain)),
            der.octet_string(self.to_be_signed),
            der.integer(self.size),
            der.octet_string(original.digest()),
            der.octet_string(self.slot.tail),
            der.integer(self.slot.at),
            der.integer(self.slot.room),
            der.boolean(self.timestamped),
        )
        return sealed(MAGIC, VERSION, b"".join(fields), key, unauthenticated=unauthenticated)

    @classmethod
    def from_bytes(
        cls, data: bytes, original: bytes | Pieces, key: bytes | None, *, unauthenticated: bool = False
    ) -> PdfPending:
        """The pending signature that `to_bytes` wrote, over the same original file and with the same key.

        `original` is the file, or a function that gives it in pieces. `key=None` only with `unauthenticated=True`;
        what comes back then gives no `imprint` and can only `finish` with a value that was made elsewhere. Raises
        `PendingDamaged` for octets that were changed, are of another version, sealed with another key, or for
        another file; `UsageError` as `to_bytes`.
        """
        require_key(key, unauthenticated)
        if isinstance(original, bytes):
            whole = original
            pieces: Pieces = lambda: (whole,)  # noqa: E731 - as short as it can be
        else:
            pieces = original
        try:
            fields = opened(MAGIC, VERSION, data, key, unauthenticated=unauthenticated)
            field = fields.take(der.UTF8_STRING).text()
            scheme = scheme_named(fields.take(der.UTF8_STRING).text())
            chain = Chain.of(Certificate.from_der(e.raw) for e in fields.take(der.SEQUENCE).reader())
            to_be_signed = fields.take(der.OCTET_STRING).content
            size = fields.take(der.INTEGER).integer()
            wanted = fields.take(der.OCTET_STRING).content
            slot = _read_slot(fields)
            timestamped = fields.take(der.BOOLEAN).boolean()
            fields.finish()
        except PendingDamaged:
            raise
        except KysoError as e:
            raise PendingDamaged(f"The prepared signature cannot be read: {e.message}") from None
        pending = cls(field, chain, scheme, to_be_signed, slot, size, pieces, timestamped, True, key is not None)
        pending._check_file(wanted)
        return pending

    def _check_file(self, wanted: bytes) -> None:
        found, size = hashlib.new(_ORIGINAL_HASH), 0
        for piece in self.pieces():
            found.update(piece)
            size += len(piece)
        if size != self.size or not hmac.compare_digest(found.digest(), wanted):
            raise PendingDamaged(
                "The prepared signature is for another file.", remedy="Give the very file that was prepared."
            )


def _read_slot(fields: der.Reader) -> Slot:
    tail = fields.take(der.OCTET_STRING).content
    at, room = fields.take(der.INTEGER).integer(), fields.take(der.INTEGER).integer()
    end = at + 2 * room + 2
    if room < 0 or not 0 < at < end < len(tail) or tail[at:end] != b"<" + b"0" * (2 * room) + b">":
        raise FormatError("Its place for the signature is not where it says.")
    return Slot(tail, at, room)


@dataclass(frozen=True)
class PdfStamp:
    """A PDF whose last revision waits for a token over the document. Implements `PendingStamp`."""

    field: str
    slot: Slot
    size: int
    """Bytes before the new revision."""
    pieces: Pieces

    def digest(self, hash_name: HashName) -> bytes:
        """The imprint for the authority: the digest of the byte range (EN 319 142-1 5.4.3)."""
        return self.slot.digest(hash_name, self.pieces)

    def addition(self, token: bytes, imprint: bytes, hash_name: HashName) -> Addition:
        """What is to be appended. Raises `TimestampError` for a token that is broken or over something else."""
        if not timestamp_facts(token, lambda name: imprint if name == hash_name else b"", "document").intact:
            raise TimestampError("The timestamp is broken or does not cover this document.")
        return (Splice(self.size, self.slot.filled(token)),)
