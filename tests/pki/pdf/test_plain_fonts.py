"""A font shows what it is told only when every reader has it and its encoding says so (P8)."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.objects import Value
from kyso_pki.pdf.plain_fonts import plain_font
from kyso_pki.pdf.reader import Reader

from .samples import table_pdf

READER = Reader(table_pdf())
ASCII = bytes(range(32, 127))
PDF_DOC: list[Value] = [39, "quotesingle", 96, "grave", 224, "agrave", "aacute", "acircumflex", "atilde"]


def shows(text: bytes, **entries: Value) -> bool:
    font: dict[str, Value] = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica", **entries}
    try:
        plain_font(READER, font, 0).require(text)
    except FormatError:
        return False
    return True


@pytest.mark.parametrize(
    "name", ["Helvetica", "Times-BoldItalic", "ArialMT", "TimesNewRomanPS-BoldMT", "Courier New,Bold"]
)
def test_ascii_is_shown_by_the_fonts_that_readers_have(name: str) -> None:
    assert shows(ASCII, BaseFont=name)
    assert not shows(b"\t", BaseFont=name)
    assert not shows("Hà".encode("cp1252"), BaseFont=name)  # in the standard encoding it is another letter


def test_letters_above_ascii_need_an_encoding_that_names_them() -> None:
    text = "Hà âá".encode("cp1252")
    assert shows(text, Encoding="WinAnsiEncoding")
    assert shows(text, Encoding={"Differences": PDF_DOC})
    assert not shows(text, Encoding={"Differences": [224, "aacute", "agrave", "acircumflex"]})
    assert not shows(text, Encoding={"BaseEncoding": "WinAnsiEncoding", "Differences": [224, "aacute"]})


def test_each_letter_may_bear_its_own_name_and_no_other() -> None:
    own: list[Value] = [48, "zero", "one", "two", 65, "A", 97, "a", 45, "minus"]
    assert shows(ASCII, Encoding={"Differences": own})
    assert not shows(b"0", Encoding={"Differences": [48, "one"]})
    assert shows(b"2", Encoding={"Differences": [48, "one"]})


@pytest.mark.parametrize(
    "entries",
    [
        {"Subtype": "Type0"},
        {"Subtype": "Type3"},
        {"BaseFont": "Symbol"},
        {"BaseFont": "ABCDEF+Helvetica"},
        {"BaseFont": None},
        {"FontDescriptor": {"FontFile2": None, "FontFile3": 1}},
        {"Encoding": "MacExpertEncoding"},
        {"Encoding": {"Differences": "one"}},
        {"Encoding": {"Differences": ["one"]}},
        {"Encoding": {"Differences": [48, 1.5]}},
        {"Widths": [500]},
        {"FirstChar": 48, "Widths": [1]},
        {"FirstChar": 48, "Widths": [True]},
        {"FirstChar": 49, "Widths": [500]},
        {"FirstChar": 0, "Widths": [500] * 500},
    ],
    ids=str,
)
def test_what_may_show_something_else_is_refused(entries: dict[str, Value]) -> None:
    assert not shows(b"0", **entries)
