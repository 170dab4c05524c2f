"""P10: documents prepared so that what is seen is not what is signed are noticed before the key moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import kyso
from kyso_pki.pdf.lint.checks import BY_CODE
from kyso_pki.pdf.lint.policy import DEFAULT_LINT, LintPolicy
from tests.pki.pdf.lint.cases import CLEAN, clicked, covered, file, layered, shown, stamped, with_xobject
from tests.pki.pdf.samples import AT, WORLD, append, stream


def image_over_text() -> bytes:
    """P7 shadow hide: overlapping opaque images over text."""
    return covered(b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET q 200 0 0 40 60 710 cm /X Do Q")


def stamp_over_text() -> bytes:
    """P7 shadow hide: an annotation that a later update only frees."""
    return stamped(b"60 700 200 740")


def value_behind_an_appearance() -> bytes:
    """P8 shadow replace: field /V != /AP."""
    return shown(b"100 dong", b"/V(100000000 dong)")


def second_document() -> bytes:
    """Two catalogs: a later update only has to name the other one."""
    other = {
        50: b"<</Type/Catalog/Pages 51 0 R>>",
        51: b"<</Type/Pages/Kids[52 0 R]/Count 1>>",
        52: b"<</Type/Page/Parent 51 0 R/MediaBox[0 0 595 842]/Contents 53 0 R>>",
        53: stream(b"BT /F1 12 Tf 72 720 Td (Pay 999 to me) Tj ET"),
    }
    return file(other)


def objects_kept_in_reserve() -> bytes:
    """Objects unreachable from the trailer."""
    return file({50: stream(b"BT /F1 12 Tf 72 720 Td (Pay 999 to me) Tj ET")})


def state_that_was_replaced() -> bytes:
    """An update before the first signature: the earlier state can be taken out of the file."""
    return append(CLEAN, {4: stream(b"BT /F1 12 Tf 72 720 Td (Pay 999 to me) Tj ET")})


def text_on_a_layer_that_is_off() -> bytes:
    """OCGs."""
    return layered(b"/OFF[40 0 R]")


def text_that_only_prints() -> bytes:
    """OCGs: shown and printed are two documents."""
    return layered(b"", b"/Usage<</Print<</PrintState/OFF>>>>")


def script() -> bytes:
    """JavaScript."""
    return clicked(b"/S/JavaScript/JS(this.getField\\('so tien'\\).value = '999')")


def script_on_opening() -> bytes:
    """/OpenAction."""
    return file(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>")


def second_form() -> bytes:
    """XFA."""
    return file({50: stream(b"<xdp/>")}, form=b"/XFA 50 0 R")


def image_from_elsewhere() -> bytes:
    """External streams."""
    return with_xobject(b"/Subtype/Image/Width 1/Height 1/F<</FS/URL/F(http://mau.example/a)>>")


def page_of_another_document() -> bytes:
    """External content: a reference XObject."""
    return with_xobject(b"/Subtype/Form/BBox[0 0 1 1]/Ref<</F(b.pdf)/Page 0>>")


PREPARED: list[tuple[Callable[[], bytes], str]] = [
    (image_over_text, "CONTENT_OVER_TEXT"),
    (stamp_over_text, "ANNOTATION_OVER_TEXT"),
    (value_behind_an_appearance, "FIELD_APPEARANCE"),
    (second_document, "SECOND_CATALOG"),
    (objects_kept_in_reserve, "UNREACHABLE"),
    (state_that_was_replaced, "EARLIER_REVISIONS"),
    (text_on_a_layer_that_is_off, "HIDDEN_LAYER"),
    (text_that_only_prints, "PRINT_LAYER"),
    (script, "JAVASCRIPT"),
    (script_on_opening, "OPEN_ACTION"),
    (second_form, "XFA"),
    (image_from_elsewhere, "EXTERNAL_STREAM"),
    (page_of_another_document, "REFERENCE_XOBJECT"),
]


@pytest.mark.parametrize(("make", "code"), PREPARED, ids=lambda p: getattr(p, "__name__", p))
def test_a_prepared_document_is_not_signed_in_silence(make: Callable[[], bytes], code: str) -> None:
    report = kyso.lint(make())
    assert code in {s.observation.code for s in report.stated}
    strict = LintPolicy(tuple((c, "refuse") for c in BY_CODE if c != "TRANSPARENCY"))
    with pytest.raises(kyso.LintRefused, match=code):
        kyso.sign(make(), WORLD.person_signer, at=AT, lint=strict)
    if BY_CODE[code].action == "refuse":
        with pytest.raises(kyso.LintRefused, match=code):
            kyso.sign(make(), WORLD.person_signer, at=AT, lint=DEFAULT_LINT)
    else:
        assert kyso.sign(make(), WORLD.person_signer, at=AT, lint=DEFAULT_LINT).startswith(make())
