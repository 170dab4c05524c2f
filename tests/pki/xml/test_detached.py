"""What stands outside the document counts only when the caller gives it; a Manifest is told apart from content."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kyso_pki.ades.report import DocumentReport
from kyso_pki.errors import UsageError, VerificationFailed
from kyso_pki.formats import verify_document
from kyso_pki.xml.document import XmlDocument
from tests.attacks.xml.forge import DS, EXCLUSIVE, Ref, canonical, enveloped, signature

from .made import AT, EVIDENCE, LETTER, SEAL, WORLD, Form, intact, only, report

SCAN = bytes(range(256))
URI = "ban-quet%20so%201.bin"
RAW = Ref(URI, SCAN, transforms="", raw=True)


def verified(xml: str | bytes, detached: Mapping[str, bytes]) -> DocumentReport:
    data = xml.encode() if isinstance(xml, str) else xml
    return verify_document(data, trust=WORLD.trust, at=AT, evidence=EVIDENCE, detached=detached)


def over(*references: Ref) -> str:
    """A file that is nothing but a signature."""
    return signature(references)


def test_detached_data_that_the_caller_gives_is_covered_as_a_whole() -> None:
    found = verified(over(RAW), {URI: SCAN})
    found.require_passed()
    assert found.signatures[0].coverage.what == f"the detached {URI}"
    assert found.signed_content() == (SCAN,)


def test_detached_data_that_nobody_gave_is_not_found_and_not_fetched() -> None:
    for given in ({}, {"file.bin": SCAN}, {URI.replace("%20", " "): SCAN}):
        (result,) = verified(over(RAW), given).signatures
        assert (result.indication, result.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
        assert "SIGNED_DATA_NOT_FOUND" in {f.code for f in result.findings}
        assert not result.references_intact


def test_changed_detached_data_fails() -> None:
    (result,) = verified(over(RAW), {URI: SCAN[:-1] + b"\0"}).signatures
    assert (result.indication, result.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_changed_and_missing_data_together_fail() -> None:
    other = Ref("b.bin", b"b", transforms="", raw=True)
    (result,) = verified(over(RAW, other), {URI: b"changed"}).signatures
    assert (result.indication, result.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_data_given_but_not_signed_leaves_the_whole_uncovered() -> None:
    (result,) = verified(over(RAW), {URI: SCAN, "phu-luc.bin": b"unsigned"}).signatures
    assert result.verdict == "indeterminate"
    assert not result.coverage.whole


def test_a_document_around_a_detached_signature_is_not_covered_by_it() -> None:
    inside = f"<GoiTin><Ten>x</Ten>{over(RAW)}</GoiTin>"
    assert verified(inside, {URI: SCAN}).verdict == "indeterminate"


def test_detached_xml_is_canonicalised_as_a_document_with_its_comments() -> None:
    xml = b"<?xml version='1.0'?><!-- a --><a  b='1'><!-- c -->x</a>"
    steps = f'<ds:Transform Algorithm="{EXCLUSIVE}WithComments"/>'
    hashed = b'<!-- a -->\n<a b="1"><!-- c -->x</a>'
    found = verified(over(Ref("a.xml", hashed, transforms=steps, raw=True)), {"a.xml": xml})
    found.require_passed()
    assert found.signed_content() == (hashed,)


def test_detached_base64_is_decoded() -> None:
    steps = f'<ds:Transform Algorithm="{DS}base64"/>'
    made = over(Ref("a.b64", b"scan", transforms=steps, raw=True))
    assert verified(made, {"a.b64": b"c2Nh\r\nbg==\n"}).passed
    assert verified(made, {"a.b64": b"c2Nh*bg=="}).verdict == "failed"


def test_a_pdf_has_no_detached_data() -> None:
    found = verified(b"%PDF-1.7\n", {"a": b"b"})
    assert found.verdict == "failed"
    assert "detached" in found.findings[0].text


# What is handed back ------------------------------------------------------------------------------------


def test_only_what_passed_is_handed_back() -> None:
    signed = Form(SEAL).sign()
    assert report(signed).signed_content() == (canonical(LETTER),)
    with pytest.raises(VerificationFailed):
        report(signed.replace(b"01/STTTT", b"02/STTTT")).signed_content()
    with pytest.raises(UsageError):
        report(signed).signed_content("another")
    with pytest.raises(UsageError):
        report(LETTER).signed_content()


def test_a_comment_is_not_handed_back() -> None:
    signed = Form(SEAL).sign(b"<a><b>1</b><c/></a>").replace(b"<c/>", b"<!-- 2 --><c/>")
    assert report(signed).signed_content() == (b"<a><b>1</b><c></c></a>",)


# Manifests ----------------------------------------------------------------------------------------------


def manifest(*entries: Ref, whole: bool = True) -> bytes:
    """A letter whose signature covers the letter and a Manifest with these entries."""
    listed = "".join(e.xml() for e in entries)
    alone = f'<ds:Manifest Id="m">{listed}</ds:Manifest>'
    covered = alone.replace("<ds:Manifest", f'<ds:Manifest xmlns:ds="{DS}"', 1).encode()
    references = [Ref("", b"<a>x</a>", envelope=True)] if whole else []
    made = signature(
        [*references, Ref("#m", covered, type=DS + "Manifest")], objects=f"<ds:Object>{alone}</ds:Object>"
    )
    return enveloped(b"<a>x</a>", lambda _: made)


def test_matching_entries_of_a_manifest_are_named_and_cover_nothing() -> None:
    found = verified(manifest(RAW), {URI: SCAN})
    found.require_passed()
    (result,) = found.signatures
    assert result.xml is not None
    assert [(e.uri, e.matches) for e in result.xml.manifest] == [(URI, True)]
    assert "MANIFEST_CHECKED" in {f.code for f in result.findings}
    assert "NOTHING_COVERED" in {
        f.code for f in verified(manifest(RAW, whole=False), {URI: SCAN}).signatures[0].findings
    }


@pytest.mark.parametrize(
    ("given", "sub", "code"),
    [
        ({}, "SIGNED_DATA_NOT_FOUND", "MANIFEST_NOT_CHECKED"),
        ({URI: b"changed"}, "HASH_FAILURE", "MANIFEST_ENTRY_CHANGED"),
    ],
)
def test_an_entry_that_does_not_match_never_passes(given: dict[str, bytes], sub: str, code: str) -> None:
    (result,) = verified(manifest(RAW), given).signatures
    assert result.verdict != "passed"
    assert result.sub_indication == sub
    assert code in {f.code for f in result.findings}


def test_entries_lead_into_the_document_too() -> None:
    part = '<p Id="p">x</p>'
    inside = manifest(Ref("#p", part.encode()), Ref("#nowhere", b"<q/>")).replace(b"<a>x", f"<a>x{part}".encode())
    facts = only(inside)
    assert facts.xml is not None
    assert [e.matches for e in facts.xml.manifest] == [True, None]


def test_what_is_called_a_manifest_must_be_one() -> None:
    made = signature([Ref("#t", b'<T Id="t">x</T>', type=DS + "Manifest")])
    facts = only(f'<a><T Id="t">x</T>{made}</a>'.encode())
    assert not intact(facts)
    assert "Manifest" in facts.findings[0].text


def test_internally_detached_parts_are_parts() -> None:
    part = '<p Id="p">x</p>'
    found = report(f"<a>{part}{signature([Ref('#p', part.encode())])}</a>".encode(), parts=True)
    assert found.signatures[0].coverage.what == "/a/p (#p)"
    assert found.signed_content() == (part.encode(),)


def test_an_enveloping_signature_covers_its_object() -> None:
    content = f'<ds:Object xmlns:ds="{DS}" Id="o"><CongVan>thật</CongVan></ds:Object>'
    made = signature([Ref("#o", content.encode())], objects=content.replace(f' xmlns:ds="{DS}"', ""))
    document = XmlDocument(made.encode())
    (facts,) = document.signatures()
    assert intact(facts), facts.findings
    assert document.signed_content(facts.id) == (content.encode(),)
