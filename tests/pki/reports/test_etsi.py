"""The XML report is one of ETSI TS 119 102-2 V1.4.1 by the schema, and says what the JSON says."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import kyso
from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.evidence import Evidence
from kyso_pki.reports.elements import element as written_as
from kyso_pki.reports.elements import text as text_of
from kyso_pki.reports.elements import uri
from kyso_pki.reports.etsi import NAMESPACE, etsi_report
from kyso_pki.testing import World
from tests.attacks.cms import archives as cms_archives
from tests.attacks.cms import file_forge, forge
from tests.attacks.cms import files as cms_files
from tests.attacks.cms import signatures as cms_signatures
from tests.attacks.cms import stamps as cms_stamps
from tests.judges import java, validation_report
from tests.pki.ades.inputs import PDF

from .reported import AT, inputs, reports
from .test_html import HOSTILE, hostile

NS = {"v": NAMESPACE, "ds": "http://www.w3.org/2000/09/xmldsig#"}


def tree(*found: DocumentReport) -> etree._Element:
    return etree.fromstring(etsi_report(found))


def text(element: etree._Element, path: str) -> str:
    """The one text at this path."""
    [found] = element.findall(path, NS)
    return found.text or ""


def signatures(report: DocumentReport) -> int:
    """How many reports there must be: one for each signature, and one for each document without any."""
    inner = sum(signatures(a) for a in report.attachments)
    return inner + (len(report.signatures) or (0 if report.attachments else 1))


def test_every_report_is_valid_by_the_schema() -> None:
    java.need()
    for name, report in reports():
        assert validation_report.errors(etsi_report([report])) == [], name
    assert validation_report.errors(etsi_report([report for _, report in reports()])) == []


def test_a_report_on_what_an_attacker_made_is_valid_by_the_schema() -> None:
    """Several signers, counter-signatures, archive timestamps, what is revoked, contradicts or cannot be read."""
    java.need()
    made = [(n, forge.report(g())) for room in (cms_signatures, cms_stamps) for n, g in room.ATTACKS.items()]
    made += [(n, g().case.report()) for room in (cms_files, cms_archives) for n, g in room.ATTACKS.items()]
    assert len({(s.indication, s.sub_indication) for _, report in made for s in report.signatures}) > 12
    for name, report in made:
        assert validation_report.errors(etsi_report([report])) == [], name


@pytest.mark.parametrize("stranger", HOSTILE)
def test_what_a_stranger_wrote_is_text_and_the_report_stays_valid(stranger: str) -> None:
    java.need()
    report = etsi_report([hostile(stranger)])
    assert validation_report.errors(report) == []
    plain = tree(hostile("Mẫu"))
    assert [e.tag for e in etree.fromstring(report).iter()] == [e.tag for e in plain.iter()]


def test_the_schema_refuses_a_report_without_its_status() -> None:
    java.need()
    report = tree(dict(reports())["B-T.pdf"])
    for status in report.findall(".//v:SignatureValidationStatus", NS):
        parent = status.getparent()
        assert parent is not None
        parent.remove(status)
    assert validation_report.errors(etree.tostring(report))


def test_it_says_what_the_report_says() -> None:
    for name, report in reports():
        told = tree(report).findall("v:SignatureValidationReport", NS)
        assert len(told) == signatures(report), name
        for s, element in zip(report.signatures, told, strict=False):
            status = "v:SignatureValidationStatus/v:"
            assert (
                text(element, status + "MainIndication") == f"urn:etsi:019102:mainindication:{s.indication.lower()}"
            )
            sub = element.findall(status + "SubIndication", NS)
            assert [e.text for e in sub] == ([f"urn:etsi:019102:subindication:{s.sub_indication}"] if sub else [])
            assert bool(sub) == (s.sub_indication is not None)
            assert text(element, "v:SignatureIdentifier/v:DAIdentifier") == s.id
            assert text(element, "v:SignatureQuality/v:SignatureQualityInformation") == f"urn:kyso:level:{s.level}"
            best = (s.proven_time or s.validation_time).isoformat().replace("+00:00", "Z")
            assert text(element, "v:ValidationTimeInfo/v:BestSignatureTime/v:POETime") == best
            digest = text(element, "v:SignersDocument/v:DigestAlgAndValue/ds:DigestValue")
            assert base64.b64decode(digest).hex() == report.sha256
            codes = [e.text or "" for e in element.iterfind(".//v:ReportData/v:Type", NS)]
            assert {c.rpartition(":")[2] for c in codes} == {f.code for f in (*report.findings, *s.findings)}


def test_a_document_without_a_signature_failed() -> None:
    for name in ("unsigned.pdf", "empty", "noise"):
        [told] = tree(dict(reports())[f"{name}, anchors"]).findall("v:SignatureValidationReport", NS)
        assert text(told, ".//v:MainIndication") == "urn:etsi:019102:mainindication:total-failed"
        digest = base64.b64decode(text(told, "v:SignersDocument/v:DigestAlgAndValue/ds:DigestValue"))
        assert digest == hashlib.sha256(inputs()[name]).digest()


def test_what_it_rests_on_is_told_once_with_its_proof() -> None:
    report = dict(reports())["B-LTA.pdf, anchors"]
    root = tree(report)
    objects = {e.get("id", ""): e for e in root.iterfind(".//v:ValidationObject", NS)}
    kinds = [text(e, "v:ObjectType").rpartition(":")[2] for e in objects.values()]
    assert {"certificate", "CRL", "OCSPResponse", "timestamp", "signedData"} == set(kinds)
    for reference in root.iterfind(".//*[@VOReference]", NS):
        name = reference.get("VOReference", "")
        assert name in objects or name.startswith("S-")
    signature = report.signatures[0]
    signer = root.find("v:SignatureValidationReport/v:SignerInformation/v:SignerCertificate", NS)
    assert signer is not None
    octets = text(objects[signer.get("VOReference", "")], "v:ValidationObjectRepresentation/v:base64")
    assert signature.certificate is not None
    assert base64.b64decode(octets) == signature.certificate.der
    proven = {u.sha256: u.proven for u in signature.evidence if u.kind in ("crl", "ocsp") and u.place == "file"}
    assert proven
    for sha256, moment in proven.items():
        [one] = [e for name, e in objects.items() if name.endswith(sha256)]
        assert moment is not None
        assert text(one, "v:POE/v:POETime") == moment.isoformat().replace("+00:00", "Z")


def test_a_timestamp_has_a_verdict_of_its_own() -> None:
    by_anchors = {}
    for name in ("B-T.pdf", "B-T.pdf, anchors"):
        root = tree(dict(reports())[name])
        [stamp] = [e for e in root.iterfind(".//v:ValidationObject", NS) if "timestamp" in text(e, "v:ObjectType")]
        by_anchors[name] = text(stamp, "v:ValidationReport/v:SignatureValidationStatus/v:MainIndication")
    assert [v.rpartition(":")[2] for v in by_anchors.values()] == ["indeterminate", "passed"]


def test_the_same_report_gives_the_same_octets() -> None:
    for _, report in reports():
        assert etsi_report([report]) == etsi_report([report])


@given(st.text(max_size=300))
def test_whatever_a_text_holds_the_xml_is_read_and_says_it(value: str) -> None:
    written = written_as("a", text_of(value), b=value, c=uri(value))
    read = etree.fromstring(written.encode("utf-8", "surrogatepass"))
    shown = "".join(c if c.isprintable() else "\ufffd" for c in value)
    assert (read.text or "", read.get("b")) == (shown, shown)
    assert uri(value).isascii()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("http://uri.etsi.org/01903/v1.2.2#ProofOfApproval", "http://uri.etsi.org/01903/v1.2.2#ProofOfApproval"),
        ("urn:oid:1.2.3", "urn:oid:1.2.3"),
        ("không phải URI", "urn:kyso:text:kh%C3%B4ng%20ph%E1%BA%A3i%20URI"),
        ("http://a/[b]#c#d", "http://a/%5Bb%5D#c%23d"),
        ('x:"<>', "x:%22%3C%3E"),
        ("100%", "urn:kyso:text:100%25"),
    ],
)
def test_what_stands_where_a_uri_is_due_is_one(value: str, written: str) -> None:
    assert uri(value) == written


def test_one_timestamp_in_two_signatures_has_two_judgements() -> None:
    """The first signer's token beside the second's value: good there, broken here, and no object says both."""
    java.need()
    token = forge.WORLD.timestamper(forge.AT).timestamp(file_forge.IMPRINT, "sha256")
    stamp = forge.attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)
    first = forge.signer_info(attributes=file_forge.ATTRIBUTES, value=file_forge.VALUE, unsigned=[stamp])
    second = forge.signer_info(
        forge.SEAL, forge.set_of(forge.usual_attributes(forge.SEAL, file_forge.CONTENT)), unsigned=[stamp]
    )
    report = file_forge.Case(file_forge.made(first, second, by=[forge.SEAL])).report()
    assert [[t.trusted for t in s.timestamps] for s in report.signatures] == [[True], [False]]
    octets = etsi_report([report])
    assert validation_report.errors(octets) == []
    root = etree.fromstring(octets)
    said = [
        root.xpath(f"string(//v:ValidationObject[@id='{reference}']//v:MainIndication)", namespaces=NS)
        for reference in root.xpath("//v:SignatureTimeStamp/v:AttributeObject/@VOReference", namespaces=NS)
    ]
    assert [s.rpartition(":")[2] for s in said] == ["passed", "failed"]


def test_the_revoked_certificate_is_named_where_it_is_a_ca() -> None:
    world = World.create(at=AT)
    world.revoke(world.issuing, AT)
    data = kyso.sign(PDF, world.person_signer, at=AT)
    evidence = Evidence(crls=world.crls(AT))
    report = kyso.verify(data, trust=world.trust, at=AT, evidence=evidence)
    assert report.signatures[0].sub_indication == "REVOKED_CA_NO_POE"
    [told] = tree(report).findall(".//v:RevocationStatusInformation/v:ValidationObjectId", NS)
    assert told.get("VOReference") == f"C-{world.issuing.sha256}"
