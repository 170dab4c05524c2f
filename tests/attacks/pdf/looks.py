"""R1: pages that are hard to look at, and a seal over them: what it hides must not cost more than the file is worth.

See `bombs`; each file is a signed page and an update with one more visible signature.
"""

from __future__ import annotations

from tests.pki.pdf.samples import BODIES, deflated, signed, stream, table_pdf

from .bombs import bomb
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
def an_inline_picture_without_an_end(n: int) -> bytes:
    """R1: `EI` is searched for."""
    return _page(stream(b"BI /W 1 /H 1 ID " + b"E I " * n))
