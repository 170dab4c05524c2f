"""Templates: what the decree asks for, in points; what a template file may say; what is refused."""

from __future__ import annotations

import pkgutil
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.errors import KysoError, LimitExceeded, UsageError
from kyso_pki.pdf.appearance.layout import Lettering, Shown, draw
from kyso_pki.pdf.appearance.stamp import Place, Stamp, written
from kyso_pki.pdf.appearance.template import BUILT_IN, built_in, read_template
from tests.documents.makers.stamps import signature_png

from .seen import AGENCY, MM, NINE_FIFTEEN, stamp, text_stamp


@pytest.mark.parametrize("name", ["phu-luc", "sao-y", "sao-luc", "trich-sao"])
def test_text_stamps_are_set_upright_in_10_points_and_black(name: str) -> None:
    made = draw(text_stamp(name), NINE_FIFTEEN, AGENCY)
    (lettering,) = made.parts
    assert isinstance(lettering, Lettering)
    assert (lettering.size, lettering.colour) == (10, "#000000")
    standing = built_in(name).standing
    assert (standing.way, standing.corner, standing.page) == ("corner", "top-right", 1)
    assert not built_in(name).images


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("sao-y", ("SAO Y", AGENCY, "16/11/2026 09:15:00 +07:00")),
        ("sao-luc", ("SAO LỤC", AGENCY, "16/11/2026 09:15:00 +07:00")),
        ("trich-sao", ("TRÍCH SAO", AGENCY, "16/11/2026 09:15:00 +07:00")),
        ("phu-luc", ("1234/STTTT-CNTT", "16/11/2026 09:15:00 +07:00")),
    ],
)
def test_text_stamps_say_what_the_decree_lists(name: str, lines: tuple[str, ...]) -> None:
    made = draw(text_stamp(name), NINE_FIFTEEN, AGENCY)
    (lettering,) = made.parts
    assert isinstance(lettering, Lettering)
    assert tuple(line.text for line in lettering.lines) == lines


@pytest.mark.parametrize("size", ["36", "38"])
def test_the_seal_has_its_real_size(size: str) -> None:
    made = draw(stamp("con-dau", size=size), NINE_FIFTEEN, AGENCY)
    assert made.focus.width == pytest.approx(float(size) * MM)
    assert made.focus.height == pytest.approx(float(size) * MM)
    assert made.height == pytest.approx(float(size) * MM)


def test_the_text_of_the_seal_can_be_left_out() -> None:
    made = draw(stamp("con-dau", info_width="0"), NINE_FIFTEEN, AGENCY)
    assert [type(part) for part in made.parts] == [Shown]
    assert made.width == pytest.approx(36 * MM)


def test_the_incoming_stamp_is_a_rectangle_of_50_by_35_millimetres() -> None:
    made = draw(stamp("den", number="57"), NINE_FIFTEEN, "Văn phòng UBND tỉnh Mẫu")
    assert made.width == pytest.approx(50 * MM)
    assert made.height == pytest.approx(35 * MM)
    lines = [line.text for part in made.parts if isinstance(part, Lettering) for line in part.lines]
    assert lines[:4] == ["VĂN PHÒNG UBND TỈNH MẪU", "ĐẾN", "Số: 57", "Ngày: 16/11/2026"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("dd/mm/yyyy hh:mm:ss +07:00", "01/02/2026 00:04:05 +07:00"),
        ("yyyy-mm-ddThh:mm:ss+07:00", "2026-02-01T00:04:05+07:00"),
        ("ngày dd tháng mm năm yyyy; hh giờ mm phút ss giây", "ngày 01 tháng 02 năm 2026; 00 giờ 04 phút 05 giây"),
        ("dd/mm/yyyy hh:mm:ss Z", "31/01/2026 17:04:05 Z"),
    ],
)
def test_the_signing_time_is_written_in_the_zone_that_its_pattern_names(pattern: str, said: str) -> None:
    assert written(datetime(2026, 1, 31, 17, 4, 5, tzinfo=UTC), pattern) == said


def test_a_free_template_shows_text_image_and_qr_code() -> None:
    toml = """
        title = "Phiếu tiếp nhận"
        [settings]
        code = "HS-2026-000123"
        [[text]]
        text = "Mã hồ sơ: {code}"
        x = 22
        [[qr]]
        text = "https://dichvucong.example.vn/{code}"
        size = 20
        [[image]]
        y = 22
        width = 40
        height = 10
    """.encode()
    free = Stamp(read_template(toml, "phieu"), (("image", signature_png()),))
    made = draw(free, NINE_FIFTEEN, AGENCY)
    assert [type(part).__name__ for part in made.parts] == ["Lettering", "Shown", "Filled"]
    assert made.height == pytest.approx(32 * MM)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("", "shows 0 things"),
        ("not toml", "no TOML"),
        ('[[text]]\ntext = "a"\ncolor = "#000000"', "'color' is unknown"),
        ("[[text]]\ntext = 5", "wrong kind"),
        ('[[text]]\ntext = "a"\nsize = true', "wrong kind"),
        ('[[text]]\ntext = "a"\nalign = "middle"', "allowed are left, centre, right"),
        ('[[text]]\ntext = "a"\ncolour = "red"', "#RRGGBB"),
        ("[[text]]\nx = 1", "something is missing"),
        ('[text]\ntext = "a"', "two brackets"),
        ('[place]\nway = "anywhere"\n[[text]]\ntext = "a"', "allowed are corner, between, beside"),
        ("[[image]]\nwidth = 1\nheight = 1\n" * 65, "shows 65 things"),
        ("# " + "x" * 70_000, "at most 65536"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused_in_words(toml: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_template(toml.encode(), "thu")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Stamp(built_in("phu-luc")), "needs document"),
        (stamp("phu-luc", document="1", colour="x"), "has no setting 'colour'"),
        (Stamp(built_in("con-dau")), "image 'image', which was not given"),
        (stamp("con-dau", size="wide"), "is no length"),
        (stamp("con-dau", size="9999"), "2000 are allowed"),
        (stamp("sao-y", agency="A" * 60), "mm long"),
        (stamp("den", agency="Cơ quan " * 30), "mm in height"),
        (stamp("sao-y", agency="dòng\u202ekín"), "U\\+202E cannot be part"),
        (stamp("sao-y", agency="漢字"), "has no letter"),
    ],
)
def test_a_stamp_that_cannot_be_drawn_is_refused_in_words(wrong: Stamp, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        draw(wrong, NINE_FIFTEEN, AGENCY)


def test_settings_within_settings_do_not_grow_without_end() -> None:
    grown = {"a": "{b}" * 99, "b": "{c}" * 99, "c": "x" * 99}
    toml = "[settings]\n" + "".join(f'{k} = "{v}"\n' for k, v in grown.items()) + '[[text]]\ntext = "{a}"'
    with pytest.raises(LimitExceeded, match="grows beyond"):
        draw(Stamp(read_template(toml.encode(), "thu")), NINE_FIFTEEN, AGENCY)
    circle = b'[settings]\na = "{b}"\nb = "{a}"\n[[text]]\ntext = "{a}"'
    with pytest.raises(UsageError):
        draw(Stamp(read_template(circle, "thu")), NINE_FIFTEEN, AGENCY)


SOURCES = [pkgutil.get_data("kyso_pki.pdf.appearance", f"builtin/{name}.toml") or b"" for name in BUILT_IN]


@settings(deadline=None)
@given(st.sampled_from(SOURCES), st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=12))
def test_a_damaged_template_is_a_template_or_an_error_in_words(data: bytes, at: int, cut: int, new: bytes) -> None:
    damaged = data[: at % len(data)] + new + data[at % len(data) + cut :]
    try:
        template = read_template(damaged, "thu")
        images = tuple((name, signature_png()) for name in template.images)
        draw(Stamp(template, images, tuple((n, "1") for n in template.required)), NINE_FIFTEEN, AGENCY)
    except KysoError as e:
        assert e.message


def test_every_built_in_template_is_described_in_both_languages() -> None:
    for name in BUILT_IN:
        template = built_in(name)
        assert template.title != name
        assert template.title_en != name
    with pytest.raises(UsageError, match="There is no template 'khac'"):
        built_in("khac")


def test_a_place_is_one_way_and_a_possible_one() -> None:
    for wrong in ({"x": 1.0, "anchors": ("a",)}, {"field": "a", "beside": "b"}, {"page": 0}, {"scale": 0.0}):
        with pytest.raises(UsageError):
            Place(**wrong)
