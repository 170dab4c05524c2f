"""The one XPath Filter 2.0 that is read, "subtract every Signature", as EU DSS writes it; and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from kyso_pki.xml import names
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
    assert codes([facts]) & {"FORMAT", "XPATH_NOT_ALLOWED"}


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


def _beside(other: bytes) -> bytes:
    """Another Signature in the signed document, which the filter leaves out."""
    return DSS.replace(b"<CCKSKhac/>", b"<CCKSKhac>" + other + b"</CCKSKhac>")


def test_the_signatures_that_are_left_out_are_named() -> None:
    _, honest = XmlDocument(_beside(b'<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>')).signatures()
    assert honest.coverage.whole
    assert honest.coverage.what.startswith("the document /HDon without the signatures /HDon/DSCKS/CCKSKhac/Signature")
    (finding,) = [f for f in honest.findings if f.code == "SIGNATURES_LEFT_OUT"]
    assert "/HDon/DSCKS/CCKSKhac/Signature" in finding.text


@pytest.mark.parametrize("inside", [b"<DLHDon/>", b"", b"text", b"<x><Manifest xmlns='%s'/></x>" % names.DS.encode()])
def test_content_in_another_signature_is_not_covered_and_the_report_does_not_say_whole(inside: bytes) -> None:
    """Whatever stands in its Objects could be swapped by whoever holds any trusted key."""
    other = b'<s:Signature xmlns:s="%s"><s:Object>%s</s:Object></s:Signature>' % (names.DS.encode(), inside)
    _, honest = XmlDocument(_beside(other)).signatures()
    assert honest.references_intact
    assert not honest.coverage.whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # the prefix ds means another namespace where the filter stands, or is bound outside of what was signed
        (OPENING, OPENING.replace(b"<dsig-filter2:XPath", b'<dsig-filter2:XPath xmlns:ds="urn:mau:khac"')),
        (b"ds:Signature</dsig-filter2", b"dsg:Signature</dsig-filter2"),
        (b"<HDon", b'<HDon xmlns:dsg="http://www.w3.org/2000/09/xmldsig#"'),
    ],
)
def test_a_prefix_means_what_was_signed_and_nothing_else(old: bytes, new: bytes) -> None:
    xml = DSS.replace(old, new, 1)
    if old == b"<HDon":
        xml = xml.replace(b"ds:Signature</dsig-filter2", b"dsg:Signature</dsig-filter2")
    assert xml != DSS
    facts = only(xml)
    assert not intact(facts)
    assert "FORMAT" in codes([facts])


@pytest.mark.parametrize(
    "text",
    [b"&#47;descendant::ds:Signature", b"\n\t /descendant::ds:Signature \n", b"/descendant::&#100;s:Signature"],
)
def test_spelt_otherwise_it_is_the_same_text_with_another_value(text: bytes) -> None:
    """References and white space change what is signed or not at all; the filter stays the one that it is."""
    facts = only(DSS.replace(TEXT, text))
    assert "FORMAT" not in codes([facts])
    assert facts.signature_intact is (b"\n" not in text)


def test_two_filters_of_which_one_is_known_are_xpath() -> None:
    inside = OPENING + TEXT + b"</dsig-filter2:XPath>"
    whole = b'<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">' + inside + b"</ds:Transform>"
    assert whole in DSS
    facts = only(DSS.replace(whole, whole + whole))
    assert any("unless XPath is allowed" in f.text for f in facts.findings)


def test_content_and_text_around_a_signature_are_covered() -> None:
    for old, new in ((b"<SHDon>123<", b"<SHDon>124<"), (b"</ds:Signature>", b"</ds:Signature>text")):
        assert not only(DSS.replace(old, new)).references_intact
