"""P9: a small seal on blank paper whose appearance is drawn somewhere else."""

from __future__ import annotations

from tests.pki.pdf.samples import BODIES, signed, stream, table_pdf

from .attack import Attack, attack, victim
from .sealing import LOOK, truly_sealed

ATTACKS: list[Attack] = []
BLANK = b"300 300 400 400"
UNBOUNDED = "its appearance is not bounded by its rectangle"
EVERYWHERE = b"1 g -600 -600 1500 2000 re f"
FRAME = b"/MK<</BG[1 0 0]/BC[1 0 0]>>/BS<</W 600/S/S>>/Border[0 0 600]"


def _look(entries: bytes, rect: bytes = BLANK) -> bytes:
    return truly_sealed(victim(), rect, look=stream(EVERYWHERE, b"/Type/XObject/Subtype/Form" + entries))


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_without_a_box() -> bytes:
    """P9: "an appearance is a form with a /BBox": without one it is clipped by nothing."""
    return _look(b"")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_an_empty_box() -> bytes:
    """P9: a box of no size is no box to some readers."""
    return _look(b"/BBox[0 0 0 0]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_a_box_that_is_a_line() -> bytes:
    """P9: nor is one of no width."""
    return _look(b"/BBox[0 0 0 100]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_a_tiny_box() -> bytes:
    """P9: it is scaled to the rectangle, by a factor that readers limit."""
    return _look(b"/BBox[0 0 0.0005 0.0005]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_three_numbers_for_a_box() -> bytes:
    """P9: a box is four numbers."""
    return _look(b"/BBox[0 0 100]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_a_box_elsewhere() -> bytes:
    """P9: a box is written where the form is."""
    look = stream(EVERYWHERE, b"/Type/XObject/Subtype/Form/BBox 33 0 R")
    return truly_sealed(victim(), BLANK, look=look, extra={33: b"[0 0 100 100]"})


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_words_for_a_box() -> bytes:
    """P9: a box is four numbers."""
    return _look(b"/BBox[/a /b /c /d]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_a_singular_matrix() -> bytes:
    """P9: a box that is pressed flat cannot be fitted into the rectangle."""
    return _look(b"/BBox[0 0 100 100]/Matrix[0 0 0 0 0 0]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_look_with_a_matrix_that_readers_cut() -> bytes:
    """P9: numbers beyond 32767 are not held alike."""
    return _look(b"/BBox[0 0 100 100]/Matrix[1000000000 0 0 1 0 0]")


@attack(ATTACKS, change="overlay", words=UNBOUNDED)
def a_seal_with_a_frame_of_its_own() -> bytes:
    """P9: without an appearance each reader draws the frame that /MK, /BS and /Border describe."""
    return truly_sealed(victim(), BLANK, look=None, more=FRAME)


@attack(ATTACKS, change="overlay", words="its place cannot be told")
def a_frame_around_nothing() -> bytes:
    """P9: the widget has no area, its frame is 600 points wide."""
    return truly_sealed(victim(), b"100 725 100 725", look=None, more=FRAME)


@attack(ATTACKS, change="overlay", words="its place cannot be told")
def a_look_without_a_box_in_a_rectangle_without_an_area() -> bytes:
    """P9: an invisible signature that paints the page."""
    return _look(b"", b"0 0 0 0")


@attack(ATTACKS, change="overlay", words="an annotation whose appearance is not bounded")
def a_seal_over_an_annotation_that_is_drawn_beside_its_rectangle() -> bytes:
    """P9: the signed page shows a note within the seal's place, though its rectangle is far away."""
    note = b"<</Type/Annot/Subtype/Stamp/Rect[10 10 60 60]/F 4/AP<</N 7 0 R>>>>"
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[6 0 R]")
    look = stream(b"0 g 295 300 60 30 re f", b"/Type/XObject/Subtype/Form")
    return truly_sealed(signed(table_pdf({**BODIES, 3: page, 4: stream(b""), 6: note, 7: look})), BLANK)


@attack(ATTACKS, change="overlay", words="larger than a signature needs to be")
def a_seal_that_is_a_whole_small_page() -> bytes:
    """P9: what counts is how much of the page it takes."""
    page = BODIES[3].replace(b"[0 0 595 842]", b"[0 0 350 350]")
    return truly_sealed(signed(table_pdf({**BODIES, 3: page, 4: stream(b"")})), b"0 0 350 350")


@attack(ATTACKS, change="overlay", words="larger than a signature needs to be")
def a_seal_on_a_page_in_large_units() -> bytes:
    """P9: /UserUnit 10 makes a page of 59.5 units A4."""
    page = BODIES[3].replace(b"[0 0 595 842]", b"[0 0 59.5 84.2]/UserUnit 10")
    return truly_sealed(signed(table_pdf({**BODIES, 3: page, 4: stream(b"")})), b"0 0 59.5 84.2")


@attack(ATTACKS, change="overlay", words="an annotation on page 1")
def a_seal_over_a_widget_without_a_signature() -> bytes:
    """P7: only what is a signature by its shape may be covered in part; a note dressed as one may not."""
    note = b"<</Type/Annot/Subtype/Widget/FT/Sig/Rect[180 300 420 400]/F 4/AP<</N 7 0 R>>>>"
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[6 0 R]")
    bodies = {**BODIES, 3: page, 4: stream(b""), 6: note, 7: LOOK}
    return truly_sealed(signed(table_pdf(bodies)), BLANK)
