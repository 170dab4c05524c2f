"""What PDFium sees in places that the structure of a page calls blank: fonts whose programs move letters (ADR 23)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import kyso
from kyso import mapped
from kyso.eyes import eyes_within
from kyso.looking import look
from kyso_pki.ades.record import FileFacts
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.errors import StampCovers
from kyso_pki.formats import verify_document
from kyso_pki.pdf.appearance.extra import needed
from kyso_pki.pdf.appearance.sight import Eyes
from kyso_pki.pdf.appearance.stamp import Place
from tests.attacks.pdf.paper import Paper
from tests.attacks.xml.packets import attachment, packet
from tests.documents.makers.moving import moved_letters
from tests.documents.makers.stamps import seal_png, signature_png
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.samples import AT, BODIES, WORLD, stream, table_pdf
from tests.pki.reports.shape import assert_shape

EMS = 7.0  # 84 points in a type of 12: from 262 to 346, which is in the place that the seal takes
FONT = (
    b"<</Type/Font/Subtype/TrueType/BaseFont/AAAAAA+Moved/FirstChar 48/LastChar 57/Widths[%s]"
    b"/Encoding/WinAnsiEncoding/FontDescriptor %d 0 R>>"
)
DESCRIPTOR = (
    b"<</Type/FontDescriptor/FontName/AAAAAA+Moved/Flags 32/FontBBox[-200 -300 1200 1000]/ItalicAngle 0/Ascent 891"
    b"/Descent -216/CapHeight 662/StemV 80/FontFile2 %d 0 R>>"
)
SUM = b"BT /F1 12 Tf 310 262 Td (100000000) Tj ET"


def numbers_in(ems: float, first: int = 9) -> tuple[bytes, list[bytes]]:
    """A font for digits, and its objects from number `first` on."""
    program = moved_letters("0123456789", ems)
    font = FONT % (b" ".join([b"500"] * 10), first)
    return font, [DESCRIPTOR % (first + 1), stream(program, b"/Length1 %d" % len(program))]


def paper(ems: float) -> Paper:
    font, objects = numbers_in(ems)
    return Paper([SUM], font=font, objects=objects)


def verified(pdf: bytes, policy: Policy = DEFAULT_POLICY) -> DocumentReport:
    return kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy)


def test_a_seal_in_a_reserved_place_where_a_font_draws_something_is_an_overlay() -> None:
    """P8, P9: the structure says that the sum stands below the seal, and Chrome draws it under the seal."""
    pdf = paper(EMS).filled()
    alone = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert alone.verdict == "passed"
    report = verified(pdf)
    assert [s.verdict for s in report.signatures] == ["indeterminate", "passed"]
    assert report.signatures[0].sub_indication == "SIG_CONSTRAINTS_FAILURE"
    (found,) = [f for f in report.signatures[0].findings if f.code == "OVERLAY"]
    assert (found.severity, "Something is drawn" in found.text) == ("error", True)


def test_the_same_page_with_a_font_that_moves_nothing_passes() -> None:
    report = verified(paper(0.0).filled())
    assert report.verdict == "passed"
    assert not {"OVERLAY", "PLACE_NOT_SEEN"} & {f.code for s in report.signatures for f in s.findings}


def test_what_is_accepted_because_it_is_blank_must_be_blank_when_it_is_drawn() -> None:
    assert verified(paper(0.0).sealed(), Policy(accept_blank_overlays=True)).verdict == "passed"
    assert verified(paper(EMS).sealed(), Policy(accept_blank_overlays=True)).verdict == "indeterminate"


def test_whoever_accepts_overlays_looks_at_the_page() -> None:
    assert verified(paper(EMS).filled(), Policy(accept_overlays=True)).verdict == "passed"


@pytest.mark.parametrize("mapped_from", [1, mapped.MAPPED_FROM])
def test_a_file_on_disk_is_looked_at_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped_from: int
) -> None:
    monkeypatch.setattr(mapped, "MAPPED_FROM", mapped_from)
    path = tmp_path / "van-ban.pdf"
    for ems, verdict in ((EMS, "indeterminate"), (0.0, "passed")):
        path.write_bytes(paper(ems).filled())
        assert kyso.verify(path, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).verdict == verdict


@contextmanager
def _no_eyes(data: bytes, password: str | None) -> Iterator[Eyes]:
    with needed("Finding text on a page"):
        raise ModuleNotFoundError(name="pypdfium2")
    yield


def _unseen(report: DocumentReport) -> tuple[str, str, str]:
    (found,) = [f for f in report.signatures[0].findings if f.code == "PLACE_NOT_SEEN"]
    assert "was not looked at" in found.text
    return found.severity, report.verdict, found.text


def test_where_nothing_can_draw_it_is_said_and_changes_no_verdict() -> None:
    pdf = paper(EMS).filled()
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert _unseen(look(report, pdf, Policy(), eyes=_no_eyes))[:2] == ("warning", "passed")


def test_a_file_that_cannot_be_drawn_within_the_bounds_does_not_pass() -> None:
    """Its maker decides that: by a slow page, by a crowd of places."""
    pdf = paper(EMS).filled()
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert _unseen(look(report, pdf, Policy(), eyes=eyes_within(0.001, 512)))[:2] == ("error", "indeterminate")
    severity, verdict, text = _unseen(look(report, pdf, Policy(), seconds=0.0))
    assert (severity, verdict, "took 0 s" in text) == ("error", "indeterminate", True)


def test_a_page_too_large_to_be_drawn_finely_hides_nothing() -> None:
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]").replace(b"595 842", b"9000 9000")
    pdf = replace(paper(EMS), bodies={3: page}).filled()
    assert verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).verdict == "passed"
    assert verified(pdf).verdict == "indeterminate"


@pytest.mark.parametrize("bottom", [349.0, 349.2, 349.4, 349.6])
def test_a_place_thinner_than_two_pixels_is_looked_at(bottom: float) -> None:
    place = b"300 %.1f 420 %.1f" % (bottom, bottom + 1.2)
    assert verified(paper(EMS).filled(place)).verdict == "indeterminate"
    assert verified(paper(0.0).filled(place)).verdict == "passed"


def prepared(ems: float) -> bytes:
    """A page on which the stamp's place is blank to whoever believes the font; letters stand elsewhere."""
    font, objects = numbers_in(ems, 6)
    return table_pdf({**BODIES, 4: stream(SUM), 5: font, 6: objects[0], 7: objects[1]})


HERE = Place(corner="bottom-left", x=300, y=330)


def test_a_stamp_over_what_a_font_draws_elsewhere_is_refused_with_a_picture() -> None:
    stamp = kyso.load_stamp("nguoi-ky", images=signature_png(), place=HERE)
    kyso.preview(prepared(0.0), stamp)
    with pytest.raises(StampCovers, match="something that is drawn on page 1") as refused:
        kyso.sign(prepared(EMS), WORLD.person_signer, stamp=stamp, at=AT)
    assert refused.value.picture is not None
    assert refused.value.picture.startswith(b"\x89PNG")
    allowed = kyso.load_stamp("nguoi-ky", images=signature_png(), place=HERE, allow_overlap=True)
    assert kyso.sign(prepared(EMS), WORLD.person_signer, stamp=allowed, at=AT)


def test_a_place_where_a_font_draws_something_is_not_reserved() -> None:
    """The signature's own place is blank; the seal's, which reaches lower and farther left, is not."""
    above = Place(corner="bottom-left", x=320, y=362)
    reserving = kyso.load_stamp("nguoi-ky", images=signature_png(), place=above, reserve=["Dau"])
    with pytest.raises(StampCovers, match="The place of the field 'Dau' on page 1 is not blank") as refused:
        kyso.sign(prepared(EMS), WORLD.person_signer, stamp=reserving, at=AT)
    assert refused.value.picture is not None
    alone = kyso.load_stamp("nguoi-ky", images=signature_png(), place=above)
    assert kyso.sign(prepared(EMS), WORLD.person_signer, stamp=alone, at=AT)
    allowed = kyso.load_stamp("nguoi-ky", images=signature_png(), place=above, reserve=["Dau"], allow_overlap=True)
    assert kyso.sign(prepared(EMS), WORLD.person_signer, stamp=allowed, at=AT)


def test_an_encrypted_file_is_looked_at_with_its_password() -> None:
    def password() -> str:
        return "mật khẩu"

    pdf = locked(6, user=password(), pdf=prepared(0.0))
    person = kyso.load_stamp("nguoi-ky", images=signature_png(), place=HERE, reserve=["Dau"])
    once = kyso.sign(pdf, WORLD.person_signer, stamp=person, at=AT, password=password)
    seal = kyso.load_stamp("con-dau", images=seal_png())
    twice = kyso.sign(once, WORLD.seal_signer, stamp=seal, field="Dau", at=AT, password=password)
    report = kyso.verify(twice, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), password=password)
    assert report.verdict == "passed"
    assert "PLACE_NOT_SEEN" not in {f.code for s in report.signatures for f in s.findings}
    assert any(c.places for c in report.signatures[0].changes_after)


def test_the_places_stand_in_the_report_and_in_recorded_facts() -> None:
    pdf = paper(0.0).filled()
    report = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    (change,) = report.signatures[0].changes_after
    assert [place.rectangle for place in change.places] == [(300.0, 300.0, 420.0, 400.0)]
    assert_shape(report.to_json())
    assert FileFacts.from_json(kyso.facts(pdf).to_json()).signatures[0].changes_after == (change,)


def test_a_password_that_a_file_does_not_need_does_no_harm() -> None:
    """A batch has one password; a file that opens without any is stamped and looked at all the same."""
    pdf = locked(6, pdf=prepared(0.0))
    stamp = kyso.load_stamp("nguoi-ky", images=signature_png(), place=HERE)
    assert kyso.preview(pdf, stamp, password=lambda: "of another file")
    assert kyso.sign(pdf, WORLD.person_signer, stamp=stamp, at=AT, password=lambda: "of another file")


def test_a_document_in_a_packet_is_looked_at_as_one_by_itself() -> None:
    for ems, verdict in ((0.0, "passed"), (EMS, "indeterminate")):
        found = kyso.verify(
            packet(attachment(paper(ems).filled(), "a.pdf")), trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)
        )
        codes = {f.code for s in found.attachments[0].signatures for f in s.findings}
        assert (found.verdict, "OVERLAY" in codes) == (verdict, bool(ems))


def test_documents_of_one_packet_share_the_time_for_looking() -> None:
    report = verify_document(paper(EMS).filled(), trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    late = look(report, paper(EMS).filled(), kyso.Policy(), spent=60.0)
    (said,) = [f for s in late.signatures for f in s.findings if f.code == "PLACE_NOT_SEEN"]
    assert "drawing the places before it took 60 s" in said.text
    assert late.verdict == "indeterminate"


def test_whoever_replays_the_facts_of_a_packet_is_told_too() -> None:
    facts = kyso.facts(packet(attachment(paper(EMS).filled(), "a.pdf")))
    report = kyso.replay(facts, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert "PLACE_NOT_SEEN" in {f.code for s in report.attachments[0].signatures for f in s.findings}


def test_who_replays_recorded_facts_is_told_that_the_place_was_not_looked_at() -> None:
    found = kyso.facts(paper(EMS).filled())
    report = kyso.replay(found, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    (said,) = [f for s in report.signatures for f in s.findings if f.code == "PLACE_NOT_SEEN"]
    assert (report.verdict, said.severity) == ("passed", "warning")
