"""The linter finds what it names and nothing else, refuses by its policy, and is bounded on any input."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, LintRefused, UsageError
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.lint.checks import BY_CODE, CHECKS
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.lint.policy import DEFAULT_LINT, WARN_ONLY, LintPolicy, policy_from, policy_named
from kyso_pki.pdf.lint.report import MAX_PER_CODE, LintReport
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.samples import SHAPES, append, raw, shaped, signed, stream

from .cases import BY_POLICY, CASES, CLEAN, Case, clicked, field, file

DOCUMENTS = Path(__file__).resolve().parents[3] / "documents"


def report(pdf: bytes, policy: LintPolicy = DEFAULT_LINT) -> LintReport:
    return lint(Reader(pdf), policy)


def codes(pdf: bytes, policy: LintPolicy = DEFAULT_LINT) -> set[str]:
    return {s.observation.code for s in report(pdf, policy).stated}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.code}-{c.why[:20]}")
def test_what_a_check_names_is_found_and_its_nearest_sibling_is_not(case: Case) -> None:
    assert case.code in codes(case.found)
    assert case.code not in codes(case.clean)


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.code != "NOT_CHECKED"], ids=lambda c: f"{c.code}-{c.why[:20]}"
)
def test_every_case_is_a_pdf_that_can_be_read(case: Case) -> None:
    assert "NOT_CHECKED" not in codes(case.found)
    with pikepdf.open(io.BytesIO(case.found)) as opened:
        assert len(opened.pages) == 1


def test_every_code_has_a_case() -> None:
    of_xml = {"SPLIT_TEXT", "STYLESHEET"}  # tests/pki/xml/test_splitting.py, test_showing.py
    assert {c.code for c in CASES} | BY_POLICY.keys() | of_xml == BY_CODE.keys()


def test_transparency_is_told_only_when_a_policy_asks_for_it() -> None:
    asked = LintPolicy((("TRANSPARENCY", "warn"),))
    found, clean = BY_POLICY["TRANSPARENCY"]
    assert "TRANSPARENCY" not in codes(found)
    assert "TRANSPARENCY" in codes(found, asked)
    assert "TRANSPARENCY" not in codes(clean, asked)


def test_a_clean_file_has_nothing_to_say() -> None:
    assert report(CLEAN).stated == ()


@pytest.mark.parametrize("shape", [s for s in SHAPES if s != "hybrid in two"])
def test_no_shape_of_file_leaves_objects_unreachable_or_unchecked(shape: str) -> None:
    assert codes(shaped(shape)) <= {"FONT_NOT_EMBEDDED"}


@pytest.mark.parametrize("name", ["cong-van", "cong-van-objstm", "ban-quet-20-trang", "da-ky", "da-ky-hai-chu-ky"])
def test_ordinary_documents_of_an_office_pass_without_a_word(name: str) -> None:
    assert report((DOCUMENTS / f"{name}.pdf").read_bytes()).stated == ()


def test_a_signed_file_may_be_signed_again_without_a_word_about_its_updates() -> None:
    assert report(signed(signed(CLEAN))).stated == ()


def test_what_an_update_to_a_signed_file_leaves_behind_is_told_apart_from_what_was_hidden_in_it() -> None:
    """A reserved field loses its empty appearance when it is signed later; nobody hid that object."""
    box = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Dau)/Rect[60 300 200 340]/F 4%s>>"
    look = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 90 90]")
    reserved = file({40: look}, annotations=(box % b"/AP<</N 40 0 R>>",), form=b"")
    widget = next(n for n, _ in Reader(reserved).revisions[0].entries() if n and b"/T(Dau)" in raw(reserved, n))
    replaced = {widget: box % b""}
    assert codes(append(signed(reserved), replaced)) == set()
    assert "UNREACHABLE" in codes(append(reserved, replaced))  # before the first signature it is a leftover
    assert "UNREACHABLE" in codes(signed(file({41: b"<</Left/Over>>"})))


def test_a_seal_that_was_set_over_text_is_its_signers_business() -> None:
    box = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Dau)/Rect[60 700 200 740]/F 4/AP<</N 40 0 R>>>>"
    look = stream(b"0 0 90 90 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 90 90]")
    pdf = file({40: look}, annotations=(box,), form=b"")
    assert "ANNOTATION_OVER_TEXT" in codes(pdf)
    assert "ANNOTATION_OVER_TEXT" not in codes(signed(pdf, field="Dau"))


def test_an_encrypted_file_is_looked_into() -> None:
    assert "JAVASCRIPT" in codes(locked(6, pdf=clicked(b"/S/JavaScript/JS(app.alert)")))


# Policy --------------------------------------------------------------------------------------------------------


def test_the_default_refuses_active_content_and_hidden_layers_and_warns_of_the_rest() -> None:
    refused = {c.code for c in CHECKS if c.action == "refuse"}
    assert refused == {
        "JAVASCRIPT", "OPEN_ACTION", "ADDITIONAL_ACTION", "LAUNCH", "SUBMIT", "DISPLAY_ACTION", "MULTIMEDIA",
        "POSTSCRIPT", "XFA", "HIDDEN_LAYER", "PRINT_LAYER", "EXTERNAL_STREAM", "REFERENCE_XOBJECT", "NOT_CHECKED",
            "LINEARIZATION", "SEEMING_OBJECT", "CONTENT_STOPS", "CONTENT_UNREADABLE", "PAGE_TREE",
            "CONTENT_MALFORMED", "FONT_MALFORMED", "PAGE_SHAPE", "STYLESHEET",
    }  # fmt: skip


def test_a_refusal_names_everything_that_is_refused() -> None:
    pdf = file(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>", page=b"/AA<</O<</S/Named/N/Print>>>>")
    with pytest.raises(LintRefused) as refused:
        PdfDocument(pdf).lint(DEFAULT_LINT).refuse()
    assert refused.value.code == "format.lint"
    assert refused.value.details["codes"] == ("JAVASCRIPT", "OPEN_ACTION", "ADDITIONAL_ACTION")
    assert "on the events O" in str(refused.value)


def test_warn_never_refuses_and_a_table_decides_per_code() -> None:
    pdf = clicked(b"/S/Launch/F(cmd.exe)")
    report(pdf, WARN_ONLY).refuse()
    assert [s.action for s in report(pdf, WARN_ONLY).stated] == ["warn"]
    report(pdf, policy_from({"LAUNCH": "ignore"})).refuse()
    with pytest.raises(LintRefused):
        report(clicked(b"/S/URI/URI(a)"), policy_from({"uri": "refuse"})).refuse()
    assert policy_named("off") is None
    assert policy_named("warn") is WARN_ONLY


@pytest.mark.parametrize("table", [{"UNKNOWN": "warn"}, {"URI": "maybe"}, {"URI": 1}])
def test_a_policy_with_an_unknown_code_or_action_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        policy_from(table)


def test_many_of_a_kind_are_counted_and_not_listed() -> None:
    fields = tuple(field(b"f%d" % n, b"9 %d 90 %d" % (n * 20, n * 20 + 9), flags=6) for n in range(MAX_PER_CODE + 7))
    stated = report(file(annotations=fields, form=b"")).stated
    assert len(stated) == MAX_PER_CODE
    assert stated[-1].more == 7


# Bounds --------------------------------------------------------------------------------------------------------


def test_too_many_fields_on_each_other_are_not_compared_without_end() -> None:
    fields = tuple(field(b"f%d" % n, b"9 9 90 20") for n in range(900))
    assert {"OVERLAPPING_FIELDS", "NOT_CHECKED"} <= codes(file(annotations=fields, form=b""))


def test_a_page_tree_and_forms_that_run_in_circles_end() -> None:
    pdf = file({2: b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2/Parent 2 0 R>>"})
    assert codes(pdf) == {"PAGE_TREE"}
    circle = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 40 0 R>>>>"
    stamp = b"<</Type/Annot/Subtype/Stamp/F 4/Rect[1 1 9 9]/AP<</N 40 0 R>>>>"
    pdf = file(
        {40: b"<<" + circle + b"/Length 5>>stream\n/X Do\nendstream"},
        resources=b"/XObject<</X 40 0 R>>",
        content=b"/X Do",
        annotations=(stamp,),
    )
    assert codes(pdf) == set()


_VICTIMS = [c.found for c in CASES]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_a_report_or_is_refused_as_unreadable(data: st.DataObject) -> None:
    pdf = bytearray(data.draw(st.sampled_from(_VICTIMS)))
    for _ in range(data.draw(st.integers(1, 5))):
        pdf[data.draw(st.integers(0, len(pdf) - 1))] = data.draw(st.integers(0, 255))
    try:
        reader = Reader(bytes(pdf))
    except FormatError:
        return
    lint(reader)


def test_the_table_of_checks_stands_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[4] / "docs" / "lint.md").read_text("utf-8")
    for check in CHECKS:
        assert f"| `{check.code}` | {check.action} | {check.clause} | {check.means} |" in text
