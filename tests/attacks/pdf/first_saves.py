"""P5 in what was signed first, with nothing appended: readers see two files, the signer saw one."""

from __future__ import annotations

from tests.pki.pdf.samples import BODIES, stream, table_pdf

from .attack import FORM, Attack, attack, hand_signed, prepared

ATTACKS: list[Attack] = []
OTHER = stream(b"BT /F1 12 Tf 72 600 Td (Pay 999 to Mau) Tj ET")
FIELDS = {1: FORM[1].replace(b"7 0 R", b"20 0 R"), 20: b"<</FT/Sig/T(S)/V 21 0 R>>"}


def _signed(pdf: bytes) -> bytes:
    return hand_signed(prepared(base=pdf, bodies=FIELDS, number=21))


def in_object_stream(
    header: tuple[int, int] = (12, 3), indexes: tuple[int, int] = (0, 1), places: tuple[int, int] = (0, 1)
) -> bytes:
    """A signed file whose page, object 3, lies in the object stream 8; object 12 is another page with other contents.

    `header`: the numbers of the two members; `indexes`: which ones the cross-reference says that 12 and 3 are;
    `places`: which of the two pages in the stream each of the header's entries points at.
    """
    pages = (BODIES[3].replace(b"4 0 R", b"9 0 R"), BODIES[3])
    starts = (0, len(pages[0]) + 1)
    head = b"%d %d %d %d " % (header[0], starts[places[0]], header[1], starts[places[1]])
    container = stream(head + b" ".join(pages), b"/Type/ObjStm/N 2/First %d" % len(head))
    bodies = {n: BODIES[n] for n in (1, 2, 4, 5)} | {8: container, 9: OTHER}
    out, rows = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {12: (2, 8, indexes[0]), 3: (2, 8, indexes[1])}
    for number, body in bodies.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows[10] = (1, len(out), 0)
    kinds = [rows.get(n, (0, 0, 0)) for n in range(13)]
    table = b"".join(bytes((kind,)) + a.to_bytes(3, "big") + bytes((b,)) for kind, a, b in kinds)
    out += b"10 0 obj\n%s\nendobj\n" % stream(table, b"/Type/XRef/Size 13/W[1 3 1]/Root 1 0 R")
    return _signed(bytes(out) + b"startxref\n%d\n%%%%EOF\n" % rows[10][1])


@attack(ATTACKS, finding="CROSS_REFERENCE", words="two objects of one number")
def two_members_of_one_number() -> bytes:
    """P5: "no duplicate object in one revision": MuPDF takes the last of both, Poppler the one with the index."""
    return in_object_stream(header=(3, 3))


@attack(ATTACKS, finding="CROSS_REFERENCE", words="object 3 is number 0 in object stream 8")
def the_index_of_another_member() -> bytes:
    """P5: "each xref entry must point to" its own object: Poppler shows an empty page, MuPDF the right one."""
    return in_object_stream(indexes=(1, 0))


@attack(ATTACKS, finding="CROSS_REFERENCE", words="object 3 is number 7 in object stream 8")
def an_index_of_no_member() -> bytes:
    """P5: the same beyond the last member."""
    return in_object_stream(indexes=(0, 7))


@attack(ATTACKS, finding="CROSS_REFERENCE", words="do not stand in the order of its header")
def members_in_another_order_than_their_header() -> bytes:
    """P5: "shall be in increasing order" (7.5.7): Poppler and MuPDF show nothing of them, PDFium the page."""
    return in_object_stream(header=(3, 12), places=(1, 0), indexes=(1, 0))


def _with_length(length: bytes) -> bytes:
    text = b"<</Length %s>>stream\nBT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET\nendstream" % length
    page = BODIES[3].replace(b"/F1 5 0 R", b"/F1 6 0 R")
    return _signed(table_pdf({**BODIES, 3: page, 4: text, 5: OTHER, 6: BODIES[5]}))


@attack(ATTACKS, finding="OPEN_OBJECT", words="does not end before")
def a_length_that_reaches_over_the_next_object() -> bytes:
    """P5: "/Length wrong so that `endstream` differs": Poppler draws the next stream too, others do not."""
    return _with_length(b"400")


@attack(ATTACKS, finding="OPEN_OBJECT", words="does not end before")
def a_length_beyond_the_file() -> bytes:
    """P5: the same up to the end of the file."""
    return _with_length(b"99999999")


@attack(ATTACKS, finding="OPEN_OBJECT", words="does not end before")
def a_negative_length() -> bytes:
    """P5: Poppler shows nothing, others what stands before `endstream`."""
    return _with_length(b"-1")
