"""Facts before policy: what a parser found in a file, without an opinion about trust.

pdf, xml and cms produce `SignatureFacts`; the rules in `ades` turn facts + trust + time into a verdict and
can be run again with another policy. Everything is frozen. A problem found while reading is a `Finding`
of severity `error` and makes the verdict FORMAT_FAILURE; it never makes a signature disappear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .finding import Finding as Finding
from .finding import Severity as Severity
from .scheme import HashName, Scheme
from .x509.certificate import Certificate

Format = Literal["pdf", "xml", "cms"]


@dataclass(frozen=True)
class Coverage:
    """What a signature covers: `whole` is True only when that is the whole document as it was then."""

    whole: bool
    what: str
    """`bytes 0-1234, 5678-9999 of 9999` or `/HDon/DLHDon (#data)`; English, technical."""


ChangeKind = Literal[
    "signature",
    "overlay",
    "timestamp",
    "evidence",
    "form",
    "annotation",
    "metadata",
    "page",
    "content",
    "font",
    "resource",
    "structure",
    "unexplained",
]
"""`overlay`: a well-formed signature was added that shows something on a page, in a place that was not reserved for
it when the page was signed, or over something that the page showed then."""


@dataclass(frozen=True)
class Place:
    """Where a later signature shows something, on a page as an earlier signer saw it."""

    page: int
    """The object number of the page."""
    rectangle: tuple[float, float, float, float]
    """Left, bottom, right, top in user space."""
    revision: int
    """The revision (from 1) in which the place must be blank: the one before the signature that fills it."""


@dataclass(frozen=True)
class Change:
    """One change made after signing. `allowed`: explained by the signer's own permission and harmless by kind.

    What is not known, or has no meaning for this kind of change, is None.
    """

    kind: ChangeKind
    text: str
    allowed: bool
    revision: int | None = None
    """The revision (save of the file, from 1) that made the change."""
    object: int | None = None
    """The number of the object that was changed, added or freed."""
    field: str | None = None
    """The full name of the form field."""
    old: str | None = None
    """What stood there before, in words or as text; shortened."""
    new: str | None = None
    page: int | None = None
    """The page that shows it, from 1."""
    blank: bool = False
    """Of an overlay: whether all that was found under it is blank paper and a part of earlier signatures.

    Readers do not agree on what content streams draw, so this is no proof (docs/adr/0008).
    """
    places: tuple[Place, ...] = ()
    """Of a signature that shows something where nothing was found: where, for whoever can draw the page (ADR 23)."""


@dataclass(frozen=True)
class Lock:
    """Form fields that may not change any more (ISO 32000-2 12.7.5.5, 12.8.2.4)."""

    action: Literal["All", "Include", "Exclude"]
    names: frozenset[str] = frozenset()

    def covers(self, name: str) -> bool:
        """Whether the field, by its full name, or a field above it is locked."""
        parts = name.split(".")
        listed = any(".".join(parts[: i + 1]) in self.names for i in range(len(parts)))
        return self.action == "All" or listed == (self.action == "Include")


@dataclass(frozen=True)
class PdfFacts:
    """Where a signature stands in a PDF and what it permits (ISO 32000-2 12.8)."""

    field: str
    """The full name of the field."""
    object: int
    """The number of the object that holds the signature dictionary."""
    sub_filter: str | None
    byte_range: tuple[int, int, int, int]
    revision: int
    """The revision (from 1) that it signs; whole in its byte range but for /Contents."""
    revisions: int
    """How many the file has."""
    certifies: bool
    """It is a certification: it carries a DocMDP transform."""
    permission: int | None
    """P of DocMDP or of the field's lock: 1 nothing, 2 forms and signatures, 3 annotations too; None: not stated."""
    locks: tuple[Lock, ...]
    """Of FieldMDP and of the field's /Lock."""
    store: StoreFacts | None
    """The document security store as it is now."""
    own_evidence: bool
    """The store has an entry (VRI) made for this signature."""


@dataclass(frozen=True)
class StoreFacts:
    """What the document security store (DSS) holds, by count; nothing of it is believed here (12.8.4.3)."""

    certificates: int
    crls: int
    ocsps: int
    entries: frozenset[str]
    """The names of the VRI entries: SHA-1 of a signature's /Contents, upper-case hex."""


@dataclass(frozen=True)
class PolicyFacts:
    """The signature policy that the signer names (EN 319 132-1 5.2.9)."""

    identifier: str | None
    """An URI; None: the policy is implied by the content or by other means."""
    hash_name: HashName | None = None
    digest: bytes | None = None
    """Of the policy document."""
    comparable: bool = True
    """False: the document is hashed after transforms, which are not made here."""
    description: str | None = None
    uri: str | None = None
    """Where the document is said to be had (SPURI); never fetched."""


@dataclass(frozen=True)
class ManifestEntry:
    """One reference of a ds:Manifest; no part of what the signature covers."""

    uri: str
    what: str
    """Where it leads, as `Coverage.what` writes it."""
    matches: bool | None
    """Whether its digest is that of what stands there; None: it could not be checked, for the reason in `text`."""
    text: str = ""


@dataclass(frozen=True)
class XmlFacts:
    """Where a signature stands in an XML document and what it says about itself."""

    path: str
    """Of the ds:Signature, as `Coverage.what` writes it."""
    roles: tuple[str, ...] = ()
    """Claimed by the signer, in his own words; certified ones are named in a finding."""
    commitments: tuple[str, ...] = ()
    """Identifiers of what is committed to, such as …#ProofOfApproval."""
    policy: PolicyFacts | None = None
    media_types: tuple[str, ...] = ()
    """Of the signed data objects, as the signer says."""
    unsigned: tuple[str, ...] = ()
    """Local names of the unsigned properties, in their order."""
    countersigns: str | None = None
    """Covers nothing but the value of the signature with this id: a counter-signature."""
    inside: str | None = None
    """The id of the signature in whose unsigned properties it stands."""
    inside_at: int = 0
    """The number (from 1) of that property."""
    manifest: tuple[ManifestEntry, ...] = ()
    """The entries of the Manifests that it covers."""


TimestampKind = Literal["signature", "document", "content", "archive", "signature-and-references", "references"]
"""What a token is over: a signature value, a whole file, content before it was signed, a signature with its content
and evidence (XAdES), and the two of XAdES-X over references to evidence."""
PROVING: tuple[TimestampKind, ...] = ("signature", "signature-and-references", "archive")
"""Inside a signature: what proves that its value existed."""


@dataclass(frozen=True)
class TimestampFacts:
    """An RFC 3161 token as found, checked against the octets that it must cover."""

    kind: TimestampKind
    time: datetime | None
    hash_name: str | None
    imprint_matches: bool
    """The token's messageImprint equals the hash of the octets for this kind of timestamp."""
    signature_intact: bool
    """The token's own CMS signature verifies with `certificate`'s key, and its attributes bind it."""
    certificate: Certificate | None
    certificates: tuple[Certificate, ...] = ()
    scheme: Scheme | None = None
    """How the authority signed; `hash_name` is only the imprint's."""
    accuracy_s: float = 0.0
    """Seconds by which the true time may differ from `time`, either way."""
    serial: int | None = None
    policy: str | None = None
    token: bytes = b""
    findings: tuple[Finding, ...] = ()
    state: int = 0
    """XML: the number (from 1) of the unsigned property that holds it; an `archive` timestamp covers those before.
    CMS: a number of its own."""
    covered_by: frozenset[int] | None = None
    """CMS, where a timestamp covers what it lists: the `state` of each archive timestamp that covers it, by others
    that it covers too; None: the states tell."""
    index_hash: str | None = None
    """CMS, archive: the hash of the index, by which alone what the timestamp covers is bound to it."""

    @property
    def margin(self) -> timedelta:
        """`accuracy_s`; a year at most, which is worth nothing anyway, so that times can be added to it."""
        return timedelta(seconds=min(max(self.accuracy_s, 0.0), 31_536_000.0))

    @property
    def intact(self) -> bool:
        return (
            self.imprint_matches and self.signature_intact and not any(f.severity == "error" for f in self.findings)
        )


@dataclass(frozen=True)
class Stored:
    """Evidence that stands in the file beside the signatures, and the first state of the file that held it.

    XML: it stands in an unsigned property of the signature; the state is the number of that property, from 1.
    """

    state: int
    certificates: tuple[Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp: tuple[bytes, ...] = ()
    covered_by: frozenset[int] | None = None
    """As of a timestamp."""


@dataclass(frozen=True)
class SignatureFacts:
    """One signature as found, in any format."""

    id: str
    """Field name (PDF), Id attribute or position (XML), `signer-1` (CMS); unique within the file."""
    format: Format
    family: Literal["PAdES", "XAdES", "CAdES", "XMLDSIG", "CMS", "DOCTIMESTAMP"]
    """`PAdES`, `XAdES`, `CAdES` only when the signing certificate is bound by a signed property."""
    references_intact: bool
    """Every digest of signed content matches (EN 319 102-1: HASH_FAILURE otherwise)."""
    signature_intact: bool
    """The signature value verifies with `certificate`'s key (SIG_CRYPTO_FAILURE otherwise)."""
    coverage: Coverage
    certificate: Certificate | None = None
    """The certificate that the signature names *and* whose key was used; None: not found."""
    certificates: tuple[Certificate, ...] = ()
    """All certificates carried along, the signer's included. Untrusted."""
    scheme: Scheme | None = None
    content_hash: str | None = None
    """The hash that covers the content where it is another than the scheme's (`adbe.pkcs7.sha1`)."""
    claimed_time: datetime | None = None
    reason: str | None = None
    location: str | None = None
    changes_after: tuple[Change, ...] = ()
    timestamps: tuple[TimestampFacts, ...] = ()
    crls: tuple[bytes, ...] = ()
    """Carried in the signature itself."""
    ocsp: tuple[bytes, ...] = ()
    state: int = 0
    """The state of the file that it covers (PDF: the number of the revision); a document timestamp proves that
    everything of this state and of those before existed. XML: 0, the signature as it was made."""
    stored: tuple[Stored, ...] = ()
    """PDF: the evidence of the whole file, the same for each of its signatures. XML: that of the signature."""
    findings: tuple[Finding, ...] = ()
    pdf: PdfFacts | None = None
    """PDF only, and only where the signature could be placed in the file."""
    xml: XmlFacts | None = None
    """XML only, and only where the signature could be read."""
    countersigned: str | None = None
    """CMS: the id of the signature whose value, and nothing else, it covers."""

    @property
    def well_formed(self) -> bool:
        return not any(f.severity == "error" for f in self.findings)


def proven(facts: SignatureFacts, all_facts: Sequence[SignatureFacts]) -> bool:
    """Whether a timestamp is there that covers the signature: its own, or one over more than it."""
    return (
        any(t.kind in (*PROVING, "document") for t in facts.timestamps)
        or preserver(facts, all_facts) is not None
        or any(
            later.state > facts.state and any(t.kind == "document" for t in later.timestamps) for later in all_facts
        )
    )


def preserver(facts: SignatureFacts, all_facts: Sequence[SignatureFacts]) -> str | None:
    """The id of the XML signature whose archive timestamp covers this counter-signature as it stands in it.

    Nothing may be added to such a counter-signature any more; what it needs goes into that signature.
    """
    place = facts.xml
    outer = next((f for f in all_facts if place is not None and f.id == place.inside), None)
    if place is None or outer is None:
        return None
    if any(t.kind == "archive" and t.state > place.inside_at for t in outer.timestamps):
        return preserver(outer, all_facts) or outer.id
    return preserver(outer, all_facts)


def broken(id: str, format: Format, error: Exception, what: str = "not determined") -> SignatureFacts:
    """The facts of a signature that cannot be parsed: a verdict, never a skipped signature."""
    family: Literal["CMS", "XMLDSIG"] = "XMLDSIG" if format == "xml" else "CMS"
    return SignatureFacts(
        id=id,
        format=format,
        family=family,
        references_intact=False,
        signature_intact=False,
        coverage=Coverage(False, what),
        findings=(Finding.of(error, "FORMAT", f"{type(error).__name__}: "),),
    )


def copied(first: str) -> Finding:
    """What is said of a signature that stands a second time, maybe where somebody else should have signed.

    The key and what it signed are compared, not the value: of an ECDSA value anybody makes another that verifies (its
    s becomes n - s), and around a value of CMS stands what nobody signs.
    """
    text = (
        f"It is a copy of the signature {first}: the same key over the same. Nothing shows that anybody signed twice."
    )
    return Finding("SIGNATURE_COPIED", "warning", text)
