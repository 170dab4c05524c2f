"""CMS files that keep: every level, more signers, renewal, and what is refused; OpenSSL and asn1crypto look on."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms as foreign

import kyso
from kyso_pki import oids
from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.policy import DEFAULT_POLICY
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.cades.document import CmsDocument
from kyso_pki.document import Intent, Level
from kyso_pki.errors import EvidenceMissing, NotExtendable, SigningError, UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import open_document
from kyso_pki.testing import SoftwareSigner, World

from .made import AT, CONTENT, CRLS, WORLD, archived, countersigned, judged, signed, two_signers

LEVELS: tuple[Level, ...] = ("B-B", "B-T", "B-LT", "B-LTA")
SOURCES = Sources(AT, WORLD.fetcher(AT), trust=WORLD.trust)


def made(level: Level, *, detached: bool = True, signer: SoftwareSigner = WORLD.person_signer) -> bytes:
    return sign_document(
        CmsContent(CONTENT, detached=detached), Intent(AT, level), signer, WORLD.timestamper(AT), SOURCES
    )


def grown(data: bytes, level: Level, *, minutes: int = 0) -> bytes:
    at = AT + timedelta(minutes=minutes)
    sources = Sources(at, WORLD.fetcher(at), trust=WORLD.trust)
    return extend(CmsDocument(data, CONTENT), level, timestamper=WORLD.timestamper(at), sources=sources).data


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("role", ["person_signer", "seal_signer"])
def test_every_level_passes_offline_at_its_level_and_before_openssl(
    tmp_path: Path, level: Level, detached: bool, role: str
) -> None:
    data = made(level, detached=detached, signer=getattr(WORLD, role))
    evidence = CRLS if level in ("B-B", "B-T") else NO_EVIDENCE
    report = judged(data, CONTENT if detached else None, evidence)
    report.require_passed()
    assert [s.level for s in report.signatures] == [f"CAdES-{level}"]
    for name, octets in {"s": data, "c": CONTENT, "ca": WORLD.root.pem().encode()}.items():
        (tmp_path / name).write_bytes(octets)
    beside = ["-content", "c"] if detached else []
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "s", "-CAfile", "ca"]
    time = ["-attime", str(int(AT.timestamp())), "-purpose", "any"]
    done = subprocess.run([*command, *beside, *time], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_added_stands_where_the_standard_has_it() -> None:
    """EN 319 122-1 6.3: evidence in the SignedData, the timestamps among the unsigned attributes; RFC 5652 5.1."""
    data = foreign.ContentInfo.load(made("B-LTA"))["content"]
    assert data["version"].native == "v5"
    assert {choice.name for choice in data["crls"]} == {"crl", "other"}
    [info] = data["signer_infos"]
    kinds = [a["type"].dotted for a in info["unsigned_attrs"]]
    assert kinds == ["1.2.840.113549.1.9.16.2.14", "0.4.0.1733.2.4"]
    token = foreign.ContentInfo.load(info["unsigned_attrs"][1]["values"][0].dump())
    [stamp] = token["content"]["signer_infos"]
    assert "0.4.0.19122.1.5" in [a["type"].dotted for a in stamp["unsigned_attrs"]]


def test_nothing_that_stands_there_is_changed() -> None:
    """Certificates, the signer's fields and its first timestamp are the same octets, and in the same order."""
    before, after = foreign.ContentInfo.load(made("B-T")), foreign.ContentInfo.load(grown(made("B-T"), "B-LTA"))
    own = [c.dump() for c in before["content"]["certificates"]]
    assert [c.dump() for c in after["content"]["certificates"]][: len(own)] == own
    short = made("B-T")
    value = foreign.ContentInfo.load(short)["content"]["signer_infos"][0]
    longer = foreign.ContentInfo.load(grown(short, "B-LTA"))["content"]["signer_infos"][0]
    for part in ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature"):
        assert value[part].dump() == longer[part].dump()
    assert value["unsigned_attrs"][0].dump() == longer["unsigned_attrs"][0].dump()


def test_a_file_is_renewed_and_what_is_there_is_not_added_again() -> None:
    once = made("B-LTA")
    again = grown(once, "B-LTA", minutes=10)
    report = judged(again, evidence=NO_EVIDENCE, at=AT + timedelta(minutes=20))
    report.require_passed()
    assert report.signatures[0].level == "CAdES-B-LTA"
    assert [t.facts.kind for t in report.signatures[0].timestamps] == ["signature", "archive", "archive"]
    assert all(t.trusted for t in report.signatures[0].timestamps)
    lt = made("B-LT")
    assert grown(lt, "B-LT") == lt


def test_each_signer_gets_its_own_timestamps_and_all_share_the_evidence() -> None:
    report = judged(grown(two_signers(), "B-LTA"), evidence=NO_EVIDENCE)
    report.require_passed()
    assert [s.level for s in report.signatures] == ["CAdES-B-LTA"] * 2


def test_a_counter_signature_stays_what_it_is() -> None:
    report = judged(grown(countersigned(), "B-LTA"), evidence=CRLS)
    report.require_passed()
    assert [s.level for s in report.signatures] == ["CAdES-B-LTA", "CMS"]


def test_a_structure_of_indefinite_lengths_grows() -> None:
    from tests.attacks.cms.files import ber

    data = grown(ber(signed()), "B-LTA")
    judged(data, evidence=NO_EVIDENCE).require_passed()


@pytest.mark.parametrize("level", LEVELS)
def test_another_signer_signs_beside_the_first(level: Level) -> None:
    """And leaves what the first one has as it is, an archive timestamp too."""
    first = CmsDocument(made("B-LTA"), CONTENT)
    both = sign_document(first, Intent(AT, level), WORLD.seal_signer, WORLD.timestamper(AT), SOURCES)
    report = judged(both)
    report.require_passed()
    assert [(s.id, s.level) for s in report.signatures] == [
        ("signer-1", "CAdES-B-LTA"),
        ("signer-2", f"CAdES-{level}"),
    ]
    assert report.signatures[1].certificate == WORLD.seal


def test_the_content_is_needed_to_sign_beside_and_to_preserve() -> None:
    with pytest.raises(UsageError, match="not at hand"):
        sign_document(CmsDocument(signed()), Intent(AT), WORLD.seal_signer)
    with pytest.raises(NotExtendable, match="not at hand"):
        extend(CmsDocument(signed()), "B-LTA", timestamper=WORLD.timestamper(AT), sources=SOURCES)
    with pytest.raises(SigningError, match="not what the others signed"):
        sign_document(CmsDocument(signed(), CONTENT + b"."), Intent(AT), WORLD.seal_signer)


def test_evidence_that_cannot_be_had_is_refused_by_name() -> None:
    with pytest.raises(EvidenceMissing, match="Nguyễn Văn Mẫu"):
        extend(CmsDocument(signed(), CONTENT), "B-LT", timestamper=WORLD.timestamper(AT), sources=Sources(AT))


def test_an_archive_outlasts_its_signer() -> None:
    """Long after the signer has expired, by the file, the anchors and a CRL of today for the last timestamp."""
    then = AT - timedelta(days=729)
    old = World.create(at=then, number=1)
    sources = Sources(then, old.fetcher(then), trust=old.trust)
    once = sign_document(
        CmsContent(CONTENT), Intent(then, "B-LTA"), old.person_signer, old.timestamper(then), sources
    )
    expired = old.person.not_after + timedelta(days=1)
    renewal = expired - timedelta(days=2)
    again = extend(
        CmsDocument(once, CONTENT),
        "B-LTA",
        timestamper=WORLD.timestamper(renewal),
        sources=Sources(renewal, old.fetcher(renewal), trust=old.trust + WORLD.trust),
    ).data
    today = Evidence(crls=tuple(WORLD.crls(expired)))

    def report(data: bytes) -> DocumentReport:
        return kyso.verify(data, trust=old.trust + WORLD.trust, at=expired, evidence=today, content=CONTENT)

    lasting = report(again)
    lasting.require_passed()
    assert lasting.signatures[0].level == "CAdES-B-LTA"
    plain = report(sign_document(CmsContent(CONTENT), Intent(then), old.person_signer))
    assert plain.signatures[0].sub_indication == "OUT_OF_BOUNDS_NO_POE"


def test_plain_cms_is_not_preserved() -> None:
    from tests.fuzz import cms_seeds

    document = open_document(cms_seeds.seeds()["ky-thuong"], content=cms_seeds.content())
    world = World.create(at=cms_seeds.AT)
    sources = Sources(cms_seeds.AT, evidence=cms_seeds.evidence(), trust=cms_seeds.trust() + world.trust)
    with pytest.raises((NotExtendable, EvidenceMissing)):
        extend(document, "B-LTA", timestamper=world.timestamper(cms_seeds.AT), sources=sources)


def test_content_that_is_too_large_to_stand_inside_is_refused_in_words() -> None:
    large = bytes((16 << 20) + 1)
    with pytest.raises(Exception, match="Sign it detached") as caught:
        sign_document(CmsContent(large, detached=False), Intent(AT), WORLD.person_signer)
    assert caught.value.code == "format.limit"  # type: ignore[attr-defined] # a KysoError
    report = judged(sign_document(CmsContent(large), Intent(AT), WORLD.person_signer), large)
    report.require_passed()


@pytest.mark.parametrize(
    ("end", "level"), [(date(2026, 11, 28), "B-LTA"), (date(2026, 11, 27), "B-LT"), (date.min, "B-LT")]
)
def test_an_index_with_an_old_hash_covers_while_the_policy_accepts_it(end: date, level: Level) -> None:
    data = archived(hash_oid=oids.SHA1)
    policy = replace(DEFAULT_POLICY, hash_ends=(("sha1", end),))
    report = kyso.verify(data, trust=WORLD.trust, at=AT + timedelta(minutes=2), content=CONTENT, policy=policy)
    assert [s.level for s in report.signatures] == [f"CAdES-{level}"]
    assert ("TIMESTAMP_NOT_TRUSTED" in {f.code for s in report.signatures for f in s.findings}) is (level == "B-LT")


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_what_we_preserve_holds_by_sliding_too(level: Level) -> None:
    """EN 319 102-1 5.6.2.2.4: the answers that growth puts in were given no earlier than the timestamp (ADR 27)."""
    policy = replace(DEFAULT_POLICY, revocation_after_proof=True)
    next_day = AT + timedelta(hours=20)  # offline, while the answers about the authority are fresh
    kyso.verify(made(level), trust=WORLD.trust, at=next_day, content=CONTENT, policy=policy).require_passed()
