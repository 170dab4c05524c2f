"""The PDF report: A4, PDF/A-2u, whole on its first page, and every Vietnamese letter can be copied out of it."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.ades.report import DocumentReport
from kyso_pki.pdf.appearance.fonts import liberation_serif
from kyso_pki.reports.pdf import pdf_report
from kyso_pki.reports.setting import MAX_CELL, settable, wrapped
from kyso_pki.reports.sheet import Sheet, sheet_of
from kyso_pki.reports.words import LANGUAGES, Language, Words
from tests.judges import java, verapdf
from tests.judges.program import made, run

from .reported import reports
from .test_html import HOSTILE, hostile

POPPLER = "poppler-utils"
ALPHABET = "ằẳẵắặầẩẫấậềểễếệồổỗốộờởỡớợừửữứựỳỷỹýỵđĐẰẲẴẮẶẦẨẪẤẬỀỂỄẾỆỒỔỖỐỘỜỞỠỚỢỪỬỮỨỰỲỶỸÝỴ"


def many(number: int) -> DocumentReport:
    """A report with this number of signatures."""
    report = dict(reports())["B-T.pdf, anchors"]
    return replace(report, signatures=tuple(replace(report.signatures[0], id=f"ChuKy{n}") for n in range(number)))


def texts(pdf: bytes, folder: Path) -> list[str]:
    """The text of each page, as Poppler extracts it."""
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    found = made(run(["pdftotext", "-layout", str(path), "-"], package=POPPLER)).decode()
    return found.removesuffix("\f").split("\f")


def joined(text: str) -> str:
    """Without the white space that setting has added."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["B-T.pdf, anchors", "B-LTA.xml, online", "broken.pdf", "unsigned.pdf", "empty"])
def test_one_document_is_one_page_that_says_everything(name: str, language: Language, tmp_path: Path) -> None:
    report = dict(reports())[name]
    [page] = texts(pdf_report([report], Words(language), "kyso"), tmp_path)
    assert unicodedata.is_normalized("NFC", page)
    shown = joined(page)
    for text in _all(sheet_of(report, Words(language))):
        for word in text.split():
            assert word in shown, (text, page)


def _all(sheet: Sheet) -> list[str]:
    rows = [*sheet.about, *(row for part in sheet.parts for row in part.rows)]
    own = [sheet.said, *(note.text for note in sheet.notes), *(part.head for part in sheet.parts)]
    return [*own, *(row.label for row in rows), *(row.text for row in rows)]


def test_every_report_is_a4_and_read_without_a_warning() -> None:
    for name, report in reports():
        with pikepdf.open(io.BytesIO(pdf_report([report], Words("vi"), "kyso"))) as pdf:
            assert pdf.check_pdf_syntax() == [], name
            assert {tuple(round(float(n)) for n in p.mediabox) for p in pdf.pages} == {(0, 0, 595, 842)}
            assert pdf.Root.Lang == "vi"
            assert "/AcroForm" not in pdf.Root and "/OpenAction" not in pdf.Root and "/Names" not in pdf.Root


@pytest.mark.parametrize("name", ["B-T.pdf, anchors", "packet.edxml, online", "noise"])
def test_verapdf_finds_pdf_a_2u(name: str) -> None:
    java.need()
    for pdf in (pdf_report([dict(reports())[name]], Words("vi"), "kyso"), pdf_report([many(9)], Words("en"))):
        verdict = verapdf.verify(pdf, "2u")
        assert verdict.valid, verdict.output
        assert verdict.checks > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_signatures_stand_in_short_on_the_first_page_and_in_full_after_it(
    language: Language, tmp_path: Path
) -> None:
    report = many(6)
    first, *rest = texts(pdf_report([report], Words(language), "kyso"), tmp_path)
    assert len(rest) >= 2
    for n in range(6):
        assert f"[ChuKy{n}]" in first
        assert sum(f"[ChuKy{n}]" in page for page in rest) == 1
    assert Words(language)("verify.sheet.details") in first
    assert f"1/{len(rest) + 1}" in first


def test_what_the_first_page_leaves_out_is_counted(tmp_path: Path) -> None:
    first, *rest = texts(pdf_report([many(60)], Words("en"), "kyso"), tmp_path)
    told = sum(f"[ChuKy{n}]" in first for n in range(60))
    assert 10 < told < 60
    assert f"and {60 - told} more on the pages that follow" in first
    assert all(sum(f"[ChuKy{n}]" in page for page in rest) == 1 for n in range(60))


def test_several_files_are_one_report(tmp_path: Path) -> None:
    some = [
        replace(dict(reports())[name], file=f"{name}.pdf") for name in ("B-T.pdf, anchors", "broken.pdf", "empty")
    ]
    first, *rest = texts(pdf_report(some, Words("vi")), tmp_path)
    assert all(str(report.file) in first for report in some)
    assert len(rest) >= 3


def test_the_same_report_gives_the_same_octets() -> None:
    for name in ("B-T.pdf, anchors", "packet.edxml"):
        report = dict(reports())[name]
        assert pdf_report([report], Words("vi"), "kyso") == pdf_report([report], Words("vi"), "kyso")
    assert pdf_report([many(1)], Words("vi")) != pdf_report([many(1)], Words("en"))


def test_every_vietnamese_letter_is_drawn_and_copied(tmp_path: Path) -> None:
    report = replace(dict(reports())["B-T.pdf"], file=ALPHABET)
    [page] = texts(pdf_report([report], Words("vi")), tmp_path)
    assert ALPHABET in joined(page)


@pytest.mark.parametrize("stranger", [*HOSTILE, "中文", "عربي", "😀", "a" * 5000, "\u0301" * 40, ""])
def test_whatever_a_stranger_wrote_there_is_a_report(stranger: str, tmp_path: Path) -> None:
    pdf = pdf_report([hostile(stranger or "x")], Words("vi"), stranger)
    with pikepdf.open(io.BytesIO(pdf)) as read:
        assert read.check_pdf_syntax() == []
    assert "Mẫu" in "".join(texts(pdf_report([hostile(f"Mẫu {stranger}"[:60])], Words("vi")), tmp_path))


def test_a_letter_that_the_font_lacks_is_named_and_a_long_text_is_cut() -> None:
    def advance(character: str) -> float:
        return 0.0 if character == "中" else 500.0

    assert settable("a中b", advance) == "a[U+4E2D]b"
    assert settable("x" * (MAX_CELL + 7), advance) == "x" * MAX_CELL + " … (+7)"
    assert settable("e\u0302\u0323", advance) == "ệ"


@given(st.text(alphabet="ab ệ", max_size=200), st.floats(20, 300), st.floats(4, 16))
@settings(max_examples=200, deadline=None)
def test_lines_hold_the_whole_text_and_none_is_too_wide(text: str, width: float, size: float) -> None:
    face = liberation_serif().face
    lines = wrapped(text, width, size, face.advance)
    assert joined("".join(lines)) == joined(text)
    for line in lines:
        assert sum(map(face.advance, line.strip())) * size / 1000 <= width + 1e-6 or len(line) == 1
