"""What is read of signatures that others made, and which later changes are harmless by their exact shape."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
)
from pyhanko.stamp import TextStampStyle

from kyso_pki.errors import SigningError
from kyso_pki.formats import verify_document
from kyso_pki.pdf.permission import Lock, Permission
from tests.attacks.pdf.attack import hand_signed, prepared
from tests.attacks.pdf.updates import CERTIFIED, appearance, filled, form_signed
from tests.pki.pdf.samples import (
    AT,
    BODIES,
    SIGNATURE_BOX,
    WORLD,
    append,
    evidence_context,
    facts,
    hanko_prepared,
    hanko_signed,
    holder,
    intact,
    pike,
    raw,
    signed,
    stream,
    table_pdf,
    with_fields,
)

PADES, PKCS7 = SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED
DOCUMENTS = Path(__file__).resolve().parents[2] / "documents"


@pytest.mark.parametrize("object_streams", [False, True])
@pytest.mark.parametrize(("subfilter", "family"), [(PADES, "PAdES"), (PKCS7, "CMS")])
def test_signatures_of_pyhanko_are_read(object_streams: bool, subfilter: SigSeedSubFilter, family: str) -> None:
    pdf = hanko_signed(pike(object_streams=object_streams), subfilter=subfilter, reason="Phê duyệt", location="Huế")
    (found,) = facts(pdf)
    assert intact(found)
    assert (found.family, found.id, found.reason, found.location) == (family, "S1", "Phê duyệt", "Huế")
    assert found.certificate == WORLD.person
    assert found.claimed_time is not None
    assert verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).passed


def test_a_signature_that_says_pades_but_binds_no_certificate_is_not_pades() -> None:
    """EN 319 142-1 6.3: the signing certificate attribute is mandatory."""
    pdf = hanko_signed(table_pdf(), subfilter=PADES)
    attribute = b"060B2A864886F70D010910022F"  # signing-certificate-v2, as pyHanko writes it
    assert pdf.count(attribute) == 1
    (found,) = facts(pdf.replace(attribute, attribute[:-1] + b"E"))
    assert found.family == "CMS"
    assert "NO_ESS_CERTIFICATE" in [f.code for f in found.findings]


def test_the_documents_in_the_tests_are_read() -> None:
    (one,) = facts((DOCUMENTS / "da-ky.pdf").read_bytes())
    assert intact(one)
    assert one.id == "ChuKyNguoiKy"
    first, second = facts((DOCUMENTS / "da-ky-hai-chu-ky.pdf").read_bytes())
    assert intact(second)
    assert first.signature_intact
    (seal,) = [c for c in first.changes_after if c.field == "ChuKyCoQuan"]
    assert (seal.kind, seal.allowed, seal.blank, seal.page, seal.revision) == ("overlay", False, True, 2, 3)


# Changes that are harmless by their shape -------------------------------------------------------------------------


@cache
def long_term() -> bytes:
    """Signed by kyso, then by pyHanko with evidence, a document timestamp and its evidence."""
    return hanko_signed(
        signed(table_pdf()),
        WORLD.seal_signer,
        tsa=holder(WORLD.tsa_signer),
        subfilter=PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=evidence_context(),
    )


def test_evidence_and_document_timestamps_are_allowed_additions() -> None:
    first, second, stamp = facts(long_term())
    assert all(map(intact, (first, second, stamp)))
    assert stamp.family == "DOCTIMESTAMP"
    assert stamp.timestamps[0].kind == "document"
    assert stamp.timestamps[0].intact
    assert {c.kind for c in first.changes_after} == {"metadata", "signature", "timestamp", "evidence"}
    assert stamp.changes_after
    assert set(second.changes_after) < set(first.changes_after)


def test_a_document_timestamp_over_other_octets_is_broken() -> None:
    pdf = long_term()
    changed = pdf.replace(b"Pay 100 to Mau", b"Pay 900 to Mau")
    stamp = facts(changed)[-1]
    assert not stamp.references_intact
    assert stamp.signature_intact


def test_a_file_with_evidence_can_be_signed_again() -> None:
    found = facts(signed(long_term()))
    assert len(found) == 4
    assert all(map(intact, found))


def test_prepared_boxes_are_signed_visibly_by_pyhanko_one_after_the_other() -> None:
    boxes = [SigFieldSpec(name, box=(x, 10, x + 140, 80)) for name, x in (("A", 10), ("B", 160))]
    boxed = hanko_prepared(table_pdf(), *boxes)
    once = hanko_signed(boxed, field_name="A", stamp=TextStampStyle(), subfilter=PADES)
    twice = hanko_signed(once, WORLD.seal_signer, field_name="B", stamp=TextStampStyle(), subfilter=PADES)
    first, second = facts(twice)
    assert intact(first)
    assert intact(second)
    assert any("'B' was filled and signed" in c.text for c in first.changes_after)


@pytest.mark.parametrize(("box", "blank"), [((10, 10, 120, 120), True), ((60, 700, 160, 760), False)])
def test_a_new_visible_signature_is_an_overlay_and_what_lies_under_it_is_told(
    box: tuple[int, int, int, int], blank: bool
) -> None:
    pdf = hanko_signed(
        signed(table_pdf()),
        WORLD.seal_signer,
        field_name="Seal",
        new_field=SigFieldSpec("Seal", box=box),
        stamp=TextStampStyle(),
        subfilter=PADES,
    )
    first, second = facts(pdf)
    assert intact(second)
    assert [(c.kind, c.blank) for c in first.changes_after if not c.allowed] == [("overlay", blank)]
    assert any("lies over the page" in c.text for c in first.changes_after) is not blank


def test_a_certification_allows_signatures_and_form_filling_only_as_far_as_it_says() -> None:
    pdf = hanko_signed(table_pdf(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS, subfilter=PADES)
    first, second = facts(signed(pdf))
    assert intact(first)
    assert intact(second)
    closed = hanko_signed(table_pdf(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, subfilter=PADES)
    assert intact(facts(closed)[0])


@pytest.mark.parametrize("level", [2, 3])
def test_form_filling_that_shows_its_value_is_listed_and_allowed(level: int) -> None:
    (found,) = facts(filled(form_signed(level), b"250", b"250"))
    assert intact(found)
    assert [(c.kind, c.text) for c in found.changes_after] == [
        ("form", "Revision 3: the form field 'Amount' was changed: '100' → '250'.")
    ]


def test_a_check_box_may_be_switched_between_the_states_that_it_has() -> None:
    box = b"<</Type/Annot/Subtype/Widget/FT/Btn/T(Agree)/V/%s/AS/%s/Rect[9 9 19 19]/P 3 0 R/AP<</N<</Yes 9 0 R>>>>>>"
    base = form_signed()
    bodies = {n: raw(base, n) for n in (1, 7, 10)} | {8: box % (b"Off", b"Off"), 9: appearance(b"X")}
    pdf = hand_signed(prepared(CERTIFIED % 2, bodies=bodies))
    assert intact(facts(append(pdf, {8: box % (b"Yes", b"Yes")}))[0])
    assert not intact(facts(append(pdf, {8: box % (b"Yes", b"Off2")}))[0])
    assert not intact(facts(append(pdf, {8: box % (b"No", b"Yes")}))[0])


def test_dates_and_producer_may_be_written_anew() -> None:
    pdf = signed(table_pdf({**BODIES, 6: b"<</Title(A)/ModDate(D:2025)>>"}, b"/Root 1 0 R/Info 6 0 R"))
    changed = append(pdf, {6: b"<</Title(A)/ModDate(D:2026)/Producer(B)>>"}, trailer=b"/Info 6 0 R")
    (found,) = facts(changed)
    assert intact(found)
    assert [c.kind for c in found.changes_after] == ["metadata"]


def test_text_may_be_encoded_anew() -> None:
    """A writer that reads and writes the document information again changes its octets, not what it says."""
    bodies = {**BODIES, 6: b"<</Title<FEFF0041>/Creator(B)>>"}
    pdf = signed(table_pdf(bodies, b"/Root 1 0 R/Info 6 0 R/DocChecksum/ABC"))
    (found,) = facts(append(pdf, {6: b"<</Title(A)/Creator<FEFF0042>>>"}, trailer=b"/Info 6 0 R"))
    assert intact(found)


def test_an_object_written_again_as_it_was_is_no_change() -> None:
    pdf = signed(table_pdf())
    (found,) = facts(append(pdf, {4: BODIES[4], 5: BODIES[5]}))
    assert intact(found)
    assert found.changes_after == ()


def test_metadata_may_be_replaced_when_only_the_catalog_uses_them() -> None:
    xmp = b"/Type/Metadata/Subtype/XML"
    bodies = {**BODIES, 1: b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>", 6: stream(b"<x/>", xmp)}
    (found,) = facts(append(signed(table_pdf(bodies)), {6: stream(b"<y/>", xmp)}))
    assert intact(found)
    assert [c.kind for c in found.changes_after] == ["metadata"]


def test_what_changed_is_told_for_each_signature_from_its_own_moment_on() -> None:
    pdf = signed(signed(table_pdf()), WORLD.seal_signer)
    pdf = append(pdf, {4: stream(b"BT (other) Tj ET")})
    first, second = facts(pdf)
    assert [c.kind for c in first.changes_after] == ["signature", "content"]
    assert [c.kind for c in second.changes_after] == ["content"]
    assert not intact(first)
    assert not intact(second)


def test_a_prepared_box_may_be_small_and_still_needs_new_ink() -> None:
    pdf = signed(
        with_fields(SIGNATURE_BOX % (b"A", b"10 10 110 60", b""), SIGNATURE_BOX % (b"B", b"9 9 99 99", b"")),
        field="A",
    )
    assert all(map(intact, facts(signed(pdf, WORLD.seal_signer, field="B"))))


# Permissions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "covered", "free"),
    [
        (Lock("All"), ("A", "A.B"), ()),
        (Lock("Include", frozenset({"A"})), ("A", "A.B", "A.B.C"), ("B", "AB")),
        (Lock("Include", frozenset({"A.B"})), ("A.B", "A.B.C"), ("A", "A.C")),
        (Lock("Exclude", frozenset({"A"})), ("B", "AB"), ("A", "A.B")),
    ],
)
def test_a_lock_covers_fields_by_full_name_and_the_fields_below(
    lock: Lock, covered: tuple[str, ...], free: tuple[str, ...]
) -> None:
    assert all(lock.covers(name) for name in covered)
    assert not any(lock.covers(name) for name in free)


def test_permissions_add_up_to_the_least() -> None:
    both = Permission(3, (Lock("All"),)).also(Permission(2)).also(Permission())
    assert both == Permission(2, (Lock("All"),))
    assert both.form_filling
    assert not both.closed
    assert Permission(1).also(both).closed


def test_a_lock_set_by_pyhanko_is_read() -> None:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["B"])
    boxed = hanko_prepared(with_fields(), SigFieldSpec("A", field_mdp_spec=lock), SigFieldSpec("B"))
    once = hanko_signed(boxed, field_name="A", subfilter=PADES)
    assert intact(facts(once)[0])
    with pytest.raises(SigningError, match="locked"):
        signed(once, field="B")


# Facts for people and programs ------------------------------------------------------------------------------------


def test_a_signature_tells_where_it_stands_and_what_it_permits() -> None:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["B"])
    boxed = hanko_prepared(with_fields(), SigFieldSpec("A", field_mdp_spec=lock), SigFieldSpec("B"))
    pdf = hanko_signed(boxed, field_name="A", certify=True, docmdp_permissions=MDPPerm.FILL_FORMS, subfilter=PADES)
    (found,) = facts(signed(pdf, WORLD.seal_signer, field="C"))[:1]
    where = found.pdf
    assert where is not None
    assert (where.field, where.sub_filter, where.revision, where.revisions) == ("A", "ETSI.CAdES.detached", 3, 4)
    assert (where.certifies, where.permission) == (True, 2)
    assert where.locks == (Lock("Include", frozenset({"B"})),)
    zero, gap, rest, size = where.byte_range
    assert zero == 0
    assert pdf[gap : gap + 1] == b"<"
    assert pdf[rest - 1 : rest] == b">"
    assert rest + size == len(pdf)
    assert where.store is None
    assert not where.own_evidence


def test_the_evidence_in_the_file_is_counted_and_told_for_whom_it_is() -> None:
    first, second, _ = (f.pdf for f in facts(long_term()))
    assert first is not None
    assert second is not None
    assert second.store is not None
    assert (second.store.certificates > 0, second.store.crls > 0) == (True, True)
    assert second.own_evidence
    assert not first.own_evidence


def test_a_change_names_its_object_field_page_and_values() -> None:
    (found,) = facts(filled(form_signed(), b"250", b"250"))
    (change,) = found.changes_after
    assert (change.revision, change.object, change.field, change.page) == (3, 8, "Amount", 1)
    assert (change.old, change.new) == ("'100'", "'250'")


@pytest.mark.parametrize(
    ("bodies", "kind", "number", "old", "new"),
    [
        ({4: stream(b"BT (other) Tj ET")}, "content", 4, "a stream of 45 bytes", "a stream of 16 bytes"),
        (
            {5: b"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"},
            "font",
            5,
            "/BaseFont 'Helvetica'",
            "/BaseFont 'Symbol'",
        ),
    ],
)
def test_a_refused_change_names_the_page_that_shows_it(
    bodies: dict[int, bytes], kind: str, number: int, old: str, new: str
) -> None:
    (found,) = facts(append(signed(table_pdf()), bodies))
    (change,) = found.changes_after
    assert (change.kind, change.object, change.page) == (kind, number, 1)
    assert (change.old, change.new) == (old, new)
