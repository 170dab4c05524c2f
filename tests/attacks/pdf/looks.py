"""R1: pages that are hard to look at, and a seal over them: what it hides must not cost more than the file is worth.

See `bombs`; each file is a signed page and an update with one more visible signature.
"""

from __future__ import annotations

import struct
import zlib

from tests.pki.pdf.samples import BODIES, deflated, signed, stream, table_pdf

from .attack import FIELD, hand_signed, prepared
from .bombs import bomb
from .elaborate import FONT, program_with
from .overlays import TEXT, sealed

FORM_LOOK = b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</X %d 0 R>>/Font<</F1 5 0 R>>>>"


def _page(content: bytes, more: dict[int, bytes] | None = None, resources: bytes = b"") -> bytes:
    page = BODIES[3].replace(b"/Font<</F1 5 0 R>>", b"/Font<</F1 5 0 R>>" + resources)
    return sealed(signed(table_pdf({**BODIES, 3: page, 4: content, **(more or {})})), TEXT)


@bomb(40_000)
def texts_on_a_page(n: int) -> bytes:
    """R1: a page of many operators."""
    return _page(stream(b"BT /F1 12 Tf " + b"1 0 Td (x) Tj " * n + b"ET"))


@bomb(400_000)
def texts_in_a_small_stream(n: int) -> bytes:
    """R1: the same, compressed a hundredfold."""
    return _page(deflated(b"BT /F1 12 Tf " + b"1 0 Td (x) Tj " * n + b"ET"))


@bomb(40_000)
def curves_on_a_page(n: int) -> bytes:
    """R1: a path of many curves."""
    return _page(stream(b"0 0 m " + b"1 2 3 4 5 6 c " * n + b"S"))


@bomb(100_000)
def states_saved_and_never_restored(n: int) -> bytes:
    """R1: `q` without `Q`."""
    return _page(stream(b"q " * n))


@bomb(400)
def forms_that_draw_each_other_twice(n: int) -> bytes:
    """R1: two to the power of the depth forms."""
    depth = max(2, n // 16)
    forms = {6 + i: stream(b"/X Do /X Do", FORM_LOOK % (7 + i)) for i in range(depth)}
    forms[6 + depth] = stream(b"BT /F1 12 Tf (x) Tj ET", FORM_LOOK % 6)
    return _page(stream(b"/X Do"), forms, b"/XObject<</X 6 0 R>>")


@bomb(20_000)
def a_form_drawn_again_and_again(n: int) -> bytes:
    """R1: one large form, drawn many times."""
    form = {6: stream(b"BT /F1 12 Tf " + b"(x) Tj " * 2000 + b"ET", FORM_LOOK % 6)}
    return _page(stream(b"/X Do " * n), form, b"/XObject<</X 6 0 R>>")


@bomb(60_000)
def numbers_without_an_operator(n: int) -> bytes:
    """R1: operands that nothing takes."""
    return _page(stream(b"1 " * n))


@bomb(100_000)
def an_inline_picture_whose_end_is_far(n: int) -> bytes:
    """R1: `EI` is searched for."""
    return _page(stream(b"BI /W 1 /H 1 ID " + b"E I " * n + b"EI"))


@bomb(20_000)
def inline_pictures_that_are_compressed(n: int) -> bytes:
    """R1: where each ends is told by its data."""
    return _page(stream((b"BI /W 1 /H 1 /BPC 8 /CS /G /F /Fl ID " + zlib.compress(b"x") + b" EI ") * n))


@bomb(40_000)
def property_lists_of_every_kind(n: int) -> bytes:
    """R1: each is looked at, and none is the usual one."""
    return _page(stream(b"/A <</B (\\)\\() /C [/D 1 2.5] /E <00>>> BDC EMC " * n))


@bomb(60_000)
def numbers_in_arrays_that_are_none(n: int) -> bytes:
    """R1: an array of numbers that ends with a dictionary."""
    return _page(stream((b"[" + b"1234567890 " * 40 + b"<</MCID 1>>] pop ") * (n // 40)))


@bomb(20_000)
def a_large_graphics_state_set_again_and_again(n: int) -> bytes:
    """R1: as many entries as times that they are read."""
    state = b"<<%s>>" % b"".join(b"/A%d 0" % i for i in range(n))
    return _page(stream(b"/G gs " * n), {6: state}, b"/ExtGState<</G 6 0 R>>")


@bomb(20_000)
def forms_under_many_colour_spaces(n: int) -> bytes:
    """R1: whether the spaces of a form redefine colours is asked as often as it is drawn."""
    spaces = b"/ColorSpace<<%s>>" % b"".join(b"/C%d/DeviceGray" % i for i in range(n))
    form = stream(b"", FORM_LOOK.replace(b"/Font<<", spaces + b"/Font<<") % 6)
    return _page(stream(b"/X Do " * n), {6: form}, b"/XObject<</X 6 0 R>>")


@bomb(20_000)
def a_form_with_a_long_box_drawn_again_and_again(n: int) -> bytes:
    """R1: a /BBox of as many numbers as times that the form is drawn."""
    form = stream(b"", b"/Type/XObject/Subtype/Form/BBox[%s]" % (b"9 " * n))
    page = (
        BODIES[3]
        .replace(b"/Font<<", b"/XObject<</X 20 0 R>>/Font<<")
        .replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R]")
    )
    bodies = {**BODIES, 3: page, 4: stream(b"/X Do " * n), 20: form}
    form_of_fields = {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R>>", 7: FIELD, 8: b"<</Fields [7 0 R]>>"}
    return sealed(hand_signed(prepared(base=table_pdf(bodies), bodies=form_of_fields)), TEXT)  # kyso does not sign it


@bomb(20_000)
def a_font_in_the_resources_named_again_and_again(n: int) -> bytes:
    """R1: a long name and many widths, which are read anew each time."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/%s/FirstChar 0/LastChar 255/Widths[%s]>>" % (
        b"A" * 4000,
        b"9 " * 256,
    )
    page = BODIES[3].replace(b"/F1 5 0 R", b"/F2 " + font)
    return sealed(signed(table_pdf({**BODIES, 3: page, 4: stream(b"/F2 9 Tf " * n)})), TEXT)


@bomb(2_000)
def names_in_a_font_that_all_lie_over_each_other(n: int) -> bytes:
    """R1: each record of the table of names holds all of the text."""
    records = b"".join(struct.pack(">6H", 3, 1, 0x409, 1, min(n * 12, 0xFFFF), 0) for _ in range(n))
    names = struct.pack(">3H", 0, n, 6 + len(records)) + records + b"\x00A" * (6 * n)
    program = program_with({b"name": names})
    bodies = {5: FONT, 6: stream(program, b"/Length1 %d" % len(program))}
    return sealed(signed(table_pdf({**BODIES, 4: stream(b"BT /F1 9 Tf ET"), **bodies})), TEXT)
