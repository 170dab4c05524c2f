"""A PDF as a `kyso_pki.document.Document`: the facts of its signatures, and room for one more.

Reach for `PdfDocument(data)`. Signing appends one revision (ETSI EN 319 142-1) and leaves every byte of the input
where it was; only the hash of the result goes to the key. Growing appends too: a document timestamp, or evidence in
the document security store. What cannot be read strictly, or is encrypted or certified against changes, is refused
before the key is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..cms.signed_data import signed_data_size
from ..credential import Chain
from ..document import Addition, Intent, Splice, StampPurpose, Wanted, tail_of
from ..errors import FormatError, UsageError
from ..evidence import together
from ..facts import Format, SignatureFacts
from ..scheme import Scheme
from . import form
from .ambiguity import ambiguities
from .digests import Digests
from .encryption.rights import check_signing
from .fields import Field, all_fields, signatures_among
from .numbers import FEW, VERY_FEW, unreferred_from
from .objects import Dictionary, encode_date, encode_text, serialize
from .outside import refuse_outside
from .pending import PdfPending, PdfStamp, attributes
from .reader import REWRITE, Reader
from .replaced import refuse_replaced
from .restrict import check_permission, name_in_permissions, restriction
from .seed import honoured
from .signature import RFC3161, read_signatures
from .slot import Pieces, appended_with_slot
from .store import add_evidence
from .update import Update

if TYPE_CHECKING:
    from .encryption.opening import Password
    from .lint.policy import LintPolicy
    from .lint.report import LintReport

_SUBFILTER: Final = "ETSI.CAdES.detached"


class PdfDocument:
    """A PDF. Raises `FormatError` for what cannot be read strictly, `EncryptedDocument`.

    `data` is the file, bytes or a read-only memory map of it. `pieces` gives the same file once more, to be hashed:
    who has it on disk passes a function that reads it in pieces, so that no more than one is in memory.
    """

    format: Format = "pdf"

    def __init__(self, data: bytes, pieces: Pieces | None = None, *, password: Password | None = None) -> None:
        self._reader = Reader(data, password)
        self._digests = Digests(data)
        self._pieces: Pieces = pieces or (lambda: (data,))

    @cached_property
    def _signatures(self) -> tuple[SignatureFacts, ...]:
        facts = read_signatures(self._reader, self._digests)
        if self._reader.handler is None:
            return facts
        from .encryption.whole import encryption_findings

        return encryption_findings(self._reader, facts)

    def sha256(self) -> str:
        """Of the whole file, lower-case hex; after `signatures` it costs only what they left."""
        return self._digests.whole()

    def signatures(self) -> Sequence[SignatureFacts]:
        """The facts of every signature, in signing order; a broken one has an `error` finding."""
        return self._signatures

    def lint(self, policy: LintPolicy) -> LintReport:
        """What in the file makes what is seen differ from what would be signed (attack class P10)."""
        from .lint.linting import lint

        return lint(self._reader, policy)

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> PdfPending:
        """One appended revision with an empty slot. Raises `FormatError`, `SigningError`, `UsageError`."""
        if intent.profile is not None:
            raise UsageError("A PDF takes no XML profile.", remedy="Leave the profile out for PDF documents.")
        reader = self._reader
        if intent.claims is not None or intent.countersign is not None or intent.content_stamps is not None:
            raise UsageError(
                "A PDF signature carries neither claims nor counter-signatures nor timestamps over its content.",
                remedy="Leave them out; level B-T proves when it was signed.",
            )
        self._refuse_unclear()
        fields = all_fields(reader)
        field = form.chosen_field(fields, intent.field)
        name = field if isinstance(field, str) else field.name
        grows = intent.level in ("B-LT", "B-LTA")  # then objects are added besides the field
        check_signing(reader, existing_field=not isinstance(field, str) and not grows)
        check_permission(reader, fields, name)
        self._refuse_unlisted(fields)
        if intent.appearance and intent.appearance.field != (None if isinstance(field, str) else name):
            raise UsageError(
                "The appearance was made for another field.", remedy="Place it for the field to be signed."
            )
        if not isinstance(field, str):
            intent = honoured(reader, field, intent, chain, scheme)
        limits = restriction(reader, intent, fields, field)
        update = self._update(fields, FEW if intent.appearance is not None else VERY_FEW)
        signature = update.reserve()
        if isinstance(field, str):
            more: Dictionary = {}
            if limits.lock is not None:
                lock = update.reserve()
                update.replace(lock, update.text(lock, limits.lock))
                more["Lock"] = lock
            if intent.appearance is None:
                new = form.invisible_field(reader, update, name, more)
            else:
                new = form.visible_field(reader, update, name, intent.appearance, more)
            form.add_field(reader, update, new, signature)
        else:
            form.fill_field(reader, update, field, signature, intent.appearance)
        if limits.certifies:
            name_in_permissions(reader, update, signature)
        entries = _signature_entries(intent)
        if limits.reference is not None:
            entries["Reference"] = limits.reference
        size = len(attributes(bytes(scheme.hash_size), chain, scheme))
        room = signed_data_size(chain, scheme, size, intent.timestamp_size if intent.timestamped else 0)
        salt = b"%s %s" % (chain.leaf.sha256.encode(), serialize(entries["M"]))
        slot = appended_with_slot(update, signature, entries, room, len(reader.data), salt)
        return PdfPending(
            field=name,
            chain=chain,
            scheme=scheme,
            to_be_signed=attributes(slot.digest(scheme.hash_name, self._pieces), chain, scheme),
            slot=slot,
            size=len(reader.data),
            pieces=self._pieces,
            timestamped=intent.timestamped,
        )

    def prepare_timestamps(
        self, purpose: StampPurpose, size: Callable[[], int], only: Collection[str] | None
    ) -> tuple[PdfStamp]:
        """Room for one document timestamp, whatever it is for: it covers all that is there. Raises `FormatError`."""
        return (self.prepare_timestamp(size()),)

    def prepare_timestamp(self, size: int) -> PdfStamp:
        """Room for a document timestamp (EN 319 142-1 5.4.3); no certification forbids one. Raises `FormatError`."""
        reader = self._reader
        self._refuse_unclear()
        fields = all_fields(reader)
        check_signing(reader, existing_field=False)
        check_permission(reader, fields, None)
        self._refuse_unlisted(fields)
        update = self._update(fields)
        signature = update.reserve()
        name = form.free_name(fields, "Timestamp")
        form.add_field(reader, update, form.invisible_field(reader, update, name), signature)
        entries: Dictionary = {"Type": "DocTimeStamp", "Filter": "Adobe.PPKLite", "SubFilter": RFC3161}
        slot = appended_with_slot(update, signature, entries, size, len(reader.data), name.encode())
        return PdfStamp(name, slot, len(reader.data), self._pieces)

    def prepare_evidence(self, wanted: Sequence[Wanted], salt: bytes) -> Addition:
        """The revision that adds this evidence to the store, empty when all of it is there. Raises `FormatError`."""
        self._refuse_trailing()
        check_signing(self._reader, existing_field=False)
        update = self._update(all_fields(self._reader))
        add_evidence(self._reader, update, together(w.evidence for w in wanted))
        return () if update.empty else (Splice(len(self._reader.data), update.render(salt)[0]),)

    @property
    def data(self) -> bytes:
        """The whole file."""
        return b"".join(self._pieces())

    def reopened(self, data: bytes) -> PdfDocument:
        """The same document in other bytes, opened with the same password. Raises `FormatError`."""
        return PdfDocument(data, password=self._reader.password_if_encrypted)

    def grown(self, addition: Addition) -> PdfDocument:
        """The file with one more revision at its end. Raises `FormatError` when it does not fit."""
        return self.reopened(b"".join([*self._pieces(), tail_of(addition, len(self._reader.data))]))

    def _update(self, fields: Sequence[Field], room: int = FEW) -> Update:
        """An empty update, with this many numbers for objects that nothing in the file refers to already."""
        first = Update(self._reader).new_from
        signed = any(f.type == "Sig" and f.value is not None for f in fields)
        return Update(self._reader, unreferred_from(self._reader, first, FEW if signed else room, signed=signed))

    def _refuse_unclear(self) -> None:
        """Refuses a file in which two readers could see two files: its signature would be refused at once (P5)."""
        self._refuse_trailing()
        findings = ambiguities(self._reader, self._reader.last, Update(self._reader).new_from)
        if found := [f for f in findings if f.severity == "error"]:
            raise FormatError(f"PDF: {found[0].text}", remedy=REWRITE)

    def _refuse_unlisted(self, fields: Sequence[Field]) -> None:
        """Refuses a file with a signature that the form does not list: whatever is added, the file would fail."""
        refuse_outside(self._reader, fields)
        refuse_replaced(self._reader, signatures_among(self._reader, fields))

    def _refuse_trailing(self) -> None:
        if self._reader.trailing:
            raise FormatError(f"PDF: {self._reader.trailing} bytes follow the end of the file.", remedy=REWRITE)


def _signature_entries(intent: Intent) -> Dictionary:
    """The signature dictionary (ISO 32000-2 table 255) without what the slot adds."""
    entries: Dictionary = {
        "Type": "Sig",
        "Filter": "Adobe.PPKLite",
        "SubFilter": _SUBFILTER,
        "M": encode_date(intent.signing_time),
    }
    for key, text in (("Reason", intent.reason), ("Location", intent.location), ("ContactInfo", intent.contact)):
        if text:
            entries[key] = encode_text(text)
    return entries
