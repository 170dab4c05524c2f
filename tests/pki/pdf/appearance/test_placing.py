"""Where stamps go: seen by poppler, on pages of every shape; anchors; refusals with a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

import kyso
from kyso_pki.errors import (
    AnchorAmbiguous,
    AnchorMissing,
    FormatError,
    KysoError,
    LimitExceeded,
    PlacementRefused,
    SigningError,
    StampCovers,
    StampLeavesPage,
    UsageError,
)
from kyso_pki.pdf.appearance.preview import preview
from kyso_pki.pdf.appearance.stamp import Place
from kyso_pki.pdf.pages import Box, Page, all_pages, page_at
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import AT, BODIES, WORLD, stream, table_pdf

from .seen import CONG_VAN, MM, NINE_FIFTEEN, block, close, ink, page, picture, placed, shown, stamp

DOCUMENTS = Path(__file__).resolve().parents[3] / "documents"
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
SHAPES = {
    "plain": b"",
    "turned by 90": b"/Rotate 90",
    "turned by 180": b"/Rotate 180",
    "turned by 270": b"/Rotate 270",
    "turned by -90": b"/Rotate -90",
    "cropped": b"/CropBox[100 150 500 700]",
    "cropped and turned": b"/CropBox[100 150 500 700]/Rotate 90",
    "cropped beyond the page": b"/CropBox[-50 100 900 900]/Rotate 270",
    "in units of its own": b"/UserUnit 2",
}
TITLE_AND_NAME = Place(anchors=("GIÁM ĐỐC", "Nguyễn Văn Mẫu"))


def at(corner: str, x: float, y: float, size: tuple[float, float]) -> Box:
    """Where the block of 30 x 12 mm must be seen."""
    width, height = 30 * MM, 12 * MM
    left = x if corner.endswith("left") else size[0] - x - width
    top = y if corner.startswith("top") else size[1] - y - height
    return Box(left, top, left + width, top + height)


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_stamp_is_seen_where_it_was_placed_and_as_large(shape: str, corner: str) -> None:
    pdf = page(SHAPES[shape])
    size = page_at(Reader(pdf), 1).size
    seen = ink(pdf, shown(pdf, block(Place(corner=corner, x=36, y=54))))  # type: ignore[arg-type]  # one of the four
    if shape == "in units of its own":  # poppler shows a unit as a point
        seen = Box(*(2 * n for n in seen))
    assert close(seen, at(corner, 36, 54, size), 2.5), (seen, at(corner, 36, 54, size))


@pytest.mark.parametrize("shape", [s for s in SHAPES if "units" not in s])
def test_a_stamp_is_upright_to_the_reader(shape: str) -> None:
    """The same picture as on a plain page, antialiasing apart."""
    place = Place(corner="top-left", x=72, y=72)
    plain, other = (picture(shown(p, stamp("den", place)), dpi=144) for p in (page(), page(SHAPES[shape])))
    part = (140, 140, 140 + 290, 140 + 205)
    difference = ImageChops.difference(plain.crop(part), other.crop(part)).convert("L")
    assert ImageStat.Stat(difference).mean[0] < 6
    sideways = ImageChops.difference(plain.crop(part), plain.crop(part).rotate(180)).convert("L")
    assert ImageStat.Stat(sideways).mean[0] > 12  # the measure tells upright from upside down


def test_pages_are_counted_as_they_are_shown() -> None:
    kids = {2: b"<</Type/Pages/Kids[6 0 R 3 0 R]/Count 3/MediaBox[0 0 300 400]/Rotate 90>>"}
    inner = {6: b"<</Type/Pages/Parent 2 0 R/Kids[7 0 R 8 0 R]/Count 2/CropBox[10 10 200 200]>>"}
    leaf = b"<</Type/Page/Parent 6 0 R%s>>"
    pdf = table_pdf({**BODIES, **kids, **inner, 7: leaf % b"", 8: leaf % b"/Rotate 0"})
    found = list(all_pages(Reader(pdf)))
    assert [p.ref.number for p in found] == [7, 8, 3]
    assert [p.rotation for p in found] == [90, 0, 90]
    assert found[0].size == (190, 190)
    assert found[2].size == (842, 595)
    assert page_at(Reader(pdf), -1).index == 2
    with pytest.raises(UsageError, match="There is no page 4: the document has 3"):
        page_at(Reader(pdf), 4)


def test_only_the_pages_that_are_asked_for_are_read() -> None:
    """The second page is malformed: what is placed on the first never meets it."""
    kids = {2: b"<</Type/Pages/Kids[3 0 R 7 0 R]/Count 2>>", 6: stream(b"")}
    pdf = table_pdf({**BODIES, **kids, 7: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 /A 9]>>"})
    assert placed(pdf, block(Place(page=1, corner="top-right", x=9, y=9))).page == 0
    with pytest.raises(KysoError, match="page 2 has a malformed /MediaBox"):
        placed(pdf, block(Place(page=2, corner="top-right", x=9, y=9)))


@given(
    st.sampled_from([0, 90, 180, 270]),
    st.floats(0.5, 4),
    st.tuples(*[st.floats(-500, 500)] * 2, *[st.floats(1, 900)] * 2),
    st.tuples(*[st.floats(-100, 900)] * 2, *[st.floats(0.1, 500)] * 2),
)
def test_a_box_as_seen_and_its_rectangle_are_two_sides_of_one(
    rotation: int, unit: float, visible: tuple[float, ...], box: tuple[float, ...]
) -> None:
    whole = (visible[0], visible[1], visible[0] + visible[2], visible[1] + visible[3])
    shape = Page(0, page_at(Reader(page()), 1).object, whole, rotation, unit)
    seen = Box(box[0], box[1], box[0] + box[2], box[1] + box[3])
    back = shape.to_seen(shape.to_user(seen))
    assert back == pytest.approx(seen, abs=1e-6)
    assert shape.to_seen(whole) == pytest.approx(shape.box, abs=1e-6)


def test_a_page_tree_in_a_circle_is_refused() -> None:
    pdf = table_pdf({**BODIES, 2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"})
    with pytest.raises(KysoError, match="circle"):
        page_at(Reader(pdf), 1)


# Anchors


def test_a_signature_is_centred_between_title_and_name() -> None:
    found = placed(CONG_VAN, stamp("nguoi-ky", TITLE_AND_NAME))
    box = page_at(Reader(CONG_VAN), 2).to_seen(found.rect)
    assert found.page == 1
    assert box.width == pytest.approx(40 * MM, abs=0.01)
    assert box.height == pytest.approx(20 * MM, abs=0.01)
    assert (box.left + box.right) / 2 == pytest.approx(432.6, abs=1)  # the middle of GIÁM ĐỐC and of the name
    seen = ink(CONG_VAN, shown(CONG_VAN, stamp("nguoi-ky", TITLE_AND_NAME)), number=2)
    assert 175 < seen.top < seen.bottom < 290  # below the title, above the name


def test_the_place_between_title_and_name_does_not_depend_on_how_the_page_is_turned() -> None:
    content = b"BT /F1 13 Tf 1 0 0 1 300 500 Tm (DIRECTOR) Tj 1 0 0 1 295 380 Tm (Nguyen Van Mau) Tj ET"
    between = Place(anchors=("DIRECTOR", "Nguyen Van Mau"))
    rects = [
        placed(page(entries, content=content), stamp("nguoi-ky", between)).rect
        for entries in (b"", b"/CropBox[100 150 560 700]")
    ]
    assert rects[0] == rects[1]
    turned = page(b"/Rotate 90", content=b"q 0 1 -1 0 842 0 cm " + content + b" Q")
    upright = page_at(Reader(page()), 1).to_seen(rects[0])
    box = page_at(Reader(turned), 1).to_seen(placed(turned, stamp("nguoi-ky", between)).rect)
    assert close(box, upright, 0.5)


def test_a_signature_is_made_smaller_where_there_is_less_room_but_a_seal_never() -> None:
    content = b"BT /F1 13 Tf 1 0 0 1 300 500 Tm (DIRECTOR) Tj 1 0 0 1 295 445 Tm (Nguyen Van Mau) Tj ET"
    between = Place(anchors=("DIRECTOR", "Nguyen Van Mau"))
    box = page_at(Reader(page()), 1).to_seen(placed(page(content=content), stamp("nguoi-ky", between)).rect)
    assert 8 * MM < box.height < 16 * MM
    assert box.width / box.height == pytest.approx(2, abs=0.01)
    with pytest.raises(SigningError, match="no room for a stamp of 36 mm"):
        placed(page(content=content), stamp("con-dau", between))


def test_a_text_that_is_not_there_is_said() -> None:
    with pytest.raises(AnchorMissing, match="'CHỦ TỊCH' is not on any of the 2 pages") as caught:
        placed(CONG_VAN, stamp("nguoi-ky", Place(anchors=("CHỦ TỊCH", "Nguyễn Văn Mẫu"))))
    assert caught.value.remedy is not None
    with pytest.raises(AnchorMissing, match="by coordinates"):
        placed(page(), stamp("nguoi-ky", Place(anchors=("GIÁM ĐỐC",))))


def test_a_text_that_is_there_twice_is_refused_with_every_place() -> None:
    content = b"BT /F1 13 Tf 1 0 0 1 72 700 Tm (MAU) Tj 1 0 0 1 300 500 Tm (MAU) Tj ET"
    with pytest.raises(AnchorAmbiguous, match="in 2 places") as caught:
        placed(page(content=content), stamp("nguoi-ky", Place(anchors=("MAU",))))
    assert "1: 26 x 47 mm; 1: 106 x 117 mm" in str(caught.value)


def test_a_page_number_tells_two_places_apart() -> None:
    words = "Sở Thông tin và Truyền thông"
    with pytest.raises(AnchorAmbiguous):
        placed(CONG_VAN, stamp("nguoi-ky", Place(anchors=(words,))))
    with pytest.raises(AnchorAmbiguous, match="in 2 places"):
        placed(CONG_VAN, stamp("nguoi-ky", Place(page=2, anchors=(words,))))
    assert placed(CONG_VAN, block(Place(page=2, anchors=("Nguyễn Văn Mẫu",)))).page == 1


def test_only_whole_words_are_anchors() -> None:
    content = b"BT /F1 13 Tf 1 0 0 1 72 700 Tm (MAUSER) Tj 1 0 0 1 300 500 Tm (MAU) Tj ET"
    box = page_at(Reader(page()), 1).to_seen(placed(page(content=content), block(Place(anchors=("MAU",)))).rect)
    assert box.left > 200


def test_two_texts_must_stand_as_title_and_name() -> None:
    with pytest.raises(AnchorMissing, match="stands nowhere above"):
        placed(CONG_VAN, stamp("nguoi-ky", Place(anchors=("Nguyễn Văn Mẫu", "GIÁM ĐỐC"))))
    pair = b"1 0 0 1 %d 700 Tm (Boss) Tj 0 -80 Td (Mau) Tj "
    twice = b"BT /F1 13 Tf " + pair % 72 + pair % 300 + b"ET"
    with pytest.raises(AnchorAmbiguous, match="in 2 places"):
        placed(page(content=twice), stamp("nguoi-ky", Place(anchors=("Boss", "Mau"))))


def test_a_text_that_is_there_very_often_is_refused_at_once() -> None:
    many = b"".join(b"1 0 0 1 %d %d Tm (Boss Mau) Tj " % (n % 90 * 6, 800 - n // 90 * 9) for n in range(7000))
    with pytest.raises(AnchorAmbiguous, match="stands in"):
        placed(page(content=b"BT /F1 1 Tf " + many + b"ET"), stamp("nguoi-ky", Place(anchors=("Boss", "Mau"))))


# Refusals


def test_a_stamp_that_would_cover_text_is_refused_with_a_picture_of_it() -> None:
    with pytest.raises(StampCovers, match=r"would cover \d+ letters on page 1") as caught:
        placed(CONG_VAN, block(Place(page=1, corner="top-left", x=100, y=300)))
    assert caught.value.picture is not None
    shown_there = Image.open(io.BytesIO(caught.value.picture)).convert("RGB")
    orange = [colour for _, colour in shown_there.getcolors(1 << 24) or [] if colour == (230, 90, 0)]
    assert orange, "the letters are outlined"


def test_a_refused_stamp_is_placed_when_that_is_allowed() -> None:
    where = Place(page=1, corner="top-left", x=100, y=300)
    found = placed(CONG_VAN, block(where, allow_overlap=True))
    assert found.page == 0


@pytest.mark.parametrize("place", [Place(corner="top-left", x=-1, y=9), Place(corner="bottom-right", x=9, y=830)])
def test_a_stamp_that_would_leave_the_page_is_refused(place: Place) -> None:
    with pytest.raises(StampLeavesPage, match="would leave page 1"):
        placed(page(), block(place))
    assert placed(page(), block(place, allow_overlap=True)).page == 0


def test_a_stamp_may_not_leave_the_cropped_part_of_a_page() -> None:
    cropped = page(b"/CropBox[100 150 200 700]")
    with pytest.raises(StampLeavesPage):
        placed(cropped, block(Place(corner="top-left", x=40, y=0)))


def test_only_ink_covers_text() -> None:
    """The letter stands in a corner of the seal's square, where the round seal has nothing."""
    inside = b"BT /F1 8 Tf 1 0 0 1 %d 746 Tm (x) Tj ET"
    seal = stamp("con-dau", Place(corner="top-left", x=0, y=91), info_width="0")
    assert placed(page(content=inside % 3), seal).page == 0
    with pytest.raises(StampCovers, match="1 letters"):
        placed(page(content=inside % 40), seal)


def test_a_stamp_that_would_cover_an_annotation_is_refused() -> None:
    note = b"<</Type/Annot/Subtype/Square/Rect[50 700 150 780]/C[1 0 0]%s>>"
    own = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[6 0 R]>>"
    pdf = table_pdf({**BODIES, 3: own, 6: note % b""})
    with pytest.raises(StampCovers, match="another annotation"):
        placed(pdf, block(Place(corner="top-left", x=60, y=80)))
    hidden = table_pdf({**BODIES, 3: own, 6: note % b"/F 2"})
    assert placed(hidden, block(Place(corner="top-left", x=60, y=80))).page == 0


def test_on_a_scan_what_is_dark_is_not_covered() -> None:
    scan = (DOCUMENTS / "ban-quet-20-trang.pdf").read_bytes()
    with pytest.raises(StampCovers, match="no letters") as caught:
        placed(scan, block(Place(page=3, corner="top-left", x=200, y=200)))
    assert caught.value.picture is not None
    assert placed(scan, block(Place(page=3, corner="bottom-left", x=20, y=10))).page == 2
    assert placed(scan, block(Place(page=3, corner="top-left", x=200, y=200), allow_overlap=True)).page == 2


def test_no_signature_no_place_beside_it() -> None:
    with pytest.raises(SigningError, match="No visible signature is there"):
        placed(CONG_VAN, stamp("con-dau"))
    with pytest.raises(UsageError, match="between two texts"):
        placed(CONG_VAN, stamp("nguoi-ky"))


# Preview


def test_the_preview_shows_the_page_with_the_stamp() -> None:
    what = stamp("nguoi-ky", TITLE_AND_NAME)
    png = preview(Reader(CONG_VAN), what, at=NINE_FIFTEEN, signer="Nguyễn Văn Mẫu", dpi=72)
    seen = Image.open(io.BytesIO(png))
    assert (seen.format, seen.size) == ("PNG", (596, 842))
    blue = sum(
        n for n, c in seen.convert("RGB").getcolors(1 << 24) or [] if isinstance(c, tuple) and c[2] - c[0] > 60
    )
    assert blue > 100


def test_a_preview_of_too_many_pixels_is_refused() -> None:
    huge = page(box=b"0 0 14400 14400")
    with pytest.raises(KysoError, match="pixels"):
        preview(Reader(huge), block(Place(corner="top-left", x=9, y=9)), at=NINE_FIFTEEN, signer="", dpi=600)


def test_a_picture_that_is_too_large_does_not_hide_the_refusal() -> None:
    huge = page(box=b"0 0 14400 14400", content=b"BT /F1 12 Tf 20 14380 Td (Pay) Tj ET")
    with pytest.raises(PlacementRefused) as caught:
        placed(huge, block(Place(corner="top-left", x=9, y=9)))
    assert caught.value.picture is None


def test_a_file_that_readers_count_differently_is_refused() -> None:
    """/Count says one page; the tree has two, and PDFium believes /Count."""
    two = {2: b"<</Type/Pages/Kids[3 0 R 7 0 R]/Count 1>>", 6: stream(b""), 7: b"<</Type/Page/Parent 2 0 R>>"}
    pdf = table_pdf({**BODIES, **two})
    with pytest.raises(KysoError, match="ambiguous"):
        placed(pdf, replace(block(Place(page=2, corner="top-left", x=9, y=9))))


def test_a_stamp_is_placed_on_the_largest_page_that_acrobat_makes_and_not_unseen_on_larger_ones() -> None:
    wide = page(box=b"0 0 14400 14400", content=b"BT /F1 900 Tf 9000 9000 Td (Plan) Tj ET")
    assert placed(wide, block(Place(corner="top-left", x=20, y=20)))
    with pytest.raises(StampCovers, match="letters on page 1"):
        placed(wide, block(Place(corner="bottom-left", x=9100, y=9100)))
    larger = page(box=b"0 0 90000 90000", content=b"BT /F1 900 Tf 9000 9000 Td (Plan) Tj ET")
    with pytest.raises(LimitExceeded, match="too large to see what lies under a stamp"):
        placed(larger, block(Place(corner="top-left", x=20, y=20)))
    assert placed(larger, block(Place(corner="top-left", x=20, y=20), allow_overlap=True))


def test_a_page_without_an_area_cannot_be_shown() -> None:
    outside = page(b"/CropBox[5000 5000 6000 6000]", content=b"BT /F1 12 Tf 72 700 Td (A) Tj ET")
    with pytest.raises(FormatError, match="page 1 cannot be shown: it has no area"):
        placed(outside, block(Place(corner="top-left", x=20, y=20)))


@pytest.mark.parametrize("pages", [b"", b"/Pages 2 0 R"])
def test_a_document_without_a_page_is_called_so(pages: bytes) -> None:
    empty = table_pdf({**BODIES, 1: b"<</Type/Catalog%s>>" % pages, 2: b"<</Type/Pages/Kids[]/Count 0>>"})
    with pytest.raises(FormatError, match="the document has no page") as refused:
        placed(empty, block(Place(corner="top-left", x=20, y=20)))
    assert refused.value.remedy is not None
    assert "kyso repair" not in refused.value.remedy


def test_pages_behind_an_empty_node_are_found() -> None:
    pdf = table_pdf(
        {
            **BODIES,
            2: b"<</Type/Pages/Kids[6 0 R 3 0 R]/Count 1>>",
            6: b"<</Type/Pages/Parent 2 0 R/Kids[]/Count 0>>",
        }
    )
    assert page_at(Reader(pdf), 1).ref.number == page_at(Reader(pdf), -1).ref.number == 3
    assert kyso.sign(pdf, WORLD.person_signer, at=AT)
