"""P7, P9: a field of a certified form that lies over what the page says, and is filled in as that permits.

Poppler and MuPDF show the printed sum struck out, or an 8 upon a 3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.pki.pdf.samples import BODIES, append, deflated, stream, table_pdf

from .attack import FIELD, Attack, hand_signed, prepared, variant
from .updates import CERTIFIED, TEXT_FIELD, appearance

ATTACKS: list[Attack] = []
RECT = b"[100 100 200 120]"
OVER = b"[95 716 175 736]"
PRINTED = b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET\n"


def form(
    content: bytes, rect: bytes = RECT, more: bytes = b"", annotations: bytes = b"", note: bytes = b"null"
) -> bytes:
    """Certified at 2, with a text field 8 that shows 300."""
    field = (TEXT_FIELD % b"300").replace(RECT, rect).replace(b"/F 4", b"/F 4" + more)
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R %s]" % annotations)
    base = table_pdf({**BODIES, 4: deflated(content)})
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: page,
        7: FIELD,
        8: field,
        9: appearance(b"300"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        11: note,
        12: stream(b"BT /F1 9 Tf (x) Tj ET", b"/Subtype/Form/BBox[0 0 90 20]/Resources<</Font<</F1 5 0 R>>>>"),
    }
    return hand_signed(prepared(CERTIFIED % 2, base=base, bodies=bodies))


def filled(value: bytes = b"-----", **how: bytes) -> bytes:
    content = how.pop("content", PRINTED)
    pdf = form(content, **how)
    field = (TEXT_FIELD % value).replace(RECT, how.get("rect", RECT)).replace(b"/F 4", b"/F 4" + how.get("more", b""))
    return append(pdf, {8: field, 9: appearance(value)})


def _new(name: str, words: str, make: Callable[[], bytes]) -> None:
    rule = (
        'P7, P9: "any visible new widget/annotation whose /Rect intersects existing content is reported as overlay".'
    )
    variant(ATTACKS, name, rule, make, change="overlay", words=words, verdict="indeterminate")


_TEXT = "text or pictures of page 1"
_NOTE = b"<</Type/Annot/Subtype/FreeText/Rect[110 100 190 118]/F 4/AP<</N 12 0 R>>>>"
_new("a_value_that_strikes_out_a_sum", _TEXT, partial(filled, rect=OVER))
_new("a_value_upon_the_digits_of_a_sum", _TEXT, partial(filled, b"800", rect=OVER))
_new("a_value_over_letters_drawn_as_curves", _TEXT, partial(filled, content=b"110 105 m 112 109 114 111 118 112 c S"))
_new("a_value_over_letters_drawn_as_lines", _TEXT, partial(filled, content=b"110 105 m 110 113 l S"))
_DOTS = b"BT /F1 12 Tf 100 104 Td %s ET\n"
_new("a_value_over_letters_made_of_dots", _TEXT, partial(filled, content=_DOTS % b"(..  ..  ..  ..) Tj"))
_new("a_value_over_few_dots", _TEXT, partial(filled, content=_DOTS % b"(...) Tj"))
_new("a_value_over_a_row_of_digits", _TEXT, partial(filled, content=_DOTS % b"(11111111) Tj"))
_new("a_value_over_dots_that_are_outlined", _TEXT, partial(filled, content=_DOTS % b"1 Tr 9 w (..........) Tj"))
_new("a_value_over_a_dark_area", _TEXT, partial(filled, content=b"0 g 100 100 100 20 re f"))
_new("a_value_over_a_page_that_cannot_be_bounded", "cannot be told", partial(filled, content=b"/Nothing gs"))
_new("a_value_over_a_note", "an annotation on page 1", partial(filled, annotations=b"11 0 R", note=_NOTE))

HONEST: dict[str, Callable[[], bytes]] = {
    "on blank paper": filled,
    "on a line": partial(filled, content=PRINTED + b"100 102 m 200 102 l S"),
    "on a line that is filled": partial(filled, content=PRINTED + b"100 101 100 1 re f"),
    "on a row of dots": partial(filled, content=PRINTED + _DOTS % b"(..................) Tj"),
    "on a low line": partial(filled, content=PRINTED + _DOTS % b"[(________) 20 (________)] TJ"),
    "in a frame": partial(filled, content=PRINTED + b"100 100 100 20 re S"),
    "on white paper": partial(filled, content=PRINTED + b"1 g 100 100 100 20 re f"),
    "below a text": partial(filled, content=PRINTED + b"BT /F1 9 Tf 100 130 Td (Amount) Tj ET"),
}
