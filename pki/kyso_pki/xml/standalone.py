"""A Signature that is a document of its own: around what it signs, or beside it.

Reach for `XmlContent` to sign any file as it is, or for `prepare_enveloping` (one XML document or any octets inside a
ds:Object) and `prepare_detached` (files that stand elsewhere, each under the URI that the verifier will look for). Of
each only a hash goes to the key. A signature
internally detached from a part of the same document is `XmlDocument.prepare_parts`, or a profile.

What a detached signature is over has to be given when it is verified: references that lead outside are never followed
(attack class X7).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

from ..credential import Chain
from ..document import Intent
from ..errors import UsageError
from ..facts import SignatureFacts
from ..scheme import Scheme, digest
from ..xmlprofile import Profile
from . import names
from .document import XmlDocument
from .insertion import Insertion, before, inside
from .parse import parse_utf8, utf8_octets
from .pending import XmlPending
from .preparing import C14N, fresh_identifier, refuse_unsupported, written
from .profiles import built_in
from .writing import NewReference, Pen
from .xmldsig import b64

MAX_ENVELOPED: Final = 32 << 20  # octets; the text of the Signature is held in memory several times
MAX_DETACHED: Final = 16  # references; verifiers read up to 30
_URI: Final = re.compile(r"[^#\s\x00-\x20\x7f][^\s\x00-\x20\x7f]{0,2000}")


class XmlContent:
    """Any octets, to be signed as they are: `prepare` gives a Signature beside them, or one around them in base64."""

    format: Literal["xml"] = "xml"

    def __init__(self, content: bytes, uri: str, *, detached: bool = True, media_type: str | None = None) -> None:
        """`uri`: what a verifier will look for, such as the file's name (RFC 3986). Raises `UsageError`."""
        if not content:
            raise UsageError("There is nothing to sign (0 bytes).")
        self._content = content
        self._uri = uri
        self._detached = detached
        self._media_type = media_type

    def sha256(self) -> str:
        """Of the content, lower-case hex."""
        return hashlib.sha256(self._content).hexdigest()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """None: it is not signed yet."""
        return ()

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> XmlPending:
        """Raises `SigningError`, `UsageError`."""
        if intent.countersign is not None:
            raise UsageError("A counter-signature goes into the file that holds the signature.")
        if self._detached:
            contents = {self._uri: self._content}
            return prepare_detached(contents, intent, chain, scheme, media_type=self._media_type)
        return prepare_enveloping(self._content, intent, chain, scheme, encoded=True, media_type=self._media_type)

    def reopened(self, data: bytes) -> XmlDocument:
        """What `XmlPending.finish` made of it, with this content."""
        return XmlDocument(data, {self._uri: self._content} if self._detached else {})


def prepare_enveloping(
    data: bytes, intent: Intent, chain: Chain, scheme: Scheme, *, encoded: bool = False, media_type: str | None = None
) -> XmlPending:
    """A Signature with the document in it; what stands around the document element (prolog, comments) is left out.

    `encoded`: any octets, in base64, which come back octet for octet. `media_type` goes into XAdES. Raises
    `FormatError`, `SigningError`, `UsageError`.
    """
    profile = _profile(intent, scheme)
    if len(data) > MAX_ENVELOPED:
        raise UsageError(
            f"A document of {len(data)} bytes; at most {MAX_ENVELOPED} are put into a signature.",
            remedy="Make a detached signature.",
        )
    pen, kept = Pen(), b"" if encoded else _element_of(data)
    seed = NewReference("", (), profile.digest, digest(profile.digest, data))
    identifier = fresh_identifier(kept, intent, chain, [seed])
    name = f"{identifier}-object"
    if encoded:
        around, uris, covered = pen.object(b64(data), name), (names.BASE64,), data
    else:
        method = C14N["exclusive"]
        around, uris = pen.object(kept.decode(), name), (method.uri,)
        covered = pen.canonical(around, method)
    reference = NewReference(f"#{name}", uris, profile.digest, digest(profile.digest, covered), type=_OBJECT)
    return written(
        intent,
        profile,
        chain,
        scheme,
        [reference],
        pen=pen,
        identifier=identifier,
        insertion=Insertion(0),
        objects=around,
        media_type=media_type or ("application/octet-stream" if encoded else "text/xml"),
    )


def prepare_detached(
    contents: Mapping[str, bytes], intent: Intent, chain: Chain, scheme: Scheme, *, media_type: str | None = None
) -> XmlPending:
    """A Signature over octets that stand elsewhere, by URI, in this order; over the octets as they are.

    Raises `SigningError`, `UsageError`.
    """
    profile = _profile(intent, scheme)
    if not 1 <= len(contents) <= MAX_DETACHED:
        raise UsageError(f"{len(contents)} documents were given; 1 to {MAX_DETACHED} are signed together.")
    for uri in contents:
        if not _URI.fullmatch(uri):
            raise UsageError(f"{uri[:80]!r} is no URI of a document elsewhere.", remedy="Give a name or an address.")
    references = [
        NewReference(uri, (), profile.digest, digest(profile.digest, data)) for uri, data in contents.items()
    ]
    return written(
        intent,
        profile,
        chain,
        scheme,
        references,
        pen=Pen(),
        identifier=fresh_identifier(b"", intent, chain, references),
        insertion=Insertion(0),
        detached=True,
        media_type=media_type or "application/octet-stream",
    )


_OBJECT: Final = names.DS + "Object"


def _profile(intent: Intent, scheme: Scheme) -> Profile:
    if intent.profile is not None:
        raise UsageError("A profile is for signatures inside a document.", remedy="Leave it out.")
    profile = built_in(f"generic-{intent.xml_form}")
    refuse_unsupported(intent, profile, scheme)
    return profile


def _element_of(data: bytes) -> bytes:
    """The octets of the document element, in UTF-8, as they are."""
    octets = bytes(utf8_octets(data))
    root = parse_utf8(octets)
    start, where = before(octets, root).at, inside(octets, root)
    if where.skipped:  # an empty tag
        return octets[start : where.at + where.skipped]
    return octets[start : octets.index(b">", where.at) + 1]
