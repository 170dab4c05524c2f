"""R1: page trees, field trees, streams and object streams that grow; see `bombs`."""

from __future__ import annotations

import zlib

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, deflated, raw, stream, table_pdf

from .attack import FIELD, FORM, RANGES, victim
from .bombs import bomb

# Trees -------------------------------------------------------------------------------------------------------------


def _objects(bodies: dict[int, bytes]) -> bytes:
    """An unsigned file; numbers without gaps from 1."""
    return table_pdf({**BODIES, **bodies})


def _fields(roots: bytes, bodies: dict[int, bytes]) -> bytes:
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + roots + b"]>>>>"
    return _objects({1: catalog, **bodies})


@bomb(10_000)
def pages_in_a_line(n: int) -> bytes:
    """R1: a page tree as deep as it is large."""
    kids = {6 + i: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (7 + i) for i in range(n)}
    return _objects({2: b"<</Type/Pages/Kids[6 0 R]/Count 1>>", **kids, 6 + n: BODIES[3]})


@bomb(60)
def pages_that_share_their_kids(n: int) -> bytes:
    """R1: two ways at every level: two to the power of the depth leaves."""
    kids = {6 + i: b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count 2>>" % (7 + i, 7 + i) for i in range(n)}
    return _objects({2: b"<</Type/Pages/Kids[6 0 R 6 0 R]/Count 2>>", **kids, 6 + n: BODIES[3]})


@bomb(20_000)
def fields_in_a_line(n: int) -> bytes:
    """R1: a field tree as deep as it is large."""
    return _fields(b"6 0 R", {6 + i: b"<</T(a)/Kids[%d 0 R]>>" % (7 + i) for i in range(n)} | {6 + n: b"<</FT/Sig>>"})


@bomb(60)
def fields_that_share_their_kids(n: int) -> bytes:
    """R1: two ways at every level of the field tree."""
    nodes = {6 + i: b"<</T(a)/Kids[%d 0 R %d 0 R]>>" % (7 + i, 7 + i) for i in range(n)}
    return _fields(b"6 0 R 6 0 R", nodes | {6 + n: b"<</FT/Sig/V 5 0 R>>"})


@bomb(20_000)
def fields_side_by_side(n: int) -> bytes:
    """R1: many fields with one broken value."""
    nodes = {7 + i: b"<</FT/Sig/T(a)/V 6 0 R>>" for i in range(n)}
    return _fields(
        b" ".join(b"%d 0 R" % k for k in nodes), {6: b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>", **nodes}
    )


@bomb(900)
def signatures_of_one_name(n: int) -> bytes:
    """R1: fields of the same name must be told apart without comparing each with each."""
    nodes = {6 + i: b"<</FT/Sig/T(a)/V<</Contents<00>/ByteRange[0 1 2 3]>>>>" for i in range(n)}
    return _fields(b" ".join(b"%d 0 R" % k for k in nodes), nodes)


@bomb(10_000)
def parents_in_a_line(n: int) -> bytes:
    """R1: the name of a changed field is asked for, and it has many parents."""
    nodes = {20 + i: b"<</FT/Tx/T(a)/Parent %d 0 R>>" % (21 + i) for i in range(n)}
    pdf = append(victim(), nodes)
    return append(pdf, {20: b"<</FT/Tx/T(a)/V(x)/Parent 21 0 R>>"})


@bomb(20_000)
def references_in_a_line(n: int) -> bytes:
    """R1: references that point to references."""
    nodes = {6 + i: b"%d 0 R" % (7 + i) for i in range(n)} | {6 + n: b"<<>>"}
    return _objects({1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>", **nodes})


@bomb(20_000)
def notes_on_a_page(n: int) -> bytes:
    """R1: an update that adds many annotations."""
    page = raw(victim(), 3)
    notes = {20 + i: b"<</Type/Annot/Subtype/Text/Rect[0 0 1 1]>>" for i in range(n)}
    listed = b" ".join(b"%d 0 R" % k for k in notes)
    return append(victim(), {**notes, 3: page.replace(b"/Annots [", b"/Annots [" + listed + b" ")})


@bomb(20_000)
def objects_for_nobody(n: int) -> bytes:
    """R1: an update of many objects without an explanation: changes are counted, not all named."""
    return append(victim(), {20 + i: b"(x)" for i in range(n)})


@bomb(8_000)
def certificates_in_a_store(n: int) -> bytes:
    """R1: an update that adds a large store."""
    items = {20 + i: stream(b"\x30\x00") for i in range(n)}
    store = b"/DSS<</Certs[" + b" ".join(b"%d 0 R" % k for k in items) + b"]>>>>"
    return append(victim(), {1: raw(victim(), 1)[:-2] + store, **items})


@bomb(300)
def stores_rewritten(n: int) -> bytes:
    """R1: a large store that every revision rewrites is walked only so often."""
    certificate, store, listed = 20, 21, 22
    bodies = {
        1: raw(victim(), 1)[:-2] + b"/DSS %d 0 R>>" % store,
        certificate: stream(b"\x30\x00"),
        store: b"<</Certs %d 0 R>>" % listed,
        listed: b"[" + b"%d 0 R " % certificate * (n * 40) + b"]",
    }
    pdf = append(victim(), bodies)
    out, at = bytearray(pdf), Reader(pdf).startxref
    for _ in range(n):
        start = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (store, bodies[store])
        words = (store, start, at, len(out))
        out += (
            b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size 23/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words
        )
        at = words[3]
    return bytes(out)


# Streams -----------------------------------------------------------------------------------------------------------


def _section(data: bytes, entries: bytes) -> bytes:
    """A file that ends with a cross-reference stream as given."""
    base = table_pdf()
    head = b"/Type/XRef/Size 8000000/W[1 4 2]/Root 1 0 R" + entries
    return base + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(data, head), len(base))


@bomb(60)
def flate(n: int) -> bytes:
    """R1: Flate bombs; `n` megabytes of zeros."""
    return _section(zlib.compress(bytes(n << 20), 9), b"/Filter/FlateDecode")


@bomb(60)
def flate_twice(n: int) -> bytes:
    """R1: chained filters."""
    return _section(zlib.compress(zlib.compress(bytes(n << 20), 9), 9), b"/Filter[/FlateDecode/FlateDecode]")


@bomb(100_000)
def filters_without_end(n: int) -> bytes:
    """R1: a list of many filters."""
    return _section(b"00", b"/Filter[" + b"/AHx" * n + b"]")


@bomb(100_000)
def lzw(n: int) -> bytes:
    """R1: LZW is not undone by the reader itself."""
    return _section(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01" * n, b"/Filter/LZWDecode")


@bomb(200_000)
def run_length(n: int) -> bytes:
    """R1: RunLength is not undone by the reader itself."""
    return _section(b"\x81\x00" * n + b"\x80", b"/Filter/RunLengthDecode")


@bomb(100_000)
def pictures(n: int) -> bytes:
    """R1: "JBIG2/JPX never decoded"."""
    return _section(b"\xff" * n, b"/Filter/JBIG2Decode")


@bomb(400_000)
def ascii_85(n: int) -> bytes:
    """R1: `z` stands for four zeros."""
    return _section(b"z" * n + b"~>", b"/Filter/ASCII85Decode")


def _rows(kind: int, n: int) -> bytes:
    """Rows of a predictor that barely compress below the allowed ratio."""
    row = bytes((kind,)) + bytes(range(7)) * 30
    return zlib.compress(b"".join(row + i.to_bytes(3, "big") for i in range(n)), 9)


def _predicted(kind: int, n: int) -> bytes:
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 213>>"
    return _section(_rows(kind, n), parameters)


@bomb(40_000)
def paeth(n: int) -> bytes:
    """R1: predictors: the one that costs most per octet."""
    return _predicted(4, n)


@bomb(40_000)
def averages(n: int) -> bytes:
    """R1: predictors."""
    return _predicted(3, n)


@bomb(40_000)
def ups(n: int) -> bytes:
    """R1: predictors: the usual one."""
    return _predicted(2, n)


@bomb(1 << 20)
def columns(n: int) -> bytes:
    """R1: predictor columns."""
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns %d/Colors 32/BitsPerComponent 16>>" % n
    return _section(zlib.compress(bytes(1000)), parameters)


def _compressed(members: dict[int, bytes], own: int, entries: bytes = b"") -> bytes:
    """A file whose objects 20 and above are members of one object stream."""
    base = table_pdf()
    header, content = bytearray(), bytearray()
    for number, body in members.items():
        header += b"%d %d " % (number, len(content))
        content += body + b" "
    at = len(base)
    head = b"/Type/ObjStm/N %d/First %d" % (len(members), len(header)) + entries
    body = b"%d 0 obj\n%s\nendobj\n" % (own, deflated(bytes(header + content), head))
    start = at + len(body)
    rows = b"".join(b"\x02" + own.to_bytes(4, "big") + (i & 0xFFFF).to_bytes(2, "big") for i in range(len(members)))
    rows = b"\x01" + at.to_bytes(4, "big") + b"\x00\x00" + rows
    index = b"/Index[%d 1 %d %d]" % (own, min(members), len(members))
    size = max(own, *members) + 1
    previous = Reader(base).startxref
    head = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Prev %d" % (size, previous) + index
    return base + body + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (size - 1, deflated(rows, head), start)


@bomb(30_000)
def members_of_an_object_stream(n: int) -> bytes:
    """R1: an object stream of many members."""
    return _compressed({20 + i: b"(x)" for i in range(n)}, 10)


@bomb(1 << 40)
def a_count_that_lies(n: int) -> bytes:
    """R1: object-stream /N."""
    pdf = _compressed({20: b"(x)"}, 10)
    return pdf.replace(b"/N 1/", b"/N %d/" % n) if len(b"%d" % n) == 1 else _section(b"x", b"/Index[0 %d]" % n)


@bomb(300_000_000_000_000)
def a_size_that_lies(n: int) -> bytes:
    """R1: /Size 300000000000000 in an xref stream."""
    base = table_pdf()
    head = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R" % n
    return base + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(b"", head), len(base))


@bomb(3_000)
def lengths_of_lengths(n: int) -> bytes:
    """R1: each stream's /Length is in the next one's object: nothing is followed without end."""
    nodes = {6 + i: b"<</Length %d 0 R>>stream\n\nendstream" % (7 + i) for i in range(n)} | {6 + n: b"0"}
    return _objects({1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>", **nodes})


# What is searched for ----------------------------------------------------------------------------------------------


@bomb(60_000)
def byte_ranges_without_a_field(n: int) -> bytes:
    """R1, P1: signatures that no field lists are looked for, but not without end."""
    return table_pdf({**BODIES, 6: b"<</A(" + b"/ByteRange" * n + b")>>"})


@bomb(20_000)
def objects_in_a_string(n: int) -> bytes:
    """R1, P1: object headers and byte ranges in one string."""
    return table_pdf({**BODIES, 6: b"<</A(" + b"1 0 obj (/ByteRange" * n + b"))>>"})


@bomb(100_000)
def references_to_a_new_object(n: int) -> bytes:
    """R1: the search for earlier references to a new object stops at the first."""
    pdf = append(victim(), {20: b"[" + b"30 0 R " * n + b"]"})
    return append(pdf, {1: raw(pdf, 1)[:-2] + b"/DSS<</Certs[30 0 R]>>>>", 30: stream(b"\x30\x00")})


@bomb(8_000)
def new_objects_and_numbers(n: int) -> bytes:
    """R1: many new objects are searched for in one pass over many numbers."""
    items = {2000 + i: stream(b"\x30\x00") for i in range(n // 8)}
    pdf = append(victim(), {20: b"[" + b"2000 0 " * n + b"]"})
    store = b"/DSS<</Certs[" + b" ".join(b"%d 0 R" % k for k in items) + b"]>>>>"
    return append(pdf, {1: raw(pdf, 1)[:-2] + store, **items})


@bomb(800_000)
def contents_without_end(n: int) -> bytes:
    """R1: a /Contents of megabytes that is no CMS structure."""
    body = (
        b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached/ByteRange " + RANGES + b"/Contents<" + b"30" * n + b">>>"
    )
    return append(table_pdf(), {**FORM, 7: FIELD, 6: body})


@bomb(100_000)
def nested_contents(n: int) -> bytes:
    """R1, R2: DER structures in each other without end."""
    deep = b"".join(b"30 84".replace(b" ", b"") + b"%08x" % (6 * (n - i)) for i in range(n))
    body = b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached/ByteRange " + RANGES + b"/Contents<" + deep + b">>>"
    return append(table_pdf(), {**FORM, 7: FIELD, 6: body})
