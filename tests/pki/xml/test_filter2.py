"""The one XPath Filter 2.0 that is read, "subtract every Signature", as EU DSS writes it; and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from kyso_pki.xml.document import XmlDocument

from .made import codes, intact, only

DSS = (Path(__file__).parents[2] / "documents" / "xml" / "dss-xpath.xml").read_bytes()
OPENING = b'<dsig-filter2:XPath xmlns:dsig-filter2="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">'
TEXT = b"/descendant::ds:Signature"


def test_the_filter_of_dss_covers_the_whole_document_and_says_that_it_leaves_signatures_out() -> None:
    assert OPENING + TEXT in DSS
    facts = only(DSS)
    assert intact(facts), facts.findings
    assert facts.coverage.whole
    assert "SIGNATURES_LEFT_OUT" in codes([facts])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'Filter="subtract"', b'Filter="intersect"'),
        (b'Filter="subtract"', b'Filter="union"'),
        (b' Filter="subtract"', b""),
        (TEXT, b"/descendant::ds:Object"),
        (TEXT, b"/descendant::ds:Signature | //DLHDon"),
        (TEXT, b"//DLHDon"),
        (TEXT, b"/descendant::x:Signature"),
        (TEXT, b"/descendant::dsig-filter2:Signature"),
        (TEXT, b"/descendant::Signature"),
        (TEXT, b"/descendant::ds:Signature<!-- -->"),
        (TEXT, b""),
        (OPENING, OPENING + TEXT + b"</dsig-filter2:XPath>" + OPENING),
        (OPENING + TEXT + b"</dsig-filter2:XPath>", b""),
        (b"<dsig-filter2:XPath", b"<ds:XPath>1</ds:XPath><dsig-filter2:XPath"),
    ],
)
def test_every_other_filter_is_refused_before_anything_is_hashed(old: bytes, new: bytes) -> None:
    assert old in DSS
    facts = only(DSS.replace(old, new))
    assert not facts.references_intact
    assert "FORMAT" in codes([facts])


def test_the_filter_is_refused_on_a_part() -> None:
    facts = only(DSS.replace(b'URI=""', b'URI="#data-1C26TAA-123"'))
    assert "FORMAT" in codes([facts])


@pytest.mark.parametrize(
    "added",
    [
        b"<ds:Object><THDon>0</THDon></ds:Object>",
        b"<THDon>0</THDon>",
        b"",
    ],
)
def test_what_is_no_signature_does_not_hide_behind_the_filter(added: bytes) -> None:
    """Every ds:Signature is left out of the digest, so each has a verdict of its own (class X1)."""
    forged = DSS.replace(
        b"<CCKSKhac/>",
        b'<CCKSKhac><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        + added
        + b"</ds:Signature></CCKSKhac>",
    )
    assert forged != DSS
    other, honest = XmlDocument(forged).signatures()
    assert honest.references_intact
    assert not other.references_intact
    assert "FORMAT" in codes([other])


def test_content_and_text_around_a_signature_are_covered() -> None:
    for old, new in ((b"<SHDon>123<", b"<SHDon>124<"), (b"</ds:Signature>", b"</ds:Signature>text")):
        assert not only(DSS.replace(old, new)).references_intact
