"""A PDF as a `kyso_pki.document.Document`: the facts of its signatures, and room for one more.

Reach for `PdfDocument(data)`. Signing appends one revision with an invisible signature (ETSI EN 319 142-1) and
leaves every byte of the input where it was; only the hash of the result goes to the key. What cannot be read
strictly, is encrypted against changes, or is certified against changes is refused before the key is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data, signed_data_size
from ..credential import Chain
from ..document import Intent, Placed, Reserved
from ..errors import FormatError, SignatureValueInvalid, SigningError, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import Format, SignatureFacts
from ..scheme import Scheme
from .appearance.objects import add_appearance, empty_form, shown
from .encryption.rights import check_signing
from .fields import Field, all_fields, signature_fields
from .objects import (
    Dictionary,
    IndirectObject,
    Ref,
    Value,
    encode_date,
    encode_text,
    serialize,
    value_spans,
)
from .pages import page_at
from .permission import Lock, Permission, permission_of
from .reader import REWRITE, Reader
from .signature import read_signatures
from .update import Update, with_entries, with_item

if TYPE_CHECKING:
    from .encryption.opening import Password
    from .lint.linting import LintReport
    from .lint.policy import LintPolicy

MAX_PAGE_DEPTH: Final = 64  # levels of the page tree; real files stay under 10
PRINTED: Final = 4  # the flag Print (ISO 32000-2 table 167)
PRINTED_AND_LOCKED: Final = 4 | 128
SIG_FLAGS: Final = 3  # SignaturesExist, AppendOnly (12.7.3, table 225)
_RANGE_DIGITS: Final = 20  # room for each number of /ByteRange; 2**64 has twenty digits


class PdfDocument:
    """A PDF. Raises `FormatError` for what cannot be read strictly, `EncryptedDocument`."""

    format: Format = "pdf"

    def __init__(self, data: bytes, *, password: Password | None = None) -> None:
        self._reader = Reader(data, password)

    @cached_property
    def _signatures(self) -> tuple[SignatureFacts, ...]:
        facts = read_signatures(self._reader)
        if self._reader.handler is None:
            return facts
        from .encryption.whole import encryption_findings

        return encryption_findings(self._reader, facts)

    def signatures(self) -> Sequence[SignatureFacts]:
        """The facts of every signature, in signing order; a broken one has an `error` finding."""
        return self._signatures

    def lint(self, policy: LintPolicy) -> LintReport:
        """What in the file makes what is seen differ from what would be signed (attack class P10)."""
        from .lint.linting import lint

        return lint(self._reader, policy)

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> PdfPending:
        """One appended revision with an empty slot. Raises `FormatError`, `SigningError`, `UsageError`."""
        reader = self._reader
        if reader.trailing:
            raise FormatError(f"PDF: {reader.trailing} bytes follow the end of the file.", remedy=REWRITE)
        field = _chosen_field(reader, intent.field)
        check_signing(reader, existing_field=not isinstance(field, str))
        _check_permission(reader, field if isinstance(field, str) else field.name)
        if intent.appearance and intent.appearance.field != (None if isinstance(field, str) else field.name):
            raise UsageError(
                "The appearance was made for another field.", remedy="Place it for the field to be signed."
            )
        attributes_size = len(_attributes(bytes(scheme.hash_size), chain, scheme))
        room = signed_data_size(chain, scheme, attributes_size, intent.timestamp_size if intent.level == "B-T" else 0)
        update = Update(reader)
        signature = update.reserve()
        if isinstance(field, str):
            _add_field(reader, update, field, signature, intent.appearance)
            body, gap = _signature_dictionary(intent, room, None)
        else:
            _fill_field(reader, update, field, signature, intent.appearance)
            body, gap = _signature_dictionary(intent, room, _lock_reference(reader, field))
        update.replace(signature, body)
        salt = chain.leaf.sha256.encode() + encode_date(intent.signing_time)
        tail, starts = update.render(salt)
        if reader.handler is not None:  # encrypted strings have other lengths
            spans, _ = value_spans(tail, starts[signature.number])
            gap = spans["Contents"][0] - starts[signature.number]
        at = starts[signature.number] + gap
        tail = _with_byte_range(tail, starts[signature.number], len(reader.data), at, room)
        digest = hashlib.new(scheme.hash_name, reader.data)
        digest.update(memoryview(tail)[:at])
        digest.update(memoryview(tail)[at + 2 * room + 2 :])
        return PdfPending(
            field=field if isinstance(field, str) else field.name,
            chain=chain,
            scheme=scheme,
            to_be_signed=_attributes(digest.digest(), chain, scheme),
            original=reader.data,
            tail=tail,
            slot=at,
            room=room,
            timestamped=intent.level == "B-T",
        )


@dataclass(frozen=True)
class PdfPending:
    """A PDF whose last revision waits for its signature value. Implements `kyso_pki.document.Pending`."""

    field: str
    """The full name of the field that is being signed."""
    chain: Chain
    scheme: Scheme
    to_be_signed: bytes
    original: bytes
    tail: bytes
    """The appended revision; /Contents is empty."""
    slot: int
    """Where /Contents starts in `tail`."""
    room: int
    """Bytes of CMS that fit into the slot."""
    timestamped: bool = False

    @property
    def imprint(self) -> bytes:
        """What goes to the key."""
        return self.scheme.imprint(self.to_be_signed)

    def timestamp_message(self, value: bytes) -> bytes:
        """A signature timestamp covers the signature value (EN 319 122-1 5.3)."""
        return value

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The signed PDF. Raises `SignatureValueInvalid`, `SigningError`."""
        if not self.scheme.verify(self.chain.leaf.public_key, self.imprint, value):
            raise SignatureValueInvalid(
                "The signature value does not verify with the certificate's key; nothing was written.",
                remedy="Check that the key and the certificate belong together.",
            )
        if len(evidence.timestamps) > 1 or self.timestamped != bool(evidence.timestamps):
            wanted = "one timestamp" if self.timestamped else "no timestamp"
            raise SigningError(f"{wanted} was prepared for, {len(evidence.timestamps)} came.")
        cms = signed_data(self.to_be_signed, value, self.chain, self.scheme, timestamps=evidence.timestamps)
        if len(cms) > self.room:
            raise SigningError(
                f"The signature needs {len(cms)} bytes, {self.room} were kept free.",
                remedy="Prepare again with a larger timestamp_size.",
            )
        contents = cms.hex().encode().ljust(2 * self.room, b"0")
        view = memoryview(self.tail)
        return b"".join([self.original, view[: self.slot + 1], contents, view[self.slot + 1 + len(contents) :]])


def _attributes(content_digest: bytes, chain: Chain, scheme: Scheme) -> bytes:
    """No signing-time: the claimed time of PAdES is /M (EN 319 142-1 6.3)."""
    return signed_attributes(content_digest=content_digest, leaf=chain.leaf, scheme=scheme)


# The signature dictionary -----------------------------------------------------------------------------------


def _signature_dictionary(intent: Intent, room: int, reference: bytes | None) -> tuple[bytes, int]:
    """The dictionary with an empty slot (ISO 32000-2 table 255), and where /Contents starts in it."""
    head = b"<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
    head += b" /M " + serialize(encode_date(intent.signing_time))
    for key, text in (("Reason", intent.reason), ("Location", intent.location), ("ContactInfo", intent.contact)):
        if text:
            head += b" " + serialize(key) + b" " + serialize(encode_text(text))
    if reference:
        head += b" /Reference " + reference
    head += b" /ByteRange [0" + b" " * (3 * _RANGE_DIGITS) + b"] /Contents "
    return b"".join([head, b"<", b"0" * (2 * room), b">>>"]), len(head)


def _with_byte_range(tail: bytes, start: int, base: int, at: int, room: int) -> bytes:
    """The revision with /ByteRange filled in; its text keeps its length."""
    marker = tail.rindex(b"/ByteRange [0 ", start, at) + len(b"/ByteRange [0")
    after = at + 2 * room + 2
    numbers = b" %d %d %d" % (base + at, base + after, len(tail) - after)
    return b"".join([tail[:marker], numbers.ljust(3 * _RANGE_DIGITS), tail[marker + 3 * _RANGE_DIGITS :]])


# Fields -----------------------------------------------------------------------------------------------------


def _chosen_field(reader: Reader, name: str | None) -> Field | str:
    """An existing empty signature field, or the name of a new one."""
    fields = all_fields(reader)
    taken = {f.name: f for f in fields if f.named or f.problem is not None}
    if name is None:
        return next(free for n in range(1, len(taken) + 2) if (free := f"Signature{n}") not in taken)
    field = taken.get(name)
    if field is None:
        if not name or "." in name:
            raise UsageError(f"{name!r} cannot be the name of a new field.", remedy="Use a name without a full stop.")
        return name
    if field.problem is not None or field.type != "Sig":
        raise SigningError(f"The field {name!r} is no signature field.", remedy=_NAMES + _empty_names(fields))
    if field.value is not None:
        raise SigningError(f"The field {name!r} is already signed.", remedy=_NAMES + _empty_names(fields))
    if field.ref is None:
        raise FormatError(f"PDF: the field {name!r} is not an object of its own.", remedy=REWRITE)
    return field


_NAMES = "Name an empty signature field or a new one; empty now: "


def _empty_names(fields: list[Field]) -> str:
    names = [f.name for f in fields if f.type == "Sig" and f.value is None and f.named and f.problem is None]
    return (", ".join(names[:10]) or "none") + "."


def _check_permission(reader: Reader, name: str) -> None:
    """Refuses what an earlier signature forbids (DocMDP, FieldMDP; attack class P12)."""
    permission = Permission()
    for field in signature_fields(reader):
        if field.problem is not None:
            raise field.problem
        signature = reader.resolve(field.value)
        if isinstance(signature, dict):
            permission = permission.also(permission_of(reader, signature, field.dictionary, reader.last))
    if permission.closed:
        raise SigningError("The document is certified against any change; it cannot be signed again.")
    if permission.locked(name):
        raise SigningError(f"An earlier signature locked the field {name!r}; it cannot be signed.")


def _fill_field(
    reader: Reader, update: Update, field: Field, signature: Ref, appearance: Placed | None = None
) -> None:
    """The existing field with its value, and with what it shows from now on."""
    seed = reader.resolve(field.dictionary.get("SV"))
    if isinstance(seed, dict) and reader.resolve(seed.get("Ff")):
        raise SigningError(f"The field {field.name!r} demands settings (/SV) that are not supported yet.")
    changes = {"V": serialize(signature)}
    if appearance is not None:
        changes["AP"] = serialize({"N": add_appearance(update, appearance)})
    _replace_entries(reader, update, field.ref, changes)
    _extend_form(reader, update)


def _lock_reference(reader: Reader, field: Field) -> bytes | None:
    """/Reference with a FieldMDP transform when the field carries a lock (12.7.5.5)."""
    if field.dictionary.get("Lock") is None:
        return None
    permission = permission_of(reader, {}, field.dictionary, reader.last)
    if permission.level is not None:
        raise SigningError(f"The lock of the field {field.name!r} also restricts the document; not supported yet.")
    lock: Lock = permission.locks[0]
    parameters: Dictionary = {"Type": "TransformParams", "V": "1.2", "Action": lock.action}
    if lock.action != "All":
        parameters["Fields"] = [encode_text(n) for n in sorted(lock.names)]
    return serialize([{"Type": "SigRef", "TransformMethod": "FieldMDP", "TransformParams": parameters}])


def _add_field(reader: Reader, update: Update, name: str, signature: Ref, appearance: Placed | None = None) -> None:
    """A new field that is its own widget (12.7.5.5): where it was placed, or invisible on the first page."""
    page = _first_page(reader) if appearance is None else page_at(reader, appearance.page + 1).object
    widget: Dictionary = {
        "Type": "Annot",
        "Subtype": "Widget",
        "FT": "Sig",
        "T": encode_text(name),
        "F": PRINTED_AND_LOCKED,
        "Rect": [0, 0, 0, 0],
        "P": Ref(page.number, page.generation),
        "V": signature,
    }
    refs = [update.reserve()]
    if appearance is not None:
        widget |= shown(appearance.rect, appearance.rotation, add_appearance(update, appearance))
        refs += [_reserve(update, widget, appearance, field) for field in appearance.reserved]
    update.replace(refs[0], serialize(widget))
    _append(reader, update, page, "Annots", *refs)
    _extend_form(reader, update, *refs)


def _reserve(update: Update, widget: Dictionary, appearance: Placed, field: Reserved) -> Ref:
    """An empty field beside the one that is signed now: filling it later changes no page."""
    look = update.add(empty_form(field.rect))
    own = widget | {"T": encode_text(field.name), "F": PRINTED} | shown(field.rect, appearance.rotation, look)
    del own["V"]
    return update.add(serialize(own))


def _first_page(reader: Reader) -> IndirectObject:
    """The first page of the page tree (7.7.3)."""
    value: Value = reader.catalog().get("Pages")
    for _ in range(MAX_PAGE_DEPTH):
        if not isinstance(value, Ref):
            raise FormatError("PDF: a page or page tree node is not an object of its own.", remedy=REWRITE)
        found = reader.fetch(value.number)
        node = found.value if found else None
        if found is None or not isinstance(node, dict):
            raise FormatError(f"PDF: the page tree names object {value.number}, which is no page.", remedy=REWRITE)
        kids = reader.resolve(node.get("Kids"))
        if kids is None:
            return found
        if not isinstance(kids, list) or not kids:
            raise FormatError("PDF: the document has no page.", remedy=REWRITE)
        value = kids[0]
    raise FormatError("PDF: the page tree is too deep or runs in a circle.", remedy=REWRITE)


# Edits of existing objects ------------------------------------------------------------------------------------


def _replace_entries(reader: Reader, update: Update, ref: Ref | None, changes: dict[str, bytes]) -> None:
    found = reader.fetch(ref.number) if ref else None
    if found is None or not isinstance(found.value, dict):
        raise FormatError("PDF: an object that must be extended is no dictionary.", remedy=REWRITE)
    update.replace(Ref(found.number, found.generation), with_entries(found.source, found.start, changes))


def _append(reader: Reader, update: Update, holder: IndirectObject, key: str, *items: Ref) -> None:
    """Appends to an array entry of a dictionary object, wherever the array stands."""
    changes = _appended(reader, update, holder.value, holder.source, holder.start, key, *items)
    if changes:
        text = with_entries(holder.source, holder.start, changes)
        update.replace(Ref(holder.number, holder.generation), text)


def _appended(
    reader: Reader, update: Update, dictionary: Value, source: bytes, start: int, key: str, *items: Ref
) -> dict[str, bytes]:
    """The entry to set so that the array has these items more; empty when the array is an object of its own."""
    text = b" ".join(map(serialize, items))
    value = dictionary.get(key) if isinstance(dictionary, dict) else None
    if isinstance(value, Ref):
        found = reader.fetch(value.number)
        if found is not None and isinstance(found.value, list):
            update.replace(Ref(found.number, found.generation), with_item(found.source, found.start, text))
            return {}
        if found is not None and found.value is not None:
            raise FormatError(f"PDF: /{key} is no array.", remedy=REWRITE)
        value = None
    if value is None:
        return {key: b"[" + text + b"]"}
    if not isinstance(value, list):
        raise FormatError(f"PDF: /{key} is no array.", remedy=REWRITE)
    spans, _ = value_spans(source, start)
    return {key: with_item(source, spans[key][0], text)}


def _extend_form(reader: Reader, update: Update, *fields: Ref) -> None:
    """The form with /SigFlags set and these fields more (12.7.3)."""
    root = reader.fetch(reader.root_ref().number)
    if root is None or not isinstance(root.value, dict):
        raise FormatError("PDF: the catalog is no dictionary.", remedy=REWRITE)
    place = root.value.get("AcroForm")
    form = reader.resolve(place)
    if form is None:
        made: Dictionary = {"Fields": list(fields), "SigFlags": SIG_FLAGS}
        ref = update.add(serialize(made))
        _replace_entries(reader, update, Ref(root.number, root.generation), {"AcroForm": serialize(ref)})
        return
    if not isinstance(form, dict):
        raise FormatError("PDF: /AcroForm is no dictionary.", remedy=REWRITE)
    holder = reader.fetch(place.number) if isinstance(place, Ref) else root
    if holder is None:
        raise FormatError("PDF: /AcroForm is missing.", remedy=REWRITE)
    start = holder.start if isinstance(place, Ref) else value_spans(root.source, root.start)[0]["AcroForm"][0]
    changes = _appended(reader, update, form, holder.source, start, "Fields", *fields) if fields else {}
    flags = reader.resolve(form.get("SigFlags"))
    if not isinstance(flags, int) or flags & SIG_FLAGS != SIG_FLAGS:
        changes["SigFlags"] = serialize((flags if isinstance(flags, int) else 0) | SIG_FLAGS)
    if not changes:
        return
    text = with_entries(holder.source, start, changes)
    if not isinstance(place, Ref):
        text = with_entries(root.source, root.start, {"AcroForm": text})
    update.replace(Ref(holder.number, holder.generation), text)
