"""Levels of PAdES: what is claimed is proven, what cannot be proven is refused, and it holds years later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kyso_pki.ades.grow import Sources, add_evidence, extend, missing_evidence, timestamp_document
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.ades.stamping import SLACK, token_size, token_size_of
from kyso_pki.ades.verify import judge
from kyso_pki.authority.profile import Subject
from kyso_pki.document import Intent, Level
from kyso_pki.errors import EvidenceMissing, SigningError, TimestampError, Unreachable, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.signer import Signer
from kyso_pki.testing import FetchFault, World, WorldTimestamper
from tests.pki.ades.inputs import PDF

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(at=AT)


def sources(world: World, at: datetime = AT, fault: FetchFault | None = None) -> Sources:
    return Sources(at, world.fetcher(at, fault), trust=world.trust)


def signed(world: World, level: Level, data: bytes = PDF, at: datetime = AT, signer: Signer | None = None) -> bytes:
    return sign_document(
        PdfDocument(data),
        Intent(at, level),
        signer or world.person_signer,
        world.timestamper(at),
        sources(world, at),
    )


def grown(world: World, data: bytes, level: Level, at: datetime) -> bytes:
    return extend(PdfDocument(data), level, timestamper=world.timestamper(at), sources=sources(world, at)).data


def judged(world: World, data: bytes, at: datetime = AT + HOUR, *, online: bool = False) -> DocumentReport:
    return verify_document(data, trust=world.trust, at=at, fetcher=world.fetcher(at) if online else None)


def levels(report: DocumentReport) -> list[str]:
    return [s.level for s in report.signatures]


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("B-LT", ["PAdES-B-LT"]),
        ("B-LTA", ["PAdES-B-LTA", "DOCTIMESTAMP"]),
    ],
)
def test_a_signature_with_its_evidence_passes_offline(world: World, level: Level, seen: list[str]) -> None:
    report = judged(world, signed(world, level))
    assert report.passed, [f.text for s in report.signatures for f in s.findings]
    assert levels(report) == seen


def test_each_level_is_the_one_below_with_something_added(world: World) -> None:
    data = signed(world, "B-T")
    for level in ("B-LT", "B-LTA"):
        longer = grown(world, data, level, AT)
        assert longer.startswith(data)
        data = longer


def test_a_signature_without_a_time_gets_a_document_timestamp(world: World) -> None:
    """EN 319 142-1 6.3: the time of B-T may come from a document timestamp; the signature itself is not rewritten."""
    plain = signed(world, "B-B")
    data = grown(world, plain, "B-T", AT + HOUR)
    assert data.startswith(plain)
    report = judged(world, data, AT + 2 * HOUR, online=True)
    assert report.passed
    assert levels(report) == ["PAdES-B-T", "DOCTIMESTAMP"]
    assert report.signatures[0].proven_time == AT + HOUR
    assert grown(world, data, "B-T", AT + 2 * HOUR) == data


def test_evidence_over_which_no_timestamp_stands_makes_no_lta(world: World) -> None:
    """P13: "revocation data after the last timestamp is not protected by it"."""
    data = timestamp_document(PdfDocument(signed(world, "B-T")), world.timestamper(AT)).data
    found = missing_evidence(PdfDocument(data).signatures(), sources(world))
    data = add_evidence(PdfDocument(data), found).data
    report = judged(world, data)
    assert levels(report) == ["PAdES-B-LT", "DOCTIMESTAMP"]
    assert levels(judged(world, grown(world, data, "B-LTA", AT)))[0] == "PAdES-B-LTA"


def test_evidence_from_outside_the_file_makes_no_lt(world: World) -> None:
    """P13: the level is what the file proves by itself, not what a verifier knows or fetches."""
    data = signed(world, "B-T")
    at = AT + HOUR
    report = verify_document(
        data, trust=world.trust, at=at, fetcher=world.fetcher(at), evidence=Evidence(crls=world.crls(at))
    )
    assert report.passed
    assert levels(report) == ["PAdES-B-T"]


def test_evidence_about_somebody_else_makes_no_lt(world: World) -> None:
    """P13: keys in the DSS are no proof; the evidence must be about this signer and this authority."""
    other = World.create(AT, number=3, name="tỉnh Khác")
    data = add_evidence(PdfDocument(signed(world, "B-T")), Evidence(crls=other.crls(AT))).data
    report = judged(world, data, online=True)
    assert report.passed
    assert levels(report) == ["PAdES-B-T"]


def test_half_of_the_evidence_makes_no_lt(world: World) -> None:
    """The CRL of the issuing CA without that of the root says nothing about the issuing CA itself."""
    data = add_evidence(PdfDocument(signed(world, "B-T")), Evidence(crls=(world.crl(AT),))).data
    assert levels(judged(world, data, online=True)) == ["PAdES-B-T"]


def test_evidence_from_before_a_stolen_time_does_not_serve(world: World) -> None:
    """An answer that had ended before the proven time says nothing about it."""
    old = AT - 30 * DAY
    data = add_evidence(PdfDocument(signed(world, "B-T")), Evidence(crls=world.crls(old))).data
    assert levels(judged(world, data, online=True)) == ["PAdES-B-T"]


def test_an_archive_passes_when_the_signer_has_long_expired(world: World) -> None:
    """Two and a half years later the signer's certificate has ended; only the last TSA is asked about, online."""
    data = signed(world, "B-LTA")
    renewed = grown(world, data, "B-LTA", AT + YEAR)
    assert renewed.startswith(data)
    late = AT + YEAR + 30 * DAY
    report = judged(world, renewed, late, online=True)
    assert report.passed, [f.text for s in report.signatures for f in s.findings]
    assert levels(report) == ["PAdES-B-LTA", "DOCTIMESTAMP", "DOCTIMESTAMP"]
    assert report.signatures[0].proven_time == AT


def test_an_expired_signer_passes_with_lta_and_not_without(world: World) -> None:
    brief = world.issue(Subject("Trần Văn Mẫu", organisation="UBND tỉnh Mẫu"), not_after=AT + 10 * DAY)
    late = AT + 200 * DAY
    assert not judged(world, signed(world, "B-B", signer=brief), late, online=True).passed
    for level in ("B-LT", "B-LTA"):
        report = judged(world, signed(world, level, signer=brief), late, online=True)
        assert report.passed, [f.text for s in report.signatures for f in s.findings]
    assert levels(report)[0] == "PAdES-B-LTA"


def test_a_revocation_after_the_proven_time_spares_the_signature_and_one_before_does_not() -> None:
    world = World.create(AT, number=4)
    data = signed(world, "B-LTA")
    world.revoke(world.person, AT + DAY, "superseded")
    report = judged(world, data, AT + 2 * DAY, online=True)
    assert report.passed
    assert any(f.code == "REVOKED_LATER" for f in report.signatures[0].findings)
    world.revoke(world.seal, AT - HOUR, "superseded")
    with pytest.raises(EvidenceMissing, match="Revoked"):
        signed(world, "B-LT", signer=world.seal_signer, at=AT + HOUR)


@pytest.mark.parametrize("fault", ["unreachable", "unknown", "stale", "refused", "junk", "foreign"])
def test_evidence_that_cannot_be_had_is_refused_by_name(world: World, fault: FetchFault) -> None:
    with pytest.raises(EvidenceMissing, match="Nguyễn Văn Mẫu") as e:
        sign_document(
            PdfDocument(PDF),
            Intent(AT, "B-LT"),
            world.person_signer,
            world.timestamper(AT),
            sources(world, fault=fault),
        )
    assert e.value.code == "signing.evidence_missing"
    assert any("TSA tỉnh Mẫu" in text for text in e.value.details["missing"])  # type: ignore[attr-defined]  # a tuple of texts


def test_evidence_at_hand_needs_no_network(world: World) -> None:
    given = Sources(AT, evidence=Evidence(crls=world.crls(AT)), trust=world.trust)
    data = sign_document(PdfDocument(PDF), Intent(AT, "B-LTA"), world.person_signer, world.timestamper(AT), given)
    report = judged(world, data)
    assert report.passed
    assert levels(report)[0] == "PAdES-B-LTA"


def test_a_missing_issuer_is_refused_by_name(world: World) -> None:
    signer = replace(world.person_signer, chain=type(world.person_signer.chain)((world.person,)))
    given = Sources(AT, evidence=Evidence(crls=world.crls(AT)))
    with pytest.raises(EvidenceMissing, match="issuer"):
        sign_document(PdfDocument(PDF), Intent(AT, "B-LT"), signer, world.timestamper(AT), given)


def test_two_signers_grow_together(world: World) -> None:
    data = signed(world, "B-LT", signed(world, "B-T"), AT + HOUR, world.seal_signer)
    report = judged(world, data, AT + 2 * HOUR)
    assert report.passed
    assert levels(report) == ["PAdES-B-LT", "PAdES-B-LT"]
    lasting = judged(world, grown(world, data, "B-LTA", AT + 2 * HOUR), AT + 3 * HOUR)
    assert lasting.passed
    assert levels(lasting) == ["PAdES-B-LTA", "PAdES-B-LTA", "DOCTIMESTAMP"]


def test_what_is_there_is_not_added_again(world: World) -> None:
    data = signed(world, "B-LT")
    assert grown(world, data, "B-LT", AT) == data


def test_a_timestamp_alone_is_no_signature_and_covers_everything(world: World) -> None:
    data = timestamp_document(PdfDocument(PDF), world.timestamper(AT)).data
    (found,) = PdfDocument(data).signatures()
    assert found.family == "DOCTIMESTAMP"
    assert found.references_intact
    report = judged(world, data, online=True)
    assert report.signatures[0].passed
    assert not report.passed
    assert report.findings[0].code == "NO_SIGNATURE"


def test_a_timestamp_proves_nothing_of_what_was_added_after_it_in_whatever_order_they_are_listed(
    world: World,
) -> None:
    """P13: fields that only a page names, and those that a revision took away, are listed last."""
    stamped = timestamp_document(PdfDocument(PDF), world.timestamper(AT - DAY)).data
    stamp, signature = PdfDocument(signed(world, "B-B", stamped)).signatures()
    assert stamp.state < signature.state
    for order in ((stamp, signature), (signature, stamp)):
        report = judge(order, sha256="0" * 64, format="pdf", trust=world.trust, at=AT, fetcher=world.fetcher(AT))
        [found] = [s for s in report.signatures if s.level != "DOCTIMESTAMP"]
        assert (found.level, found.proven_time, found.verdict) == ("PAdES-B-B", None, "passed")


def test_a_damaged_signature_is_not_extended(world: World) -> None:
    data = signed(world, "B-T")
    damaged = data.replace(b"Cong van", b"Cong Van", 1)
    with pytest.raises(SigningError, match="not intact"):
        grown(world, damaged, "B-LT", AT)
    with pytest.raises(SigningError, match="no signature"):
        grown(world, PDF, "B-LT", AT)


def test_what_a_level_needs_is_asked_before_the_key_moves(world: World) -> None:
    class Key:
        chain = world.person_signer.chain
        scheme = world.person_signer.scheme

        def sign(self, imprints: object) -> list[bytes]:
            raise AssertionError("the key was asked")

    with pytest.raises(UsageError, match="evidence"):
        sign_document(PdfDocument(PDF), Intent(AT, "B-LT"), Key(), world.timestamper(AT))
    with pytest.raises(UsageError, match="time-stamping authority"):
        sign_document(PdfDocument(PDF), Intent(AT, "B-LT"), Key(), None, sources(world))
    with pytest.raises((TimestampError, Unreachable)):
        sign_document(PdfDocument(PDF), Intent(AT, "B-T"), Key(), world.timestamper(AT, "unreachable"))


def test_the_room_for_a_token_is_that_of_its_authority(world: World) -> None:
    stamper = world.timestamper(AT)
    token = stamper.timestamp(bytes(32), "sha256")
    assert len(token) <= token_size(stamper) <= len(token) + 2 * SLACK
    chain, scheme = world.tsa_signer.chain, world.tsa_signer.scheme
    assert len(token) <= token_size_of(chain, scheme) <= len(token) + 4 * SLACK
    large = len(signed(world, "B-T"))
    assert large < len(signed(world, "B-B")) + 2 * (len(token) + 2 * SLACK)


def test_an_authority_is_asked_for_its_size_once() -> None:
    world = World.create(AT)
    asked: list[str] = []

    class Counting:
        def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
            asked.append(hash_name)
            return WorldTimestamper(world.tsa_signer, AT).timestamp(imprint, hash_name)

    stamper = Counting()
    for _ in range(3):
        sign_document(PdfDocument(PDF), Intent(AT, "B-T"), world.person_signer, stamper)
    assert len(asked) == 4
