"""No reader paints where kyso says that a page is blank: compared with what poppler and PDFium draw."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, KysoError
from kyso_pki.pdf.ink.grid import Box, Ink

from .drawing import GLYPHS, RESOURCES, SIDE, drawn, ink, page

PAGE = Box(0, 0, SIDE, SIDE)
PIXEL = 0.5  # points: poppler draws a picture up to the end of the pixel that it touches


def n(low: float, high: float) -> st.SearchStrategy[bytes]:
    return st.floats(low, high).map(lambda f: f"{f:.2f}".encode())


def joined(*parts: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[bytes]:
    return st.tuples(*(st.just(p) if isinstance(p, bytes) else p for p in parts)).map(b" ".join)


at, small = n(-50, 250), n(-3, 3)
grey = st.sampled_from([b"0 g", b"1 g", b"1 0 0 rg", b"1 1 1 rg", b"0 0 0 0 k", b"0 G", b"1 G", b"0 0 1 RG"])
matrix = joined(n(-2, 2), n(-1, 1), n(-1, 1), n(-2, 2), at, at)
scale = st.one_of(n(3, 90), n(-90, -3))
upright = st.one_of(joined(scale, b"0 0", scale, at, at), joined(b"0", scale, scale, b"0", at, at), matrix)
path = st.one_of(
    joined(at, at, b"m", at, at, b"l", at, at, b"l"),
    joined(at, at, b"m", at, at, at, at, at, at, b"c h"),
    joined(at, at, n(-90, 90), n(-90, 90), b"re"),
)
paint = st.sampled_from([b"f", b"S", b"B*", b"b", b"n", b"W n", b"s", b"F"])
text = st.text("ABCxyz .gjÂ", min_size=1, max_size=6).map(lambda s: b"(" + s.encode("latin-1") + b")")
cids = st.lists(st.integers(1, GLYPHS), min_size=1, max_size=5).map(
    lambda codes: b"<" + b"".join(b"%04x" % c for c in codes) + b">"
)
shows = st.one_of(
    joined(st.sampled_from([b"/F1", b"/F2"]), st.one_of(n(1, 40), n(-30, -1)), b"Tf", text, b"Tj"),
    joined(st.sampled_from([b"/F1", b"/F2"]), n(1, 30), b"Tf [", text, n(-900, 900), text, b"] TJ", text, b"'"),
    joined(b"/F3", n(1, 40), b"Tf", cids, b"Tj", cids, b"Tj"),
    joined(b"/F2 9 Tf", n(-2, 9), n(-2, 5), text, b'"'),
)
settings_ = st.one_of(
    joined(n(-2, 9), b"Tc"), joined(n(-2, 9), b"Tw"), joined(n(-150, 200), b"Tz"), joined(n(-20, 20), b"TL"),
    joined(n(-9, 9), b"Ts"), st.sampled_from([b"0 Tr", b"1 Tr", b"2 Tr", b"3 Tr"]),
)  # fmt: skip
block = joined(
    b"BT", st.one_of(joined(matrix, b"Tm"), joined(at, at, b"Td")), st.lists(settings_, max_size=3).map(b" ".join),
    shows, b"ET 100 Tz 0 Tr 0 Ts 0 Tc 0 Tw",
)  # fmt: skip
operation = st.one_of(
    grey, block, block, joined(path, paint),
    joined(b"q", upright, b"cm /Im Do Q"), joined(b"q", matrix, b"cm /Fm Do Q"),
    joined(n(0, 6), b"w"),
    st.sampled_from([b"0 j", b"1 j", b"2 j", b"0 J", b"2 J", b"/G gs"]), joined(matrix, b"cm"),
)  # fmt: skip
content = st.lists(operation, min_size=1, max_size=8).map(b"\n".join)


def missed(pdf: bytes, marks: Ink) -> list[tuple[str, Box]]:
    """What a reader draws outside of the marks."""
    return [found for found in drawn(pdf) if not marks.touches(found[1].grown(PIXEL))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content)
@example(b"10 w 20 M 50 50 m 150 60 l 50 70 l S")  # a long mitre
@example(b"BT /F1 60 Tf 20 100 Td (f) Tj /F3 60 Tf 0 -60 Td <000500060007> Tj ET")  # overhanging glyphs
@example(b"BT /F1 40 Tf -100 Tz 150 100 Td (ABC) Tj ET")
@example(b"BT /F1 40 Tf 150 100 Td [(A) 3000 (B) -5000 (C)] TJ ET")
def test_everything_that_readers_draw_lies_on_a_mark(operators: bytes) -> None:
    pdf = page(operators)
    try:
        marks = ink(pdf)
    except FormatError as e:
        assume("askew" not in str(e) and "inverted" not in str(e))
        raise
    assert not missed(pdf, marks), operators


pieces = st.one_of(
    operation,
    st.sampled_from([
        b"q", b"Q", b"BT", b"ET", b"% x", b"\r", b"W", b"n", b"f", b"/Fm Do", b"3 Tr", b"0 Tr", b"9 Tc", b"-80 Ts",
        b"3.0 Tr", b"1 g", b"0 g", b"(ABC) Tj", b"[(A) 99 (B)] TJ", b"60 60 Td", b"1 0 0 1 90 90 Tm", b"/F2 20 Tf",
        b"20 20 m", b"90 90 l", b"\x00", b"{", b"--5", b"1e3", b"+9", b"4294967296", b"BI", b"ID", b"EI",
        b"/F#32 20 Tf", b"<4>", b"(\\777)",
    ]),
)  # fmt: skip
mangled = st.lists(st.tuples(pieces, st.sampled_from([b" ", b" ", b" ", b"\n", b""])), min_size=2, max_size=12).map(
    lambda parts: b"".join(piece + gap for piece, gap in parts)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(mangled)
@example(b"BT /F2 20 Tf 60 60 Td q 0 -330 Td Q (ABC) Tj ET")
@example(b"q 1 0 0 1 90 90 cm 9 9 9 9 re W*n Q BT /F2 20 Tf 20 20 Td (ABC) Tj ET")
@example(b"-80 Ts /Fm Do 3.0 Tr BT /F2 20 Tf 60 60 Td (ABC) Tj ET")
def test_of_mangled_content_too_everything_lies_on_a_mark_or_the_page_has_no_bound(operators: bytes) -> None:
    pdf = page(operators)
    try:
        marks = ink(pdf)
    except KysoError:
        return
    assert not missed(pdf, marks), operators


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_of_any_octets_nothing_but_our_errors_is_raised(octets: bytes) -> None:
    with suppress(KysoError):
        ink(page(octets))


def touched(operators: bytes, box: Box, **page_options: bytes) -> bool:
    return ink(page(operators, **page_options)).touches(box)


@pytest.mark.parametrize(
    ("operators", "blank", "inked"),
    [
        (b"BT /F2 10 Tf 20 100 Td (ABC) Tj ET", Box(20, 120, 190, 190), Box(22, 101, 24, 104)),
        (b"BT /F3 10 Tf 20 100 Td <002400250026> Tj ET", Box(20, 113, 190, 190), Box(22, 101, 24, 104)),
        (b"BT /F3 10 Tf 20 100 Td <002400250026> Tj ET", Box(60, 20, 190, 190), Box(38, 101, 39, 104)),
        (b"q 30 0 0 30 10 10 cm /Im Do Q", Box(43, 43, 199, 199), Box(11, 11, 12, 12)),
        (b"q 1 0 0 1 100 100 cm /Fm Do Q", Box(0, 0, 99, 199), Box(112, 112, 113, 113)),
        (b"1 g 0 0 200 200 re f 0 g 10 10 5 5 re f", Box(20, 20, 199, 199), Box(11, 11, 12, 12)),
        (b"1 1 1 rg 0 0 200 200 re f", PAGE, None),
        (b"0 0 200 200 re W n", PAGE, None),
        (b"10 10 m 190 10 l S", Box(0, 20, 199, 199), Box(99, 9, 100, 11)),
        (b"", PAGE, None),
    ],
)
def test_what_is_blank_and_what_is_not(operators: bytes, blank: Box, inked: Box | None) -> None:
    assert not touched(operators, blank)
    assert inked is None or touched(operators, inked)


WHITE = b"1 g 10 10 50 50 re f"


@pytest.mark.parametrize(
    ("operators", "options"),
    [
        (b"/G gs " + WHITE, {"state": b"<</BM/Difference>>"}),
        (b"/G gs " + WHITE, {"state": b"<</BM[/Exclusion/Normal]>>"}),
        (b"/G gs " + WHITE, {"state": b"<</TR 20 0 R>>"}),
        (b"1 g /G gs 10 10 50 50 re f", {"state": b"<</BM/Difference>>"}),
        (b"1 g q /G gs Q 10 10 50 50 re f", {"state": b"<</BM/Difference>>"}),
        (WHITE, {"resources": b"/ColorSpace<</DefaultGray[/Separation/Black/DeviceGray 20 0 R]>>"}),
        (b"1 g /CS0 cs 10 10 50 50 re f", {}),
        (b"1 g /Pattern cs /P1 scn 10 10 50 50 re f", {}),
    ],
)
def test_white_is_ink_where_it_may_be_another_colour(operators: bytes, options: dict[str, bytes]) -> None:
    assert touched(operators, Box(20, 20, 30, 30), **options)


@pytest.mark.parametrize(
    "operators",
    [
        b"BI /W 1 /H 1 /CS /G /BPC 8 ID \x00 EI",
        b"/Sh1 sh",
        b"10 10 nonsense",
        b"BX 10 10 foo EX",
        b"Q",
        b"q q Q Q Q",
        b"10 10 m 20 l S",
        b"/None Do",
        b"/None gs",
        b"BT /None 9 Tf (A) Tj ET",
        b"BT (A) Tj ET",
        b"BT /F3 9 Tf <24> Tj ET",
        b"BT /F1 9 Tf 8 Tr (A) Tj ET",
        b"1 0 0 1 0 cm",
        b"%s 0 0 1 0 0 cm 0 0 1 1 re f" % (b"9" * 20),
        b"(never ends",
        b"<< /A",
        b"q " * 600,
        b"1 " * 80,
        b"0 0 1 d0",
    ],
)
def test_what_is_not_understood_has_no_bound(operators: bytes) -> None:
    with pytest.raises(KysoError):
        ink(page(operators))


@pytest.mark.parametrize(
    "resources",
    [
        RESOURCES.replace(b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/Type3>>"),
        RESOURCES.replace(
            b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/Type0/Encoding/Identity-V/DescendantFonts[11 0 R]>>"
        ),
        RESOURCES.replace(b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/Type0/Encoding/UniJIS-UCS2-H>>"),
        RESOURCES.replace(b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/Type1/FontDescriptor<</FontFile3 7 0 R>>>>"),
        RESOURCES.replace(b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/TrueType/FontDescriptor<</FontFile2 7 0 R>>>>"),
        RESOURCES.replace(b"/F1 5 0 R", b"/F1<</Type/Font/Subtype/Type1/FirstChar 0/Widths[-500]>>"),
    ],
)
def test_a_font_that_is_not_understood_has_no_bound(resources: bytes) -> None:
    with pytest.raises(FormatError):
        ink(page(b"BT /F1 9 Tf <0024> Tj ET", resources))


def test_forms_within_forms_without_end_have_no_bound() -> None:
    pdf = page(b"/Fm Do").replace(b"q 0 0 300 300 re f Q 2 w", b"/Fm Do %xxxxxxxxxxxxxxx\n")
    pdf = pdf.replace(b"/Matrix[1 0.5 -0.5 1 10 10]", b"/Matrix[1 0   0    1 0  0 ]")
    with pytest.raises(KysoError, match="forms within forms"):
        ink(pdf)


def test_work_is_bounded() -> None:
    with pytest.raises(KysoError, match="too elaborate"):
        ink(page(b"0 0 200 200 re f " * 200_000))
