"""CMS files on their own: made and judged with OpenSSL, every signer, every counter-signature, archive timestamps."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import kyso
from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.asn1 import der
from kyso_pki.cades.archive import Index, message_digest, unsigned_values
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.errors import KysoError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner, World

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
CONTENT = "Quyết định của UBND tỉnh Mẫu".encode() * 50
CRLS = Evidence(crls=tuple(WORLD.crls(AT)))


def signed(signer: SoftwareSigner = WORLD.person_signer, **options: object) -> bytes:
    return kyso.sign_cms(CONTENT, signer, at=AT, **options)  # type: ignore[arg-type] # forwarded as they are


def judged(
    data: bytes, content: bytes | None = CONTENT, evidence: Evidence = CRLS, at: datetime = AT
) -> DocumentReport:
    return kyso.verify(data, trust=WORLD.trust, at=at, evidence=evidence, content=content)


def codes(report: DocumentReport) -> set[str]:
    return {f.code for s in report.signatures for f in s.findings if f.severity == "error"}


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", "cms", *arguments], cwd=folder, capture_output=True, check=False)


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("role", ["person_signer", "seal_signer"])
def test_openssl_accepts_what_kyso_signs(tmp_path: Path, detached: bool, level: str, role: str) -> None:
    tsa = WORLD.timestamper(AT) if level == "B-T" else None
    made = signed(getattr(WORLD, role), detached=detached, level=level, timestamper=tsa)
    (tmp_path / "s").write_bytes(made)
    (tmp_path / "c").write_bytes(CONTENT)
    (tmp_path / "ca").write_text(WORLD.root.pem())
    beside = ["-content", "c"] if detached else []
    time = ["-attime", str(int(AT.timestamp())), "-purpose", "any"]
    done = openssl(
        tmp_path, "-verify", "-cades", "-binary", "-inform", "DER", "-in", "s", "-CAfile", "ca", *beside, *time
    )
    assert done.returncode == 0, done.stderr
    report = judged(made, CONTENT if detached else None)
    report.require_passed()
    [one] = report.signatures
    assert one.level == f"CAdES-{level}" and one.coverage.whole and one.claimed_time == AT


@pytest.mark.parametrize("options", [[], ["-cades"], ["-keyid"], ["-cades", "-nodetach"]])
def test_kyso_judges_what_openssl_signs(tmp_path: Path, options: list[str]) -> None:
    key = WORLD.person_signer.private_key
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "cert").write_text(WORLD.person.pem())
    (tmp_path / "chain").write_text(WORLD.issuing.pem())
    (tmp_path / "c").write_bytes(CONTENT)
    arguments = [
        "-sign",
        "-binary",
        "-in",
        "c",
        "-signer",
        "cert",
        "-inkey",
        "key",
        "-certfile",
        "chain",
        "-md",
        "sha256",
    ]
    done = openssl(tmp_path, *arguments, *options, "-outform", "PEM", "-out", "s")
    assert done.returncode == 0, done.stderr
    content = None if "-nodetach" in options else CONTENT
    report = judged((tmp_path / "s").read_bytes(), content)
    report.require_passed()
    assert report.signatures[0].level == ("CAdES-B-B" if "-cades" in options else "CMS")
    assert judged((tmp_path / "s").read_bytes(), CONTENT + b" ").verdict == "failed"


def test_content_that_is_not_at_hand_is_no_verdict_and_not_valid() -> None:
    report = judged(signed(), None)
    assert report.verdict == "indeterminate" and codes(report) == {"SIGNED_DATA_NOT_FOUND"}
    assert report.signatures[0].sub_indication == "SIGNED_DATA_NOT_FOUND"


def test_other_content_fails_and_content_inside_is_compared_with_what_is_given() -> None:
    assert codes(judged(signed(), CONTENT[1:])) == {"CONTENT_CHANGED"}
    report = judged(signed(detached=False), CONTENT[1:])
    assert report.verdict == "failed" and "CONTENT_DIFFERS" in codes(report)
    judged(signed(detached=False), CONTENT).require_passed()


def test_structure_without_signers_is_unsigned() -> None:
    body = der.sequence(der.integer(1), der.set_of([]), der.sequence(der.oid(oids.ID_DATA)), der.set_of([]))
    empty = der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, body))
    report = judged(empty)
    assert report.verdict == "failed" and [f.code for f in report.findings] == ["NO_SIGNATURE"]


# Several signers, counter-signatures ------------------------------------------------------------------------


def parts(data: bytes) -> list[der.Element]:
    """The elements of SignedData."""
    return der.read(data, der.SEQUENCE).children()[1].children()[0].children()


def rebuilt(data: bytes, *, signers: list[bytes] | None = None, certificates: list[bytes] | None = None) -> bytes:
    found = parts(data)
    out = [e.raw for e in found]
    if signers is not None:
        out[-1] = der.set_of(signers)
    if certificates is not None:
        out[3] = der.set_of([*(e.raw for e in found[3].children()), *certificates], tag=0xA0)
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*out)))


def signer_info(data: bytes) -> bytes:
    return parts(data)[-1].children()[0].raw


def with_unsigned(info: bytes, *attributes: bytes) -> bytes:
    """The SignerInfo with these unsigned attributes added."""
    children = der.read(info, der.SEQUENCE).children()
    old = [a.raw for a in children[-1].children()] if children[-1].tag == 0xA1 else []
    kept = [c.raw for c in children if c.tag != 0xA1]
    return der.sequence(*kept, der.set_of([*old, *attributes], tag=0xA1))


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(values))


def two_signers() -> bytes:
    first, second = signed(), signed(WORLD.seal_signer)
    return rebuilt(
        first, signers=[signer_info(first), signer_info(second)], certificates=[WORLD.seal_signer.certificate.der]
    )


def test_every_signer_gets_a_verdict_and_all_must_pass() -> None:
    report = judged(two_signers())
    report.require_passed()
    assert sorted(s.id for s in report.signatures) == ["signer-1", "signer-2"]
    assert {s.certificate for s in report.signatures} == {WORLD.person, WORLD.seal_signer.certificate}
    infos = [e.raw for e in parts(two_signers())[-1].children()]
    damaged = [infos[0], infos[1][:-1] + bytes((infos[1][-1] ^ 1,))]
    report = judged(rebuilt(two_signers(), signers=damaged))
    assert report.verdict == "failed" and sum(s.passed for s in report.signatures) == 1


def counter(value: bytes, *, content_type: bool = False, signer: SoftwareSigner = WORLD.seal_signer) -> bytes:
    """A counter-signature over a signature value."""
    attributes = [
        attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest(signer.scheme.hash_name, value))),
        attribute(oids.ID_SIGNING_TIME, der.utc_or_generalized_time(AT)),
    ]
    if content_type:
        attributes.append(attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_DATA)))
    attrs = der.set_of(attributes)
    [made] = signer.sign([signer.scheme.imprint(attrs)])
    leaf = signer.certificate
    return der.sequence(
        der.integer(1),
        der.sequence(leaf.issuer.der, der.integer(leaf.serial)),
        signer.scheme.digest_identifier,
        b"\xa0" + attrs[1:],
        signer.scheme.identifier,
        der.octet_string(made),
    )


def countersigned(over: bytes | None = None, *, content_type: bool = False) -> bytes:
    base = signed()
    value = read_signed_data(base).signers[0].value if over is None else over
    info = with_unsigned(
        signer_info(base), attribute(oids.ID_COUNTER_SIGNATURE, counter(value, content_type=content_type))
    )
    return rebuilt(base, signers=[info], certificates=[WORLD.seal_signer.certificate.der])


def test_counter_signature_is_shown_apart_and_is_about_the_value_alone() -> None:
    report = judged(countersigned())
    report.require_passed()
    own, other = report.signatures
    assert own.id == "signer-1" and own.coverage.whole
    assert other.id == "signer-1/counter-1" and not other.coverage.whole and "signer-1" in other.coverage.what
    assert other.certificate == WORLD.seal_signer.certificate


def test_counter_signature_of_another_signature_or_with_a_content_type_fails() -> None:
    assert judged(countersigned(b"another value")).verdict == "failed"
    report = judged(countersigned(content_type=True))
    assert report.verdict == "failed" and "FORMAT" in codes(report)


# Archive timestamps -----------------------------------------------------------------------------------------


Listed = Callable[[list[bytes]], list[bytes]]


def archived(
    *, listed: Listed = lambda found: found, content: bytes = CONTENT, old: World = WORLD, at: datetime = AT
) -> bytes:
    """A B-T signature of `old` with the evidence inside, under an archive timestamp (EN 319 122-1 5.5.3)."""
    base = kyso.sign_cms(CONTENT, old.person_signer, at=at, level="B-T", timestamper=old.timestamper(at))
    found = [e.raw for e in parts(base)]
    tsa_chain = [c.der for c in old.tsa_signer.chain.carried]
    certificates = [*(e.raw for e in parts(base)[3].children()), *tsa_chain]
    crls = list(dict.fromkeys((*old.crls(at), *old.crls(AT))))  # for the signature, and for its timestamp as of now
    found[3:4] = [der.set_of(certificates, tag=0xA0), der.set_of(crls, tag=0xA1)]
    data = der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))
    structure = read_signed_data(data)
    [signer] = structure.signers
    sequences = [
        der.sequence(*(der.octet_string(digest("sha256", v)) for v in listed(values)))
        for values in (
            list(structure.raw_certificates),
            list(structure.raw_revocation),
            [k + v for k, v in unsigned_values(signer)],
        )
    ]
    octets = der.sequence(der.sequence(der.oid(oids.SHA256)), *sequences)
    index = Index(octets, "sha256", frozenset(), frozenset(), frozenset(), True)
    imprint = message_digest(structure, signer, index, lambda name: digest(name, content))("sha256")
    token = WORLD.timestamper(AT + timedelta(minutes=1)).timestamp(imprint, "sha256")
    token = rebuilt(
        token, signers=[with_unsigned(signer_info(token), attribute(oids.ID_AA_ATS_HASH_INDEX_V3, octets))]
    )
    info = with_unsigned(signer_info(data), attribute(oids.ID_AA_ARCHIVE_TIME_STAMP_V3, token))
    return rebuilt(data, signers=[info])


def test_archive_timestamp_keeps_what_was_known_then() -> None:
    report = judged(archived(), evidence=NO_EVIDENCE)
    report.require_passed()
    assert report.signatures[0].level == "CAdES-B-LTA"


def test_archive_timestamp_of_another_authority_outlasts_signer_and_first_authority() -> None:
    then = AT - timedelta(days=729)
    old = World.create(at=then, number=1)
    expired = old.person.not_after + timedelta(days=1)
    trust, today = old.trust + WORLD.trust, Evidence(crls=tuple(WORLD.crls(expired)))

    def report(data: bytes) -> DocumentReport:
        return kyso.verify(data, trust=trust, at=expired, evidence=today, content=CONTENT)

    lasting = report(archived(old=old, at=then))
    lasting.require_passed()
    assert lasting.signatures[0].level == "CAdES-B-LTA"
    plain = kyso.sign_cms(CONTENT, old.person_signer, at=then, level="B-T", timestamper=old.timestamper(then))
    assert report(plain).verdict == "indeterminate"


@pytest.mark.parametrize(
    ("listed", "level"),
    [
        (lambda found: found[:-1], "CAdES-B-LT"),  # the last CRL and the timestamp are not covered
        (lambda found: [], "CAdES-B-LT"),
    ],
)
def test_what_the_index_does_not_list_is_not_protected(listed: Listed, level: str) -> None:
    report = judged(archived(listed=listed), evidence=NO_EVIDENCE)
    assert report.signatures[0].level == level


def test_archive_timestamp_over_what_is_gone_or_over_other_content_is_broken() -> None:
    gone = archived(listed=lambda found: [*found, b"what was taken away"])
    assert "TIMESTAMP_BROKEN" in codes(judged(gone, evidence=NO_EVIDENCE))
    other = archived(content=CONTENT + b"!")
    assert "TIMESTAMP_BROKEN" in codes(judged(other, evidence=NO_EVIDENCE))


# Robustness -------------------------------------------------------------------------------------------------


def test_flipped_byte_passes_only_where_nothing_rests_on_it() -> None:
    good = signed()
    positions = range(0, len(good), 7)
    passed = 0
    for position in positions:
        changed = bytearray(good)
        changed[position] ^= 0x10
        report = judged(bytes(changed))
        if report.passed:
            passed += 1
            [one] = report.signatures
            assert one.certificate == WORLD.person and one.coverage.whole
    assert passed < len(positions) / 10


@pytest.mark.parametrize("text", [b"-----BEGIN PKCS7-----\n%%%\n-----END PKCS7-----", b"-----BEGIN CMS-----\nMAA="])
def test_broken_pem_is_a_verdict(text: bytes) -> None:
    assert judged(text).verdict == "failed"


def test_pem_is_read_like_der() -> None:
    pem = b"-----BEGIN CMS-----\n" + base64.encodebytes(signed()) + b"-----END CMS-----\n"
    judged(pem).require_passed()


def test_signing_nothing_or_again_is_refused() -> None:
    with pytest.raises(KysoError):
        kyso.sign_cms(b"", WORLD.person_signer)
    with pytest.raises(KysoError):
        kyso.sign(signed(), WORLD.person_signer)
