"""What is in the file about each signature: where it stands, what it covers, whether it is intact.

Reach for `read_signatures`. The shape rules are those of attack classes P1, P2, P3, P11 and P12: the gap in
the byte range is exactly this dictionary's /Contents string, the range ends where a revision ends, and the
dictionary stands in the revision that it signs and still is what it was. A signature that breaks a rule
keeps its place in the list with an `error` finding.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ..asn1 import der
from ..cms.examine import CmsFacts, examine
from ..errors import FormatError, LimitExceeded
from ..facts import Change, Coverage, Finding, SignatureFacts, broken
from ..scheme import HashName, digest
from ..tsp import timestamp_facts
from .changes import changes_by_revision
from .fields import Field, signature_fields
from .objects import (
    UNREADABLE,
    Dictionary,
    IndirectObject,
    Ref,
    Value,
    decode_date,
    decode_text,
    read_indirect,
    same,
    value_spans,
)
from .permission import Permission, certifies, permission_of
from .reader import Reader, Revision
from .xref import PLAIN, Entry

MAX_CONTENTS: Final = 8 << 20  # bytes of CMS; with a long chain and CRLs inside real ones stay under 1 MiB
MAX_SIGNATURES: Final = 1024
CADES, PKCS7, RFC3161 = "ETSI.CAdES.detached", "adbe.pkcs7.detached", "ETSI.RFC3161"
MAX_CHANGES: Final = 2000  # named per signature; more are summed up, and not allowed
_OLD = {
    "adbe.pkcs7.sha1": "signs a SHA-1 digest of the file",
    "adbe.x509.rsa_sha1": "is a bare RSA value over SHA-1",
}


@dataclass(frozen=True)
class Place:
    """A signature dictionary whose shape is right: where it stands and what it covers."""

    field: Field
    dictionary: Dictionary
    number: int
    """The object that holds the dictionary."""
    gap: tuple[int, int]
    """The /Contents token, `<` and `>` included: what the signature does not cover."""
    end: int
    """The byte range ends here."""
    revision: Revision
    value: bytes
    """/Contents without its padding."""


@dataclass(frozen=True)
class _Misplaced:
    """A signature that cannot be placed in the file, and why."""

    field: Field
    error: Exception
    code: str = "FORMAT"


class _Malformed(FormatError):
    """A rule of the byte range or of the dictionary is broken; `finding` is its stable code."""

    def __init__(self, finding: str, message: str) -> None:
        super().__init__(message)
        self.finding = finding


def read_signatures(reader: Reader) -> tuple[SignatureFacts, ...]:
    """The facts of every signature in the file, in signing order; those that cannot be placed come last."""
    try:
        fields = signature_fields(reader)
    except UNREADABLE as e:
        return (broken("AcroForm", "pdf", e),)
    if len(fields) > MAX_SIGNATURES:
        return (broken("AcroForm", "pdf", LimitExceeded(f"{len(fields)} signatures; at most {MAX_SIGNATURES}.")),)
    if not fields:
        return _unattached(reader)
    places: list[Place] = []
    misplaced: list[_Misplaced] = []
    uses = Counter(f.value.number for f in fields if isinstance(f.value, Ref))
    for field in fields:
        try:
            if isinstance(field.value, Ref) and uses[field.value.number] > 1:  # P11: one /V, one field
                raise _Malformed("TWO_FIELDS", f"Several fields have object {field.value.number} as their signature.")
            places.append(_place(reader, field))
        except _Malformed as e:
            misplaced.append(_Misplaced(field, e, e.finding))
        except UNREADABLE as e:
            misplaced.append(_Misplaced(field, e))
    alone = Counter(p.revision.index for p in places)
    for place in places:
        if alone[place.revision.index] > 1:  # P2
            error = FormatError("Several signatures claim to sign the same revision of the file.")
            misplaced.append(_Misplaced(place.field, error, "SAME_REVISION"))
    places = sorted((p for p in places if alone[p.revision.index] == 1), key=lambda p: p.end)
    names = _unique_names([p.field for p in places] + [m.field for m in misplaced])
    facts = _facts_of_placed(reader, places, names)
    for i, m in enumerate(misplaced, len(places)):
        found = broken(names[i], "pdf", m.error)
        text = m.error.message if isinstance(m.error, FormatError) else found.findings[0].text
        facts.append(replace(found, findings=(Finding(m.code, "error", text),)))
    return tuple(facts)


def _unique_names(fields: list[Field]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for field in fields:
        name = field.name or "(no name)"
        if name in taken:
            name = f"{name} ({f'object {field.ref.number}' if field.ref else len(names) + 1})"
        while name in taken:
            name += "'"
        taken.add(name)
        names.append(name)
    return names


# Where a signature stands ---------------------------------------------------------------------------------


def _place(reader: Reader, field: Field) -> Place:
    """Checks the shape of one signature (P1, P2, P3, P11). Raises `_Malformed`, `FormatError`."""
    if field.problem is not None:
        raise field.problem
    if field.type != "Sig":
        raise _Malformed("FIELD_TYPE", f"A signature is the value of a field of type {field.type!r}, not /Sig.")
    holder, start = _holder(reader, field)
    if holder.compressed:
        raise _Malformed("CONTENTS", "The signature dictionary stands in an object stream; its place is not fixed.")
    _check_new(reader, field, holder)
    spans, _ = value_spans(reader.data, start)
    value, dictionary = field.value, reader.resolve(field.value)
    if not isinstance(dictionary, dict):
        raise _Malformed("VALUE", "The value of the signature field is no dictionary.")
    contents = dictionary.get("Contents")
    if not isinstance(contents, bytes):
        raise _Malformed("CONTENTS", "The signature has no /Contents that is a direct string.")
    gap = _contents_span(reader.data, spans)
    end = _byte_range(dictionary, gap, len(reader.data))
    revision = reader.revision_of(gap[0])
    if revision is None or not revision.ends_at(end):
        raise _Malformed("BYTE_RANGE", f"The byte range ends at {end}, where no revision of the file ends.")
    if not revision.start <= holder.offset < holder.stop <= revision.xref_start:
        raise _Malformed("NOT_IN_REVISION", "The signature dictionary is not inside the revision that it signs.")
    _check_unchanged(reader, field, value, holder, revision)
    return Place(field, dictionary, holder.number, gap, end, revision, _unpadded(contents))


def _holder(reader: Reader, field: Field) -> tuple[IndirectObject, int]:
    """The object in which the signature dictionary stands, and the offset of the dictionary."""
    if field.inherited:
        raise _Malformed("VALUE", "The signature field has its value from a field above it.")
    if isinstance(field.value, Ref):
        found = reader.fetch(field.value.number)
        if found is None or found.generation != field.value.generation:
            raise _Malformed("VALUE", "The value of the signature field is a reference to nothing.")
        found = _as_stored(reader, found)
        return found, found.start
    if not isinstance(field.value, dict):
        raise _Malformed("VALUE", "The value of the signature field is no dictionary.")
    found = reader.fetch(field.ref.number) if field.ref else None
    if found is None:
        raise _Malformed("VALUE", "The signature stands directly in the form's array of fields.")
    found = _as_stored(reader, found)
    spans, _ = value_spans(found.source, found.start)
    return found, spans["V"][0]


def _as_stored(reader: Reader, found: IndirectObject) -> IndirectObject:
    """The object with its offsets in the file; of an encrypted file the reader's own text is another."""
    if reader.handler is None or found.compressed:
        return found
    return reader.stored(found.number, Entry(PLAIN, found.offset, found.generation))


def _check_new(reader: Reader, field: Field, holder: IndirectObject) -> None:
    """P11: the dictionary is the first object under its number; a later one would be another signature."""
    made = reader.revision_of(holder.offset)
    if isinstance(field.value, Ref) and made is not None and made.index > 0:
        earlier = reader.fetch(holder.number, made.index - 1)
        if earlier is not None and isinstance(earlier.value, dict) and "ByteRange" in earlier.value:
            raise _Malformed("REDEFINED", "The signature dictionary was replaced after signing.")


def _contents_span(data: bytes, spans: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The span of the /Contents token: a hexadecimal string, digits only (P2)."""
    start, end = spans["Contents"]
    if data[start] != 0x3C:  # <
        raise _Malformed("CONTENTS", "/Contents of the signature is no hexadecimal string.")
    if end - start > 2 * MAX_CONTENTS:
        raise LimitExceeded(f"/Contents of the signature is longer than {MAX_CONTENTS} bytes.")
    if (end - start) % 2 or data[start + 1 : end - 1].translate(None, b"0123456789abcdefABCDEF"):
        raise _Malformed("CONTENTS", "/Contents holds something else than pairs of hexadecimal digits.")
    return start, end


def _byte_range(dictionary: Dictionary, gap: tuple[int, int], size: int) -> int:
    """The end of the byte range, which must be `[0 a b c]` around exactly the gap (P2)."""
    ranges = dictionary.get("ByteRange")
    if not isinstance(ranges, list) or len(ranges) != 4 or any(type(n) is not int for n in ranges):
        raise _Malformed("BYTE_RANGE", "/ByteRange is not an array of four whole numbers.")
    zero, a, b, c = (n for n in ranges if isinstance(n, int))
    if zero != 0 or a <= 0 or b <= a or c <= 0 or b + c > size:
        raise _Malformed("BYTE_RANGE", f"/ByteRange {[zero, a, b, c]} does not fit a file of {size} bytes.")
    if (a, b) != gap:
        raise _Malformed(
            "BYTE_RANGE", f"/ByteRange leaves out bytes {a} to {b}, but /Contents stands at {gap[0]} to {gap[1]}."
        )
    return b + c


def _check_unchanged(reader: Reader, field: Field, value: Value, holder: IndirectObject, revision: Revision) -> None:
    """P11: field and dictionary were in the signed revision what they are now."""
    entry = reader.entry(holder.number, revision.index)
    if entry is None or entry != reader.entry(holder.number) or entry.a != holder.offset:
        raise _Malformed("REDEFINED", "The signature dictionary was no part of the revision that it signs.")
    if field.ref is None:
        raise _Malformed("REDEFINED", "The signature field is not an object of its own.")
    then = reader.resolve(field.ref, revision.index)
    if not isinstance(then, dict) or not same(then.get("V"), value):
        raise _Malformed("REDEFINED", "The field did not have this signature as its value when it was signed.")


def _unpadded(value: bytes) -> bytes:
    """The one DER structure in /Contents; only zeros may follow it (C9)."""
    try:
        end = der.read_prefix(value, der.SEQUENCE).end
    except FormatError as e:
        raise _Malformed("CONTENTS", f"/Contents holds no CMS structure: {e.message}") from None
    if value[end:].strip(b"\x00"):
        raise _Malformed("CONTENTS", "After the CMS structure /Contents holds more than zero padding.")
    return value[:end]


# Facts ----------------------------------------------------------------------------------------------------


class _Digests:
    """Digests of the file around a gap; one running hash serves all signatures, so the file is read once."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._running: dict[str, tuple[int, Any]] = {}

    def around(self, hash_name: HashName, gap: tuple[int, int], end: int) -> bytes:
        """The digest of `data[:gap[0]]` and `data[gap[1]:end]`. Linear when gaps come in ascending order."""
        position, running = self._running.get(hash_name, (0, None))
        if running is None or position > gap[0]:
            position, running = 0, hashlib.new(hash_name)
        running.update(self._view[position : gap[0]])
        self._running[hash_name] = (gap[0], running)
        out = running.copy()
        out.update(self._view[gap[1] : end])
        digest_: bytes = out.digest()
        return digest_


def _facts_of_placed(reader: Reader, places: list[Place], names: list[str]) -> list[SignatureFacts]:
    """Facts of the signatures in signing order, with what changed after each."""
    if not places:
        return []
    permissions: dict[int, Permission] = {}
    problems: list[list[Finding]] = []
    so_far = Permission()
    for i, place in enumerate(places):
        findings, own = _rules(reader, places, i)
        problems.append(findings)
        so_far = so_far.also(own)
        permissions[place.revision.index] = so_far
    first = places[0].revision.index
    changed = changes_by_revision(reader, first, permissions)
    after = _folded(changed, reader, {p.revision.index for p in places})
    digests = _Digests(reader.data)
    return [
        _facts(reader, place, names[i], digests, after[place.revision.index], problems[i])
        for i, place in enumerate(places)
    ]


def _folded(
    changed: dict[int, tuple[Change, ...]], reader: Reader, wanted: set[int]
) -> dict[int, tuple[Change, ...]]:
    """For each signed revision, all changes made in later ones."""
    after: dict[int, tuple[Change, ...]] = {}
    later: tuple[Change, ...] = ()
    for index in range(reader.last + 1, min(wanted) - 1, -1):  # + 1: bytes after the last revision
        if index in wanted:
            after[index] = later
        later = changed.get(index, ()) + later
        if len(later) > MAX_CHANGES:
            later = (*later[:MAX_CHANGES], Change("unexplained", "There are more changes than can be named.", False))
    return after


def _rules(reader: Reader, places: list[Place], i: int) -> tuple[list[Finding], Permission]:
    """Rules between signatures (P12), and what this one permits."""
    place = places[i]
    findings: list[Finding] = []

    def error(code: str, text: str) -> None:
        findings.append(Finding(code, "error", text))

    index = place.revision.index
    try:
        field = reader.dictionary(place.field.ref, index)  # as it was: a lock dropped later still binds
        permission = permission_of(reader, place.dictionary, field, index)
        if certifies(reader, place.dictionary, index):
            findings += _certification(reader, place, first=i == 0)
    except UNREADABLE as e:
        error("PERMISSION", f"The signature's permissions cannot be read: {e}")
        permission = Permission(1)
    return findings, permission


def _certification(reader: Reader, place: Place, *, first: bool) -> list[Finding]:
    """P12: only the first signature may certify, and /Perms names it."""
    if not first:
        return [Finding("CERTIFIED_LATE", "error", "A certification was made after another signature.")]
    perms = reader.resolve(reader.catalog(place.revision.index).get("Perms"), place.revision.index)
    named = perms.get("DocMDP") if isinstance(perms, dict) else None
    if isinstance(named, Ref) and named == place.field.value:
        return []
    return [Finding("NOT_IN_PERMS", "warning", "The certification is not named by /Perms in the catalog.")]


def _facts(
    reader: Reader, place: Place, name: str, digests: _Digests, after: tuple[Change, ...], problems: list[Finding]
) -> SignatureFacts:
    """The facts of one signature whose shape is right."""
    covered = f"bytes 0-{place.gap[0]}, {place.gap[1]}-{place.end} of {len(reader.data)}"
    coverage = Coverage(True, f"{covered} (revision {place.revision.index + 1})")
    try:
        found = _read_value(place, name, lambda h: digests.around(h, place.gap, place.end), coverage)
    except UNREADABLE as e:
        found = replace(broken(name, "pdf", e), coverage=coverage)
    dictionary = place.dictionary
    claimed = reader.resolve(dictionary.get("M"), place.revision.index)
    return replace(
        found,
        claimed_time=found.claimed_time or (decode_date(claimed) if isinstance(claimed, bytes) else None),
        reason=_text(dictionary, "Reason"),
        location=_text(dictionary, "Location"),
        changes_after=after,
        findings=(*problems, *found.findings),
    )


def _text(dictionary: Dictionary, key: str) -> str | None:
    value = dictionary.get(key)
    return decode_text(value) if isinstance(value, bytes) else None


def _read_value(
    place: Place, name: str, digest_of: Callable[[HashName], bytes], coverage: Coverage
) -> SignatureFacts:
    """The facts of the CMS structure, by /SubFilter (ISO 32000-2 table 255)."""
    dictionary = place.dictionary
    findings = _dictionary_findings(dictionary)
    kind = dictionary.get("SubFilter")
    if kind == RFC3161:
        return _document_timestamp(place, name, digest_of, coverage, findings)
    if kind not in (CADES, PKCS7):
        why = _OLD.get(kind, "is not known") if isinstance(kind, str) else "is missing"
        findings.append(
            Finding("SUBFILTER", "error", f"The signature format /SubFilter {kind!r} {why}; not accepted.")
        )
        return replace(broken(name, "pdf", FormatError("")), coverage=coverage, findings=tuple(findings))
    cms = examine(place.value, digest_of)
    if kind == CADES and not cms.cades:
        text = "The signature says ETSI.CAdES.detached, but does not bind its signing certificate (EN 319 142-1 6.3)."
        findings.append(Finding("NO_ESS_CERTIFICATE", "error", text))
    family: Literal["PAdES", "CMS"] = "PAdES" if kind == CADES and cms.cades else "CMS"
    return _signature(cms, name, family, coverage, findings)


def _dictionary_findings(dictionary: Dictionary) -> list[Finding]:
    """/Type and /Filter (ISO 32000-2 table 255)."""
    findings: list[Finding] = []
    wanted = "DocTimeStamp" if dictionary.get("SubFilter") == RFC3161 else "Sig"
    if dictionary.get("Type", wanted) != wanted:
        text = f"The /Type of the signature dictionary is {dictionary.get('Type')!r}, not {wanted!r}."
        findings.append(Finding("TYPE", "error", text))
    if not isinstance(dictionary.get("Filter"), str):
        findings.append(Finding("FILTER", "error", "The signature dictionary has no /Filter."))
    return findings


def _signature(
    cms: CmsFacts, name: str, family: Literal["PAdES", "CMS"], coverage: Coverage, findings: list[Finding]
) -> SignatureFacts:
    value = cms.value
    return SignatureFacts(
        id=name,
        format="pdf",
        family=family,
        references_intact=cms.references_intact,
        signature_intact=cms.signature_intact,
        coverage=coverage,
        certificate=cms.certificate,
        certificates=cms.certificates,
        scheme=cms.scheme,
        claimed_time=cms.claimed_time,
        timestamps=tuple(
            timestamp_facts(token, lambda h: digest(h, value), "signature") for token in cms.timestamp_tokens
        ),
        crls=cms.crls,
        ocsp=cms.ocsp,
        findings=(*findings, *cms.findings),
    )


def _document_timestamp(
    place: Place, name: str, digest_of: Callable[[HashName], bytes], coverage: Coverage, findings: list[Finding]
) -> SignatureFacts:
    """A document timestamp (EN 319 142-1 5.4.3): the token's imprint is that of the byte range."""
    stamp = timestamp_facts(place.value, digest_of, "document")
    return SignatureFacts(
        id=name,
        format="pdf",
        family="DOCTIMESTAMP",
        references_intact=stamp.imprint_matches,
        signature_intact=stamp.signature_intact,
        coverage=coverage,
        certificate=stamp.certificate,
        certificates=stamp.certificates,
        timestamps=(stamp,),
        findings=(*findings, *stamp.findings),
    )


# Signatures without a field ---------------------------------------------------------------------------------

_object_start = re.compile(rb"(?:^|[\x00\t\n\x0c\r ])(\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj)")
_LOOK_BACK = 1 << 16  # bytes before /ByteRange in which its object must start
_MAX_UNATTACHED = 16


def _unattached(reader: Reader) -> tuple[SignatureFacts, ...]:
    """Signature dictionaries that no field has as its value: the file is not signed, and this is why."""
    found: list[SignatureFacts] = []
    at = reader.data.find(b"/ByteRange")
    while at >= 0 and len(found) < _MAX_UNATTACHED:
        begin = max(0, at - _LOOK_BACK)
        starts = list(_object_start.finditer(reader.data, begin, at))
        number = _signature_object(reader.data, starts[-1].start(1)) if starts else None
        if number is not None:
            error = FormatError(
                "A signature dictionary stands in the file, but no signature field has it as its value."
            )
            unit = broken(f"object {number} at {at}", "pdf", error)
            found.append(replace(unit, findings=(Finding("UNATTACHED", "error", error.message),)))
        at = reader.data.find(b"/ByteRange", at + 1)
    return tuple(found)


def _signature_object(data: bytes, offset: int) -> int | None:
    """The number of the object at `offset` if it looks like a signature, malformed ones included."""
    try:
        found = read_indirect(data, offset)
    except FormatError:
        return int(data[offset : offset + 10].split()[0])
    value = found.value
    return found.number if isinstance(value, dict) and {"ByteRange", "Contents"} <= value.keys() else None
