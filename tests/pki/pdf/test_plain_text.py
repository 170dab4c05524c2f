"""What programs that fill in forms write is read; what could show something else is refused (P8)."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.objects import Stream, Value
from kyso_pki.pdf.plain_text import plain_text
from kyso_pki.pdf.reader import Reader

from .samples import table_pdf

HELVETICA: Value = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


def shown(content: bytes, height: int = 20, more: dict[str, Value] | None = None, font: Value = None) -> str:
    """The text of a form XObject of 100 points' width with one font, F1."""
    dictionary: dict[str, Value] = {
        "Subtype": "Form",
        "BBox": [0, 0, 100, height],
        "Resources": {"Font": {"F1": font or HELVETICA}},
        **(more or {}),
    }
    return plain_text(Reader(table_pdf()), Stream(dictionary, content, 0, len(content)), 0)


@pytest.mark.parametrize(
    ("program", "content", "text"),
    [
        ("Acrobat", b"/Tx BMC q 1 1 98 18 re W n BT /F1 9 Tf 0 g 2 6.5 Td (200) Tj ET Q EMC", "200"),
        ("PDFBox", b"/Tx BMC q 1 1 98 18 re W n BT /F1 9 Tf 0 g 2 6.5 Td (200) Tj ET Q EMC", "200"),
        ("PDFBox 3", b"/Tx BMC q 1 1 98 18 re W n BT /F1 9 Tf /DeviceGray cs 0 sc 2 6.5 Td (200) Tj ET Q EMC", "200"),
        ("pdf.js", b"/Tx BMC q BT /F1 9 Tf 0 g 1 0 0 1 2 6.5 Tm (200) Tj ET Q EMC", "200"),
        ("iText", b"/Tx BMC q BT 0 0 0.4 rg /F1 9 Tf 2 6 Td [(2) 20 (00)] TJ ET Q EMC", "200"),
        ("LibreOffice", b"/Tx BMC\nBT\n0 0 0 rg /F1 9 Tf 0 Tc 100 Tz 2 6 Td <323030> Tj\nET\nEMC", "200"),
        ("a comb field", b"/Tx BMC q BT /F1 9 Tf 5 6 Td (2) Tj 20 0 Td (0) Tj 20 0 Td (0) Tj ET Q EMC", "200"),
        ("an empty field", b"/Tx BMC EMC", ""),
    ],
)
def test_the_text_of_a_usual_appearance_is_read(program: str, content: bytes, text: str) -> None:
    assert shown(content) == text


def test_lines_go_downwards() -> None:
    two = b"/Tx BMC BT /F1 9 Tf 12 TL 2 48 Td (one) Tj T* (two) Tj 0 -12 TD (three) Tj (four) ' ET EMC"
    assert shown(two, 60) == "onetwothreefour"
    with pytest.raises(FormatError, match="another order"):
        shown(two.replace(b"0 -12 TD", b"0 24 Td"), 60)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"Matrix": [0, 1, -1, 0, 0, 0]}, "turned or moved"),
        ({"OC": {"Type": "OCG"}}, "more than a form"),
        ({"Subtype": "Image"}, "more than a form"),
        ({"BBox": [0, 0, 1, 1]}, "outside of its box"),
        ({"BBox": None}, "other operands"),
        ({"Resources": None}, "does not name"),
    ],
)
def test_a_form_that_is_not_plain_is_refused(more: dict[str, Value], words: str) -> None:
    content = b"/Tx BMC BT /F1 9 Tf 2 6 Td (200) Tj ET EMC"
    assert shown(content) == "200"
    with pytest.raises(FormatError, match=words):
        shown(content, more=more)


def test_a_clip_that_leaves_only_a_part_is_refused() -> None:
    with pytest.raises(FormatError, match="outside of its box"):
        shown(b"/Tx BMC q 1 1 4 18 re W n BT /F1 9 Tf 2 6 Td (2000000) Tj ET Q EMC")
