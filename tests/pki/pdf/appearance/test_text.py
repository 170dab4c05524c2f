"""Text of stamps: embedded as a subset, every Vietnamese letter extracts, the same octets every time."""

from __future__ import annotations

import io
import unicodedata

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.errors import UsageError
from kyso_pki.pdf.appearance.fonts import Font, _subset, composed, liberation_serif
from kyso_pki.pdf.appearance.objects import Objects
from kyso_pki.pdf.appearance.stamp import Place, Stamp
from kyso_pki.pdf.appearance.template import read_template

from .seen import page, placed, poppler, shown, stamp, text

VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
LETTERS = unicodedata.normalize("NFC", "".join(v + t for v in VOWELS for t in TONES) + "đbcghklmnpqrstvx")
ALL = LETTERS + LETTERS.upper()
TOP = Place(corner="top-left", x=20, y=20)


def lines(words: str, font: bytes | None = None) -> Stamp:
    template = read_template(b'[[text]]\ntext = "{words}"\nwidth = 180\nsize = 9', "dong")
    return Stamp(template, settings=(("words", words),), place=TOP, font=font)


def test_every_vietnamese_letter_extracts_as_it_was_set() -> None:
    words = [ALL[i : i + 6] for i in range(0, len(ALL), 6)]  # poppler takes letters set apart for one word
    seen = text(shown(page(), lines(" ".join(words))))
    assert seen.split() == words
    assert seen == unicodedata.normalize("NFC", seen)


def test_decomposed_text_is_set_composed() -> None:
    seen = text(shown(page(), lines(unicodedata.normalize("NFD", "Ủy ban nhân dân tỉnh Mẫu"))))
    assert seen.strip() == unicodedata.normalize("NFC", "Ủy ban nhân dân tỉnh Mẫu")


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet=ALL + "0123456789 ./-:+,", min_size=1, max_size=60).filter(str.strip))
def test_any_text_extracts_as_it_was_set(words: str) -> None:
    seen = text(shown(page(), lines(words)))
    assert "".join(seen.split()) == "".join(words.split())


def test_the_font_is_embedded_as_a_subset_with_a_map_to_unicode() -> None:
    listed = poppler(shown(page(), stamp("sao-y")), "pdffonts").decode()
    row = listed.splitlines()[-1].split()
    assert row[0].endswith("+LiberationSerif")
    assert len(row[0].split("+")[0]) == 6
    assert row[1:7] == ["CID", "TrueType", "Identity-H", "yes", "yes", "yes"]


def test_only_the_glyphs_in_use_are_embedded() -> None:
    objects = Objects()
    _, glyphs = liberation_serif().embed(objects, "SAO Y")
    size = sum(len(piece) for made in objects.made for piece in made if isinstance(piece, bytes))
    assert set(glyphs) == set("SAO Y")
    assert size < 6_000


def test_the_same_stamp_gives_the_same_octets() -> None:
    first = placed(page(), stamp("con-dau", TOP))
    _subset.cache_clear()
    assert placed(page(), stamp("con-dau", TOP)) == first


def test_an_agency_brings_its_own_font() -> None:
    font = TTFont(io.BytesIO(liberation_serif().data), recalcTimestamp=False)
    for record in font["name"].names:
        if record.nameID == 6:
            record.string = "PhongChuMau"
    out = io.BytesIO()
    font.save(out)
    pdf = shown(page(), lines("Tỉnh Mẫu", out.getvalue()))
    assert "+PhongChuMau" in poppler(pdf, "pdffonts").decode()
    assert text(pdf).strip() == "Tỉnh Mẫu"


def test_a_font_that_may_not_be_embedded_is_refused() -> None:
    font = TTFont(io.BytesIO(liberation_serif().data))
    font["OS/2"].fsType = 2
    out = io.BytesIO()
    font.save(out)
    with pytest.raises(UsageError, match="does not allow"):
        Font(out.getvalue()).width("a", 10)


@pytest.mark.parametrize(
    "data", [b"", b"OTTO" + bytes(100), liberation_serif().data[:5000], b"\x00\x01\x00\x00" * 40]
)
def test_octets_that_are_no_truetype_font_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        Font(data).embed(Objects(), "a")


def test_a_blank_that_does_not_break_is_a_blank() -> None:
    assert composed("10\u00a0pt") == "10 pt"
