"""CMS files on their own: made and judged with OpenSSL, every signer, every counter-signature, archive timestamps."""

from __future__ import annotations

import base64
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import kyso
from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.asn1 import der
from kyso_pki.errors import KysoError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.testing import World

from .made import (
    AT,
    CONTENT,
    WORLD,
    Listed,
    archived,
    codes,
    countersigned,
    judged,
    parts,
    rebuilt,
    signed,
    two_signers,
)


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
    (tmp_path / "ca").write_text(WORLD.root.pem(), encoding="utf-8")
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
    (tmp_path / "cert").write_text(WORLD.person.pem(), encoding="utf-8")
    (tmp_path / "chain").write_text(WORLD.issuing.pem(), encoding="utf-8")
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


def test_every_signer_gets_a_verdict_and_all_must_pass() -> None:
    report = judged(two_signers())
    report.require_passed()
    assert sorted(s.id for s in report.signatures) == ["signer-1", "signer-2"]
    assert {s.certificate for s in report.signatures} == {WORLD.person, WORLD.seal_signer.certificate}
    infos = [e.raw for e in parts(two_signers())[-1].children()]
    damaged = [infos[0], infos[1][:-1] + bytes((infos[1][-1] ^ 1,))]
    report = judged(rebuilt(two_signers(), signers=damaged))
    assert report.verdict == "failed" and sum(s.passed for s in report.signatures) == 1


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


def test_content_that_is_a_pdf_does_not_make_a_signature_file_one() -> None:
    content = b"%PDF-1.7 " + CONTENT
    made = kyso.sign_cms(content, WORLD.person_signer, at=AT, detached=False)
    assert b"%PDF-" in made[:1024]
    judged(made, None).require_passed()


def test_a_streamed_file_of_openssl_is_read(tmp_path: Path) -> None:
    """Indefinite lengths, and the content as a string of strings (docs/adr/0012)."""
    key = WORLD.person_signer.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    large = CONTENT * 10
    for name, octets in {"key": key, "cert": WORLD.person.pem().encode(), "c": large}.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "chain").write_text(WORLD.issuing.pem(), encoding="utf-8")
    done = openssl(
        tmp_path,
        *("-sign", "-cades", "-binary", "-nodetach", "-stream", "-in", "c", "-signer", "cert", "-inkey", "key"),
        *("-certfile", "chain", "-md", "sha256", "-outform", "DER", "-out", "s"),
    )
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "s").read_bytes()
    assert made[1] == 0x80
    judged(made, large).require_passed()
    assert judged(made, large[:-1]).verdict == "failed"
