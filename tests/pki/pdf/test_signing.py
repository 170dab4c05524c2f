"""What kyso signs: judged by pdfsig and pyHanko, the input kept to the byte, and refused where it must be."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from pyhanko.sign.fields import MDPPerm

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Level
from kyso_pki.errors import (
    FormatError,
    SignatureValueInvalid,
    SigningError,
    UsageError,
)
from kyso_pki.evidence import Evidence
from kyso_pki.formats import open_document, verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.objects import Ref
from kyso_pki.pdf.reader import Reader
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner
from tests.judges import flip, pdfsig, pyhanko
from tests.pki.pdf.samples import (
    AT,
    BODIES,
    SHAPES,
    SIGNATURE_BOX,
    WORLD,
    append,
    facts,
    hanko_signed,
    intact,
    raw,
    roots,
    saved,
    shaped,
    signed,
    stream,
    table_pdf,
    with_fields,
)

SIGNERS = {
    "RSA-2048": WORLD.person_signer,
    "RSA-2048 PSS": WORLD.person_signer.using(pss=True),
    "P-256": WORLD.seal_signer,
}
DOCUMENTS = Path(__file__).resolve().parents[2] / "documents"


def prepared(pdf: bytes, signer: SoftwareSigner = WORLD.person_signer, **intent: str):  # type: ignore[no-untyped-def]  # the type is PdfPending, as PdfDocument.prepare says
    return PdfDocument(pdf).prepare(Intent(AT, **intent), signer.chain, signer.scheme)  # type: ignore[arg-type]  # every option here is text


@pytest.mark.parametrize("shape", SHAPES)
def test_a_signed_file_of_every_shape_is_valid_for_pdfsig_and_pyhanko(shape: str) -> None:
    pdf = signed(shaped(shape), reason="Phê duyệt")
    seen = pdfsig.verify(pdf)
    assert seen.valid, seen.output
    assert seen.signatures[0].kind == "ETSI.CAdES.detached"
    if "hybrid" not in shape:  # pyHanko by its settings judges no hybrid file
        judged = pyhanko.verify(pdf, roots())
        assert judged.valid, judged.output
        assert judged.signatures[0].coverage == "ENTIRE_FILE"
    assert all(map(intact, facts(pdf)))


@pytest.mark.parametrize("shape", SHAPES)
def test_three_signatures_stand_one_after_the_other(shape: str) -> None:
    pdf = shaped(shape)
    for signer in (WORLD.person_signer, WORLD.seal_signer, WORLD.person_signer):
        before = pdf
        pdf = signed(pdf, signer)
        assert pdf.startswith(before)
    seen = pdfsig.verify(pdf)
    assert seen.valid, seen.output
    assert [s.total for s in seen.signatures] == [False, False, True]
    if "hybrid" not in shape:
        judged = pyhanko.verify(pdf, roots())
        assert judged.valid, judged.output  # its own analysis of changes agrees
    found = facts(pdf)
    assert [f.id for f in found] == ["Signature1", "Signature2", "Signature3"]
    assert all(map(intact, found))
    assert [len(f.changes_after) for f in found] == [2, 1, 0]
    assert {c.kind for f in found for c in f.changes_after} == {"signature"}


@pytest.mark.parametrize("key", SIGNERS)
def test_every_kind_of_key_signs(key: str) -> None:
    pdf = signed(table_pdf(), SIGNERS[key])
    assert pyhanko.verify(pdf, roots()).valid
    (found,) = facts(pdf)
    assert intact(found)
    assert found.family == "PAdES"
    assert found.scheme == SIGNERS[key].scheme


@pytest.mark.parametrize("name", ["cong-van.pdf", "cong-van-objstm.pdf", "ban-quet-20-trang.pdf", "da-ky.pdf"])
def test_documents_of_the_field_are_signed(name: str) -> None:
    source = (DOCUMENTS / name).read_bytes()
    pdf = signed(source)
    assert pdf.startswith(source)
    assert pdfsig.verify(pdf).valid
    assert intact(facts(pdf)[-1])


def test_the_report_passes_and_tells_what_was_said() -> None:
    moment = datetime(2026, 11, 20, 15, 30, 12, tzinfo=timezone(timedelta(hours=7)))
    intent = Intent(moment, reason="Phê duyệt (số 1)", location="Hà Nội", contact="van-thu@tinh-mau.example")
    pdf = sign_document(PdfDocument(table_pdf()), intent, WORLD.person_signer)
    (found,) = facts(pdf)
    assert (found.reason, found.location) == ("Phê duyệt (số 1)", "Hà Nội")
    assert found.claimed_time == moment
    assert found.certificate == WORLD.person
    assert found.coverage.whole
    assert verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).passed
    opened = pikepdf.open(io.BytesIO(pdf))
    signature = opened.Root.AcroForm.Fields[0].V
    assert str(signature.Reason) == "Phê duyệt (số 1)"
    assert str(signature.M) == "D:20261120083012Z"


def test_a_timestamp_makes_it_b_t() -> None:
    pdf = sign_document(open_document(table_pdf()), Intent(AT, "B-T"), WORLD.person_signer, WORLD.timestamper(AT))
    judged = pyhanko.verify(pdf, roots())
    assert judged.valid, judged.output
    assert judged.signatures[0].timestamp is not None
    (found,) = facts(pdf)
    (stamp,) = found.timestamps
    assert stamp.intact
    assert stamp.kind == "signature"
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert report.signatures[0].level == "PAdES-B-T"


def test_a_prepared_file_waits_for_a_value_and_only_its_hash_is_needed() -> None:
    signer = WORLD.person_signer
    source = table_pdf()
    pending = prepared(source)
    assert pending.field == "Signature1"
    assert pending.imprint == digest("sha256", pending.to_be_signed)
    assert len(pending.to_be_signed) < 400
    pdf = pending.finish(signer.sign([pending.imprint])[0])
    assert pdf.startswith(source)
    assert pending.timestamp_message(b"value") == b"value"


def test_the_same_input_gives_the_same_octets() -> None:
    signer = WORLD.person_signer
    assert prepared(table_pdf()).to_be_signed == prepared(table_pdf()).to_be_signed
    assert signed(table_pdf(), signer) == signed(table_pdf(), signer)


def test_a_value_by_another_key_is_refused() -> None:
    other = WORLD.stranger_signer
    pending = prepared(table_pdf())
    with pytest.raises(SignatureValueInvalid):
        pending.finish(other.sign([pending.imprint])[0])
    with pytest.raises(SignatureValueInvalid):
        pending.finish(b"")


@pytest.mark.parametrize(("level", "timestamps"), [("B-T", 0), ("B-B", 1), ("B-T", 2)])
def test_the_wrong_number_of_timestamps_is_refused(level: Level, timestamps: int) -> None:
    signer = WORLD.person_signer
    pending = PdfDocument(table_pdf()).prepare(Intent(AT, level), signer.chain, signer.scheme)
    value = signer.sign([pending.imprint])[0]
    with pytest.raises(SigningError, match="prepared for"):
        pending.finish(value, Evidence(timestamps=(b"0\x00",) * timestamps))


def test_a_token_that_does_not_fit_is_refused() -> None:
    signer = WORLD.person_signer
    pending = PdfDocument(table_pdf()).prepare(Intent(AT, "B-T", timestamp_size=100), signer.chain, signer.scheme)
    value = signer.sign([pending.imprint])[0]
    with pytest.raises(SigningError, match="kept free"):
        pending.finish(value, Evidence(timestamps=(b"\x30\x82\x08\x00" + bytes(2048),)))


def test_the_slot_holds_the_signature_without_waste() -> None:
    for signer in SIGNERS.values():
        pending = prepared(table_pdf(), signer)
        pdf = pending.finish(signer.sign([pending.imprint])[0])
        contents = pdf[pending.size + pending.slot.at + 1 :][: 2 * pending.slot.room]
        used = len(contents.rstrip(b"0")) // 2
        assert used <= pending.slot.room < used + 200


# Fields and forms -----------------------------------------------------------------------------------------------


def test_an_existing_empty_field_is_filled_and_keeps_its_place() -> None:
    box = SIGNATURE_BOX % (b"ChuKy", b"10 10 110 60", b"/MK<</BC[0 0 1]>>")
    pdf = signed(with_fields(box), field="ChuKy")
    assert b"/Rect[10 10 110 60]" in raw(pdf, 7)
    assert b"/MK<</BC[0 0 1]>>" in raw(pdf, 7)
    assert pdfsig.verify(pdf).signatures[0].field == "ChuKy"
    assert pyhanko.verify(pdf, roots()).valid
    assert [f.id for f in facts(pdf)] == ["ChuKy"]


def test_two_prepared_fields_are_signed_one_after_the_other() -> None:
    boxes = [SIGNATURE_BOX % (n, r, b"") for n, r in ((b"A", b"10 10 110 60"), (b"B", b"120 10 220 60"))]
    pdf = signed(signed(with_fields(*boxes), field="A"), WORLD.seal_signer, field="B")
    assert pdfsig.verify(pdf).valid
    assert pyhanko.verify(pdf, roots()).valid
    assert all(map(intact, facts(pdf)))


def test_a_field_below_another_is_named_in_full() -> None:
    parent = b"<</T(Duyet)/Kids[8 0 R]>>"
    kid = SIGNATURE_BOX % (b"GiamDoc", b"0 0 0 0", b"/Parent 7 0 R")
    pdf = signed(
        with_fields(parent, kid).replace(b"/Fields[7 0 R 8 0 R]", b"/Fields[7 0 R]      "), field="Duyet.GiamDoc"
    )
    assert [f.id for f in facts(pdf)] == ["Duyet.GiamDoc"]
    assert pyhanko.verify(pdf, roots()).valid


@pytest.mark.parametrize(
    "catalog",
    [
        b"",
        b"/AcroForm<<>>",
        b"/AcroForm<</Fields[]>>",
        b"/AcroForm<</Fields[6 0 R]/SigFlags 1>>",
        b"/AcroForm<</Fields 8 0 R/DA(/F1 0 Tf)>>",
        b"/AcroForm 7 0 R",
        b"/AcroForm null",
    ],
)
@pytest.mark.parametrize("annotations", [b"", b"/Annots[]", b"/Annots[6 0 R]", b"/Annots 9 0 R", b"/Annots 10 0 R"])
def test_the_form_and_the_annotations_are_extended_wherever_they_stand(catalog: bytes, annotations: bytes) -> None:
    text = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Ten)/Rect[0 0 9 9]/P 3 0 R>>"
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page" + annotations),
        6: text,
        7: b"<</Fields 8 0 R/SigFlags 0>>",
        8: b"[6 0 R % a comment ]\n]",
        9: b"[6 0 R]",
        10: b"null",
    }
    pdf = signed(signed(table_pdf(bodies)), WORLD.seal_signer)
    assert pdfsig.verify(pdf).valid
    assert all(map(intact, facts(pdf)))
    opened = pikepdf.open(io.BytesIO(pdf))
    names = [str(f.T) for f in opened.Root.AcroForm.Fields]
    assert names == (["Ten"] if b"6 0 R" in catalog or b"8 0 R" in catalog or b"7 0 R" in catalog else []) + [
        "Signature1",
        "Signature2",
    ]
    assert int(opened.Root.AcroForm.SigFlags) == 3
    widgets = [a for a in opened.pages[0].Annots if a.get("/FT") == Name.Sig]
    assert len(widgets) == 2
    assert all(w.P.objgen == opened.pages[0].objgen for w in widgets)


def test_the_trailer_keeps_what_it_said() -> None:
    """ISO 32000-2 7.5.6: an added trailer holds all entries of the one before, except /Prev."""
    source = table_pdf({**BODIES, 6: b"<</Title(A)>>"}, b"/Root 1 0 R/Info 6 0 R/DocChecksum/ABC/ID[<01><02>]")
    trailer = Reader(signed(source)).trailer
    assert (trailer["DocChecksum"], trailer["Info"], trailer["Root"]) == ("ABC", Ref(6), Ref(1))
    identity = trailer["ID"]
    assert isinstance(identity, list)
    assert identity[0] == b"\x01"
    assert identity[1] != b"\x02"


def test_a_new_field_takes_a_free_name_or_the_given_one() -> None:
    pdf = signed(with_fields(SIGNATURE_BOX % (b"Signature1", b"0 0 9 9", b"")))
    assert facts(pdf)[0].id == "Signature2"
    assert facts(signed(table_pdf(), field="Chữ ký"))[0].id == "Chữ ký"


@pytest.mark.parametrize(
    ("field", "error", "words"),
    [
        ("Ten", SigningError, "no signature field"),
        ("Signed", SigningError, "already signed"),
        ("a.b", UsageError, "full stop"),
        ("", UsageError, "name"),
    ],
)
def test_a_field_that_cannot_be_signed_is_refused(field: str, error: type[Exception], words: str) -> None:
    text = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Ten)/Rect[0 0 9 9]/P 3 0 R>>"
    pdf = signed(with_fields(text), field="Signed")
    with pytest.raises(error, match=words):
        prepared(pdf, field=field)


def test_a_lock_of_the_field_goes_into_the_signature() -> None:
    lock = b"/Lock<</Type/SigFieldLock/Action/Include/Fields[(Ten) (A.B)]>>"
    pdf = signed(with_fields(SIGNATURE_BOX % (b"S", b"0 0 9 9", lock)), field="S")
    assert pyhanko.verify(pdf, roots()).valid
    opened = pikepdf.open(io.BytesIO(pdf))
    reference = opened.Root.AcroForm.Fields[0].V.Reference[0]
    assert reference.TransformMethod == "/FieldMDP"
    assert [str(f) for f in reference.TransformParams.Fields] == ["A.B", "Ten"]
    with pytest.raises(SigningError, match="locked"):
        prepared(pdf, field="Ten")


@pytest.mark.parametrize(
    ("more", "words"),
    [(b"/SV<</Ff 1>>", "demands"), (b"/Lock<</Action/Some>>", "lock")],
)
def test_demands_of_a_field_that_are_not_met_are_refused(more: bytes, words: str) -> None:
    with pytest.raises((SigningError, FormatError), match=words):
        prepared(with_fields(SIGNATURE_BOX % (b"S", b"0 0 9 9", more)), field="S")


# What is not signed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: b"\n" + d,
        lambda d: d[:-7],
        lambda d: d + b"junk",
        lambda d: d.replace(b"/Kids[3 0 R]", b"/Kids[9 0 R]"),
        lambda d: d.replace(b"/Kids[3 0 R]", b"/Kids[<<>>] "),
        lambda d: d.replace(b"3 0 obj", b"8 0 obj"),
        lambda d: d.replace(b"/Type/Page/", b"/Annots(x)/"),
    ],
)
def test_a_malformed_file_is_refused_with_a_way_out(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(FormatError) as caught:
        prepared(damage(table_pdf()))
    assert "kyso repair" in str(caught.value)


def test_of_a_file_without_a_page_no_repair_is_promised() -> None:
    with pytest.raises(FormatError, match="the document has no page") as caught:
        prepared(table_pdf().replace(b"/Kids[3 0 R]", b"/Kids[]     "))
    assert "Make the PDF anew" in str(caught.value)


def test_the_way_out_leads_out() -> None:
    """What the remedy says: a file rewritten by another program can be signed."""
    broken = table_pdf().replace(b"xref\n0 6\n", b"xref\n0 9\n")
    with pytest.raises(FormatError):
        PdfDocument(broken)
    with pikepdf.open(io.BytesIO(broken)) as opened:
        assert intact(facts(signed(saved(opened)))[0])


def test_a_document_certified_against_changes_is_not_signed_again() -> None:
    with pytest.raises(SigningError, match="certified"):
        prepared(hanko_signed(table_pdf(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES))
    again = signed(hanko_signed(table_pdf(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS))
    assert all(map(intact, facts(again)))
    assert pyhanko.verify(again, roots()).valid


# Every byte counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["table", "object streams"])
def test_any_flipped_byte_under_the_signature_is_refused(shape: str) -> None:
    source = shaped(shape)
    pdf = signed(source)
    reader = Reader(pdf)
    number = next(n for n, e in reader.revisions[-1].entries() if e.kind and b"/ByteRange" in raw(pdf, n))
    found = reader.fetch(number)
    assert found is not None
    gap = pdf.index(b"<", pdf.index(b"/Contents", found.start)), pdf.index(b">", pdf.index(b"/Contents", found.start))
    rng = random.Random(7)  # noqa: S311 - a sample, not a secret
    structure = range(len(source), gap[0])
    sample = {*rng.sample(range(len(source)), 150), *rng.sample(structure, 60), *range(gap[1], len(pdf) - 1)}
    for index in sorted(sample):
        assert _refused(flip.at(pdf, index)), index


def _refused(pdf: bytes) -> bool:
    try:
        found = facts(pdf)
    except FormatError:
        return True
    return not found or not any(map(intact, found))


def test_any_flipped_digit_of_the_signature_is_refused() -> None:
    pdf = signed(table_pdf())
    assert _refused(flip.in_pdf_value(pdf))
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    used = start + len(pdf[start:end].rstrip(b"0"))
    attributes = pdf.index(WORLD.person_signer.chain.leaf.der.hex().encode(), start)
    value = range(used - 512, used)  # the signature value stands last
    for index in (*range(start, start + 40), attributes + 100, *value[::16], *range(used + 1, end, 37), end - 1):
        changed = pdf[:index] + (b"1" if pdf[index : index + 1] == b"0" else b"0") + pdf[index + 1 :]
        assert _refused(changed), index


def test_an_unsigned_file_has_no_signatures() -> None:
    for shape in SHAPES:
        assert facts(shaped(shape)) == []


def test_white_space_after_the_end_is_no_change() -> None:
    assert intact(facts(signed(table_pdf()) + b"\r\n\x00 ")[0])


def test_a_file_without_a_final_line_end_is_signed() -> None:
    source = table_pdf()[:-1]
    pdf = signed(source)
    assert pdf.startswith(source + b"\n")
    assert pdfsig.verify(pdf).valid
    assert intact(facts(pdf)[0])


def test_a_large_file_is_not_copied_more_than_once() -> None:
    import tracemalloc

    source = table_pdf({**BODIES, 6: stream(random.Random(1).randbytes(20_000_000))})  # noqa: S311 - not a secret
    signer = WORLD.person_signer
    tracemalloc.start()
    pending = PdfDocument(source).prepare(Intent(AT), signer.chain, signer.scheme)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    pdf = pending.finish(signer.sign([pending.imprint])[0])
    assert tracemalloc.get_traced_memory()[1] < len(source) + 4_000_000  # the result itself
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert intact(facts(pdf)[0])
    assert tracemalloc.get_traced_memory()[1] - before < 2_000_000
    tracemalloc.stop()


def test_the_moment_of_signing_is_a_claim_in_utc() -> None:
    pdf = signed(table_pdf())
    (found,) = facts(pdf)
    assert found.claimed_time is not None
    assert found.claimed_time.tzinfo == UTC
    assert b"signingTime" not in pdf
    opened = pikepdf.open(io.BytesIO(append(pdf, {})))
    assert isinstance(opened.Root.AcroForm.Fields, Array)
    assert isinstance(opened.Root.AcroForm, Dictionary)
