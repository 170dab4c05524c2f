"""P5: files that were prepared before they were signed, so that lenient readers show another page.

Nothing comes after the signature.
Each was looked at: Poppler 22.12 searches the file when a reference leads nowhere and then draws 900 where the others
draw 100, or shows no text; MuPDF 1.21 and PDFium ignore generations, PDFium draws what a table freed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.pki.pdf.samples import BODIES, append, deflated, stream, table_pdf

from .attack import RANGES, ROOM, Attack, hand_signed, variant
from .searching import FONT

ATTACKS: list[Attack] = []
Bodies = dict[int, bytes]
NINE = FONT.removeprefix(b"5 0 obj\n").removesuffix(b"\nendobj\n")
DRAWN = stream(
    b"BT /F1 12 Tf 72 620 Td (Pay 900 to Mau) Tj ET",
    b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>",
)
SLOT = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (2 * ROOM) + b">"


def bodies(named: bytes = b"999 0 R", held: bytes = b"", more: Mapping[int, bytes] | None = None) -> Bodies:
    """Two pages and an empty signature: the first draws `named`, `held` stands in the metadata as it is."""
    return {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R/AcroForm<</Fields[8 0 R]/SigFlags 3>>>>",
        2: b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
        3: BODIES[3].replace(b"/Font", b"/XObject<</X %s>>/Font" % named),
        4: stream(b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET /X Do"),
        6: BODIES[3],
        7: stream(b"<x:xmpmeta/>\n" + held, b"/Type/Metadata/Subtype/XML"),
        8: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 0 0]/F 132/P 3 0 R/V 9 0 R>>",
        9: b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached" + SLOT + b">>",
        10: b"null",
        **(more or {}),
    }


def apart(named: bytes) -> Bodies:
    """What the first page draws is named in an object that kyso need not read."""
    found = bodies(more={10: DRAWN, 11: b"<</X %s>>" % named})
    return {**found, 3: found[3].replace(b"<</X 999 0 R>>", b" 11 0 R")}


def unsigned(
    named: bytes = b"999 0 R", held: bytes = b"", more: Mapping[int, bytes] | None = None
) -> dict[int, bytes]:
    """The same without the signature, which an update brings."""
    return {**bodies(named, held, more), 1: b"<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R>>", 8: b"null", 9: b"null"}


def signed_update(base: bytes, *, as_stream: bool = False) -> bytes:
    return hand_signed(append(base, {n: bodies()[n] for n in (1, 8, 9)}, as_stream=as_stream))


def stream_pdf(objects: Mapping[int, bytes], compressed: tuple[int, ...] = ()) -> bytes:
    """A file with a cross-reference stream, these objects in an object stream."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    rows = {0: (0, 0, 0)}
    for number in sorted(objects.keys() - set(compressed)):
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    size = max(objects) + 1
    if compressed:
        head, members = b"", b""
        for index, number in enumerate(compressed):
            head += b"%d %d " % (number, len(members))
            members += objects[number] + b" "
            rows[number] = (2, size, index)
        rows[size] = (1, len(out), 0)
        entries = b"/Type/ObjStm/N %d/First %d" % (len(compressed), len(head))
        out += b"%d 0 obj\n%s\nendobj\n" % (size, deflated(head + members, entries))
        size += 1
    rows[size] = (1, len(out), 0)
    data = b"".join(bytes((kind,)) + a.to_bytes(4, "big") + bytes((b,)) for _, (kind, a, b) in sorted(rows.items()))
    table = stream(data, b"/Type/XRef/Size %d/W[1 4 1]/Root 1 0 R" % (size + 1))
    return bytes(out) + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (size, table, rows[size][1])


def hybrid_pdf(objects: Mapping[int, bytes], base: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") -> bytes:
    """A hybrid file, or a hybrid update of `base`: object 5 is in an object stream that a table does not list."""
    size = max([10, *objects]) + 1
    plain = {**objects, size: stream(b"5 0 " + BODIES[5], b"/Type/ObjStm/N 1/First 4")}
    plain.pop(5, None)
    out, offsets = bytearray(base), {}
    for number, body in plain.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    hidden = offsets[size + 1] = len(out)
    row = b"\2" + size.to_bytes(2, "big") + b"\0"
    entries = b"/Type/XRef/Size %d/W[1 2 1]/Index[5 1]/Root 1 0 R" % (size + 2)
    out += b"%d 0 obj\n%s\nendobj\n" % (size + 1, stream(row, entries))
    start, rows = len(out), b"".join(b"%d 1\n%010d 00000 n \n" % item for item in sorted(offsets.items()))
    previous = b"/Prev " + base.split(b"startxref\n")[-1].split()[0] if b"startxref" in base else b""
    if not previous:
        rows = b"0 1\n0000000000 65535 f \n" + rows
    trailer = b"<</Size %d/Root 1 0 R/XRefStm %d%s>>" % (size + 2, hidden, previous)
    return bytes(out) + b"xref\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (rows, trailer, start)


def pointed_back() -> bytes:
    """Three saves: the second has another font, the third names the one of the first again."""
    first = table_pdf(unsigned())
    second = append(first, {5: NINE})
    entry = b"xref\n5 1\n%010d 00000 n \n" % first.index(b"5 0 obj")
    trailer = b"trailer\n<</Size 11/Root 1 0 R/Prev %d>>\n" % second.rindex(b"xref\n5 1\n")
    return second + entry + trailer + b"startxref\n%d\n%%%%EOF\n" % len(second)


def freed(named: bytes) -> bytes:
    """An update frees object 10, which draws 900."""
    return append(table_pdf(unsigned(named, more={10: DRAWN})), {}, freed=(10,))


_SEARCHES = 'P5: "a lenient and a strict reading differ": Poppler searches for what is missing and finds more.'
_FREE = 'P5: "a lenient and a strict reading differ": Poppler and PDFium draw an object that was freed.'
_GENERATION = 'P5: "a lenient and a strict reading differ": MuPDF and PDFium ignore the generation of a reference.'
_SEEMS = "finds others in strings or streams"


def _new(name: str, rule: str, make: Callable[[], bytes], words: str) -> None:
    variant(ATTACKS, f"a_lone_signature_over_{name}", rule, make, finding="SEEMING_OBJECT", words=words)


def _held(text: bytes, named: bytes = b"999 0 R") -> bytes:
    return hand_signed(table_pdf(bodies(named, text)))


def _shaped(make: Callable[..., bytes], *more: object) -> bytes:
    return hand_signed(make(bodies(held=FONT), *more))


def _named(reference: bytes) -> bytes:
    return hand_signed(table_pdf(bodies(reference, more={10: DRAWN})))


def _apart(reference: bytes) -> bytes:
    return hand_signed(table_pdf(apart(reference)))


def _string(named: bytes) -> bytes:
    return hand_signed(table_pdf(bodies(named, more={10: b"<</A(\n%s)>>" % FONT})))


_new("a_font_in_metadata", _SEARCHES, partial(_held, FONT), _SEEMS)
_new("a_font_in_a_string", _SEARCHES, partial(_string, b"999 0 R"), _SEEMS)
_new("a_font_of_generation_1", _SEARCHES, partial(_held, FONT.replace(b"5 0 obj", b"5 1 obj")), _SEEMS)
_new("a_font_behind_a_comment", _SEARCHES, partial(_held, FONT.replace(b"5 0 obj", b"5 %x\n0 obj")), _SEEMS)
_new("a_font_behind_two_comments", _SEARCHES, partial(_held, FONT.replace(b"5 0 obj", b"5%\n0%y\robj")), _SEEMS)
_new("a_trailer_in_metadata", _SEARCHES, partial(_held, b"\ntrailer\n<</Root 6 0 R>>\n"), _SEEMS)
_new("a_cross_reference_stream", _SEARCHES, partial(_shaped, stream_pdf), _SEEMS)
_new("object_streams", _SEARCHES, partial(_shaped, stream_pdf, (1, 2, 3, 5, 6)), _SEEMS)
_new("a_hybrid_file", _SEARCHES, partial(_shaped, hybrid_pdf), _SEEMS)
_new(
    "an_update_by_a_table_of_a_file_with_a_stream",
    _SEARCHES,
    lambda: signed_update(stream_pdf(unsigned(held=FONT))),
    _SEEMS,
)
_new(
    "a_font_that_an_update_replaced_and_another_brought_back",
    _SEARCHES,
    lambda: signed_update(pointed_back()),
    "Object 5 is an older one",
)
_new(
    "a_font_that_a_hybrid_update_put_into_an_object_stream",
    _SEARCHES,
    lambda: signed_update(hybrid_pdf({}, table_pdf(unsigned(more={5: NINE})))),
    "finds an older object 5",
)
_new("a_form_that_was_freed", _FREE, lambda: signed_update(freed(b"10 0 R")), "object 10, which was freed")
for _name, _reference in (
    ("another_generation", b"10 3 R"),
    ("a_generation_on_the_next_line", b"10 3\nR"),
    ("a_generation_of_two_digits", b"10 10 R"),
    ("a_generation_with_zeros", b"10 00001 R"),
):
    _new(
        f"a_form_named_by_{_name}",
        _GENERATION,
        partial(_named, _reference),
        "A reference names object 10",
    )
_new(
    "a_form_named_by_another_generation_in_an_object_stream",
    _GENERATION,
    lambda: hand_signed(stream_pdf(bodies(b"10 3 R", more={10: DRAWN}), (1, 2, 3, 5, 6))),
    "A reference names object 10",
)

for _name, _reference in (
    ("a_generation_behind_a_comment", b"10%x\n3 R"),
    ("a_generation_before_a_comment", b"10 3 %y\n%z\nR"),
    ("no_generation_but_a_comment", b"10 %y\n0%z\nR"),
):
    _new(
        f"a_form_named_by_{_name}",
        'P5: "comments inside tokens": what kyso does not read, others draw.',
        partial(_apart, _reference),
        "cannot be read",
    )

ATTACHED = stream(table_pdf(), b"/Type/EmbeddedFile")


def attached() -> Bodies:
    """With a PDF that is attached uncompressed."""
    found = bodies(b"5 0 R", more={10: ATTACHED})
    return {**found, 1: found[1].replace(b"/Metadata", b"/AF[<</Type/Filespec/F(a)/EF<</F 10 0 R>>>>]/Metadata")}


HONEST: dict[str, Callable[[], bytes]] = {
    "nothing hidden": lambda: _held(b""),
    "a font in metadata, and no reference to nothing": lambda: _held(FONT, b"10 0 R"),
    "a font in a string, and no reference to nothing": lambda: _string(b"10 0 R"),
    "a PDF attached as it is": lambda: hand_signed(table_pdf(attached())),
    "a PDF attached as it is, in a file with object streams": lambda: hand_signed(
        stream_pdf(attached(), (1, 2, 3, 5, 6))
    ),
    "an object that was freed, and that nothing names": lambda: signed_update(freed(b"9 0 R")),
    "a font that was replaced, and a reference to nothing": lambda: signed_update(
        append(table_pdf(unsigned(more={5: NINE})), {5: BODIES[5]})
    ),
    "words about generations in metadata": lambda: _held(b"see 10 3 R and % 10 3\nR", b"10 0 R"),
    "a font that a stream put into an object stream, and a reference to nothing": lambda: moved(),
}
"""Files of which every reader shows the same, though they hold what is near to an attack: each passes."""


def moved() -> bytes:
    """What was plain is put into an object stream, as Acrobat saves; then no reader searches."""
    base = table_pdf(unsigned(more={5: NINE}))
    members = stream(b"5 0 " + BODIES[5], b"/Type/ObjStm/N 1/First 4")
    start = len(base)
    out = base + b"20 0 obj\n%s\nendobj\n" % members
    rows = b"\2\0\0\0\x14\0" + b"".join(b"\1" + at.to_bytes(4, "big") + b"\0" for at in (start, len(out)))
    previous = int(base.split(b"startxref\n")[-1].split()[0])
    entries = b"/Type/XRef/Size 22/W[1 4 1]/Index[5 1 20 2]/Root 1 0 R/Prev %d" % previous
    table = b"21 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, entries), len(out))
    return signed_update(out + table, as_stream=True)
