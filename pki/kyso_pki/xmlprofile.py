"""What an XML profile says: where a signature goes, what it references, and how it is written. Values only.

Profiles are data (docs/adr/0016): `kyso_pki.xml.profiles` reads them from TOML. A path is a chain of element names
from the document element of the profile, `DSCKS/NBan`; `//NAME` is the only element of that name at any depth; a
name stands for itself in any namespace, or with a prefix of `[namespaces]` for one alone. Wherever a path leads
to more than one element, the profile does not apply and nothing is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .scheme import HashName

XmlForm: TypeAlias = Literal["xades", "xmldsig"]
C14nName: TypeAlias = Literal["exclusive", "inclusive", "inclusive-1.1"]
TransformName: TypeAlias = Literal["enveloped-signature", C14nName]
OwnName: TypeAlias = Literal["signing-time"]


@dataclass(frozen=True)
class Place:
    """Where the new Signature stands: the last child of the element at `path`."""

    path: str = ""
    """From the profile's root; empty: the root itself."""
    missing: Literal["create", "refuse"] = "refuse"
    """What happens when some last part of the path is not there."""
    before: tuple[str, ...] = ()
    """A created element goes before the first sibling with one of these names, as the schema's order asks."""
    several: bool = False
    """Whether a place that holds a Signature takes another one."""


@dataclass(frozen=True)
class ReferenceTo:
    """One ds:Reference."""

    part: str | None = None
    """Path of an element, referenced by its identifier; empty: the whole document, URI=""."""
    own: OwnName | None = None
    """An object of the signature's own, in place of a part."""
    id: tuple[str, ...] = ("Id", "ID", "id")
    """The attributes that may hold the identifier of the part; exactly one of them must stand there."""
    transforms: tuple[TransformName, ...] = ()
    """In this order. None at all means inclusive C14N 1.0 (XMLDSIG 4.4.3.2)."""
    missing: Literal["refuse", "skip"] = "refuse"
    """What happens when the part is not there."""


@dataclass(frozen=True)
class SigningTimeObject:
    """`Object/SignatureProperties/SignatureProperty/SigningTime`: how plain XMLDSIG says when it was signed."""

    id_on: Literal["Object", "SignatureProperties", "SignatureProperty"] = "Object"
    """Which of the elements around it carries the identifier that the Reference leads to."""
    namespace: str | None = None
    """Of the SigningTime element: None that of XMLDSIG, as the field writes it; "" none (`xmlns=""`)."""
    zone: Literal["none", "offset", "utc"] = "none"
    """Vietnam's time without a zone, or with +07:00, or UTC with Z."""


@dataclass(frozen=True)
class KeyInfoForm:
    """What ds:KeyInfo tells of the signer."""

    certificates: Literal["leaf", "chain"] = "chain"
    """The signer's certificate alone, or its issuers too, without the root."""
    subject_name: bool = False
    """An X509SubjectName before the certificates."""


@dataclass(frozen=True)
class Profile:
    """How one kind of document is signed."""

    name: str
    title: str
    """In Vietnamese."""
    title_en: str
    source: str = ""
    """Where the rules are written, for people."""
    form: XmlForm = "xades"
    roots: tuple[str, ...] = ()
    """The elements that the paths start from, each a path from the document element with its name first, such as
    `TDiep/DLieu/HDon`; exactly one must match. None: the document element, whatever its name is."""
    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefixes for names in paths."""
    place: Place = Place()
    references: tuple[ReferenceTo, ...] = ()
    canonicalization: C14nName = "exclusive"
    """Of SignedInfo, and of the signed properties."""
    prefix: str = "ds"
    """Of the elements of the Signature; empty: it declares the default namespace."""
    digest: HashName = "sha256"
    schemes: tuple[str, ...] = ()
    """The signature schemes that the receiving systems take; none named: all that kyso writes."""
    signing_time: SigningTimeObject | None = None
    key_info: KeyInfoForm = KeyInfoForm()
