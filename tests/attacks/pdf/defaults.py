"""P8 around what programs add to a form when they fill it in or sign it: fonts in /DR, looks written again.

Acrobat, PDFBox and pdf.js do such things to honest forms (`HONEST`); each attack is the same with one thing more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.pki.pdf.samples import BODIES, SIGNATURE_BOX, append, raw, signed, stream, with_fields

from .attack import FIELD, Attack, hand_signed, prepared, variant
from .updates import CERTIFIED, LOOK, TEXT_FIELD

ATTACKS: list[Attack] = []
RESOURCES = 'P8: "/MK, /DA, /DR, fonts, /NeedAppearances, field flags, /Rect must not change".'
SHARED = "P6, P8: what is written again under its number must have been that field's alone."
_CATALOG = b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>"
_SIGNATURES = b"<</Fields[7 0 R]/SigFlags 3%s>>"
_FORM = b"<</Fields[7 0 R 8 0 R]/SigFlags 3%s>>"
_DR = b"/DR<</Font<<%s>>>>"
_NEW = b"/New 20 0 R"
_HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_FALSE_FONT = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</nine 21 0 R>>"
    b"/Encoding<</Type/Encoding/Differences[48/nine/nine/nine]>>/FirstChar 48/LastChar 50/Widths[500 500 500]>>"
)
_GLYPH = stream(b"500 0 0 0 750 750 d1 0 0 400 750 re f")
_WRITTEN = b"/Tx BMC q BT /F1 9 Tf 2 5 Td (%s) Tj ET Q EMC"


def certified(
    *, form: bytes = b"", field: bytes = TEXT_FIELD, page: bytes = b"", more: dict[int, bytes] | None = None
) -> bytes:
    """A form with a text field (8, look 9) that says 100, certified at 2; `form` and `page` are more entries."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page" + (page or b"/Annots[7 0 R 8 0 R]")),
        7: FIELD,
        8: field % b"100",
        9: stream(_WRITTEN % b"100", LOOK),
        10: _FORM % form,
        **(more or {}),
    }
    return hand_signed(prepared(CERTIFIED % 2, bodies=bodies))


def _with_fonts(before: bytes, now: bytes, font: bytes = _HELVETICA, **made: Any) -> bytes:
    """The fonts of the form's resources before and in the update, which makes object 20 a font."""
    pdf = certified(form=before, **made)
    return append(
        pdf, {10: _FORM % now, 20: font, 21: _GLYPH} if font == _FALSE_FONT else {10: _FORM % now, 20: font}
    )


_ONE, _TWO = _DR % b"/F1 5 0 R", _DR % (b"/F1 5 0 R" + _NEW)
_ANNOTATED = b"/Annots[7 0 R 8 0 R 22 0 R]"
_NOTE = b"<</Type/Annot/Subtype/FreeText/Contents(200)/DA(/New 9 Tf)/Rect[100 200 200 220]/F 4>>"
_BOX = (
    b"<</Type/Annot/Subtype/Widget/FT/Btn/T(Agreed)/V/Off/AS/Off/Rect[10 10 20 20]/F 4"
    b"/AP<</N<</Yes 23 0 R/Off 24 0 R>>>>>>"
)
_SMALL = b"/Type/XObject/Subtype/Form/BBox[0 0 10 10]"

for _name, _make, _words in (
    (
        "that_a_field_waited_for",
        partial(_with_fonts, _ONE, _TWO, field=TEXT_FIELD.replace(b"/F1 9", b"/New 9")),
        "/DR",
    ),
    (
        "that_a_field_waited_for_in_escapes",
        partial(_with_fonts, _ONE, _TWO, field=TEXT_FIELD.replace(b"/F1 9", b"/N#65w 9")),
        "/DR",
    ),
    ("that_the_form_waited_for", partial(_with_fonts, _ONE + b"/DA(/New 9 Tf)", _TWO + b"/DA(/New 9 Tf)"), "/DR"),
    ("that_a_note_waited_for", partial(_with_fonts, _ONE, _TWO, page=_ANNOTATED, more={22: _NOTE}), "/DR"),
    (
        "that_a_box_waited_for",
        partial(
            _with_fonts,
            _ONE,
            _TWO,
            page=_ANNOTATED,
            more={22: _BOX, 23: stream(b"BT /New 9 Tf (4) Tj ET", _SMALL), 24: stream(b"", _SMALL)},
        ),
        "/DR",
    ),
    ("beside_others_that_changed", partial(_with_fonts, _ONE, _DR % (b"/F1 20 0 R" + _NEW)), "/DR"),
    ("beside_others_that_went", partial(_with_fonts, _ONE, _DR % _NEW), "/DR"),
    (
        "with_other_resources",
        partial(_with_fonts, _ONE, b"/DR<</Font<</F1 5 0 R/New 20 0 R>>/ExtGState<<>>>>"),
        "/DR",
    ),
    (
        "whose_letters_are_false",
        partial(_with_fonts, _ONE + b"/DA(/New 9 Tf)", _TWO + b"/DA(/New 9 Tf)", _FALSE_FONT),
        "/DR",
    ),
):
    variant(ATTACKS, f"fonts_{_name}", RESOURCES, _make, change="form|unexplained", words=_words)


def _shared_resources() -> bytes:
    """The page draws with the form's own dictionary of fonts, and names a font that is not in it."""
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]")
    page = page.replace(b"<</Font<</F1 5 0 R>>>>", b"<</Font 25 0 R>>")
    assert b"25 0 R" in page
    pdf = certified(form=b"/DR<</Font 25 0 R>>", more={3: page, 25: b"<</F1 5 0 R>>"})
    return append(pdf, {25: b"<</F1 5 0 R/New 20 0 R>>", 20: _HELVETICA})


variant(
    ATTACKS, "fonts_added_where_the_page_has_its_own", SHARED, _shared_resources, change="content", words="object 25"
)


def _default_added(field: bytes) -> bytes:
    return append(certified(field=field), {10: _FORM % b"/DA(/F1 0 Tf 1 g)"})


variant(
    ATTACKS,
    "default_look_that_a_field_waited_for",
    RESOURCES,
    partial(_default_added, TEXT_FIELD.replace(b"/DA(/F1 9 Tf)", b"")),
    change="form",
    words="/DA",
)


variant(
    ATTACKS,
    "default_look_that_a_button_waited_for",
    RESOURCES,
    partial(
        _default_added,
        TEXT_FIELD.replace(b"/FT/Tx/T(Amount)/V(%s)", b"/FT/Btn/Ff 65536/T(Amount)/MK<</CA(%s)>>").replace(
            b"/DA(/F1 9 Tf)", b""
        ),
    ),
    change="form",
    words="/DA",
)


def _filled(
    look: bytes, entries: bytes = LOOK, field: bytes = TEXT_FIELD, more: dict[int, bytes] | None = None
) -> bytes:
    """The look is made anew (20), as pdf.js does."""
    field = (field % b"200").replace(b"/N 9 0 R", b"/N 20 0 R")
    return append(certified(), {8: field, 20: stream(look, entries), **(more or {})})


def _in_place(**made: Any) -> bytes:
    """The look is written again under its number, as PDFBox does."""
    pdf = certified(**made)
    return append(pdf, {8: TEXT_FIELD % b"200", 9: stream(_WRITTEN % b"200", LOOK)})


_COLOURED = b"/Tx BMC q BT /F1 9 Tf %s 2 5 Td (200) Tj ET Q EMC"
for _name, _look in (
    ("in_white_of_a_named_space", lambda: _filled(_COLOURED % b"/DeviceGray cs 1 sc")),
    ("in_a_space_of_its_own", lambda: _filled(_COLOURED % b"/CS0 cs 0 sc")),
    (
        "in_a_space_that_it_names_as_the_devices",
        lambda: _filled(
            _COLOURED % b"/DeviceGray cs 0 sc",
            LOOK.replace(b"<</Font", b"<</ColorSpace<</DeviceGray[/Separation/X/DeviceGray 21 0 R]>>/Font"),
            more={21: b"<</FunctionType 2/Domain[0 1]/C0[1]/C1[1]/N 1>>"},
        ),
    ),
    (
        "with_another_picture",
        lambda: _filled(_WRITTEN % b"200", LOOK.replace(b"<</Font", b"<</XObject<</I 4 0 R>>/Font")),
    ),
    (
        "in_a_font_that_it_brings",
        lambda: _filled(_WRITTEN % b"200", LOOK.replace(b"/F1 5 0 R", b"/F1 22 0 R"), more={22: _HELVETICA}),
    ),
    ("in_another_place", lambda: _filled(_WRITTEN % b"200", field=TEXT_FIELD.replace(b"[100 100", b"[100 101"))),
    ("in_no_whole_place", lambda: _filled(_WRITTEN % b"200", field=TEXT_FIELD.replace(b"[100 100", b"[100 100.5"))),
):
    variant(ATTACKS, f"filled_anew_{_name}", RESOURCES, _look, change="form|unexplained|annotation")

_OTHER = b"<</Type/Annot/Subtype/Stamp/Rect[300 100 400 120]/F 4/AP%s>>"
variant(
    ATTACKS,
    "look_that_a_stamp_has_too",
    SHARED,
    lambda: _in_place(page=_ANNOTATED, more={22: _OTHER % b"<</N 9 0 R>>"}),
    change="content",
    words="object 9",
)
_APART = TEXT_FIELD.replace(b"/AP<</N 9 0 R>>", b"/AP 23 0 R")


def _looks_of_two() -> bytes:
    """The dictionary over the look, not the look itself, is what the stamp has too."""
    pdf = certified(field=_APART, page=_ANNOTATED, more={22: _OTHER % b"23 0 R", 23: b"<</N 9 0 R>>"})
    return append(pdf, {8: _APART % b"200", 9: stream(_WRITTEN % b"200", LOOK)})


variant(ATTACKS, "looks_that_a_stamp_has_too", SHARED, _looks_of_two, change="content", words="object 23")


def _apart() -> bytes:
    pdf = certified(field=_APART, more={23: b"<</N 9 0 R>>"})
    return append(pdf, {8: _APART % b"200", 9: stream(_WRITTEN % b"200", LOOK)})


def _resources_apart() -> bytes:
    look = b"/Subtype/Form/Resources 21 0 R/BBox[0 0 100.0 20]"
    field = (
        (TEXT_FIELD % b"200").replace(b"/N 9 0 R", b"/N 20 0 R").replace(b"[100 100 200 120]", b"[100.0 100 200 120]")
    )
    written = b"/Tx BMC q BT /F1 9 Tf /DeviceGray cs 0 sc 2 5 Td (200) Tj ET Q EMC"
    return append(certified(), {8: field, 20: stream(written, look), 21: b"<</Font 22 0 R>>", 22: b"<</F1 5 0 R>>"})


def _later_filled(font: bytes) -> bytes:
    """A font is added, and in a later update the field is filled in with it."""
    look = LOOK.replace(b"/F1 5 0 R", b"/New 20 0 R")
    field = (TEXT_FIELD % b"200").replace(b"/N 9 0 R", b"/N 26 0 R")
    return append(
        _with_fonts(_ONE, _TWO, font), {8: field, 26: stream((_WRITTEN % b"200").replace(b"/F1", b"/New"), look)}
    )


variant(
    ATTACKS,
    "fonts_that_are_filled_in_with_later",
    RESOURCES,
    partial(_later_filled, _FALSE_FONT),
    change="form",
    words="which its appearance does not plainly show",
)


def _signed_in_place(also: bytes = b"") -> bytes:
    """A reserved place with a look of its own (30), which the second signer writes again under its number."""
    box = SIGNATURE_BOX % (b"B", b"120 10 220 60", b"/AP<</N 30 0 R>>")
    pdf = with_fields(SIGNATURE_BOX % (b"A", b"10 10 110 60", b""), box)
    pdf = append(pdf, {30: stream(b"", _PLACE)})
    if also:
        pdf = append(pdf, {31: _OTHER % b"<</N 30 0 R>>", 3: raw(pdf, 3).replace(b"8 0 R]", b"8 0 R " + also + b"]")})
    pdf = signed(pdf, field="A")
    slot = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>"
    look = stream(b"q 0.5 g 10 10 20 20 re f Q", _PLACE.replace(b"<<>>", b"<</Font<</N 41 0 R>>>>"))
    bodies = {8: box[:-2] + b"/V 40 0 R>>", 30: look, 41: _HELVETICA}
    return hand_signed(prepared(slot, pdf, bodies, 40))


_PLACE = b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]/Resources<<>>"
variant(
    ATTACKS,
    "signature_drawn_where_a_stamp_is_too",
    SHARED,
    partial(_signed_in_place, b"31 0 R"),
    change="content",
    words="object 30",
)


HONEST: dict[str, Callable[[], bytes]] = {
    "a signature drawn in the place that was kept for it": _signed_in_place,
    "a font added and filled in with": lambda: _later_filled(_HELVETICA),
    "a look made anew, by pdf.js": lambda: _filled(
        b"/Tx BMC q BT /F1 9 Tf 0 g 1 0 0 1 0 0 Tm 2 5.67 Td (200) Tj ET Q EMC"
    ),
    "a look written again, by PDFBox": _in_place,
    "a look written again below a dictionary of its own": _apart,
    "resources in objects of their own": _resources_apart,
    "a font added that nothing waited for": lambda: _with_fonts(_ONE, _TWO),
    "a font added to a dictionary of its own": lambda: append(
        certified(form=b"/DR 24 0 R", more={24: b"<</Font 25 0 R>>", 25: b"<</F1 5 0 R>>"}),
        {25: b"<</F1 5 0 R/New 20 0 R>>", 20: _HELVETICA},
    ),
    "the first fonts of a form": lambda: _with_fonts(b"", _DR % _NEW),
    "a default look for signatures alone": lambda: append(
        hand_signed(prepared(bodies={1: _CATALOG, 7: FIELD, 10: _SIGNATURES % b""})),
        {10: _SIGNATURES % b"/DA(/F1 0 Tf 0 g)/DR<</Font<</F1 5 0 R>>>>"},
    ),
    "looks that need not be made, said aloud": lambda: append(certified(), {10: _FORM % b"/NeedAppearances false"}),
}
"""As programs do it: passed."""
