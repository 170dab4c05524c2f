"""Visible signatures: valid for kyso, pdfsig and pyHanko, the first one still after the second with the seal."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

import kyso
from kyso_cli.stamping import doubts
from kyso_pki.document import Intent
from kyso_pki.errors import SigningError, UsageError
from kyso_pki.pdf.appearance.spots import SHARE
from kyso_pki.pdf.appearance.stamp import VIETNAM, Place, Stamp
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.fields import all_fields
from kyso_pki.pdf.pages import Box, page_at, rectangle_of
from kyso_pki.pdf.reader import Reader
from tests.documents.makers.stamps import seal_png, signature_png
from tests.judges import pdfsig, pyhanko
from tests.pki.pdf.samples import AT, BODIES, SHAPES, WORLD, facts, intact, roots, shaped, stream, table_pdf

from .seen import CONG_VAN, MM, block, close, ink, page, placed, poppler, stamp, text

PERSON, SEAL = WORLD.person_signer, WORLD.seal_signer
DOCUMENTS = Path(__file__).resolve().parents[3] / "documents"
SIGNATURE = kyso.load_stamp(
    "nguoi-ky", images=signature_png(), place=Place(anchors=("GIÁM ĐỐC", "Nguyễn Văn Mẫu")), reserve=["DauCoQuan"]
)
ALONE = kyso.load_stamp("nguoi-ky", images=signature_png(), place=SIGNATURE.place)
OVER = kyso.load_stamp("con-dau", images=seal_png())


def verdicts(pdf: bytes) -> list[str]:
    """kyso's verdicts, after pdfsig and pyHanko have found every signature valid."""
    names = {f.name for f in all_fields(Reader(pdf)) if f.type == "Sig" and f.value is not None}
    seen = [s for s in pdfsig.verify(pdf).signatures if s.field in names]
    assert len(seen) == len(names)
    assert all(s.intact for s in seen)
    assert any(s.total for s in seen)
    judged = pyhanko.verify(pdf, roots())
    assert judged.valid, judged.output
    report = kyso.verify(pdf, trust=WORLD.trust, fetcher=WORLD.fetcher(AT))
    return [s.verdict for s in report.signatures]


def box_of(pdf: bytes, name: str, number: int) -> Box:
    reader = Reader(pdf)
    field = next(f for f in all_fields(reader) if f.name == name)
    rectangle = rectangle_of(reader, field.dictionary["Rect"])
    assert rectangle is not None
    return page_at(reader, number).to_seen(rectangle)


def test_the_seal_over_the_signature_keeps_both_valid_when_its_field_was_reserved() -> None:
    once = kyso.sign(CONG_VAN, PERSON, stamp=SIGNATURE, at=AT)
    assert verdicts(once) == ["passed"]
    twice = kyso.sign(once, SEAL, stamp=OVER, field="DauCoQuan", at=AT)
    assert twice.startswith(once)
    assert verdicts(twice) == ["passed", "passed"]
    assert all(c.allowed for c in facts(twice)[0].changes_after)


def test_the_preview_of_the_seal_shows_the_signature_it_will_cover() -> None:
    """A signature is drawn by its form field; without it nobody could judge the third that the decree asks for."""

    def blue(png: bytes) -> int:
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        return sum(n for n, (r, g, b) in picture.getcolors(1 << 24) or () if b > r + 60 and b > g + 40)  # type: ignore[misc]  # RGB

    once = kyso.sign(CONG_VAN, PERSON, stamp=SIGNATURE, at=AT)
    alone = blue(kyso.preview(CONG_VAN, ALONE))
    assert alone > 50
    assert blue(kyso.preview(once, OVER, field="DauCoQuan")) > alone // 2


def test_what_the_verifier_will_say_of_a_seal_is_known_when_its_place_is_reserved() -> None:
    """An inline image has no bound (ADR 8): the seal will be an overlay, though its place is white."""
    for content, expected in (
        (b"", None),
        (b"BI /W 1/H 1/BPC 8/CS/G ID \xff EI", "cannot be told without drawing it"),
    ):
        stamp_ = kyso.load_stamp(
            "nguoi-ky", images=signature_png(), place=Place(corner="top-left", x=200, y=90), reserve=["Dau"]
        )
        once = kyso.sign(page(content=content), PERSON, stamp=stamp_, field="A", at=AT)
        found = doubts(once, ["Dau"])
        assert [name for name, _ in found] == ([] if expected is None else ["Dau"])
        twice = kyso.sign(once, SEAL, stamp=OVER, field="Dau", at=AT)
        report = kyso.verify(twice, trust=WORLD.trust, fetcher=WORLD.fetcher(AT))
        assert report.signatures[0].verdict == ("passed" if expected is None else "indeterminate")
        if expected is not None:
            why = found[0][1]
            assert expected in why
            assert any(why in f.text for f in report.signatures[0].findings)


def test_without_a_reserved_field_the_seal_asks_for_a_look_though_it_covers_nothing_of_the_page() -> None:
    once = kyso.sign(CONG_VAN, PERSON, stamp=ALONE, at=AT)
    twice = kyso.sign(once, SEAL, stamp=OVER, at=AT)
    assert verdicts(twice) == ["indeterminate", "passed"]


@pytest.mark.parametrize("reserved", [True, False])
def test_the_seal_covers_a_third_of_the_signature_on_its_left(reserved: bool) -> None:
    once = kyso.sign(CONG_VAN, PERSON, stamp=SIGNATURE if reserved else ALONE, field="NguoiKy", at=AT)
    twice = kyso.sign(once, SEAL, stamp=OVER, field="DauCoQuan", at=AT)
    person = box_of(twice, "NguoiKy", 2)
    seal = box_of(twice, "DauCoQuan", 2)
    assert seal.right == pytest.approx(person.left + person.width * SHARE, abs=0.05)
    assert seal.left < person.left
    assert (seal.top + seal.bottom) / 2 == pytest.approx((person.top + person.bottom) / 2, abs=0.05)
    seen = ink(once, twice, number=2)
    red = Box(seal.right - 36 * MM, seal.top, seal.right, seal.bottom)
    assert close(Box(red.left, seen.top, seen.right, seen.bottom), red, 1.5)
    assert "Sở Thông tin và Truyền" in text(twice)


def test_several_visible_signatures_are_named_where_one_must_be_chosen() -> None:
    once = kyso.sign(page(), PERSON, stamp=block(Place(corner="top-left", x=200, y=90)), field="A", at=AT)
    twice = kyso.sign(once, PERSON, stamp=block(Place(corner="top-left", x=200, y=300)), field="B", at=AT)
    with pytest.raises(SigningError, match="'A' on page 1; 'B' on page 1"):
        kyso.sign(twice, SEAL, stamp=OVER, at=AT)
    beside = kyso.load_stamp("con-dau", images=seal_png(), place=Place(beside="B"))
    pdf = kyso.sign(twice, SEAL, stamp=beside, field="C", at=AT)
    assert box_of(pdf, "C", 1).top > 250


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_every_shape_is_signed_visibly(shape: str) -> None:
    pdf = kyso.sign(shaped(shape), PERSON, stamp=block(Place(corner="bottom-left", x=40, y=40)), at=AT)
    assert all(map(intact, facts(pdf)))
    assert pdfsig.verify(pdf).valid
    assert close(ink(shaped(shape), pdf), box_of(pdf, "Signature1", 1))


def boxed(rect: str, rotate: int = 0) -> bytes:
    """A page with an empty visible signature field `Box`, as another program prepares it."""
    pdf = pikepdf.open(io.BytesIO(page(b"/Rotate %d" % rotate)))
    first = pdf.pages[0].obj
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T="Box", F=4, P=first)
    field.Rect = Array([int(n) for n in rect.split()])
    ref = pdf.make_indirect(field)
    first.Annots = Array([ref])
    pdf.Root.AcroForm = Dictionary(Fields=Array([ref]))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_stamp_goes_into_the_middle_of_an_existing_field(rotate: int) -> None:
    before = boxed("100 200 400 400", rotate)
    pdf = kyso.sign(before, PERSON, stamp=block(Place()), field="Box", at=AT)
    assert verdicts(pdf) == ["passed"]
    field = box_of(pdf, "Box", 1)
    x, y = (field.left + field.right) / 2, (field.top + field.bottom) / 2
    half = (15 * MM, 6 * MM)
    assert close(ink(before, pdf), Box(x - half[0], y - half[1], x + half[0], y + half[1]), 1.5)


def test_a_field_that_exists_keeps_its_place() -> None:
    before = boxed("100 200 400 400")
    with pytest.raises(UsageError, match="has a place of its own"):
        kyso.sign(before, PERSON, stamp=block(Place(corner="top-left", x=9, y=9)), field="Box", at=AT)
    with pytest.raises(UsageError, match="The stamp is for the field 'Box'"):
        kyso.sign(before, PERSON, stamp=block(Place(field="Box")), field="Other", at=AT)
    with pytest.raises(SigningError, match="There is no empty signature field 'Other'"):
        kyso.sign(before, PERSON, stamp=block(Place(field="Other")), at=AT)
    pdf = kyso.sign(before, PERSON, stamp=block(Place(field="Box")), at=AT)
    assert verdicts(pdf) == ["passed"]
    elsewhere = placed(before, block(Place(corner="top-left", x=9, y=9)))
    intent = Intent(AT, field="Box", appearance=elsewhere)
    with pytest.raises(UsageError, match="made for another field"):
        PdfDocument(before).prepare(intent, PERSON.chain, PERSON.scheme)


def test_a_small_field_makes_a_signature_smaller_but_refuses_a_seal() -> None:
    before = boxed("100 200 160 230")
    pdf = kyso.sign(before, PERSON, stamp=kyso.load_stamp("nguoi-ky", images=signature_png()), field="Box", at=AT)
    assert verdicts(pdf) == ["passed"]
    seen = ink(before, pdf)
    assert 100 - 2 <= seen.left < seen.right <= 160 + 2
    with pytest.raises(SigningError, match=r"61\.0 x 36\.0 mm, the field 'Box' has 21\.2 x 10\.6 mm"):
        kyso.sign(before, SEAL, stamp=OVER, field="Box", at=AT)
    with pytest.raises(SigningError, match="is invisible"):
        kyso.sign(boxed("0 0 0 0"), SEAL, stamp=OVER, field="Box", at=AT)


def test_a_reserved_field_needs_a_free_name_and_a_place_on_the_page() -> None:
    for name in ("", "a.b"):
        with pytest.raises(UsageError, match="cannot be the name"):
            kyso.sign(page(), PERSON, stamp=_reserving(name, 300), at=AT)
    with pytest.raises(SigningError, match="The field 'Dau' would leave page 1"):
        kyso.sign(page(), PERSON, stamp=_reserving("Dau", 5), at=AT)


def _reserving(name: str, x: float) -> Stamp:
    place = Place(corner="top-left", x=x, y=200)
    return kyso.load_stamp("nguoi-ky", images=signature_png(), place=place, reserve=[name])


def test_an_xml_document_shows_no_stamp() -> None:
    with pytest.raises(UsageError, match="Only a PDF"):
        kyso.sign(b"<a/>", PERSON, stamp=OVER, at=AT)


def test_the_time_on_the_stamp_is_the_claimed_time_of_the_signature() -> None:
    pdf = kyso.sign(CONG_VAN, SEAL, stamp=kyso.load_stamp("sao-y"), at=AT)
    assert facts(pdf)[0].claimed_time == AT
    shown_time = AT.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")
    assert shown_time in text(pdf)


# PDF/A


def archived(part: int, *, intent: bool = True) -> bytes:
    """A file that says in its metadata to be PDF/A."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><pdfaid:part>%d</pdfaid:part></x:xmpmeta>' % part
    intents = b"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1>>]" if intent else b""
    catalog = b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R%s>>" % intents
    return table_pdf({**BODIES, 1: catalog, 6: stream(xmp, b"/Type/Metadata/Subtype/XML")})


def test_a_transparent_image_is_refused_where_pdf_a_forbids_it() -> None:
    seal = kyso.load_stamp("con-dau", images=seal_png(), place=Place(corner="top-left", x=200, y=300))
    with pytest.raises(SigningError, match="PDF/A-1, which allows no transparency"):
        kyso.sign(archived(1), SEAL, stamp=seal, at=AT)
    with pytest.raises(SigningError, match="PDF/A-2 without an output intent"):
        kyso.sign(archived(2, intent=False), SEAL, stamp=seal, at=AT)
    assert verdicts(kyso.sign(archived(2), SEAL, stamp=seal, at=AT)) == ["passed"]


@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_stamp_of_text_may_go_on_any_pdf_a(part: int) -> None:
    pdf = kyso.sign(archived(part, intent=False), SEAL, stamp=stamp("sao-y"), at=AT)
    assert verdicts(pdf) == ["passed"]


def test_nothing_of_a_stamp_depends_on_the_device_or_on_the_machine() -> None:
    """What PDF/A asks of an appearance: embedded fonts, device colour in a mask only, Print and not Hidden."""
    once = kyso.sign(CONG_VAN, PERSON, stamp=SIGNATURE, at=AT)
    pdf = pikepdf.open(io.BytesIO(kyso.sign(once, SEAL, stamp=OVER, field="DauCoQuan", at=AT)))
    for widget in pdf.pages[1].Annots:
        assert int(widget.F) & 0b100111 == 4
        assert set(widget.AP.keys()) == {"/N"}
        resources = widget.AP.N.Resources
        assert b" rg" not in widget.AP.N.read_bytes()
        assert resources.ColorSpace.C[0] == Name.CalRGB
        for font in resources.get("/Font", {}).values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert len(descriptor.FontFile2.read_bytes()) > 1000
            count = len(font.DescendantFonts[0].W[1])
            assert descriptor.CIDSet.read_bytes()[0] == 0xFF
            assert len(descriptor.CIDSet.read_bytes()) == (count + 7) // 8
        for image in resources.get("/XObject", {}).values():
            assert image.ColorSpace[0] == Name.CalRGB
    assert b"LiberationSerif" in poppler(CONG_VAN, "pdffonts")


# The extra


def test_signing_without_a_stamp_loads_none_of_its_libraries() -> None:
    code = (
        "import sys, kyso\nfrom kyso_pki.testing import World\nfrom datetime import UTC, datetime\n"
        "world = World.create(at=datetime.now(UTC))\n"
        f"kyso.sign(open({str(DOCUMENTS / 'cong-van.pdf')!r}, 'rb').read(), world.person_signer)\n"
        "print([m for m in ('fontTools', 'PIL', 'segno', 'pypdfium2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
