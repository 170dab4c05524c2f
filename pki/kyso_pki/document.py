"""What every format can do: tell its signatures, and be prepared for one more.

The stop between `prepare` and `finish` is what makes remote signing possible: only `Pending.imprint`
(a hash) has to reach the key, the document stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeGuard

from .claims import Claims
from .credential import Chain
from .errors import UsageError
from .evidence import NO_EVIDENCE, Evidence
from .facts import Format, SignatureFacts
from .scheme import HashName, Scheme
from .xmlprofile import Profile
from .xmlprofile import XmlForm as XmlForm

if TYPE_CHECKING:
    from .tsp import ContentStamps

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
"""Signed; with a trusted time; with the evidence for later; with the evidence under a timestamp of its own."""
LEVELS: tuple[Level, ...] = ("B-B", "B-T", "B-LT", "B-LTA")
CmsForm = Literal["detached", "attached"]
Certification = Literal[1, 2, 3]
"""What may follow a certification: nothing, form filling and signatures, annotations too (ISO 32000-2 12.8.2.2)."""
TIMESTAMP_SIZE = 12288
"""Bytes kept free for a token of a time-stamping authority of which nothing is known; with a chain of three RSA-4096
certificates they have some 8 kB."""


def level_named(name: str) -> Level:
    """The level by any common spelling (`b-t`, `PAdES-B-T`, `AdES-B-T`). Raises `UsageError`."""
    wanted = name.strip().upper()
    for level in LEVELS:
        if wanted == level or wanted.endswith("-" + level) or wanted == level.replace("-", ""):
            return level
    raise UsageError(f"Unknown signature level {name!r}.", remedy=f"Use one of {', '.join(LEVELS)}.")


@dataclass(frozen=True)
class Reserved:
    """An empty signature field with a place of its own, for a signature to come."""

    name: str
    rect: tuple[float, float, float, float]


@dataclass(frozen=True)
class Placed:
    """What a PDF signature shows and where; `kyso_pki.pdf.appearance.placing.place` makes it."""

    page: int
    """0 for the first page."""
    rect: tuple[float, float, float, float]
    """/Rect of the widget, user space of the page."""
    rotation: int
    """By how many degrees the page is turned; goes into /MK of a new widget."""
    objects: tuple[tuple[bytes | int, ...], ...]
    """The objects to add, each in pieces: text, or the index of another of them where a reference stands.
    The last one is the normal appearance (ISO 32000-2 12.5.5)."""
    field: str | None = None
    """The existing field that it was fitted into; None: a new one is made in this place."""
    reserved: tuple[Reserved, ...] = ()
    """Empty fields that are added to the same page."""


@dataclass(frozen=True)
class FieldLock:
    """PDF: form fields that may not change after signing, by their full names (ISO 32000-2 12.8.2.4)."""

    action: Literal["All", "Include", "Exclude"]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.action == "All") == bool(self.names):
            raise UsageError("A lock names fields, or it locks all of them.")


@dataclass(frozen=True)
class Intent:
    """What is to be signed and how."""

    signing_time: datetime
    """The claimed time, aware; the caller's clock, because pki has none."""
    level: Level = "B-B"
    reason: str | None = None
    location: str | None = None
    contact: str | None = None
    field: str | None = None
    """PDF: an existing empty signature field, or the name of a new one; None picks a free name."""
    cms: CmsForm | None = None
    """Sign the file as mere octets, whatever it is: a CAdES file beside it (detached) or around it."""
    xml_form: XmlForm = "xades"
    """XML without a profile: XAdES, or plain XMLDSIG (which has no B-T)."""
    profile: Profile | None = None
    """XML: where the signature goes, what it references and how it is written; its form is the profile's."""
    claims: Claims | None = None
    """XAdES: roles, place, commitments, policy."""
    countersign: str | None = None
    """XAdES: the id of the signature whose value, and nothing else, is signed; the new one goes into it."""
    appearance: Placed | None = None
    """PDF: what the signature shows; None: it is invisible, or the field keeps what it shows."""
    certify: Certification | None = None
    """PDF: certify the document and say what may change afterwards; the first signature only."""
    lock: FieldLock | None = None
    """PDF: form fields to lock with this signature."""
    content_stamps: ContentStamps | None = None
    """XAdES, CMS: who stamps what is signed before it is signed, which `prepare` asks for."""
    timestamp_size: int = TIMESTAMP_SIZE
    """Bytes to keep free for a timestamp token when the level asks for one."""

    def __post_init__(self) -> None:
        if self.signing_time.tzinfo is None:
            raise UsageError("signing_time has no zone.", remedy="Pass an aware datetime.")
        form = self.xml_form if self.profile is None else self.profile.form
        if self.level != "B-B" and form == "xmldsig" and self.cms is None:
            raise UsageError("Plain XMLDSIG cannot carry a timestamp.", remedy="Use XAdES for level B-T.")
        if form == "xmldsig" and (self.claims is not None or self.countersign is not None):
            raise UsageError("Plain XMLDSIG carries neither claims nor counter-signatures.", remedy="Use XAdES.")
        if self.content_stamps is not None and (
            (form == "xmldsig" and self.cms is None) or self.countersign is not None
        ):
            raise UsageError(
                "Plain XMLDSIG and counter-signatures carry no timestamp over their content.",
                remedy="Use XAdES, or leave the content timestamp out.",
            )
        for text in filter(None, (self.reason, self.location, self.contact)):
            if any("\ud800" <= c <= "\udfff" for c in text):  # so Python shows octets that are no UTF-8
                raise UsageError(
                    f"The text {text!a} is no Unicode text.", remedy="Give it in UTF-8, as the terminal does."
                )
        if self.certify not in (None, 1, 2, 3):
            raise UsageError(f"A certification of {self.certify!r} is not known.", remedy="Use 1, 2 or 3.")

    @property
    def timestamped(self) -> bool:
        """Whether the signature carries a timestamp over its value."""
        return self.level != "B-B"


class Pending(Protocol):
    """A document with an empty slot, waiting for one signature value."""

    @property
    def to_be_signed(self) -> bytes:
        """The octets that the signature covers directly (signed attributes, canonical SignedInfo)."""

    @property
    def imprint(self) -> bytes:
        """`Scheme.imprint(to_be_signed)`: what goes to the key."""

    @property
    def signature_id(self) -> str:
        """How the facts will name the signature (`SignatureFacts.id`)."""

    def timestamp_message(self, value: bytes) -> bytes:
        """The octets that a signature timestamp over this value must cover."""

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The signed document. `evidence.timestamps` holds at most one token, from level B-T on.

        Checks the value with the certificate's key first. Raises `SignatureValueInvalid`, `SigningError`.
        """


class Document(Protocol):
    """A document that can carry signatures."""

    @property
    def format(self) -> Format: ...

    def sha256(self) -> str:
        """Of the whole file, lower-case hex."""

    def signatures(self) -> Sequence[SignatureFacts]:
        """The facts of every signature found, in signing order; never raises for a broken signature."""

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> Pending:
        """Makes room for one signature. Raises `FormatError`, `SigningError`, `UsageError`."""


@dataclass(frozen=True)
class Splice:
    """Octets put into a document; everything else stays as it is."""

    at: int
    """Where, in octets (of the UTF-8 form of an XML document)."""
    octets: bytes
    replaced: int = 0
    """How many octets there it takes the place of: the `/>` of an empty XML element."""


Addition = Sequence[Splice]
"""What makes a longer document, in order of place; empty when there is nothing to add."""
StampPurpose = Literal["signature", "archive"]
"""To prove that each signature existed which has no proof yet; to preserve signatures with their evidence."""


@dataclass(frozen=True)
class Wanted:
    """The evidence that one signature lacks."""

    id: str
    """Of the signature."""
    signer: Evidence
    """For its signer."""
    authorities: Evidence = NO_EVIDENCE
    """For the authorities of its timestamps, as far as `signer` has it not."""

    @property
    def evidence(self) -> Evidence:
        return self.signer + self.authorities


class PendingStamp(Protocol):
    """A document with an empty slot, waiting for a token."""

    def digest(self, hash_name: HashName) -> bytes:
        """What the time-stamping authority is to stamp."""

    def addition(self, token: bytes, imprint: bytes, hash_name: HashName) -> Addition:
        """What is to be added, with the token over this imprint in it. Raises `TimestampError`, `SigningError`."""


class Growing(Document, Protocol):
    """A document whose signatures can be kept verifiable by additions to it (B-T, B-LT, B-LTA)."""

    @property
    def data(self) -> bytes:
        """The whole document."""

    def prepare_timestamps(
        self, purpose: StampPurpose, size: Callable[[], int], only: Collection[str] | None
    ) -> Sequence[PendingStamp]:
        """Room for the tokens that are needed: one for all in a PDF, one for each signature in XML.

        `size` tells how many bytes to keep free for one, where that must be known before. `only` names the signatures
        that are wanted (XML). Raises `FormatError`, `SigningError`.
        """

    def prepare_evidence(self, wanted: Sequence[Wanted], salt: bytes) -> Addition:
        """What is to be added to hold this evidence. Raises `FormatError`."""

    def reopened(self, data: bytes) -> Growing:
        """The document in other bytes, such as those that `Pending.finish` gave, opened as this one was."""

    def grown(self, addition: Addition) -> Growing:
        """The document with this in it. Raises `NotExtendable` when that would break a signature in it."""


class Reopening(Protocol):
    """A document whose signed form can grow."""

    def reopened(self, data: bytes) -> Growing:
        """What `Pending.finish` gave, opened as this one was."""


def grows_when_signed(document: Document) -> TypeGuard[Reopening]:
    """Whether what is made of it by signing can be extended. By its class, as in `can_grow`."""
    return hasattr(type(document), "reopened")


def can_grow(document: Document) -> TypeGuard[Growing]:
    """Whether this format's signatures can be extended. By its class: to ask for `data` would read the whole file."""
    return hasattr(type(document), "prepare_evidence")


def tail_of(addition: Addition, size: int) -> bytes:
    """The octets of an addition to a document of `size` bytes that only puts something at its end.

    Raises `ValueError` for any other.
    """
    for splice in addition:
        if splice.at != size or splice.replaced:
            raise ValueError("an addition within the document")
    return b"".join(s.octets for s in addition)
