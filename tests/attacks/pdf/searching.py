"""P4, P5: octets that an update may bring, and that say "object" to readers that search for objects.

The signed page names an object that is not there. Poppler then searches the whole file for objects and for trailers,
and takes the last one of each number: in the update it finds them within strings, streams and comments.
"""

from __future__ import annotations

from base64 import a85encode
from functools import partial

from tests.pki.pdf.samples import BODIES, append, raw, signed, stream, table_pdf

from .attack import FIELD, FORM, Attack, attack, hand_signed, prepared, variant
from .sealing import NOWHERE, truly_sealed

ATTACKS: list[Attack] = []
SEEMING = "looks like an object or a trailer"
FONT = b"5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[49/nine]>>>>\nendobj\n"


def _sealed(more: bytes) -> bytes:
    return truly_sealed(canary(), NOWHERE, look=None, more=b"/" + more)


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


def canary(style: bytes = b"null") -> bytes:
    """Two signed pages; in a stream that nobody uses stands what Poppler would take for the font of the second."""
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R 8 0 R]/Count 2>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R]"),
        6: b"<</Fields[7 0 R]/SigFlags 3>>",
        7: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(A)/Rect[0 0 0 0]/F 132/P 3 0 R>>",
        8: BODIES[3].replace(b"5 0 R", b"9 0 R"),
        9: BODIES[5],
        11: style,
        10: stream(b"\n" + FONT.replace(b"5 0 obj", b"9 0 obj")),
    }
    return signed(table_pdf(bodies), field="A")


for _entry in (b"BS", b"Border", b"TU", b"Ff", b"M", b"AP", b"Kids"):
    variant(
        ATTACKS,
        f"a_new_field_whose_{_entry.decode()}_leads_nowhere",
        "P5: a lenient and a strict reading differ: a missing object makes Poppler search, then it shows 900.",
        partial(_sealed, _entry + b" 999 0 R"),
        change="unexplained",
        words="which is not there",
    )


@attack(ATTACKS, change="unexplained", words="which is not there")
def an_extension_that_leads_nowhere() -> bytes:
    """P5: the same in the catalog."""
    pdf = canary()
    return append(pdf, {1: raw(pdf, 1)[:-2] + b"/Extensions<</ADBE<</BaseVersion 999 0 R>>>>>>"})


def _appended(trailer: bytes, start: bytes, pdf: bytes | None = None) -> bytes:
    """A file, else the canary, with an empty update."""
    pdf = pdf or canary()
    at = len(pdf)
    return pdf + b"xref\n0 0\ntrailer\n<<%s/Root 1 0 R/Prev %d>>\n%s" % (trailer, _startxref(pdf), start % at)


CLOSING = b"startxref\n%d\n%%%%EOF\n"


@attack(ATTACKS, change="structure", words="/Size in the trailer leaves out objects")
def a_size_that_leaves_out_the_signed_objects() -> bytes:
    """P5: "/Size lies": Poppler misses what lies beyond it, searches, and shows 900."""
    return _appended(b"/Size 2", CLOSING)


@attack(ATTACKS, finding="CROSS_REFERENCE", words="leaves out objects of the one before")
def a_size_that_shrank_before_the_signature() -> bytes:
    """P5: the same in an update that was signed with the rest."""
    return hand_signed(prepared(base=_appended(b"/Size 2", CLOSING, table_pdf())))


@attack(ATTACKS, words="does not end with `startxref`")
def an_offset_behind_more_white_space_than_readers_look_at() -> bytes:
    """P5: Poppler looks for the number in the last 1,024 bytes, and searches when it is not there."""
    return _appended(b"/Size 20", CLOSING.replace(b"\n%d", b" " * 2000 + b"%d"))


@attack(ATTACKS, words="does not end with `startxref`")
def an_offset_behind_a_zero_byte() -> bytes:
    """P5: "null bytes ... inside tokens": for Poppler the text ends there."""
    return _appended(b"/Size 20", CLOSING.replace(b"\n", b"\0"))


@attack(ATTACKS, words="not ASCII85Decode")
def a_catalog_in_a_stream_with_a_mark_before_it() -> bytes:
    """P5: the mark `<~` is none of PDF's (7.4.3): Poppler cannot decode it, finds no catalog, and searches."""
    pdf = canary()
    members = b"1 0 " + raw(pdf, 1)
    text = b"<~" + a85encode(members) + b"~>"
    start, rows = len(pdf), b"\2" + (30).to_bytes(4, "big") + b"\0\1" + len(pdf).to_bytes(4, "big") + b"\0"
    container = b"30 0 obj\n%s\nendobj\n" % stream(text, b"/Type/ObjStm/N 1/First 4/Filter/ASCII85Decode")
    rows += b"\1" + (start + len(container)).to_bytes(4, "big") + b"\0"
    entries = b"/Type/XRef/Size 32/W[1 4 1]/Index[1 1 30 2]/Root 1 0 R/Prev %d" % _startxref(pdf)
    table = b"31 0 obj\n%s\nendobj\n" % stream(rows, entries)
    return pdf + container + table + CLOSING % (start + len(container))


@attack(ATTACKS, finding="SEEMING_OBJECT", words="object 999")
def a_new_field_that_leads_to_what_leads_nowhere() -> bytes:
    """P5: what was signed names the missing object where nobody looked before."""
    pdf = canary(b"<</W 999 0 R>>")
    return truly_sealed(pdf, NOWHERE, look=None, more=b"/BS 11 0 R")


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
