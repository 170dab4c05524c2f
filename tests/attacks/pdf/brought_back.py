"""P4, P5: a sum that an update replaced and another brought back, and what makes readers search for the last one.

Where an older object is in use again, page 2 shows 100 by the cross-reference; a reader that finds the file damaged,
and searches it for objects, shows 900. MuPDF 1.21 finds damage in the updates below, which break no signature;
PDFium in 5,000 bytes of white space; Poppler and MuPDF decode the two with /DP otherwise. Either half is refused.
"""

from __future__ import annotations

from functools import cache, partial

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, deflated, stream, table_pdf

from .attack import FIELD, FORM, RANGES, ROOM, Attack, hand_signed, variant

ATTACKS: list[Attack] = []
HUNDRED = BODIES[4]
NINE = HUNDRED.replace(b"100", b"900")
PAGE_2 = BODIES[3].replace(b"4 0 R", b"8 0 R")
SLOT = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (2 * ROOM) + b">"
SIGNED = {
    1: FORM[1],
    6: b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached" + SLOT + b">>",
    7: FIELD,
}
PAGES = {
    **BODIES,
    2: b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>",
    6: b"null",
    7: b"null",
    8: HUNDRED,
    9: PAGE_2,
}


def two_pages(*, as_stream: bool = False) -> bytes:
    """The same two pages, signed, with nothing replaced."""
    return hand_signed(append(table_pdf(PAGES), SIGNED, as_stream=as_stream))


@cache
def back(*, as_stream: bool = False) -> bytes:
    """Three saves, of which the last points back at the first, and a signature."""
    first = table_pdf(PAGES)
    second = append(first, {8: NINE})
    entry = b"xref\n8 1\n%010d 00000 n \n" % first.index(b"8 0 obj")
    trailer = b"trailer\n<</Size 10/Root 1 0 R/Prev %d>>\n" % second.rindex(b"xref\n8 1\n")
    third = second + entry + trailer + b"startxref\n%d\n%%%%EOF\n" % len(second)
    return hand_signed(append(third, SIGNED, as_stream=as_stream))


def member_back() -> bytes:
    """The same by streams: what an object stream held, then a plain object, then the member again."""
    first = append(table_pdf(PAGES), {20: stream(b"9 0 " + PAGE_2, b"/Type/ObjStm/N 1/First 4")}, as_stream=True)
    first = _listed(first, b"\2\0\0\0\x14\0")
    second = append(first, {9: PAGE_2.replace(b"8 0 R", b"10 0 R"), 10: NINE}, as_stream=True)
    return hand_signed(append(_listed(second, b"\2\0\0\0\x14\0"), SIGNED, as_stream=True))


def _listed(pdf: bytes, row: bytes) -> bytes:
    """An update without objects, but for its cross-reference stream: object 9 is a member of object stream 20."""
    reader, at = Reader(pdf), len(pdf)
    size = reader.trailer["Size"]
    assert isinstance(size, int)
    rows = row + b"\1" + at.to_bytes(4, "big") + b"\0"
    entries = b"/Type/XRef/Size %d/W[1 4 1]/Index[9 1 %d 1]/Root 1 0 R/Prev %d" % (size + 1, size, reader.startxref)
    return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (size, stream(rows, entries), at)


BACK = 'P5: "a lenient and a strict reading differ": a reader that searches takes the last object of a number.'
for _name, _make in (
    ("a_table", back),
    ("a_stream", partial(back, as_stream=True)),
    ("an_object_stream", member_back),
):
    variant(
        ATTACKS,
        f"an_older_object_that_{_name}_brought_back",
        BACK,
        _make,
        finding="SEEMING_OBJECT",
        words="is an older one",
    )

SEARCHES = "P4, P5: MuPDF takes the file for damaged, and searches; what is appended chooses what is shown."


def spaced(count: int, *, as_stream: bool = False) -> bytes:
    return two_pages(as_stream=as_stream) + b"\n" * count


for _count in (1100, 2000, 5000):
    for _as_stream in (False, True):
        variant(
            ATTACKS,
            f"{_count}_bytes_of_white_space_after_a_{'stream' if _as_stream else 'table'}",
            SEARCHES,
            partial(spaced, _count, as_stream=_as_stream),
            finding="CROSS_REFERENCE",
            words="bytes before the end of the file",
        )


def padded() -> bytes:
    pdf = append(two_pages(), {20: b"<</Producer(x)>>"}, trailer=b"/Info 20 0 R")
    at = pdf.rindex(b"\n20 1\n") + len(b"\n20 1")
    return pdf[:at] + b"   " + pdf[at:]


def named_from_a_stream(target: bytes) -> bytes:
    """MuPDF follows /XRefStm, which is for tables (7.5.8.4), from a stream too: its entries come before all older."""
    pdf = append(two_pages(), {}, as_stream=True, trailer=b"/XRefStm " + target)
    Reader(two_pages())  # what it is appended to can be read
    return pdf


variant(ATTACKS, "white_space_in_the_head_of_a_table", SEARCHES, padded, words="malformed")
for _target in (b"1", b"65535", b"2.0", b"null"):
    variant(
        ATTACKS,
        f"a_stream_that_names_another_one_at_{_target.decode()}",
        SEARCHES,
        partial(named_from_a_stream, _target),
        words="names another one (/XRefStm)",
    )


def followed_from_a_stream() -> bytes:
    """An update that names the cross-reference stream of the save before: MuPDF shows its page, with 900."""
    first = append(table_pdf(PAGES), {8: NINE}, as_stream=True)
    pdf = hand_signed(append(append(first, {8: HUNDRED}), SIGNED))
    return append(pdf, {}, as_stream=True, trailer=b"/XRefStm %d" % Reader(first).startxref)


variant(
    ATTACKS,
    "a_stream_that_names_the_stream_of_an_earlier_save",
    SEARCHES,
    followed_from_a_stream,
    words="names another one (/XRefStm)",
)


def short_named(as_stream: bool) -> bytes:
    """An update whose cross-reference, or object stream, Poppler and MuPDF decode otherwise, by /DP."""
    pdf = two_pages()
    if as_stream:
        return append(pdf, {}, as_stream=True).replace(
            b"/Type/XRef/Size 11", b"/DP<</Predictor 12/Columns 5>>/Type/XRef/Size 11"
        )
    at = len(pdf)
    members = deflated(b"20 0 <</Producer(x)>>", b"/Type/ObjStm/N 1/First 5/DP<</Predictor 12/Columns 5>>")
    out = pdf + b"21 0 obj\n%s\nendobj\n" % members
    rows = b"\2\0\0\0\x15\0" + b"".join(b"\1" + place.to_bytes(4, "big") + b"\0" for place in (at, len(out)))
    entries = b"/Type/XRef/Size 23/W[1 4 1]/Index[20 3]/Root 1 0 R/Info 20 0 R/Prev %d" % Reader(pdf).startxref
    return out + b"22 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, entries), len(out))


variant(ATTACKS, "a_cross_reference_with_short_names", SEARCHES, partial(short_named, True), words="/DP")
variant(
    ATTACKS,
    "an_object_stream_with_short_names",
    SEARCHES,
    partial(short_named, False),
    change="unexplained",
    words="/DP",
)
