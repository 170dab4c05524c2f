"""Signatures that are documents of their own: enveloping and detached."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

import kyso
from kyso_pki.document import Intent, XmlForm
from kyso_pki.errors import UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.testing import SoftwareSigner
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.pending import XmlPending
from kyso_pki.xml.profiles import built_in
from kyso_pki.xml.standalone import prepare_detached, prepare_enveloping
from tests.judges import xmlsec

from .made import AT, LETTER, PERSON, ROOTS, SEAL, WORLD, intact, only, report

OBJECTS = ("http://www.w3.org/2000/09/xmldsig#:Object", f"{xmlsec.XADES}:SignedProperties")
NASTY = (
    b"<?xml version='1.0'?>\r\n<!-- </a> --><p:a xmlns:p='urn:p' xmlns='urn:d' ><b\tx='/>'/>&#13;<![CDATA[</p:a>]]>"
    b"</p:a >\n<?after </p:a> ?>"
)


def finished(pending: XmlPending, signer: SoftwareSigner) -> bytes:
    return pending.finish(signer.sign([pending.imprint])[0])


def enveloping(
    data: bytes, signer: SoftwareSigner = SEAL, form: XmlForm = "xades", *, encoded: bool = False
) -> bytes:
    return finished(
        prepare_enveloping(data, Intent(AT, xml_form=form), signer.chain, signer.scheme, encoded=encoded), signer
    )


@pytest.mark.parametrize("form", ["xades", "xmldsig"])
@pytest.mark.parametrize(
    "data", [LETTER, NASTY, b"<a/>", '<a b="đ"/>'.encode("utf-16")], ids=["letter", "nasty", "empty", "utf-16"]
)
def test_an_enveloping_signature_holds_the_element_as_it_was(data: bytes, form: XmlForm) -> None:
    signed = enveloping(data, form=form)
    facts = only(signed)
    assert intact(facts), facts.findings
    assert xmlsec.verify(signed, ROOTS, at=AT, id_elements=OBJECTS).valid
    [held] = etree.fromstring(signed).iterfind("{http://www.w3.org/2000/09/xmldsig#}Object[@Id]")
    alone = etree.tostring(etree.fromstring(data), method="c14n", exclusive=True)
    assert etree.tostring(etree.fromstring(etree.tostring(held[0])), method="c14n", exclusive=True) == alone


def test_the_text_of_the_element_is_kept_octet_for_octet() -> None:
    kept = NASTY[NASTY.index(b"<p:a ") : NASTY.index(b"</p:a >") + 7]
    assert b">" + kept + b"</ds:Object>" in enveloping(NASTY)


def test_any_octets_are_enveloped_in_base64_and_come_back() -> None:
    data = bytes(range(256)) * 9
    signed = enveloping(data, PERSON, encoded=True)
    facts = only(signed)
    assert intact(facts), facts.findings
    assert XmlDocument(signed).signed_content(facts.id) == (data,)
    assert xmlsec.verify(signed, ROOTS, at=AT, id_elements=OBJECTS).valid


def test_it_covers_the_whole_document_when_the_document_is_nothing_but_the_signature() -> None:
    signed = enveloping(LETTER)
    facts = only(signed)
    assert facts.coverage.whole
    assert facts.coverage.what.startswith("all that the signature holds: /Signature/Object[1] (#kyso-")
    assert report(signed).verdict == "passed"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b'<?xml-stylesheet href="a.css"?>'),  # says how it is shown
        (b"<a>", b"</a>"),  # others may stand beside it
    ],
)
def test_what_stands_around_it_makes_it_a_part(before: bytes, after: bytes) -> None:
    facts = only(before + enveloping(LETTER) + after)
    assert intact(facts), facts.findings
    assert not facts.coverage.whole


def test_an_object_beside_the_signed_one_is_no_part_of_it() -> None:
    signed = enveloping(LETTER)
    at = signed.index(b"<ds:Object")
    facts = only(signed[:at] + b"<ds:Object><CongVan>khac</CongVan></ds:Object>" + signed[at:])
    assert not facts.well_formed
    assert "UNSIGNED_OBJECT" in {f.code for f in facts.findings}


def test_an_enveloped_document_that_is_exchanged_breaks_it() -> None:
    assert not intact(only(enveloping(LETTER).replace(b"01/STTTT", b"02/STTTT")))


@pytest.mark.parametrize("form", ["xades", "xmldsig"])
def test_xmlsec1_accepts_a_detached_signature_over_the_files_and_no_others(tmp_path: Path, form: XmlForm) -> None:
    contents = {"van-ban.pdf": b"%PDF-1.7 ...", "phu%20luc.xml": LETTER}
    signed = finished(prepare_detached(contents, Intent(AT, xml_form=form), SEAL.chain, SEAL.scheme), SEAL)
    (tmp_path / "van-ban.pdf").write_bytes(contents["van-ban.pdf"])
    (tmp_path / "phu luc.xml").write_bytes(LETTER)
    (tmp_path / "root.pem").write_text(WORLD.root.pem(), encoding="utf-8")
    (tmp_path / "a.xml").write_bytes(signed)
    command = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", "root.pem"]
    command += ["--verification-gmt-time", AT.strftime("%Y-%m-%d %H:%M:%S"), "--id-attr:Id", OBJECTS[1], "a.xml"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "van-ban.pdf").write_bytes(b"%PDF-1.7 ,,,")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_kyso_follows_no_reference_that_leads_outside() -> None:
    signed = finished(prepare_detached({"http://a.example/x": b"x"}, Intent(AT), SEAL.chain, SEAL.scheme), SEAL)
    facts = only(signed)
    assert not facts.well_formed
    assert "outside" in facts.findings[0].text


def test_a_standalone_signature_travels_too() -> None:
    key = bytes(32)
    pending = prepare_detached({"a": b"x"}, Intent(AT), SEAL.chain, SEAL.scheme)
    [value] = SEAL.sign([pending.imprint])
    assert XmlPending.from_bytes(pending.to_bytes(key), b"", key).finish(value) == pending.finish(value)
    pending = prepare_enveloping(LETTER, Intent(AT), SEAL.chain, SEAL.scheme)
    [value] = SEAL.sign([pending.imprint])
    assert XmlPending.from_bytes(pending.to_bytes(key), b"", key).finish(value) == pending.finish(value)


@pytest.mark.parametrize("uri", ["", "#a", "a b", "a\n", "\x00"])
def test_what_is_no_address_of_a_document_elsewhere_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="no URI"):
        prepare_detached({uri: b"x"}, Intent(AT), SEAL.chain, SEAL.scheme)


def test_an_address_with_characters_of_xml_is_written_and_read_back() -> None:
    uri = "http://a.example/?a=1&b=<'\">"
    signed = finished(prepare_detached({uri: b"x"}, Intent(AT), SEAL.chain, SEAL.scheme), SEAL)
    [reference, _] = etree.fromstring(signed).iter("{http://www.w3.org/2000/09/xmldsig#}Reference")
    assert reference.get("URI") == uri


def test_profiles_and_nothing_at_all_are_refused() -> None:
    with pytest.raises(UsageError, match="inside a document"):
        prepare_enveloping(LETTER, Intent(AT, profile=built_in("edxml")), SEAL.chain, SEAL.scheme)
    with pytest.raises(UsageError, match="0 documents"):
        prepare_detached({}, Intent(AT), SEAL.chain, SEAL.scheme)


def test_a_detached_signature_passes_over_what_it_names_and_nothing_else() -> None:
    data = b"%PDF-1.7 of another agency"
    intent = Intent(AT, xml_form="xades")
    signed = finished(prepare_detached({"van-ban.pdf": data}, intent, SEAL.chain, SEAL.scheme), SEAL)

    def judged(**beside: object) -> str:
        evidence = Evidence(crls=WORLD.crls(AT))
        report = kyso.verify(signed, trust=WORLD.trust, at=AT, evidence=evidence, **beside)  # type: ignore[arg-type] # as named
        return report.verdict

    assert judged(detached={"van-ban.pdf": data}) == "passed"
    assert judged(detached={"van-ban.pdf": data + b"!"}) == "failed"
    assert judged(detached={"khac.pdf": data}) == judged() == "indeterminate"
