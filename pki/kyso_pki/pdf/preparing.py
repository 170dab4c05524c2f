"""What is appended to a PDF so that it can be signed, stamped or grown; the key is asked for nothing yet.

Reach for `signature`, `document_timestamp` and `evidence`, which `PdfDocument` calls. Each is one revision behind the
last byte of the input (ETSI EN 319 142-1). What other readers could see in another way, or a certification forbids,
is refused here: whoever verified such a signature would refuse it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..cms.signed_data import signed_data_size
from ..credential import Chain
from ..document import Addition, Intent, Splice, Wanted
from ..errors import FormatError, UsageError
from ..evidence import together
from ..scheme import Scheme
from . import form
from .ambiguity import ambiguities
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
from .signature import RFC3161
from .slot import Pieces, appended_with_slot
from .store import add_evidence
from .update import Update

_SUBFILTER: Final = "ETSI.CAdES.detached"


def signature(reader: Reader, pieces: Pieces, intent: Intent, chain: Chain, scheme: Scheme) -> PdfPending:
    """One appended revision with an empty slot. Raises `FormatError`, `SigningError`, `UsageError`."""
    if intent.profile is not None:
        raise UsageError("A PDF takes no XML profile.", remedy="Leave the profile out for PDF documents.")
    if intent.claims is not None or intent.countersign is not None or intent.content_stamps is not None:
        raise UsageError(
            "A PDF signature carries neither claims nor counter-signatures nor timestamps over its content.",
            remedy="Leave them out; level B-T proves when it was signed.",
        )
    _refuse_unclear(reader)
    fields = all_fields(reader)
    field = form.chosen_field(fields, intent.field)
    name = field if isinstance(field, str) else field.name
    grows = intent.level in ("B-LT", "B-LTA")  # then objects are added besides the field
    check_signing(reader, existing_field=not isinstance(field, str) and not grows)
    check_permission(reader, fields, name)
    _refuse_unlisted(reader, fields)
    if intent.appearance and intent.appearance.field != (None if isinstance(field, str) else name):
        raise UsageError("The appearance was made for another field.", remedy="Place it for the field to be signed.")
    if not isinstance(field, str):
        intent = honoured(reader, field, intent, chain, scheme)
    limits = restriction(reader, intent, fields, field)
    update = _update(reader, fields, FEW if intent.appearance is not None else VERY_FEW)
    own = update.reserve()
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
        form.add_field(reader, update, new, own)
    else:
        form.fill_field(reader, update, field, own, intent.appearance)
    if limits.certifies:
        name_in_permissions(reader, update, own)
    entries = _signature_entries(intent)
    if limits.reference is not None:
        entries["Reference"] = limits.reference
    size = len(attributes(bytes(scheme.hash_size), chain, scheme))
    room = signed_data_size(chain, scheme, size, intent.timestamp_size if intent.timestamped else 0)
    salt = b"%s %s" % (chain.leaf.sha256.encode(), serialize(entries["M"]))
    slot = appended_with_slot(update, own, entries, room, len(reader.data), salt)
    return PdfPending(
        field=name,
        chain=chain,
        scheme=scheme,
        to_be_signed=attributes(slot.digest(scheme.hash_name, pieces), chain, scheme),
        slot=slot,
        size=len(reader.data),
        pieces=pieces,
        timestamped=intent.timestamped,
    )


def document_timestamp(reader: Reader, pieces: Pieces, size: int) -> PdfStamp:
    """Room for a document timestamp (EN 319 142-1 5.4.3); no certification forbids one. Raises `FormatError`."""
    _refuse_unclear(reader)
    fields = all_fields(reader)
    check_signing(reader, existing_field=False)
    check_permission(reader, fields, None)
    _refuse_unlisted(reader, fields)
    update = _update(reader, fields)
    own = update.reserve()
    name = form.free_name(fields, "Timestamp")
    form.add_field(reader, update, form.invisible_field(reader, update, name), own)
    entries: Dictionary = {"Type": "DocTimeStamp", "Filter": "Adobe.PPKLite", "SubFilter": RFC3161}
    slot = appended_with_slot(update, own, entries, size, len(reader.data), name.encode())
    return PdfStamp(name, slot, len(reader.data), pieces)


def evidence(reader: Reader, wanted: Sequence[Wanted], salt: bytes) -> Addition:
    """The revision that adds this evidence to the store, empty when all of it is there. Raises `FormatError`."""
    _refuse_trailing(reader)
    check_signing(reader, existing_field=False)
    update = _update(reader, all_fields(reader))
    add_evidence(reader, update, together(w.evidence for w in wanted))
    return () if update.empty else (Splice(len(reader.data), update.render(salt)[0]),)


def _update(reader: Reader, fields: Sequence[Field], room: int = FEW) -> Update:
    """An empty update, with this many numbers for objects that nothing in the file refers to already."""
    first = Update(reader).new_from
    signed = any(f.type == "Sig" and f.value is not None for f in fields)
    return Update(reader, unreferred_from(reader, first, FEW if signed else room, signed=signed))


def _refuse_unclear(reader: Reader) -> None:
    """Refuses a file in which two readers could see two files: its signature would be refused at once (P5)."""
    _refuse_trailing(reader)
    for saved in reader.revisions:  # a signature in an earlier one fails without, and with it all of them
        reader.catalog(saved.index)
    findings = ambiguities(reader, reader.last, Update(reader).new_from)
    if found := [f for f in findings if f.severity == "error"]:
        if reader.handler is not None:
            from .encryption.whole import check_whole

            check_whole(reader)  # what is not encrypted cannot be decrypted either, and is told first
        raise FormatError(f"PDF: {found[0].text}", remedy=REWRITE)


def _refuse_unlisted(reader: Reader, fields: Sequence[Field]) -> None:
    """Refuses a file with a signature that the form does not list: whatever is added, the file would fail."""
    refuse_outside(reader, fields)
    refuse_replaced(reader, signatures_among(reader, fields))


def _refuse_trailing(reader: Reader) -> None:
    if reader.trailing:
        raise FormatError(f"PDF: {reader.trailing} bytes follow the end of the file.", remedy=REWRITE)


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
