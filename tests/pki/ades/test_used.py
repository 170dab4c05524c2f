"""A report names the evidence that spoke: where it was found, and by when it is proven to have existed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import kyso
from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.used import MAX_LISTED, Used
from kyso_pki.authority.profile import Subject
from kyso_pki.credential import Chain
from kyso_pki.evidence import Evidence
from kyso_pki.testing import SoftwareSigner, SoftwareSigningKey, World, forge, software_key
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.revocation import MAX_SIGNERS
from tests.attacks.x509.test_answers import answer, revocation_list, single
from tests.pki.ades.inputs import PDF, XML

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(at=AT)


def signed(world: World, level: str, data: bytes = PDF) -> bytes:
    return kyso.sign(
        data, world.person_signer, at=AT, level=level, timestamper=world.timestamper(AT), fetcher=world.fetcher(AT)
    )


def judged(world: World, data: bytes, **options: object) -> SignatureReport:
    return kyso.verify(data, trust=world.trust, at=AT + HOUR, **options).signatures[0]  # type: ignore[arg-type]


def of(report: SignatureReport, kind: str) -> tuple[Used, ...]:
    return tuple(u for u in report.evidence if u.kind == kind)


def test_the_certificates_of_the_path_come_from_the_file_and_the_anchors(world: World) -> None:
    report = judged(world, signed(world, "B-B"))
    found = of(report, "certificate")
    assert [u.sha256 for u in found] == [c.sha256 for c in report.path]
    assert [u.place for u in found] == ["file", "file", "trust"]
    assert found[0].name == str(report.path[0].subject)


def test_an_issuer_that_only_the_caller_has_is_given(world: World) -> None:
    found = kyso.facts(signed(world, "B-B"))
    [facts] = found.signatures
    bare = replace(found, signatures=(replace(facts, certificates=(world.person,)),))
    evidence = Evidence(certificates=facts.certificates)
    [report] = kyso.replay(bare, trust=world.trust, at=AT + HOUR, evidence=evidence).signatures
    assert [u.place for u in of(report, "certificate")] == ["file", "given", "trust"]


@pytest.mark.parametrize("data", [PDF, XML], ids=["pdf", "xml"])
def test_what_the_file_carries_is_proven_by_the_timestamp_over_it(world: World, data: bytes) -> None:
    for level, proven in (("B-LT", False), ("B-LTA", True)):
        report = judged(world, signed(world, level, data))
        spoken = (*of(report, "crl"), *of(report, "ocsp"))
        assert {u.place for u in spoken} == {"file"}
        assert {u.proven is not None for u in spoken} == {proven}
        stamps = of(report, "timestamp")
        assert [u.at for u in stamps] == [t.facts.time for t in report.timestamps]
        assert stamps[0].sha256 == hashlib.sha256(report.timestamps[0].facts.token).hexdigest()
        assert (stamps[0].proven is not None) is proven


def test_what_the_caller_gives_and_what_is_fetched_is_told_apart(world: World) -> None:
    plain = signed(world, "B-B")
    crls = tuple(world.crls(AT))
    given = judged(world, plain, evidence=Evidence(crls=crls))
    assert {u.sha256 for u in of(given, "crl")} <= {hashlib.sha256(c).hexdigest() for c in crls}
    assert {u.place for u in of(given, "crl")} == {"given"}
    asked = judged(world, plain, fetcher=world.fetcher(AT))
    fetched = [u for u in asked.evidence if u.place == "fetched"]
    assert {u.kind for u in fetched} == {"crl", "ocsp"}
    assert all(u.uri and u.uri.startswith("http://") and u.at == AT for u in fetched)


def test_only_what_stands_in_the_file_is_said_to(world: World) -> None:
    plain, kept = signed(world, "B-B"), signed(world, "B-LT")
    given = Evidence(crls=tuple(world.crls(AT)))
    newer = Evidence(crls=tuple(world.crls(AT + timedelta(minutes=30))))
    assert judged(world, plain, evidence=given).revocation.source == "crl (given)"
    assert judged(world, kept).revocation.source == "ocsp (embedded)"
    found = kyso.facts(kept)
    [facts] = found.signatures
    both = replace(found, signatures=(replace(facts, crls=given.crls, ocsp=(), stored=()),))

    def replayed(evidence: Evidence) -> str | None:
        return kyso.replay(both, trust=world.trust, at=AT + HOUR, evidence=evidence).signatures[0].revocation.source

    assert replayed(given) == "crl (embedded)", "the same list is in both places"
    assert replayed(newer) == "crl (at hand)", "the file's list and the caller's were weighed together"


def test_evidence_about_others_is_not_listed(world: World) -> None:
    other = World.create(at=AT)
    report = judged(world, signed(world, "B-B"), evidence=Evidence(crls=tuple(other.crls(AT)), ocsp=(b"no answer",)))
    assert not of(report, "ocsp")
    assert {u.name for u in of(report, "crl")} <= {str(c.subject) for c in report.path}


def test_without_a_path_the_signer_s_certificate_and_its_place_are_told(world: World) -> None:
    report = kyso.verify(signed(world, "B-T"), at=AT + HOUR).signatures[0]
    assert report.certificate is not None
    assert [(u.sha256, u.place) for u in of(report, "certificate")] == [(report.certificate.sha256, "file")]


def test_a_heap_of_evidence_makes_no_heap_of_report(world: World) -> None:
    [*crls] = world.crls(AT)
    heap = tuple(crls[0][:-1] + bytes([n]) for n in range(200))
    report = judged(world, signed(world, "B-B"), evidence=Evidence(crls=heap))
    assert len(of(report, "crl")) <= MAX_LISTED


def test_lists_and_answers_that_others_signed_in_the_names_of_ours_are_not_evidence(world: World) -> None:
    data, forge = signed(world, "B-B"), World.create(at=AT, number=5)  # the same names, other keys
    own, forged = ((w.crl(AT), w.crl(AT, w.root_signer)) for w in (world, forge))
    report = judged(world, data, evidence=Evidence(crls=(*forged, *own)))
    assert report.passed
    assert {u.sha256 for u in of(report, "crl")} == {hashlib.sha256(c).hexdigest() for c in own}


def namesakes(world: World, count: int) -> tuple[Certificate, ...]:
    """Certificates that bear the issuing CA's name, each with another key of anybody's."""
    keys = [SoftwareSigningKey.of(software_key("p256", 300 + n)) for n in range(count)]
    return tuple(
        forge(
            Subject("CA cấp phát tỉnh Mẫu", organisation="UBND tỉnh Mẫu"),
            key.public_key,
            key=key,
            issuer=world.issuing,
            not_before=AT - HOUR,
            not_after=AT + HOUR,
        )
        for key in keys
    )


def test_a_crowd_that_bears_the_issuers_name_is_not_tried_one_by_one(world: World) -> None:
    """R2: 200 certificates times 64 lists times the signatures of a file: 28 s for 435 kB."""
    crowd = namesakes(world, MAX_SIGNERS + 1)
    assert crowd[0].subject.matches(world.issuing.subject)
    last = SoftwareSigningKey.of(software_key("p256", 300 + MAX_SIGNERS))
    listed = revocation_list(signer=SoftwareSigner(last.private_key, last.scheme, Chain((crowd[-1],))))
    for carried, count in ((crowd[-1:], 1), (crowd, 0)):
        evidence = Evidence(certificates=carried, crls=(listed,))
        report = judged(world, signed(world, "B-B"), evidence=evidence)
        assert (report.verdict, len(of(report, "crl"))) == ("indeterminate", count)


def test_an_answer_that_speaks_of_one_certificate_many_times_is_evidence_once(world: World) -> None:
    """R2: 64 times in each of 30 answers, looked up among 960 certificates each time: 3 s for each signature."""
    singles = [single(about=ocsp.cert_id(world.person, world.issuing), this_update=AT) for _ in range(60)]
    said = answer(*singles, signer=world.ocsp_signer, produced_at=AT)
    report = judged(world, signed(world, "B-B"), evidence=Evidence(ocsp=(said,), crls=world.crls(AT)))
    assert report.verdict == "passed"
    assert len(of(report, "ocsp")) == 1
