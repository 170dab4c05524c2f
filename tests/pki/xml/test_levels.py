"""Levels of XAdES: what is claimed is proven, what cannot be proven is refused, and it holds years later."""

from __future__ import annotations

import pytest

from kyso_pki.ades.grow import Sources, add_evidence, extend, missing_evidence, timestamp_document
from kyso_pki.ades.sign import sign_document
from kyso_pki.authority.profile import Subject
from kyso_pki.document import Intent, Level
from kyso_pki.errors import EvidenceMissing, NotExtendable, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.testing import FetchFault, World
from kyso_pki.xml.document import XmlDocument

from .growing import DAY, HOUR, YEAR, grown, judged, levels, signed, sources, unsigned, why
from .made import AT, LETTER, PERSON, SEAL, WORLD, Form, only

LT = ("SignatureTimeStamp", "TimeStampValidationData", "RevocationValues")


@pytest.mark.parametrize(
    ("level", "properties"), [("B-LT", LT), ("B-LTA", (*LT, "ArchiveTimeStamp"))], ids=["B-LT", "B-LTA"]
)
def test_a_signature_with_its_evidence_passes_offline(level: Level, properties: tuple[str, ...]) -> None:
    for signer in (PERSON, SEAL):
        data = signed(level, signer=signer)
        report = judged(data)
        assert report.passed, why(report)
        assert levels(report) == [f"XAdES-{level}"]
        assert unsigned(data) == properties


def test_each_level_is_the_one_below_with_something_added() -> None:
    data = signed("B-B")
    for level in ("B-T", "B-LT", "B-LTA", "B-LTA"):
        longer = grown(data, level)
        start = next(n for n, (a, b) in enumerate(zip(data, longer, strict=False)) if a != b)
        assert longer.endswith(data[start:])
        data = longer
    assert levels(judged(data)) == ["XAdES-B-LTA"]
    assert unsigned(data).count("ArchiveTimeStamp") == 2


def test_a_signature_without_a_time_gets_a_signature_timestamp() -> None:
    data = grown(signed("B-B"), "B-T", AT + HOUR)
    report = judged(data, AT + 2 * HOUR, online=True)
    assert report.passed, why(report)
    assert levels(report) == ["XAdES-B-T"]
    assert report.signatures[0].proven_time == AT + HOUR
    assert grown(data, "B-T", AT + 2 * HOUR) == data


def test_evidence_over_which_no_timestamp_stands_makes_no_lta() -> None:
    """P13, for XML: evidence that stands after the archive timestamp is not covered by it."""
    data = signed("B-T")
    (pending,) = XmlDocument(data).prepare_timestamps("archive", lambda: 0, None)
    imprint = pending.digest("sha256")
    token = WORLD.timestamper(AT).timestamp(imprint, "sha256")
    data = XmlDocument(data).grown(pending.addition(token, imprint, "sha256")).data
    found = missing_evidence(XmlDocument(data).signatures(), sources())
    data = add_evidence(XmlDocument(data), found).data
    report = judged(data)
    assert report.passed, why(report)
    assert unsigned(data)[:2] == ("SignatureTimeStamp", "ArchiveTimeStamp")
    assert levels(report) == ["XAdES-B-LT"]
    assert levels(judged(grown(data, "B-LTA"))) == ["XAdES-B-LTA"]


def test_evidence_from_outside_the_file_makes_no_lt() -> None:
    at = AT + HOUR
    report = verify_document(
        signed("B-T"), trust=WORLD.trust, at=at, fetcher=WORLD.fetcher(at), evidence=Evidence(crls=WORLD.crls(at))
    )
    assert report.passed
    assert levels(report) == ["XAdES-B-T"]


@pytest.mark.parametrize("what", ["about somebody else", "half of it", "too old"])
def test_evidence_that_does_not_speak_for_this_signature_makes_no_lt(what: str) -> None:
    crls = {
        "about somebody else": World.create(AT, number=3, name="tỉnh Khác").crls(AT),
        "half of it": (WORLD.crl(AT),),
        "too old": WORLD.crls(AT - 30 * DAY),
    }[what]
    report = judged(add_evidence(XmlDocument(signed("B-T")), Evidence(crls=crls)).data, online=True)
    assert report.passed, why(report)
    assert levels(report) == ["XAdES-B-T"]


def test_an_archive_is_renewed_and_passes_when_the_signer_has_long_expired() -> None:
    """The evidence for the first archive's authority stands right after it, and under the second one."""
    brief = WORLD.issue(Subject("Trần Văn Mẫu", organisation="UBND tỉnh Mẫu"), not_after=AT + 10 * DAY)
    renewed = grown(signed("B-LTA", signer=brief), "B-LTA", AT + YEAR)
    assert unsigned(renewed) == (*LT, "ArchiveTimeStamp", "TimeStampValidationData", "ArchiveTimeStamp")
    report = judged(renewed, AT + YEAR + 30 * DAY, online=True)
    assert report.passed, why(report)
    assert levels(report) == ["XAdES-B-LTA"]
    assert report.signatures[0].proven_time == AT
    assert [t.facts.kind for t in report.signatures[0].timestamps] == ["signature", "archive", "archive"]


def test_an_expired_signer_passes_with_evidence_and_not_without() -> None:
    brief = WORLD.issue(Subject("Trần Văn Mẫu", organisation="UBND tỉnh Mẫu"), not_after=AT + 10 * DAY)
    late = AT + 200 * DAY
    assert not judged(signed("B-B", signer=brief), late, online=True).passed
    for level in ("B-LT", "B-LTA"):
        report = judged(signed(level, signer=brief), late, online=True)
        assert report.passed, why(report)


def test_a_revocation_after_the_proven_time_spares_the_signature() -> None:
    world = World.create(AT, number=4)
    given = Sources(AT, world.fetcher(AT), trust=world.trust)
    data = sign_document(XmlDocument(LETTER), Intent(AT, "B-LTA"), world.person_signer, world.timestamper(AT), given)
    world.revoke(world.person, AT + DAY, "superseded")
    at = AT + 2 * DAY
    report = verify_document(data, trust=world.trust, at=at, fetcher=world.fetcher(at))
    assert report.passed, why(report)
    assert any(f.code == "REVOKED_LATER" for f in report.signatures[0].findings)


@pytest.mark.parametrize("fault", ["unreachable", "unknown", "stale", "refused", "junk", "foreign"])
def test_evidence_that_cannot_be_had_is_refused_by_name(fault: FetchFault) -> None:
    with pytest.raises(EvidenceMissing, match="Nguyễn Văn Mẫu") as e:
        extend(XmlDocument(signed("B-T")), "B-LT", timestamper=None, sources=sources(fault=fault))
    assert any("TSA tỉnh Mẫu" in text for text in e.value.details["missing"])  # type: ignore[attr-defined]  # a tuple of texts


def test_evidence_at_hand_needs_no_network() -> None:
    given = Sources(AT, evidence=Evidence(crls=WORLD.crls(AT)), trust=WORLD.trust)
    data = extend(XmlDocument(signed("B-B")), "B-LTA", timestamper=WORLD.timestamper(AT), sources=given).data
    report = judged(data)
    assert report.passed, why(report)
    assert levels(report) == ["XAdES-B-LTA"]


def test_what_is_there_is_not_added_again() -> None:
    data = signed("B-LT")
    assert grown(data, "B-LT") == data


def test_a_damaged_signature_is_not_extended() -> None:
    data = signed("B-T").replace(b"STTTT", b"STTTD", 1)
    with pytest.raises(NotExtendable, match="not intact"):
        grown(data, "B-LT")
    with pytest.raises(NotExtendable, match="no signature"):
        grown(LETTER, "B-LT")


def test_plain_xmldsig_is_refused_with_the_reason() -> None:
    with pytest.raises(NotExtendable, match="plain XML Signature") as e:
        grown(Form(SEAL, "xmldsig").sign(), "B-LTA")
    assert "XAdES" in str(e.value.remedy)


def test_a_document_timestamp_alone_is_for_pdf() -> None:
    with pytest.raises(UsageError, match="Only a PDF"):
        timestamp_document(XmlDocument(signed("B-B")), WORLD.timestamper(AT))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_grows_in_its_own_encoding(encoding: str) -> None:
    text = LETTER.decode() if encoding == "utf-8" else LETTER.decode().replace('encoding="UTF-8"', "")
    data = grown(signed("B-B", text.encode(encoding)), "B-LTA")
    assert data[:2] == text.encode(encoding)[:2]
    report = judged(data)
    assert report.passed, why(report)
    assert levels(report) == ["XAdES-B-LTA"]
    assert only(data).coverage.whole
