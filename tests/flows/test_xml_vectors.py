"""The committed XML documents that others signed (tests/documents/xml): kyso and the judges, each as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cryptography import x509

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import Policy
from kyso_pki.evidence import Evidence
from kyso_pki.x509.certificate import Certificate
from tests.judges import dss, flip, java, javaxml, python_xmlsec, signxml, xmlsec
from tests.judges.holder import der

from .xml_shapes import CODE, DATA, DOCUMENTS

FOLDER = DOCUMENTS / "xml"
AT = datetime(2026, 12, 1, tzinfo=UTC)  # days after they were signed, within the CRLs
ROOT, ISSUING = (x509.load_pem_x509_certificate((FOLDER / f"{name}.crt").read_bytes()) for name in ("ca", "issuing"))
CRLS = tuple((FOLDER / f"{name}.crl").read_bytes() for name in ("ca", "issuing"))


@dataclass(frozen=True)
class Vector:
    """What is known of one file; `refusing`: judges that do not accept it, with the reason."""

    levels: tuple[str, ...]
    covers: tuple[str, ...]
    """By signature: `*` for the whole document, else how the coverage begins."""
    refusing: dict[str, str]
    content: str = "THDon"


_DATA = f"/HDon/DLHDon (#{DATA})"
_NOT_ADES = "plain XMLDSIG is no AdES signature; DSS finds it intact"
VECTORS = {
    "dotnet-invoice.xml": Vector(
        ("XMLDSIG", "XMLDSIG"),
        (
            f"/HDon/DLHDon (#{DATA}), /HDon/DSCKS/NBan/",
            f"/HDon/DLHDon (#{DATA}), /HDon/MCCQT (#{CODE}), /HDon/DSCKS/CQT/",
        ),
        {
            "xmlsec1": "the enveloped-signature transform takes out the object with the Signature (XMLDSIG 6.6.4)",
            "python-xmlsec": "the same",
            "DSS": _NOT_ADES,
        },
    ),
    "dss-b-lta.xml": Vector(("XAdES-B-LTA",), ("*",), {}),
    "dss-xpath.xml": Vector(
        ("XAdES-B-B",), ("*",), {"signxml": "signxml knows no XPath Filter 2.0 and passes over it"}
    ),
    "signxml-xades.xml": Vector(("XAdES-B-B",), ("*",), {}),
    "xmlsec1-parts.xml": Vector(("XMLDSIG",), ("*",), {"DSS": _NOT_ADES}),
    "python-xmlsec-pss.xml": Vector(
        ("XMLDSIG",), ("*",), {"DSS": _NOT_ADES, "xmlsec1": "xmlsec1 1.2.37 does not know RSASSA-PSS"}
    ),
    "java-enveloping.xml": Vector(("XMLDSIG",), ("*",), {"DSS": _NOT_ADES}),
}
NAMES = pytest.mark.parametrize("name", VECTORS)


def _octets(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def _report(xml: bytes, at: datetime = AT, *, evidence: bool = True) -> DocumentReport:
    given = Evidence(crls=CRLS, certificates=(Certificate.from_der(der(ISSUING)),)) if evidence else Evidence()
    trust = kyso.load_trust(FOLDER / "ca.crt")
    return kyso.verify(xml, trust=trust, at=at, evidence=given, policy=Policy(accept_parts=True))


def _judged(xml: bytes, signatures: int) -> dict[str, bool]:
    anchors = [ROOT, ISSUING]
    each = [
        xmlsec.verify(xml, anchors, at=AT, node=f"/descendant::*[local-name()='Signature'][{number}]").valid
        for number in range(1, signatures + 1)
    ]
    return {
        "kyso": _report(xml).passed,
        "xmlsec1": all(each),
        "python-xmlsec": python_xmlsec.verify(xml, anchors).valid,
        "signxml": signxml.verify(xml, anchors, field=True).valid,
        "Java": javaxml.verify(xml, anchors, at=AT).valid,
        "DSS": dss.verify(xml, [ROOT], at=AT, crls=CRLS, certificates=[ISSUING]).valid,
    }


@NAMES
def test_kyso_and_the_judges_accept_the_vector(name: str) -> None:
    java.need()
    vector = VECTORS[name]
    judged = _judged(_octets(name), len(vector.levels))
    assert {judge for judge, accepted in judged.items() if not accepted} == set(vector.refusing)


@NAMES
def test_kyso_says_the_level_and_the_coverage_of_the_vector(name: str) -> None:
    vector = VECTORS[name]
    report = _report(_octets(name))
    assert tuple(s.level for s in report.signatures) == vector.levels
    for signature, covers in zip(report.signatures, vector.covers, strict=True):
        assert signature.coverage.whole == (covers == "*")
        assert covers == "*" or signature.coverage.what.startswith(covers)


@NAMES
@pytest.mark.parametrize("place", ["content", "SignatureValue"])
def test_kyso_and_every_judge_refuse_the_vector_after_one_flipped_byte(name: str, place: str) -> None:
    """signxml looks at the first signature only: the value that is flipped is the last one."""
    java.need()
    vector, xml = VECTORS[name], _octets(name)
    changed = flip.in_xml_text(xml, vector.content) if place == "content" else flip.in_xml_value(xml, place)
    accepting = {judge for judge, accepted in _judged(changed, len(vector.levels)).items() if accepted}
    assert accepting == ({"signxml"} if len(vector.levels) > 1 and place != "content" else set())
    assert _report(changed).verdict == "failed"


def test_the_signing_times_of_the_field_are_read_with_and_without_a_namespace() -> None:
    """Local time without a zone, in the namespace of XMLDSIG or in none."""
    xml = _octets("dotnet-invoice.xml")
    assert b"<SigningTime>2026-11-2" in xml
    assert b'<SigningTime xmlns="">2026-11-2' in xml
    for signature in _report(xml).signatures:
        assert signature.claimed_time is not None
        assert signature.claimed_time.date() == datetime(2026, 11, 28, tzinfo=UTC).date()
        assert "SIGNING_TIME_WITHOUT_ZONE" in {f.code for f in signature.findings}


def test_a_flipped_signing_time_of_the_field_is_seen() -> None:
    changed = flip.in_xml_text(_octets("dotnet-invoice.xml"), "SigningTime")
    assert _report(changed).verdict == "failed"


def test_what_dss_archived_passes_from_the_file_alone() -> None:
    """Nothing but the root is given: certificates and revocation data are inside, under the archive timestamp."""
    report = _report(_octets("dss-b-lta.xml"), evidence=False)
    assert report.passed, report.to_json()
    assert report.signatures[0].level == "XAdES-B-LTA"


def test_a_signature_that_cannot_be_read_is_not_said_to_have_changed_content() -> None:
    """No digest was compared: the transform was not accepted."""
    xml = _octets("dss-xpath.xml").replace(b">/descendant::ds:Signature<", b">/descendant::ds:Object<")
    (signature,) = _report(xml).signatures
    assert (signature.indication, signature.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    codes = {f.code for f in signature.findings}
    assert "XPATH_NOT_ALLOWED" in codes
    assert "CONTENT_CHANGED" not in codes
