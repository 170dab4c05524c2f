"""P10: whoever verifies a file that changes by itself is told so; its signature is true all the same."""

from __future__ import annotations

import pytest

from kyso_pki.ades.policy import built_in
from kyso_pki.formats import verify_document
from tests.pki.pdf.lint.cases import file
from tests.pki.pdf.samples import AT, WORLD, signed

from . import lively


def warned(pdf: bytes, policy: str = "kyso") -> list[str]:
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=built_in(policy))
    assert report.verdict == "passed", report.to_json()
    found = [f for s in report.signatures for f in s.findings if f.code == "ACTIVE_CONTENT"]
    assert all(f.severity == "warning" for f in found)
    return [f.text for f in found]


@pytest.mark.parametrize("name", lively.LIVELY)
def test_what_changes_by_itself_is_named(name: str) -> None:
    pdf = lively.as_signed(name)
    for policy in ("kyso", "vietnam"):
        (text,) = warned(pdf, policy)
        assert lively.LIVELY[name][1] in text


def test_each_signature_says_so() -> None:
    assert len(warned(signed(lively.as_signed("script_of_a_page"), WORLD.seal_signer))) == 2


@pytest.mark.parametrize("pdf", lively.quiet().values(), ids=lively.quiet())
def test_what_does_nothing_by_itself_is_not_named(pdf: bytes) -> None:
    assert warned(signed(pdf)) == []


def test_a_thousand_scripts_are_named_up_to_a_bound() -> None:
    page = b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/AA<</PO<</S/Named/N/NextPage>>>>>>"
    (text,) = warned(signed(file(annotations=(page,) * 1000)))
    assert "and 992 more" in text
    assert len(text) < 1000
