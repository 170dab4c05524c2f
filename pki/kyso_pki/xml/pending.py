"""An XML document that waits for a signature value.

`XmlPending` can leave the process: `to_bytes` on one machine, `from_bytes` on another, with the original file at hand
where it is finished. As for PDF the octets are sealed with a key that both ends share (`kyso_pki.sealed`); unsealed
ones give no `imprint` and serve only where the value comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, cast

from ..asn1 import der
from ..document import LEVELS, Level
from ..errors import (
    EarlierSignature,
    FormatError,
    KysoError,
    PendingDamaged,
    SignatureValueInvalid,
    SigningError,
    TimestampError,
    UsageError,
)
from ..evidence import NO_EVIDENCE, Evidence
from ..octets import Octets, hash_into
from ..scheme import Scheme, digest, scheme_named
from ..sealed import opened, require_key, sealed
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from .c14n import method_of_uri
from .insertion import Insertion
from .names import XADES
from .properties_written import object_xml, stamp_xml, unsigned_xml
from .writing import Pen
from .xmldsig import raw_value

MAGIC: Final = "kyso-pending-xml"
VERSION: Final = 2
ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be")
_OPENING: Final = re.compile(rf">?(?:<[^\W\d][\w:.-]*(?: xmlns:xades=\"{re.escape(XADES)}\")?>)*")
_CLOSING: Final = re.compile(r"(?:</[^\W\d][\w:.-]*>)*")
_ATTRIBUTE: Final = re.compile(r"(?: Id=\"[\w.:-]{1,256}\")?")
_SIGNED_INFO: Final = re.compile(r"<[^>]*CanonicalizationMethod Algorithm=\"([^\"]*)\"")


@dataclass(frozen=True)
class XmlPending:
    """An XML document waiting for one signature value. Implements `kyso_pki.document.Pending`."""

    to_be_signed: bytes
    """Canonical SignedInfo."""
    scheme: Scheme
    leaf: Certificate
    level: Level
    identifier: str
    """Id of the new Signature."""
    pen: Pen
    signed_info: str
    key_info: str
    objects: str
    """ds:Objects that are referenced, but for the signed properties."""
    properties: str | None
    """SignedProperties, None for plain XMLDSIG."""
    insertion: Insertion
    """Where in the original file, in its own octets."""
    encoding: str
    """Of the original file, the byte order mark aside."""
    earlier: tuple[str, ...]
    """Signatures that must still be intact afterwards."""
    source: Octets | None
    """The original file; None after `apart`."""
    detached: bool = False
    """What is signed stands elsewhere; there is no original file."""
    travelled: bool = False
    authenticated: bool = True
    """It was made in this process, or travelled under a seal that only holders of the shared key can make."""
    original: tuple[int, bytes] | None = None
    """Size and SHA-256 of the original file, where that is not in memory."""

    @property
    def imprint(self) -> bytes:
        """What goes to the key. Raises `UsageError` when this came unsealed: it may be for another document."""
        if not self.authenticated:
            raise UsageError(
                "This prepared signature came without a seal; whoever carried it may have exchanged what is signed.",
                remedy="Sign the imprint of what was prepared, or seal it with a shared key.",
            )
        return self.scheme.imprint(self.to_be_signed)

    @property
    def signature_id(self) -> str:
        """How the facts will name the signature."""
        return self.identifier

    def timestamp_message(self, value: bytes) -> bytes:
        """The canonical ds:SignatureValue that this value will stand in (EN 319 132-1 5.3)."""
        return self.pen.canonical_exclusive(self._value_xml(value))

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The signed document; `value` as the key returned it (ECDSA in DER).

        Raises `SignatureValueInvalid`, `SigningError`, `TimestampError`, `PendingDamaged`.
        """
        return b"".join(self.pieces(value, evidence))

    def pieces(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> tuple[bytes | memoryview, ...]:
        """The signed document in pieces; where nothing has to be looked at again, the file's own octets are not
        copied. Raises as `finish`."""
        pieces = self._spliced(value, evidence)
        if self.earlier or (self.travelled and not self.detached):
            signed = b"".join(pieces)
            self._check_all(signed)
            return (signed,)
        return pieces

    def _spliced(self, value: bytes, evidence: Evidence) -> tuple[bytes | memoryview, ...]:
        if self.source is None:
            raise UsageError("The original file is not here.", remedy="Give it to `over` first.")
        if not self.scheme.verify(self.leaf.public_key, self.scheme.imprint(self.to_be_signed), value):
            raise SignatureValueInvalid(
                "The signature value does not verify with the certificate's key.",
                remedy="Check that key and certificate belong together.",
            )
        qualifying = ""
        if self.properties is not None:
            qualifying = object_xml(self.identifier, self.properties + self._unsigned(value, evidence))
        elif evidence.timestamps:
            raise SigningError("Plain XMLDSIG cannot carry a timestamp.")
        content = f"{self.signed_info}{self._value_xml(value)}{self.key_info}{self.objects}{qualifying}"
        new = f"{self.insertion.opening}{self.pen.signature(self.identifier, content)}{self.insertion.closing}"
        octets, at, tag = memoryview(self.source), self.insertion.at, self.insertion.attribute_at
        head: tuple[bytes | memoryview, ...] = (octets[:at],)
        if self.insertion.attribute:
            head = octets[:tag], self.insertion.attribute.encode(self.encoding), octets[tag:at]
        return *head, new.encode(self.encoding), octets[at + self.insertion.skipped :]

    def _value_xml(self, value: bytes) -> str:
        identifier = None if self.level == "B-B" else f"{self.identifier}-value"
        return self.pen.value(raw_value(value, self.scheme, self.leaf.public_key), identifier)

    def _unsigned(self, value: bytes, evidence: Evidence) -> str:
        wanted = 0 if self.level == "B-B" else 1
        if len(evidence.timestamps) != wanted:
            raise SigningError(
                f"Level {self.level} takes {wanted} timestamps; {len(evidence.timestamps)} were given."
            )
        if not wanted:
            return ""
        token = evidence.timestamps[0]
        message = self.timestamp_message(value)
        if not timestamp_facts(token, lambda name: digest(name, message), "signature").intact:
            raise TimestampError("The timestamp is broken or does not cover this signature value.")
        return unsigned_xml(stamp_xml("signature", token))

    def _check_all(self, signed: bytes) -> None:
        """The safety net: what was intact is intact, and so is the new signature."""
        from .document import XmlDocument

        try:
            facts = XmlDocument(signed).signatures()
        except FormatError:  # it was put where no element can stand
            facts = ()
        intact = {f.id for f in facts if f.references_intact and f.signature_intact}
        if self.identifier not in intact and self.travelled:
            raise PendingDamaged(
                "The document or the prepared signature is not what was prepared; nothing was signed.",
                remedy="Give the very file that was prepared, or prepare it again.",
            )
        if not intact.issuperset({*self.earlier, self.identifier}):
            raise EarlierSignature("The new signature would break an earlier one; nothing was written.")

    # Without the document --------------------------------------------------------------------------------

    def apart(self) -> XmlPending:
        """The same without the original file in memory; `over` brings them together again."""
        return self if self.source is None else replace(self, source=None, original=_marks_of(self.source))

    def over(self, source: Octets) -> XmlPending:
        """The same with the original file. Raises `PendingDamaged` when it is another file."""
        if self.original is not None and not _is(source, self.original):
            raise PendingDamaged(
                "The prepared signature is for another file, or the file was changed while it was being signed.",
                remedy="Give the very file that was prepared, or sign it again when nobody writes to it.",
            )
        return replace(self, source=source)

    def to_bytes(self, key: bytes | None, *, unauthenticated: bool = False) -> bytes:
        """This pending signature without the document, sealed with the shared `key` against any change.

        `key=None` only with `unauthenticated=True`: a checksum, which finds accidents and stops nobody. Raises
        `UsageError` for a key of fewer than 32 bytes, for none without that word, and for a key with it.
        """
        require_key(key, unauthenticated)
        size, sha256 = cast("tuple[int, bytes]", self.apart().original)
        where, pen = self.insertion, self.pen
        fields = (
            der.octet_string(self.to_be_signed),
            der.utf8_string(self.scheme.name),
            self.leaf.der,
            der.utf8_string(self.level),
            der.utf8_string(self.identifier),
            der.utf8_string(pen.prefix),
            _texts(x for pair in pen.context.namespaces for x in pair),
            _texts(x for pair in pen.context.attributes for x in pair),
            der.utf8_string(self.signed_info),
            der.utf8_string(self.key_info),
            der.utf8_string(self.objects),
            _texts(() if self.properties is None else (self.properties,)),
            der.integer(where.at),
            der.integer(where.skipped),
            der.utf8_string(where.opening),
            der.utf8_string(where.closing),
            der.integer(where.attribute_at),
            der.utf8_string(where.attribute),
            der.utf8_string(self.encoding),
            _texts(self.earlier),
            der.boolean(self.detached),
            der.integer(size),
            der.octet_string(sha256),
        )
        return sealed(MAGIC, VERSION, b"".join(fields), key, unauthenticated=unauthenticated)

    @classmethod
    def from_bytes(
        cls, data: bytes, original: bytes, key: bytes | None, *, unauthenticated: bool = False
    ) -> XmlPending:
        """The pending signature that `to_bytes` wrote, over the same original file and with the same key.

        `original` is empty for a detached signature. `key=None` only with `unauthenticated=True`; what comes back
        then gives no `imprint` and can only `finish` with a value that was made elsewhere. Raises `PendingDamaged`
        for octets that were changed, are of another version, sealed with another key, or for another file;
        `UsageError` as `to_bytes`.
        """
        try:
            fields = opened(MAGIC, VERSION, data, key, unauthenticated=unauthenticated)
            pending = _read(fields)
            fields.finish()
            pending._check_itself()
        except (PendingDamaged, UsageError):
            raise
        except (KysoError, ValueError) as e:
            raise PendingDamaged(f"The prepared signature cannot be read: {e}") from None
        return replace(pending, travelled=True, authenticated=key is not None).over(original)

    def _check_itself(self) -> None:
        """What the octets say of the text around the Signature is tags, and SignedInfo is what is signed."""
        where = self.insertion
        size = 0 if self.original is None else self.original[0]
        if not (_OPENING.fullmatch(where.opening) and _CLOSING.fullmatch(where.closing)):
            raise FormatError("Its opening and closing are not tags.")
        if not _ATTRIBUTE.fullmatch(where.attribute) or not 0 <= where.attribute_at <= where.at:
            raise FormatError("Its attribute is no Id before its place.")
        if self.level not in LEVELS or self.encoding not in ENCODINGS or not 0 <= where.skipped <= 4:
            raise FormatError("A level, an encoding or a length is not known.")
        if not 0 <= where.at <= where.at + where.skipped <= size:
            raise FormatError("Its place is outside of the file.")
        method = _SIGNED_INFO.search(self.signed_info)
        if self.pen.canonical(self.signed_info, method_of_uri(method[1] if method else "")) != self.to_be_signed:
            raise FormatError("Its SignedInfo is not what is to be signed.")


def _read(fields: der.Reader) -> XmlPending:
    from .writing import Context

    to_be_signed = fields.take(der.OCTET_STRING).content
    scheme = scheme_named(fields.take(der.UTF8_STRING).text())
    leaf = Certificate.from_der(fields.take(der.SEQUENCE).raw)
    level, identifier, prefix = (fields.take(der.UTF8_STRING).text() for _ in range(3))
    namespaces, attributes = _pairs(_read_texts(fields)), _pairs(_read_texts(fields))
    signed_info, key_info, objects = (fields.take(der.UTF8_STRING).text() for _ in range(3))
    properties = _read_texts(fields)
    at, skipped = (fields.take(der.INTEGER).integer() for _ in range(2))
    opening, closing = (fields.take(der.UTF8_STRING).text() for _ in range(2))
    attribute_at, attribute = fields.take(der.INTEGER).integer(), fields.take(der.UTF8_STRING).text()
    encoding = fields.take(der.UTF8_STRING).text()
    earlier, detached = _read_texts(fields), fields.take(der.BOOLEAN).boolean()
    original = fields.take(der.INTEGER).integer(), fields.take(der.OCTET_STRING).content
    if len(properties) > 1:
        raise FormatError("Two SignedProperties stand in it.")
    return XmlPending(
        to_be_signed=to_be_signed,
        scheme=scheme,
        leaf=leaf,
        level=cast(Level, level),
        identifier=identifier,
        pen=Pen(prefix, Context(namespaces, attributes)),
        signed_info=signed_info,
        key_info=key_info,
        objects=objects,
        properties=properties[0] if properties else None,
        insertion=Insertion(at, skipped, opening, closing, attribute_at, attribute),
        encoding=encoding,
        earlier=earlier,
        source=None,
        detached=detached,
        original=original,
    )


def _texts(texts: Iterable[str]) -> bytes:
    return der.sequence(*map(der.utf8_string, texts))


def _read_texts(fields: der.Reader) -> tuple[str, ...]:
    return tuple(e.expect(der.UTF8_STRING).text() for e in fields.take(der.SEQUENCE).reader())


def _pairs(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(texts[::2], texts[1::2], strict=True))


def _marks_of(source: Octets) -> tuple[int, bytes]:
    running = hashlib.sha256()
    hash_into(running, source, 0, len(source))
    return len(source), running.digest()


def _is(source: Octets, marks: tuple[int, bytes]) -> bool:
    return len(source) == marks[0] and hmac.compare_digest(_marks_of(source)[1], marks[1])
