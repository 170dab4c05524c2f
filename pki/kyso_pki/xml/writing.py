"""The text of a ds:Signature (W3C XML Signature 1.1), as a profile wants it.

Reach for `Pen`: it knows the prefix, and in `Context` the namespaces and xml: attributes that stand around the new
Signature, so that its parts are canonicalised as they will be read there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from ..scheme import HashName, Scheme
from ..x509.certificate import Certificate, Name
from ..xmlprofile import SigningTimeObject
from . import names
from .c14n import Canonicalization, canonical_element
from .names import DS, XADES
from .parse import parse_utf8
from .xmldsig import b64

if TYPE_CHECKING:
    from lxml.etree import _Element

_NAME: Final = re.compile(r"<[^\s/>]+")
_IN_VALUES: Final = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    ('"', "&quot;"),
    ("\t", "&#x9;"),
    ("\n", "&#xA;"),
    ("\r", "&#xD;"),
)
VIETNAM: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True)
class NewReference:
    """A ds:Reference to be written."""

    uri: str
    transforms: tuple[str, ...]
    """Their identifiers."""
    hash_name: HashName
    digest: bytes
    id: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Context:
    """What the elements around a Signature hand down to it."""

    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefix ("" for the default namespace) and namespace."""
    attributes: tuple[tuple[str, str], ...] = ()
    """xml:lang and its like: local name and value; inclusive C14N 1.0 copies them (C14N 2.4)."""

    @classmethod
    def of(cls, place: _Element) -> Context:
        """Of the element whose child the Signature will be."""
        inherited: dict[str, str] = {}
        for element in (place, *place.iterancestors()):
            for name, value in element.attrib.items():
                namespace, _, local = str(name).rpartition("}")
                if namespace == "{" + names.XML:
                    inherited.setdefault(local, str(value))
        declared = tuple((prefix or "", uri) for prefix, uri in place.nsmap.items() if prefix != "xml")
        return cls(declared, tuple(inherited.items()))

    def around(self, xml: str) -> str:
        """The text inside an element that hands down the same."""
        given = [f' xmlns{":" + p if p else ""}="{quoted(u)}"' for p, u in self.namespaces]
        given += [f' xml:{n}="{quoted(v)}"' for n, v in self.attributes]
        return f"<c{''.join(given)}>{xml}</c>"


@dataclass(frozen=True)
class Pen:
    """Writes the elements of one Signature."""

    prefix: str = "ds"
    context: Context = Context()

    @cached_property
    def _p(self) -> str:
        return f"{self.prefix}:" if self.prefix else ""

    @property
    def _declared(self) -> str:
        return f' xmlns:{self.prefix}="{DS}"' if self.prefix else f' xmlns="{DS}"'

    def signature(self, identifier: str, content: str) -> str:
        return f'<{self._p}Signature{self._declared} Id="{identifier}">{content}</{self._p}Signature>'

    def canonical(self, xml: str, method: Canonicalization, *, depth: int = 0) -> bytes:
        """The canonical octets of a child of the Signature as they will stand there; `depth`: of the first element
        so many levels below it."""
        element = parse_utf8(self.context.around(self.signature("s", xml)).encode())[0][0]
        for _ in range(depth):
            element = element[0]
        return canonical_element(element, method)

    def canonical_exclusive(self, xml: str) -> bytes:
        """The same for an element of our own writing by exclusive canonicalisation, which takes over nothing from
        around it but the namespaces of the names in it: those of XMLDSIG and XAdES."""
        from lxml import etree

        name = _NAME.match(xml)
        end = name.end() if name else 0
        declared = f'{xml[:end]} xmlns:xades="{XADES}"{self._declared}{xml[end:]}'
        return bytes(etree.tostring(etree.fromstring(declared.encode()), method="c14n", exclusive=True))

    def canonical_info(self, signed_info: str, method: Canonicalization) -> bytes:
        """The canonical octets of what `signed_info` wrote, which is canonical but for the namespace."""
        if not method.exclusive:
            return self.canonical(signed_info, method)
        name = f"<{self._p}SignedInfo"
        return (name + self._declared + signed_info.removeprefix(name)).encode()

    def signed_info(self, scheme: Scheme, method: Canonicalization, references: Sequence[NewReference]) -> str:
        """SignedInfo in canonical form: no empty tags, attributes in order (C14N 2.2)."""
        info = (
            self._empty("CanonicalizationMethod", method.uri),
            self._empty("SignatureMethod", names.SIGNATURE_URIS[scheme.name]),
            *(self._reference(r) for r in references),
        )
        return f"<{self._p}SignedInfo>{''.join(info)}</{self._p}SignedInfo>"

    def _reference(self, reference: NewReference) -> str:
        p = self._p
        about = f' Id="{reference.id}"' if reference.id else ""
        about += f' Type="{reference.type}"' if reference.type else ""
        chain = "".join(self._empty("Transform", uri) for uri in reference.transforms)
        return (
            f'<{p}Reference{about} URI="{canonical_value(reference.uri)}">'
            + (f"<{p}Transforms>{chain}</{p}Transforms>" if chain else "")
            + self._empty("DigestMethod", names.DIGEST_URIS[reference.hash_name])
            + f"<{p}DigestValue>{b64(reference.digest)}</{p}DigestValue></{p}Reference>"
        )

    def _empty(self, name: str, algorithm: str) -> str:
        return f'<{self._p}{name} Algorithm="{algorithm}"></{self._p}{name}>'

    def value(self, raw: bytes, identifier: str | None = None) -> str:
        """A SignatureValue. An Id, which a counter-signature refers to, only where a timestamp covers it: without one
        nothing does, and anybody could change it."""
        about = f' Id="{identifier}"' if identifier else ""
        return f"<{self._p}SignatureValue{about}>{b64(raw)}</{self._p}SignatureValue>"

    def key_info(self, certificates: Iterable[Certificate], subject: Name | None = None) -> str:
        """KeyInfo with the certificates in this order, and the subject's name before them."""
        return _key_info(self._p, tuple(certificates), subject)

    def object(self, content: str, identifier: str | None = None) -> str:
        about = f' Id="{identifier}"' if identifier else ""
        return f"<{self._p}Object{about}>{content}</{self._p}Object>"

    def signing_time(self, form: SigningTimeObject, time: datetime, signature: str, identifier: str) -> str:
        """The Object that says when it was signed, the identifier on the element that the profile names."""
        p = self._p
        on = {name: f' Id="{identifier}"' if name == form.id_on else "" for name in _TIME_HOLDERS}
        text = written_time(time, form.zone)
        if form.namespace is None:
            said = f"<{p}SigningTime>{text}</{p}SigningTime>"
        else:
            said = f'<SigningTime xmlns="{quoted(form.namespace)}">{text}</SigningTime>'
        return (
            f"<{p}Object{on['Object']}><{p}SignatureProperties{on['SignatureProperties']}>"
            f'<{p}SignatureProperty{on["SignatureProperty"]} Target="#{signature}">{said}</{p}SignatureProperty>'
            f"</{p}SignatureProperties></{p}Object>"
        )


@lru_cache(maxsize=64)
def _key_info(p: str, certificates: tuple[Certificate, ...], subject: Name | None) -> str:
    """The same in every signature of one signer."""
    named = f"<{p}X509SubjectName>{quoted(rfc4514(subject))}</{p}X509SubjectName>" if subject else ""
    values = "".join(f"<{p}X509Certificate>{b64(c.der)}</{p}X509Certificate>" for c in certificates)
    return f"<{p}KeyInfo><{p}X509Data>{named}{values}</{p}X509Data></{p}KeyInfo>"


_TIME_HOLDERS: Final = ("Object", "SignatureProperties", "SignatureProperty")


def written_time(time: datetime, zone: str) -> str:
    """To the second: Vietnam's clock without a zone (`none`), the same with it (`offset`), or UTC (`utc`)."""
    if zone == "utc":
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    local = time.astimezone(VIETNAM).replace(microsecond=0)
    return local.replace(tzinfo=None).isoformat() if zone == "none" else local.isoformat()


def canonical_value(text: str) -> str:
    """An attribute's value as C14N 2.3 writes it."""
    for character, reference in _IN_VALUES:
        text = text.replace(character, reference)
    return text


def quoted(text: str) -> str:
    """Text that is the same in content and in an attribute, whatever stands in it."""
    escaped = html.escape(text)
    return escaped.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def rfc4514(name: Name) -> str:
    """The distinguished name as RFC 4514 2 writes it, the last attribute first."""
    return ",".join(f"{kind}={_escaped(value)}" for kind, value in reversed(name.attributes))


def _escaped(value: str) -> str:
    """RFC 4514 2.4."""
    out = "".join(f"\\{c}" if c in '"+,;<>\\' else c if c.isprintable() else _in_hex(c) for c in value)
    if out.endswith(" "):
        out = out[:-1] + "\\ "
    return "\\" + out if out.startswith((" ", "#")) else out


def _in_hex(character: str) -> str:
    """Also what XML could not hold."""
    return "".join(f"\\{octet:02X}" for octet in character.encode("utf-8", "surrogatepass"))
