"""P4 incremental saving and P5 parser differentials: every byte appended to a signed file must be explained."""

from __future__ import annotations

import zlib

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, hybrid_pdf, pike, raw, signed, stream, table_pdf

from .attack import Attack, attack, gap_of, victim

ATTACKS: list[Attack] = []
EVIL = stream(b"BT /F1 12 Tf 72 720 Td (Pay 999999 to Thief) Tj ET")
EVIL_OBJECT = b"4 0 obj\n" + EVIL + b"\nendobj\n"


def _startxref() -> int:
    return Reader(victim()).startxref


# P4 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="unexplained", words="bytes follow the last revision")
def objects_and_a_trailer_that_point_into_the_old_cross_reference() -> bytes:
    """P4 (A, D): "objects + trailer with startxref into the old xref, no new xref" is modified after signing."""
    tail = b"trailer\n<</Size 9/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % _startxref()
    return victim() + EVIL_OBJECT + tail


@attack(ATTACKS, words="does not end with `startxref`")
def an_empty_cross_reference_without_an_end() -> bytes:
    """P4 (B): "objects + an `xref` keyword with zero subsections + `trailer <</Root>>` + startxref, no %%EOF"."""
    start = len(victim()) + len(EVIL_OBJECT)
    tail = b"xref\ntrailer\n<</Root 1 0 R/Size 9/Prev %d>>\nstartxref\n%d\n" % (_startxref(), start)
    return victim() + EVIL_OBJECT + tail


@attack(ATTACKS, change="unexplained", words="belong to no object")
def an_empty_cross_reference() -> bytes:
    """P4 (B): "Objects in a revision body which the xref does not list" are a change, not merely ignored."""
    start = len(victim()) + len(EVIL_OBJECT)
    tail = b"xref\ntrailer\n<</Root 1 0 R/Size 9/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (_startxref(), start)
    return victim() + EVIL_OBJECT + tail


def _table(rows: bytes, trailer: bytes | None = None) -> bytes:
    """The victim with the evil page content and a cross-reference table as given."""
    start = len(victim()) + len(EVIL_OBJECT)
    words = trailer or b"trailer\n<</Root 1 0 R/Size 9/Prev %d>>\n" % _startxref()
    return victim() + EVIL_OBJECT + b"xref\n" + rows + words + b"startxref\n%d\n%%%%EOF\n" % start


@attack(ATTACKS, words="malformed")
def a_count_that_is_too_low() -> bytes:
    """P4 (C): "xref with wrong counts / line ends"."""
    return _table(b"4 1\n%010d 00000 n \n%010d 00000 n \n" % (len(victim()), 0))


@attack(ATTACKS, words="not there")
def a_count_that_is_too_high() -> bytes:
    """P4 (C): "xref with wrong counts / line ends"."""
    return _table(b"4 9999\n%010d 00000 n \n" % len(victim()))


@attack(ATTACKS, words="malformed entry")
def a_line_end_of_one_byte() -> bytes:
    """P4 (C): "xref with wrong counts / line ends": an entry has twenty bytes."""
    return _table(b"4 1\n%010d 00000 n\n" % len(victim()))


@attack(ATTACKS, words="no object header")
def startxref_that_points_to_a_trailer() -> bytes:
    """P4 (E, F): "trailer only, startxref -> trailer"."""
    start = len(victim()) + len(EVIL_OBJECT)
    return victim() + EVIL_OBJECT + b"trailer\n<</Root 1 0 R/Size 9>>\nstartxref\n%d\n%%%%EOF\n" % start


@attack(ATTACKS, change="unexplained", words="bytes follow")
def objects_only() -> bytes:
    """P4 (H): objects only."""
    return victim() + EVIL_OBJECT


@attack(ATTACKS, change="unexplained", words="bytes follow")
def objects_only_and_a_copy_of_the_signature() -> bytes:
    """P4 (I): "objects only, incl. a copy of the signature dictionary"."""
    number = gap_of(victim()).number
    return victim() + EVIL_OBJECT + b"%d 0 obj\n%s\nendobj\n" % (number, raw(victim(), number))


@attack(ATTACKS, change="unexplained", words="bytes follow")
def a_comment_at_the_end() -> bytes:
    """P4: "any trailing non-white-space = modified after signing"."""
    return victim() + b"% 4 0 obj\n"


@attack(ATTACKS, change="unexplained", words="belong to no object")
def an_unlisted_object_beside_a_listed_one() -> bytes:
    """P4: every byte of the update belongs to an object that its xref lists."""
    pdf = append(victim(), {20: b"(x)"})
    return _moved(pdf, EVIL_OBJECT)


def _moved(pdf: bytes, inserted: bytes) -> bytes:
    """Bytes put before the last revision's cross-reference, with `startxref` set right."""
    start = Reader(pdf).startxref
    grown = pdf[:start] + inserted + pdf[start:]
    return grown[: grown.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % (start + len(inserted))


@attack(ATTACKS, change="unexplained", words="belong to no object")
def a_comment_between_objects() -> bytes:
    """P4: between objects there is white space only: rebuilding readers find objects in comments too."""
    return _moved(append(victim(), {20: b"(x)"}), b"%\r4 0 obj (x) endobj\n")


@attack(ATTACKS, words="%PDF")
def junk_before_the_header() -> bytes:
    """P5: junk before %PDF, header not at 0."""
    return b"%!PS\n" + victim()


@attack(ATTACKS, change="unexplained", words="belong to no object")
def a_second_file_appended_whole() -> bytes:
    """P5: two %PDF headers."""
    return _moved(append(victim(), {20: b"(x)"}), b"%PDF-1.4\n")


# P5 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="unexplained", words="belong to no object")
def two_objects_with_one_number_in_an_update() -> bytes:
    """P5: "no duplicate object in one revision"."""
    pdf = append(victim(), {4: BODIES[4]})
    return _moved(pdf, EVIL_OBJECT)


@attack(ATTACKS, change="unexplained", words="but 20 0 is there")
def an_entry_that_points_at_another_object() -> bytes:
    """P5: "each xref entry must point to `N G obj` with the same N G" (`1 0 R` -> bytes `21 0 obj`)."""
    pdf = append(victim(), {4: BODIES[4], 20: EVIL})
    start = Reader(pdf).startxref
    entries = {n: e.a for n, e in Reader(pdf).revisions[-1].entries()}
    old, new = b"%010d" % entries[4], b"%010d" % entries[20]
    return pdf[:start] + pdf[start:].replace(old, new)


@attack(ATTACKS, change="unexplained", words="no object header")
def an_entry_that_points_one_digit_in() -> bytes:
    """P5: `1 0 R` -> bytes `21 0 obj`: one byte into the number of another object."""
    pdf = append(victim(), {24: EVIL})
    at = Reader(pdf).entry(24)
    assert at is not None
    return _one_entry(pdf, 4, at.a + 2)


def _one_entry(pdf: bytes, number: int, offset: int) -> bytes:
    """The last revision's table replaced by one entry."""
    start = Reader(pdf).startxref
    trailer = pdf[pdf.rindex(b"trailer") :]
    return pdf[:start] + b"xref\n%d 1\n%010d 00000 n \n" % (number, offset) + trailer


@attack(ATTACKS, change="structure", words="pointed at bytes that were signed")
def an_entry_that_points_into_the_signed_bytes() -> bytes:
    """P5, P7: an update may not point an object at something that was hidden inside the signed file."""
    pdf = signed_with_hidden_object()
    return _one_entry(append(pdf, {}), 4, pdf.index(EVIL_OBJECT))


def signed_with_hidden_object() -> bytes:
    """A signed file in whose attachment stands an object that no entry names."""
    return signed(table_pdf({**BODIES, 6: stream(EVIL_OBJECT)}))


@attack(ATTACKS, change="structure", words="was deleted")
def a_used_object_freed() -> bytes:
    """P5, P7: free entries (`f`) for a used object: "freeing ... is a change"."""
    return append(victim(), {}, freed=(4,))


@attack(ATTACKS, change="structure", words="hybrid")
def a_hybrid_update() -> bytes:
    """P5: hybrid /XRefStm hiding objects from one reader and not from another."""
    base = len(victim())
    rows = b"\x01" + base.to_bytes(4, "big") + b"\x00"
    hidden = EVIL_OBJECT
    at = base + len(hidden)
    hidden += b"20 0 obj\n%s\nendobj\n" % stream(rows, b"/Type/XRef/Size 21/W[1 4 1]/Index[4 1]")
    start = base + len(hidden)
    words = (_startxref(), at, start)
    return (
        victim()
        + hidden
        + b"xref\n0 0\ntrailer\n<</Root 1 0 R/Size 21/Prev %d/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % words
    )


@attack(ATTACKS, change="unexplained", words="holds objects that the cross-reference omits")
def an_object_stream_with_a_second_copy() -> bytes:
    """P5: object streams vs. top-level copy: "no object reachable by two routes"."""
    members = b"20 0 4 8 (new)   << /Evil true >>"
    holder = stream(members, b"/Type/ObjStm/N 2/First 9")
    rows = b"\x02" + (21).to_bytes(4, "big") + b"\x00\x00"
    return _stream_update({21: holder}, {20: rows})


def _stream_update(bodies: dict[int, bytes], rows: dict[int, bytes], own: int = 30) -> bytes:
    """An update with a cross-reference stream of four-byte and two-byte fields; `rows` are further entries.

    The stream lists itself only under its usual number.
    """
    out = bytearray(victim())
    for number, body in bodies.items():
        rows[number] = b"\x01" + len(out).to_bytes(4, "big") + b"\x00\x00"
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    if own == 30:
        rows[own] = b"\x01" + start.to_bytes(4, "big") + b"\x00\x00"
    index = b" ".join(b"%d 1" % n for n in sorted(rows))
    head = b"/Type/XRef/Size 31/W[1 4 2]/Index[%s]/Root 1 0 R/Prev %d" % (index, _startxref())
    out += b"%d 0 obj\n%s\nendobj\n" % (own, stream(b"".join(rows[n] for n in sorted(rows)), head))
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


@attack(ATTACKS, change="structure", words="which did not exist")
def free_entries_that_carry_bytes() -> bytes:
    """P5: a free entry of an object that never was could carry content for a reader that sees the stream."""
    return _stream_update({20: b"(x)"}, {22: b"\x00 1g \x00\x00"})


@attack(ATTACKS, change="unexplained", words="under the number of object 4")
def a_cross_reference_stream_under_a_used_number() -> bytes:
    """P5: two objects with one number: the cross-reference stream calls itself by the page content's number."""
    return _stream_update({20: b"(x)"}, {}, own=4)


@attack(ATTACKS, change="unexplained", words="does not end where its /Length says")
def a_stream_whose_length_is_wrong() -> bytes:
    """P5: /Length wrong so that `endstream` differs."""
    return append(victim(), {20: b"<</Length 3>>stream\nabcdef\nendstream"})


@attack(ATTACKS, change="unexplained", words="word endstream")
def a_stream_that_holds_its_own_end() -> bytes:
    """P5: a reader that searches for `endstream` finds another end, and an object behind it."""
    return append(victim(), {20: stream(b"x\nendstream endobj 4 0 obj (y) endobj")})


@attack(ATTACKS, change="structure", words="pointed at bytes")
def a_generation_above_zero() -> bytes:
    """P5: generation numbers > 0: a new object has generation 0."""
    pdf = append(victim(), {20: b"(x)"})
    start = Reader(pdf).startxref
    return pdf[:start].replace(b"20 0 obj", b"20 1 obj") + pdf[start:].replace(b"00000 n", b"00001 n")


@attack(ATTACKS, words="circle or backwards")
def a_circle_of_cross_references() -> bytes:
    """P5: /Prev cycles."""
    pdf = append(victim(), {20: b"(x)"})
    start = Reader(pdf).startxref
    return pdf[:start] + pdf[start:].replace(b"/Prev %d" % _startxref(), b"/Prev %d" % start)


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def a_chain_that_leaves_the_signed_revision_out() -> bytes:
    """P4, P5: the new cross-reference names no /Prev: the signed revision is none of the file any more."""
    reader = Reader(victim())
    live = {n: reader.fetch(n) for n in range(1, 9)}
    bodies = {n: found.raw for n, found in live.items() if found and n not in (4, gap_of(victim()).number)}
    pdf = append(victim(), {**bodies, 4: EVIL})
    start = Reader(pdf).startxref
    number, signature = gap_of(victim()).number, live[gap_of(victim()).number]
    assert signature is not None
    table = pdf[start:].replace(b"/Prev %d" % _startxref(), b"")
    table = table.replace(b"xref\n", b"xref\n%d 1\n%010d 00000 n \n" % (number, signature.offset), 1)
    return pdf[:start] + table


@attack(ATTACKS, words="/Size")
def a_size_that_hides_objects() -> bytes:
    """P5: /Size lies."""
    pdf = append(victim(), {20: b"(x)"})
    return pdf[: Reader(pdf).startxref] + pdf[Reader(pdf).startxref :].replace(b"/Size 21", b"/Size 20")


@attack(ATTACKS, words="field widths")
def field_widths_of_zero() -> bytes:
    """P5: xref stream /W with zero widths."""
    return _stream_update({20: b"(x)"}, {}).replace(b"/W[1 4 2]", b"/W[1 0 6]")


@attack(ATTACKS, words="malformed entry")
def null_bytes_inside_tokens() -> bytes:
    """P5: null bytes and comments inside tokens."""
    return _table(b"4 1\n%010d\x0000000 n \n" % len(victim()))


@attack(ATTACKS, change="content", words="ObjStm")
def an_old_object_stream_replaced() -> bytes:
    """P5: replacing an object stream changes every object in it without naming one of them."""
    pdf = signed(pike(object_streams=True))
    reader = Reader(pdf)
    number = next(e.a for n in range(1, 40) if (e := reader.entry(n, 0)) is not None and e.kind == 2)
    changed = reader.object_stream(number).source.replace(b"595", b"594")
    entries = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode"
    source = reader.object_stream(number)
    body = stream(zlib.compress(changed), entries % (len(source.numbers), source.first))
    return append(pdf, {number: body})


@attack(ATTACKS, change="content", words="object 4")
def the_page_of_a_hybrid_file_replaced() -> bytes:
    """P5, P6: a hybrid file is compared like any other."""
    return append(signed(hybrid_pdf()), {4: EVIL})
