"""A signature that only a page names has its verdict, and does no harm to the form's own where it is none."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from tests.pki.pdf.samples import BODIES, WORLD, facts, intact, signed, table_pdf

from . import outside
from .attack import Attack
from .judged import assert_refused, verdict

HARMLESS = {
    "an empty field": outside.WIDGET.replace(b"/V 9 0 R", b""),
    "a text field": outside.WIDGET.replace(b"/FT/Sig", b"/FT/Tx").replace(b"9 0 R", b"(100)"),
    "a link": b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://mau.example)>>>>",
    "nothing": b"null",
    "a stream": b"<</Length 3>>stream\nabc\nendstream",
    "a popup": b"<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Parent 6 0 R>>",
    "a circle": b"<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Parent 8 0 R>>",
}


@pytest.mark.parametrize("attack", outside.ATTACKS, ids=lambda a: a.name)
def test_a_signature_outside_the_form_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_it_has_a_verdict_of_its_own_and_the_others_keep_theirs() -> None:
    first, second = facts(outside.beside())
    assert intact(first)
    assert [f.code for f in second.findings] == ["OUTSIDE_FORM"]
    assert second.id == "B (outside the form, 8)"
    assert second.coverage.what == "page 1, object 8"


@pytest.mark.parametrize("widget", [outside.WIDGET, outside.WIDGET.replace(b"/F 4", b"/F 4/F 4")])
def test_a_file_with_such_a_field_is_not_signed(widget: bytes) -> None:
    for pdf in (outside.base(widget=widget), outside.beside(widget=widget)):
        with pytest.raises(FormatError, match=r"outside the form|object 8: .* key twice"):
            signed(pdf)


def test_several_widgets_of_one_field_outside_the_form_are_one_signature() -> None:
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[6 0 R 7 0 R]")
    kid = b"<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]/Parent 8 0 R>>"
    bodies = {**BODIES, 3: page, 6: kid, 7: kid, 8: b"<</FT/Sig/T(B)/Kids[6 0 R 7 0 R]/V 9 0 R>>", 9: outside.VALUE}
    assert len(facts(outside.elsewhere(table_pdf(bodies)))) == 2


@pytest.mark.parametrize("annotation", HARMLESS.values(), ids=HARMLESS)
def test_other_annotations_are_no_signatures(annotation: bytes) -> None:
    assert verdict(outside.beside(widget=annotation)) == "passed"


def test_a_widget_that_the_kids_of_its_field_omit_has_the_verdict_of_the_field() -> None:
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[6 0 R]")
    listed = signed(
        table_pdf(
            {
                **BODIES,
                1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>>>",
                3: page,
                6: b"<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]/Parent 7 0 R>>",
                7: b"<</FT/Sig/T(A)>>",
            }
        ),
        field="A",
    )
    assert all(map(intact, facts(signed(listed, WORLD.seal_signer))))


def test_a_hundred_fields_outside_the_form_are_named_up_to_a_bound() -> None:
    widgets = dict.fromkeys(range(10, 110), outside.WIDGET)
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[%s]" % b" ".join(b"%d 0 R" % n for n in widgets))
    rest = dict.fromkeys((6, 7, 8), b"null")
    many = table_pdf({**BODIES, 3: page, **rest, 9: outside.VALUE, **widgets})
    found = facts(outside.elsewhere(many, 200))
    assert intact(found[0])
    assert len(found) == 65
