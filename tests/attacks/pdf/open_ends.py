"""P4, P5, P7: an object of the signed revision has no end there; what is appended later decides what it is."""

from __future__ import annotations

from functools import partial

from tests.pki.pdf.samples import BODIES, stream, table_pdf

from .attack import Attack, attack, hand_signed, prepared, variant
from .sealing import NOWHERE, truly_sealed

ATTACKS: list[Attack] = []
_PAY = stream(
    b"1 1 1 rg 0 0 240 60 re f 0 g BT /F1 12 Tf 12 20 Td (Pay 999999) Tj ET",
    b"/Type/XObject/Subtype/Form/BBox[0 0 240 60]/Resources<</Font<</F1 5 0 R>>>>",
)
_LOOK = b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]"
_SHOWN = b"/Type/Annot/Subtype/Stamp/Rect[60 700 300 760]/F 4"
_REST = b"/AP<</N 6 0 R>>>>\nendobj\n"


def _signed(waiting: bytes) -> bytes:
    """Object 7 is an annotation of the page, and of its content; 9 is the field, 10 the form, 8 the signature."""
    base = table_pdf({**BODIES, 6: _PAY, 7: waiting})
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>",
        3: BODIES[3].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 7 0 R]/Annots[7 0 R 9 0 R]"),
        9: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(A)/Rect[0 0 0 0]/F 132/P 3 0 R/V 8 0 R>>",
        10: b"<</Fields [9 0 R]/SigFlags 3>>",
    }
    return hand_signed(prepared(base=base, bodies=bodies, number=8))


def _ended_by(waiting: bytes, look: bytes) -> bytes:
    return truly_sealed(_signed(waiting), NOWHERE, look=stream(look, _LOOK))


@attack(ATTACKS, finding="OPEN_OBJECT")
def a_string_that_the_look_of_a_later_seal_ends() -> bytes:
    """P7: PDFium, Poppler and MuPDF show nothing first, and the sum after the seal has been added."""
    return _ended_by(b"<<%s/NM(" % _SHOWN, b"% )" + _REST)


@attack(ATTACKS, finding="OPEN_OBJECT")
def a_string_whose_brackets_are_balanced_by_escaped_ones() -> bytes:
    """P5: an escaped bracket ends no string."""
    return _ended_by(b"<<%s/NM(\\)" % _SHOWN, b"% )" + _REST)


@attack(ATTACKS, finding="OPEN_OBJECT")
def a_string_whose_brackets_are_balanced_in_the_wrong_order() -> bytes:
    """P5: as many brackets close as open, and still the last one is open."""
    return _ended_by(b"<<%s/T()%%)\n/NM(" % _SHOWN, b"% )" + _REST)


@attack(ATTACKS, finding="OPEN_OBJECT")
def a_string_at_the_end_of_a_large_object() -> bytes:
    """P7: an object that is too large to be looked at with others."""
    return _ended_by(b"<<%s/Large[%s]/NM(" % (_SHOWN, b"(1) " * 20_000), b"% )" + _REST)


@attack(ATTACKS, finding="OPEN_OBJECT")
def a_stream_whose_length_reaches_into_a_later_revision() -> bytes:
    """P4: readers that look for `endstream` see a blank page first, then what /Length says."""
    mark, start = b"% the end", b"<</Length %010d>>stream\n"
    rest = mark + b"\nendstream\nendobj\n"
    first = _ended_by(start % 0 + b"\nendstream", rest)
    size = first.index(mark) + len(mark) - first.index(start % 0) - len(start % 0)
    return _ended_by(start % size + b"\nendstream", rest)


for _name, _waiting in (
    ("string", b"<<%s/NM(" % _SHOWN),
    ("string_with_brackets_in_it", b"<<%s/NM(a(b)c" % _SHOWN),
    ("string_with_escaped_brackets", b"<<%s/NM(\\)" % _SHOWN),
    ("string_after_balanced_ones", b"<<%s/T()%%)\n/NM(" % _SHOWN),
    ("string_in_a_large_object", b"<<%s/Large[%s]/NM(" % (_SHOWN, b"(1) " * 20_000)),
    ("string_in_the_dictionary_of_a_stream", b"<</Length 3/NM(>>stream\nabc\nendstream"),
):
    variant(
        ATTACKS,
        f"signature_alone_after_an_open_{_name}",
        'P5, P4: "if lenient and strict readings of the same file differ": the next octets complete it.',
        partial(_signed, _waiting),
        finding="OPEN_OBJECT",
        words="does not end before",
    )
