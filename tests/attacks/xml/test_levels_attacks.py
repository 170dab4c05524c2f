"""Attacks on the levels of XAdES (classes T, V, P13): evidence and timestamps that say less than they seem to.

Each function quotes what it breaks; the verdict must not claim more than is proven, and says why where it fails.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

import pytest

from kyso_pki.errors import LimitExceeded
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.testing import World
from kyso_pki.xml import properties_unsigned
from kyso_pki.xml.document import XmlDocument
from tests.pki.xml import forms
from tests.pki.xml.growing import DAY, HOUR, grown, judged, levels, signed, why
from tests.pki.xml.made import AT, LETTER, PERSON, WORLD, Form, codes, only
from tests.pki.xml.test_growth import PARTS, two

PROPERTY = rb"<(?:\w+:)?%s[ >].*?</(?:\w+:)?%s>"


def cut(xml: bytes, name: str, *, last: bool = False) -> tuple[bytes, bytes]:
    """The first or last property of this name, and the document without it."""
    found = list(re.finditer(PROPERTY.replace(b"%s", name.encode()), xml, re.DOTALL))[-1 if last else 0]
    return found[0], xml[: found.start()] + xml[found.end() :]


def stamped_by(world: World, name: str, octets: bytes, at: datetime) -> str:
    """A timestamp of a world that nobody trusts."""
    token = world.timestamper(at).timestamp(hashlib.sha256(octets).digest(), "sha256")
    inner = f"<xades:EncapsulatedTimeStamp>{forms.b64(token)}</xades:EncapsulatedTimeStamp>"
    return f"<{name} {forms.DECLARED}>{inner}</{name}>"


def test_evidence_of_one_signature_does_not_make_the_level_of_another() -> None:
    """V: each XAdES signature stands for itself; what another one carries may be taken away with it."""
    grown_up = grown(two(PARTS), "B-LT")
    revocation, without = cut(grown_up, "RevocationValues")
    assert revocation
    verdict = judged(without, online=True, parts=True)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-T", "XAdES-B-LT"]


def test_evidence_moved_from_one_signature_into_another_makes_no_level_there() -> None:
    """It is about somebody else."""
    both = grown(two(PARTS), "B-LT")
    parts = both.split(b"</ds:Signature>")
    mine, first = cut(parts[0], "RevocationValues", last=True)
    theirs, second = cut(parts[1], "RevocationValues", last=True)
    end = b"</xades:UnsignedSignatureProperties>"
    swapped = [first.replace(end, theirs + end), second.replace(end, mine + end), *parts[2:]]
    verdict = judged(b"</ds:Signature>".join(swapped), online=True, parts=True)
    assert levels(verdict) == ["XAdES-B-T", "XAdES-B-T"]
    assert verdict.passed, why(verdict)


def test_an_archive_timestamp_of_a_stranger_proves_nothing() -> None:
    """T2: "chain to a TSA anchor"; the level stays what it was, and the report says whom nobody trusts."""
    stranger = World.create(AT, number=7, name="tỉnh Lạ")
    xml = signed("B-LT")
    content = forms.content_of(LETTER, xml)
    paths = ["//ds:SignedInfo", forms.VALUE, "//ds:KeyInfo", "//xades:UnsignedSignatureProperties/*"]
    covered = content + forms.octets_of(xml, paths)
    xml = forms.added(xml, stamped_by(stranger, "v:ArchiveTimeStamp", covered, AT - 30 * DAY))
    facts = only(xml)
    assert all(t.intact for t in facts.timestamps)
    verdict = judged(xml)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LT"]
    assert verdict.signatures[0].proven_time == AT
    assert "TIMESTAMP_NOT_TRUSTED" in {f.code for f in verdict.signatures[0].findings}


def test_an_earlier_timestamp_of_a_stranger_moves_no_time() -> None:
    """T2: whoever makes his own authority could date what he likes."""
    stranger = World.create(AT, number=8, name="tỉnh Lạ")
    world = World.create(AT, number=9)
    given = Evidence(crls=world.crls(AT))
    xml = Form(world.person_signer).sign()
    world.revoke(world.person, AT - HOUR, "keyCompromise")
    octets = forms.octets_of(xml, [forms.VALUE])
    xml = forms.added(xml, stamped_by(stranger, "xades:SignatureTimeStamp", octets, AT - 30 * DAY))
    at = AT + HOUR
    report = verify_document(xml, trust=world.trust, at=at, evidence=given, fetcher=world.fetcher(at))
    assert report.signatures[0].proven_time is None
    assert report.signatures[0].sub_indication == "REVOKED_NO_POE"


def test_evidence_among_the_properties_of_data_objects_counts_nowhere() -> None:
    """EN 319 132-1 4.3.5: evidence is an unsigned *signature* property; no archive timestamp covers others."""
    values = forms.values([WORLD.issuing, WORLD.tsa], WORLD.crls(AT))
    xml = forms.form_t(Form(PERSON).sign())
    end = b"</xades:UnsignedProperties>"
    group = f"<xades:UnsignedDataObjectProperties>{values}</xades:UnsignedDataObjectProperties>".encode()
    xml = xml.replace(end, group + end)
    facts = only(xml)
    assert facts.stored == ()
    assert "PROPERTY_NOT_CHECKED" in codes([facts])
    assert levels(judged(xml, online=True)) == ["XAdES-B-T"]


@pytest.mark.parametrize("name", ["EncapsulatedCRLValue", "EncapsulatedX509Certificate"])
def test_evidence_that_cannot_be_read_is_said_and_makes_no_level(name: str) -> None:
    values = forms.values([WORLD.issuing, WORLD.tsa], WORLD.crls(AT))
    broken = re.sub(rf"(<xades:{name}>)[^<]*", r"\1AAAA", values, count=1)
    xml = forms.added(forms.form_t(Form(PERSON).sign()), broken)
    verdict = judged(xml, online=True)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-T" if name == "EncapsulatedCRLValue" else "XAdES-B-LT"]


def test_an_archive_timestamp_under_another_signature_is_broken() -> None:
    """T1, T4: two archives of the same octets but for the signature."""
    one, two_ = signed("B-LTA"), signed("B-LTA", LETTER.replace(b"01/", b"02/"))
    stamp, without = cut(one, "ArchiveTimeStamp")
    other, _ = cut(two_, "ArchiveTimeStamp")
    assert stamp != other
    end = b"</xades:UnsignedSignatureProperties>"
    verdict = judged(without.replace(end, other + end))
    assert verdict.verdict == "failed"
    assert "TIMESTAMP_BROKEN" in {f.code for f in verdict.signatures[0].findings}


def test_an_empty_timestamp_container_is_a_failure_and_no_silence() -> None:
    for name in ("xades:SignatureTimeStamp", "v:ArchiveTimeStamp", "xades:RefsOnlyTimeStamp"):
        facts = only(forms.added(Form(PERSON).sign(), f"<{name} {forms.DECLARED}/>"))
        assert "TIMESTAMP_FORMAT" in codes([facts]), name
        assert not facts.well_formed


# Denial of service ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "property_xml"),
    [
        ("MAX_TIMESTAMPS", forms.stamped("xades:SignatureTimeStamp", b"x")),
        ("MAX_VALUES", forms.values([WORLD.issuing], ())),
        ("MAX_PROPERTIES", f"<xades:AttributeRevocationValues {forms.DECLARED}/>"),
        ("MAX_REFERENCES", forms.certificate_refs([WORLD.issuing])),
    ],
)
def test_what_one_signature_may_hold_is_limited(
    limit: str, property_xml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1: no input makes work beyond a linear budget."""
    monkeypatch.setattr(properties_unsigned, limit, 2)
    xml = Form(PERSON).sign()
    for _ in range(3):
        xml = forms.added(xml, property_xml)
    (facts,) = XmlDocument(xml).signatures()
    assert LimitExceeded.__name__ in facts.findings[0].text
    assert judged(xml).verdict == "failed"


def test_many_archive_timestamps_over_much_evidence_stop_at_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: each one covers all before it, so the octets would grow with the square of their number."""
    from kyso_pki.xml import references

    monkeypatch.setattr(references, "ALWAYS_HASHED", 1000)
    monkeypatch.setattr(references, "MAX_HASHED_TIMES", 1)
    xml = forms.added(Form(PERSON).sign(), forms.values([WORLD.issuing] * 20, ()))
    xml = forms.added(xml, forms.stamped("v:ArchiveTimeStamp", b"x"))
    assert judged(xml).verdict == "failed"
    assert "more hashing" in str(only(xml).findings)
