"""An XML document: its signatures, and room for one more.

Reach for `XmlDocument`. A new signature is enveloped: the last child of the document element, over URI="" (the whole
document). Every octet outside the inserted Signature stays as it was: prolog, encoding, line ends, indentation. The
one exception is a document element written as an empty tag, whose `/>` becomes `>…</name>`.

What is refused: input that `parse` refuses, and a signature that would break an earlier one. An enveloped signature
over the whole document covers everything but itself, so nothing can be added beside it; only documents whose earlier
signatures cover parts (as e-invoices do) can take another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..credential import Chain
from ..document import Intent, Level
from ..errors import SignatureValueInvalid, SigningError, TimestampError, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import SignatureFacts
from ..scheme import HashName, Scheme, digest
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from . import names
from .c14n import EXCLUSIVE, canonical_document, canonical_element
from .examine import Reading, examine, read_all, signed_content
from .names import DS, ds
from .parse import local_name, namespace_of, utf8_octets
from .references import Budget, Ids, Tree
from .xades import object_xml, signed_properties_xml, timestamp_xml
from .xmldsig import Reference, Transforms, in_signature, key_info_xml, raw_value, signed_info_xml, value_xml

if TYPE_CHECKING:
    from lxml.etree import _Element

DIGEST: HashName = "sha256"
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_HIDING = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_SPACE = b" \t\r\n"


class XmlDocument:
    """An XML document in memory. Raises `EmptyInput`, `FormatError`, `LimitExceeded` when it cannot be read."""

    format: Literal["xml"] = "xml"

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tree = Tree(utf8_octets(data))
        self._mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        self._encoding = "utf-8"
        if data[:2] in _MARKS:
            self._mark, self._encoding = data[:2], _MARKS[data[:2]]

    def sha256(self) -> str:
        """Of the whole file, lower-case hex."""
        return hashlib.sha256(self._data).hexdigest()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """The facts of every ds:Signature in the file, nested ones too, in document order."""
        return self._facts

    @cached_property
    def _facts(self) -> tuple[SignatureFacts, ...]:
        return examine(self._tree)

    def signed_content(self, identifier: str) -> tuple[bytes, ...]:
        """The canonical octets that the intact signature with this id covers: what may be read as signed."""
        return signed_content(self._tree, identifier)

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> XmlPending:
        """Makes an enveloped signature over the whole document. Raises `SigningError`, `UsageError`."""
        octets = canonical_document(self._tree.root, EXCLUSIVE)
        whole = Reference(
            None, "", None, Transforms(enveloped=True, method=EXCLUSIVE), DIGEST, digest(DIGEST, octets)
        )
        return self._prepare(intent, chain, scheme, [whole])

    def prepare_parts(self, intent: Intent, chain: Chain, scheme: Scheme, identifiers: Sequence[str]) -> XmlPending:
        """Makes a signature over the elements with these identifiers only, standing where `prepare` puts it."""
        ids = Ids(self._tree.root)
        references = []
        for identifier in identifiers:
            part = ids.find(identifier)
            if part is self._tree.root:
                raise UsageError(f"{identifier!r} is the document element.", remedy="Sign the whole document.")
            octets = canonical_element(part, EXCLUSIVE)
            references.append(
                Reference(None, f"#{identifier}", None, Transforms(method=EXCLUSIVE), DIGEST, digest(DIGEST, octets))
            )
        if not references:
            raise UsageError("No identifier was given of a part to sign.")
        return self._prepare(intent, chain, scheme, references)

    def _prepare(self, intent: Intent, chain: Chain, scheme: Scheme, content: Sequence[Reference]) -> XmlPending:
        _refuse_unsupported(intent, scheme)
        root = self._tree.root
        if namespace_of(root) == DS:
            raise SigningError("The document element is itself part of a signature; nothing can be enveloped in it.")
        earlier = self._earlier()
        before, after = _around(self._tree.octets, root)
        identifier = self._fresh_identifier(intent, chain, content)
        references = [replace(r, id=f"{identifier}-ref-{n}") for n, r in enumerate(content, 1)]
        properties = None
        if intent.xml_form == "xades":
            properties = signed_properties_xml(
                f"{identifier}-props",
                signing_time=intent.signing_time,
                leaf=chain.leaf,
                reference_id=f"{identifier}-ref-1",
                location=intent.location,
            )
            references.append(_properties_reference(identifier, properties))
        info = signed_info_xml(scheme, references)
        return XmlPending(
            to_be_signed=canonical_element(in_signature(info), EXCLUSIVE),
            scheme=scheme,
            leaf=chain.leaf,
            level=intent.level,
            identifier=identifier,
            signed_info=info,
            key_info=key_info_xml(chain.carried),
            properties=properties,
            before=before,
            after=after,
            mark=self._mark,
            encoding=self._encoding,
            earlier=earlier,
        )

    def _earlier(self) -> tuple[str, ...]:
        """The ids of the signatures already there, none of which a new last child of the root may break."""
        if next(self._tree.root.iter(ds("Signature")), None) is None:
            return ()
        for facts in self._facts:
            if not (facts.references_intact and facts.signature_intact):
                raise SigningError(
                    f"The document carries a signature that is not intact ({facts.id}); it is not signed again.",
                    remedy="Verify the document, and sign the version before that signature.",
                )
        for reading in read_all(self._tree, Budget(len(self._tree.octets))):
            if isinstance(reading, Reading) and any(t.root for t in reading.targets):
                raise SigningError(
                    f"The signature {reading.id} covers the whole document; another one in it would break it.",
                    remedy="Let all signers sign parts of their own, or put the signed document into another file.",
                )
        return tuple(f.id for f in self._facts)

    def _fresh_identifier(self, intent: Intent, chain: Chain, content: Sequence[Reference]) -> str:
        """An identifier that stands nowhere in the document: made of what is signed, by whom and when."""
        seed = b"".join(r.digest for r in content) + chain.leaf.der + intent.signing_time.isoformat().encode()
        while True:
            seed = hashlib.sha256(seed).digest()
            identifier = "kyso-" + seed[:12].hex()
            if identifier.encode() not in self._tree.octets:
                return identifier


def _refuse_unsupported(intent: Intent, scheme: Scheme) -> None:
    """What an XML signature cannot carry is refused, not dropped."""
    if scheme.hash_name == "sha1" or scheme.name not in names.SIGNATURE_URIS:
        raise SigningError(f"XML signatures are not written with {scheme.name}.")
    for option in ("reason", "contact", "field"):
        if getattr(intent, option) is not None:
            raise UsageError(f"An XML signature carries no {option}.", remedy=f"Leave the {option} out.")
    if intent.certify is not None or intent.lock is not None:
        raise UsageError("An XML signature neither certifies nor locks.", remedy="Leave both out to sign XML.")
    if intent.location and intent.xml_form == "xmldsig":
        raise UsageError("A plain XML signature carries no location.", remedy="Use XAdES, or leave the location out.")


def _properties_reference(identifier: str, properties: str) -> Reference:
    """The Reference over SignedProperties (EN 319 132-1 4.4.2), hashed as they will stand in the Signature."""
    element = in_signature(object_xml(identifier, properties))[0][0]
    octets = canonical_element(element, EXCLUSIVE)
    uri = f"#{identifier}-props"
    kind = names.TYPE_SIGNED_PROPERTIES
    return Reference(None, uri, kind, Transforms(method=EXCLUSIVE), DIGEST, digest(DIGEST, octets))


def _around(octets: bytes, root: _Element) -> tuple[bytes, bytes]:
    """What stands before and after a new last child of the document element.

    After the root only comments, instructions and white space can follow (XML 1.0 2.8); they are stepped over from
    the end, by where they really begin and not by what their text looks like.
    """
    end = len(octets)
    if root.getnext() is not None:
        for start, stop in reversed([m.span() for m in _HIDING.finditer(octets)]):
            if octets[stop:end].strip(_SPACE):
                break
            end = start
    body = octets[:end].rstrip(_SPACE)
    name = (f"{root.prefix}:" if root.prefix else "") + local_name(root)
    closing = body.rfind(b"</")
    if re.fullmatch(rb"</" + re.escape(name.encode()) + rb"[ \t\r\n]*>", body[closing:] if closing >= 0 else b""):
        return octets[:closing], octets[closing:]
    if body.endswith(b"/>") and not len(root) and root.text is None:
        return body[:-2] + b">", f"</{name}>".encode() + octets[len(body) :]
    raise SigningError("The end of the document element was not found.")


@dataclass(frozen=True)
class XmlPending:
    """An XML document waiting for one signature value."""

    to_be_signed: bytes
    """Canonical SignedInfo."""
    scheme: Scheme
    leaf: Certificate
    level: Level
    identifier: str
    signed_info: str
    key_info: str
    properties: str | None
    """SignedProperties, None for plain XMLDSIG."""
    before: bytes
    """UTF-8 up to the new Signature."""
    after: bytes
    mark: bytes
    """The byte order mark."""
    encoding: str
    earlier: tuple[str, ...]
    """Signatures that must still be intact afterwards."""

    @property
    def imprint(self) -> bytes:
        return self.scheme.imprint(self.to_be_signed)

    def timestamp_message(self, value: bytes) -> bytes:
        """The canonical ds:SignatureValue that this value will stand in (EN 319 132-1 5.3)."""
        return canonical_element(in_signature(self._value_xml(value)), EXCLUSIVE)

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The signed document; `value` as the key returned it (ECDSA in DER).

        Raises `SignatureValueInvalid`, `SigningError`, `TimestampError`.
        """
        if not self.scheme.verify(self.leaf.public_key, self.imprint, value):
            raise SignatureValueInvalid(
                "The signature value does not verify with the certificate's key.",
                remedy="Check that key and certificate belong together.",
            )
        qualifying = ""
        if self.properties is not None:
            qualifying = object_xml(self.identifier, self.properties + self._unsigned(value, evidence))
        elif evidence.timestamps:
            raise SigningError("Plain XMLDSIG cannot carry a timestamp.")
        signature = (
            f'<ds:Signature xmlns:ds="{DS}" Id="{self.identifier}">{self.signed_info}{self._value_xml(value)}'
            f"{self.key_info}{qualifying}</ds:Signature>"
        )
        signed = b"".join((self.before, signature.encode(), self.after))
        if self.encoding != "utf-8":
            signed = signed.decode().encode(self.encoding)
        signed = self.mark + signed
        if self.earlier:
            self._check_earlier(signed)
        return signed

    def _value_xml(self, value: bytes) -> str:
        return value_xml(raw_value(value, self.scheme, self.leaf.public_key))

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
        return timestamp_xml(token)

    def _check_earlier(self, signed: bytes) -> None:
        """The safety net under `XmlDocument._earlier`: what was intact is intact."""
        intact = {f.id for f in XmlDocument(signed).signatures() if f.references_intact and f.signature_intact}
        if not intact.issuperset({*self.earlier, self.identifier}):
            raise SigningError("The new signature would break an earlier one; nothing was written.")
