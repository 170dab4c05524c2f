"""R1: files that make work or memory grow without measure. Each is refused, and quickly."""

from __future__ import annotations

import zlib

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, deflated, raw, signed, stream, table_pdf

from .attack import Attack, attack, hand_signed, prepared, victim

ATTACKS: list[Attack] = []


@attack(ATTACKS, words="at most 8388607")
def a_size_of_300_trillion() -> bytes:
    """R1: "a 6.4 KiB file (/Size 300000000000000 in an xref stream) spins [a peer's] reader beyond 240 s"."""
    start = len(victim())
    head = b"/Type/XRef/Size 300000000000000/W[1 4 2]/Root 1 0 R/Prev %d" % Reader(victim()).startxref
    return victim() + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (deflated(bytes(7), head), start)


@attack(ATTACKS, words="decodes to more than")
def a_cross_reference_stream_that_is_a_bomb() -> bytes:
    """R1: "stream filter output cap and ratio cap (Flate ... bombs, chained filters)"."""
    start = len(victim())
    head = b"/Type/XRef/Size 8000000/W[1 4 2]/Root 1 0 R/Prev %d" % Reader(victim()).startxref
    body = deflated(bytes(56_000_000), head)
    return victim() + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, start)


@attack(ATTACKS, words="decodes to more than")
def chained_filters() -> bytes:
    """R1: "chained filters": each one multiplies."""
    bomb = bytes(40_000_000)
    for _ in range(2):
        bomb = zlib.compress(bomb, 9)
    start = len(victim())
    head = b"/Type/XRef/Size 8000000/W[1 4 2]/Root 1 0 R/Filter[/FlateDecode/FlateDecode]/Prev %d"
    body = stream(bomb, head % Reader(victim()).startxref)
    return victim() + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, start)


@attack(ATTACKS, change="unexplained", words="nesting")
def arrays_in_arrays() -> bytes:
    """R1: "depth limit (recursion)"."""
    return append(victim(), {20: b"[" * 200_000 + b"]" * 200_000})


@attack(ATTACKS, words="more than the file can hold")
def more_entries_than_the_file_can_hold() -> bytes:
    """R1: "cap object count by file size (not by /Size)"."""
    pdf = victim()
    at = Reader(pdf).startxref
    for _ in range(8):
        start = len(pdf)
        head = b"/Type/XRef/Size 130000/W[1 3 1]/Index[100 120000]/Root 1 0 R/Prev %d" % at
        pdf += b"99 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (deflated(bytes(600_000), head), start)
        at = start
    return pdf


@attack(ATTACKS, words="revisions")
def revisions_without_end() -> bytes:
    """R1: "xref /Prev ... visited-set"; the number of revisions is capped, because each is compared."""
    out = bytearray(victim())
    at = Reader(victim()).startxref
    for _ in range(1100):
        start = len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (at, start)
        at = start
    return bytes(out)


@attack(ATTACKS, finding="TWO_FIELDS", words="Several fields")
def one_large_signature_in_a_thousand_fields() -> bytes:
    """R1, P11: the same large value in many fields is read once at most."""
    field = b"<</FT/Sig/T(%d)/V 6 0 R>>"
    bodies = {n: field % n for n in range(7, 1007)}
    bodies[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]>>>>" % b" ".join(b"%d 0 R" % n for n in bodies)
    bodies[6] = b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<" + b"30" * 1_000_000 + b">>>"
    return table_pdf({**BODIES, **bodies})


@attack(ATTACKS, finding="BYTE_RANGE", words="does not fit")
def a_field_tree_in_a_circle() -> bytes:
    """R1: "page-tree and name-tree visited-set": a field that is its own kid."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>",
        6: b"<</FT/Sig/T(A)/Kids[6 0 R 7 0 R]>>",
        7: b"<</T(B)/Parent 6 0 R/Kids[6 0 R]/V 8 0 R>>",
        8: b"<</Type/Sig/ByteRange[0 1 0 3]/Contents<3000>>>",
    }
    return table_pdf({**BODIES, **bodies})


@attack(ATTACKS, finding="FORMAT", words="characters")
def names_that_repeat_a_long_name() -> bytes:
    """R1: "string and name length": a full name repeats the names above it, once per kid."""
    kids = range(8, 4008)
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>>>",
        6: b"null",
        7: b"<</FT/Sig/T(%s)/Kids[%s]>>" % (b"x" * 100_000, b" ".join(b"%d 0 R" % n for n in kids)),
        **dict.fromkeys(kids, b"<</T(k)/V 6 0 R>>"),
    }
    return table_pdf({**BODIES, **bodies})


@attack(ATTACKS, change="unexplained", words="comments where references may stand")
def comments_where_references_may_stand() -> bytes:
    """R1: the search for earlier references is linear: numbers followed by comments are not followed for ever."""
    comments = b"[%s]" % (b"20%\n" * 200_000)  # not in a stream, whose data refer to nothing
    pdf = hand_signed(prepared(base=table_pdf({**BODIES, 6: b"null", 7: b"null", 8: b"null", 9: comments})))
    return append(pdf, {1: raw(pdf, 1)[:-2] + b"/DSS<</Certs[20 0 R]>>>>", 20: stream(b"\x30\x00")})


@attack(ATTACKS, change="evidence", words="removed or replaced")
def evidence_of_a_hundred_thousand_parts() -> bytes:
    """R1: a large security store is compared in linear time."""
    bodies = {**BODIES, 6: stream(b"\x30\x00"), 7: stream(b"\x30\x00")}
    bodies[1] = b"<</Type/Catalog/Pages 2 0 R/DSS<</Certs[%s 7 0 R]>>>>" % (b"6 0 R " * 100_000)
    pdf = signed(table_pdf(bodies))
    return append(pdf, {1: raw(pdf, 1).replace(b" 7 0 R]", b"]")})
