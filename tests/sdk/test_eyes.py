"""PDFium in a process of its own sees what PDFium here sees, and a file that it cannot bear is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kyso.eyes import confined_eyes, eyes_within
from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.pdf.appearance.sight import OpenEyes, pdfium
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.samples import BODIES, stream, table_pdf

LETTER = (Path(__file__).resolve().parents[1] / "documents" / "cong-van.pdf").read_bytes()


def seen(eyes: OpenEyes, data: bytes, password: str | None = None) -> tuple[object, ...]:
    with eyes(data, password) as opened:
        pages = range(opened.pages)
        texts = [(opened.text(p), [(c, b) for c, b in opened.characters(p)]) for p in pages]
        return opened.pages, texts, opened.picture(0, 40.0, True), opened.picture(0, 20.0, False)


@pytest.mark.parametrize(("data", "password"), [(LETTER, None), (locked(6, user="mật khẩu"), "mật khẩu")])
def test_it_sees_the_same(data: bytes, password: str | None) -> None:
    assert seen(confined_eyes, data, password) == seen(pdfium, data, password)


def test_what_pdfium_refuses_is_refused_with_its_words() -> None:
    with pytest.raises(FormatError, match="cannot be shown"), confined_eyes(b"%PDF-1.7 nothing", None):
        pass


def test_a_page_that_draws_for_ever_is_given_up() -> None:
    """Forms that draw each other twice, 28 levels deep: 268 million rectangles in 5 kB. PDFium ends its own process
    (SIGABRT) where memory is not enough."""
    bodies, first, depth = dict(BODIES), 6, 28
    for level in range(depth):
        inner = b"/X Do /X Do" if level < depth - 1 else b"0 0 500 700 re f"
        named = b"/Resources<</XObject<</X %d 0 R>>>>" % (first + min(level + 1, depth - 1))
        bodies[first + level] = stream(inner, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]" + named)
    bodies[4] = stream(b"/X Do")
    bodies[3] = bodies[3].replace(b"/Resources<<", b"/Resources<</XObject<</X %d 0 R>>" % first)
    endless = table_pdf(bodies)
    with (
        eyes_within(5, 512)(endless, None) as opened,
        pytest.raises(LimitExceeded, match=r"crashed|within 5 s|memory"),
    ):
        opened.picture(0, 50.0, True)
