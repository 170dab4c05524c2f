"""Where a signature stands in the file, to the byte.

Reach for `place_of`. The shape rules are those of attack classes P1, P2, P3 and P11: the gap in the byte range is
exactly this dictionary's /Contents string, the range ends where a revision ends, and the dictionary stands in the
revision that it signs and still is what it was. What breaks a rule raises `Malformed` with a stable finding code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..asn1 import ber, der
from ..errors import FormatError, LimitExceeded
from .fields import Field
from .objects import Dictionary, IndirectObject, Ref, Value, same, value_spans
from .reader import Reader, Revision
from .xref import PLAIN, Entry

MAX_CONTENTS: Final = 8 << 20  # bytes of CMS; with a long chain and CRLs inside real ones stay under 1 MiB


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
    """/Contents without its padding, its outer lengths definite."""
    contents: bytes
    """/Contents as it stands, padding included."""


class Malformed(FormatError):
    """A rule of the byte range or of the dictionary is broken; `finding` is its stable code."""

    def __init__(self, finding: str, message: str) -> None:
        super().__init__(message)
        self.finding = finding


def place_of(reader: Reader, field: Field) -> Place:
    """Checks the shape of one signature (P1, P2, P3, P11). Raises `Malformed`, `FormatError`."""
    if field.problem is not None:
        raise field.problem
    if field.type != "Sig":
        raise Malformed("FIELD_TYPE", f"A signature is the value of a field of type {field.type!r}, not /Sig.")
    holder, start = _holder(reader, field)
    if holder.compressed:
        raise Malformed("CONTENTS", "The signature dictionary stands in an object stream; its place is not fixed.")
    _check_new(reader, field, holder)
    spans, _ = value_spans(reader.data, start)
    value, dictionary = field.value, reader.resolve(field.value)
    if not isinstance(dictionary, dict):
        raise Malformed("VALUE", "The value of the signature field is no dictionary.")
    contents = dictionary.get("Contents")
    if not isinstance(contents, bytes):
        raise Malformed("CONTENTS", "The signature has no /Contents that is a direct string.")
    gap = _contents_span(reader.data, spans)
    end = _byte_range(dictionary, gap, len(reader.data))
    revision = reader.revision_of(gap[0])
    if revision is None or not revision.ends_at(end):
        raise Malformed("BYTE_RANGE", f"The byte range ends at {end}, where no revision of the file ends.")
    if not revision.start <= holder.offset < holder.stop <= revision.xref_start:
        raise Malformed("NOT_IN_REVISION", "The signature dictionary is not inside the revision that it signs.")
    _check_unchanged(reader, field, value, holder, revision)
    return Place(field, dictionary, holder.number, gap, end, revision, _unpadded(contents), contents)


def _holder(reader: Reader, field: Field) -> tuple[IndirectObject, int]:
    """The object in which the signature dictionary stands, and the offset of the dictionary."""
    if field.inherited:
        raise Malformed("VALUE", "The signature field has its value from a field above it.")
    if isinstance(field.value, Ref):
        found = reader.fetch(field.value.number)
        if found is None or found.generation != field.value.generation:
            raise Malformed("VALUE", "The value of the signature field is a reference to nothing.")
        found = _as_stored(reader, found)
        return found, found.start
    if not isinstance(field.value, dict):
        raise Malformed("VALUE", "The value of the signature field is no dictionary.")
    found = reader.fetch(field.ref.number) if field.ref else None
    if found is None:
        raise Malformed("VALUE", "The signature stands directly in the form's array of fields.")
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
            raise Malformed("REDEFINED", "The signature dictionary was replaced after signing.")


def _contents_span(data: bytes, spans: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The span of the /Contents token: a hexadecimal string, digits only (P2)."""
    start, end = spans["Contents"]
    if data[start] != 0x3C:  # <
        raise Malformed("CONTENTS", "/Contents of the signature is no hexadecimal string.")
    if end - start > 2 * MAX_CONTENTS:
        raise LimitExceeded(f"/Contents of the signature is longer than {MAX_CONTENTS} bytes.")
    if (end - start) % 2 or data[start + 1 : end - 1].translate(None, b"0123456789abcdefABCDEF"):
        raise Malformed("CONTENTS", "/Contents holds something else than pairs of hexadecimal digits.")
    return start, end


def _byte_range(dictionary: Dictionary, gap: tuple[int, int], size: int) -> int:
    """The end of the byte range, which must be `[0 a b c]` around exactly the gap (P2)."""
    ranges = dictionary.get("ByteRange")
    if not isinstance(ranges, list) or len(ranges) != 4 or any(type(n) is not int for n in ranges):
        raise Malformed("BYTE_RANGE", "/ByteRange is not an array of four whole numbers.")
    zero, a, b, c = (n for n in ranges if isinstance(n, int))
    if zero != 0 or a <= 0 or b <= a or c <= 0 or b + c > size:
        raise Malformed("BYTE_RANGE", f"/ByteRange {[zero, a, b, c]} does not fit a file of {size} bytes.")
    if (a, b) != gap:
        raise Malformed(
            "BYTE_RANGE", f"/ByteRange leaves out bytes {a} to {b}, but /Contents stands at {gap[0]} to {gap[1]}."
        )
    return b + c


def _check_unchanged(reader: Reader, field: Field, value: Value, holder: IndirectObject, revision: Revision) -> None:
    """P11: field and dictionary were in the signed revision what they are now."""
    entry = reader.entry(holder.number, revision.index)
    if entry is None or entry != reader.entry(holder.number) or entry.a != holder.offset:
        raise Malformed("REDEFINED", "The signature dictionary was no part of the revision that it signs.")
    if field.ref is None:
        raise Malformed("REDEFINED", "The signature field is not an object of its own.")
    then = reader.resolve(field.ref, revision.index)
    if not isinstance(then, dict) or not same(then.get("V"), value):
        raise Malformed("REDEFINED", "The field did not have this signature as its value when it was signed.")


def _unpadded(value: bytes) -> bytes:
    """The one structure in /Contents, its outer lengths made definite; only zeros may follow it (C9)."""
    try:
        if ber.is_indefinite(value):
            structure, end = ber.definite(value)
        else:
            end = der.read_prefix(value).end  # CMS; an OCTET STRING for adbe.x509.rsa_sha1
            structure = value[:end]
    except FormatError as e:
        raise Malformed("CONTENTS", f"/Contents holds no CMS structure: {e.message}") from None
    if value[end:].strip(b"\x00"):
        raise Malformed("CONTENTS", "After the CMS structure /Contents holds more than zero padding.")
    return structure
