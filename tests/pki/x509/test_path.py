"""Paths: found where OpenSSL and pyHanko find them, refused with the reason that a person needs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext

from kyso_pki.asn1 import der
from kyso_pki.authority.issue import extension, issue
from kyso_pki.authority.profile import ISSUING_CA, Subject
from kyso_pki.scheme import SCHEMES
from kyso_pki.testing import SoftwareSigner, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.path import PathResult, find_path
from kyso_pki.x509.trust import TrustStore

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)


def path_of(signer: SoftwareSigner, trust: TrustStore = WORLD.trust, at: datetime = AT) -> PathResult:
    return find_path(signer.certificate, signer.chain, trust, at, "signing")


def codes(result: PathResult) -> list[str]:
    return [f.code for f in result.findings]


def openssl_accepts(leaf: Certificate, untrusted: Iterable[Certificate], anchor: Certificate, folder: Path) -> bool:
    """`openssl verify` at `AT`, any purpose."""
    command = ["openssl", "verify", "-partial_chain", "-attime", str(int(AT.timestamp())), "-CAfile", "anchor"]
    for number, certificate in enumerate(untrusted):
        (folder / f"untrusted-{number}").write_text(certificate.pem(), encoding="utf-8")
        command += ["-untrusted", f"untrusted-{number}"]
    (folder / "leaf").write_text(leaf.pem(), encoding="utf-8")
    (folder / "anchor").write_text(anchor.pem(), encoding="utf-8")
    done = subprocess.run([*command, "leaf"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("role", ["person_signer", "seal_signer", "tsa_signer", "ocsp_signer"])
def test_openssl_accepts_the_chains_of_the_world(role: str, tmp_path: Path) -> None:
    signer: SoftwareSigner = getattr(WORLD, role)
    assert openssl_accepts(signer.certificate, signer.chain.issuers, WORLD.root, tmp_path)


def test_pyhanko_accepts_the_path_that_is_found() -> None:
    def parsed(certificate: Certificate) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(certificate.der)

    context = ValidationContext(
        trust_roots=[parsed(WORLD.root)], moment=AT, allow_fetching=False, revocation_mode="soft-fail"
    )
    validator = CertificateValidator(parsed(WORLD.person), [parsed(WORLD.issuing)], validation_context=context)
    usage = {"digital_signature", "non_repudiation"}
    theirs = asyncio.run(validator.async_validate_usage(usage))  # type: ignore[no-untyped-call] # not typed there
    ours = path_of(WORLD.person_signer)
    assert [c.dump() for c in theirs] == [c.der for c in reversed(ours.path)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_path_is_found_in_whatever_order_the_candidates_come(order: tuple[int, ...]) -> None:
    pool = (WORLD.person, WORLD.issuing, WORLD.root, WORLD.stranger_signer.certificate)
    result = find_path(WORLD.person, [pool[i] for i in order], WORLD.trust, AT, "signing")
    assert result.path == (WORLD.person, WORLD.issuing, WORLD.root)
    assert result.findings == ()


def test_issuing_ca_as_anchor_needs_no_root(tmp_path: Path) -> None:
    trust = TrustStore.of([WORLD.issuing])
    result = find_path(WORLD.person, [], trust, AT, "signing")
    assert result.path == (WORLD.person, WORLD.issuing)
    assert openssl_accepts(WORLD.person, [], WORLD.issuing, tmp_path)


def test_pinned_signer_is_its_own_path_but_no_ca() -> None:
    trust = TrustStore.of([WORLD.person])
    assert find_path(WORLD.person, [], trust, AT, "signing").path == (WORLD.person,)
    below = forge(
        Subject("Kẻ Mạo Danh"),
        software_key("p256", 7).public_key(),
        key=WORLD.person_signer,
        issuer=WORLD.person,
        not_before=AT,
        not_after=AT + timedelta(days=1),
    )
    result = find_path(below, [], trust, AT, "signing")
    assert result.path == ()
    assert codes(result) == ["CHAIN_CONSTRAINTS_FAILURE"] * 2  # not a CA, no keyCertSign


def test_signature_on_an_anchor_is_not_looked_at() -> None:
    """RFC 5280 6.1.1 (d): an anchor is a name and a key; here its certificate is signed with SHA-1 or MD5."""
    md5 = der.sequence(der.oid("1.2.840.113549.1.1.4"), der.null())
    for scheme, inner in ((SCHEMES["rsa-pkcs1-sha1"], None), (WORLD.person_signer.scheme, md5)):
        key = replace(WORLD.person_signer, scheme=scheme)
        old = forge(
            Subject("Nguyễn Văn Mẫu"),
            key.public_key,
            key=key,
            issuer=Subject("Nguyễn Văn Mẫu"),
            not_before=AT,
            not_after=AT + timedelta(days=1),
            inner_algorithm=inner,
        )
        assert find_path(old, [], TrustStore.of([old]), AT, "signing").path == (old,)
        assert codes(find_path(old, [], WORLD.trust, AT, "signing")) in (
            ["NO_CERTIFICATE_CHAIN_FOUND"],
            ["CRYPTO_CONSTRAINTS_FAILURE"],
        )


def test_expired_certificate_is_named_with_its_date() -> None:
    result = path_of(WORLD.expired_signer)
    assert (result.path, codes(result)) == ((), ["EXPIRED"])
    assert "Lê Thị Mẫu expired on 2026-10-24" in result.findings[0].text
    assert result.rejected == WORLD.expired_signer.chain.certificates


def test_expired_certificate_was_good_before(tmp_path: Path) -> None:
    """Validation time is a parameter (attack class V4)."""
    leaf = WORLD.expired_signer.certificate
    assert path_of(WORLD.expired_signer, at=leaf.not_after - timedelta(days=1)).path
    assert not openssl_accepts(leaf, WORLD.expired_signer.chain.issuers, WORLD.root, tmp_path)


def test_both_ends_belong_to_the_validity_period() -> None:
    """RFC 5280 4.1.2.5: "inclusive"."""
    leaf, second = WORLD.person, timedelta(seconds=1)
    assert path_of(WORLD.person_signer, at=leaf.not_before).path
    assert path_of(WORLD.person_signer, at=leaf.not_after).path
    assert codes(path_of(WORLD.person_signer, at=leaf.not_before - second)) == ["NOT_YET_VALID"]
    assert codes(path_of(WORLD.person_signer, at=leaf.not_after + second)) == ["EXPIRED"]


def test_no_anchors_is_not_the_same_as_an_untrusted_issuer() -> None:
    assert codes(path_of(WORLD.person_signer, TrustStore())) == ["NO_TRUST_ANCHORS"]
    assert path_of(WORLD.person_signer, TrustStore()).findings[0].text == "No trust anchors loaded."
    assert codes(path_of(WORLD.stranger_signer)) == ["NO_CERTIFICATE_CHAIN_FOUND"]


def test_anchor_for_timestamps_does_not_serve_signatures() -> None:
    stamps = TrustStore.of([WORLD.root], ["timestamping"])
    assert codes(path_of(WORLD.person_signer, stamps)) == ["NO_TRUST_ANCHORS"]
    mixed = stamps + TrustStore.of([WORLD.stranger_signer.chain.certificates[-1]])
    result = path_of(WORLD.person_signer, mixed)
    assert codes(result) == ["NO_CERTIFICATE_CHAIN_FOUND"]
    assert "not trusted for signing" in result.findings[0].text
    assert find_path(WORLD.tsa, WORLD.tsa_signer.chain, mixed, AT, "timestamping").path


def test_missing_issuer_is_named() -> None:
    result = find_path(WORLD.person, [], WORLD.trust, AT, "signing")
    assert codes(result) == ["NO_CERTIFICATE_CHAIN_FOUND"]
    assert "CN=CA cấp phát tỉnh Mẫu" in result.findings[0].text


def test_cross_certificate_that_expired_does_not_hide_the_other_way() -> None:
    """Building looks at every candidate: here the same CA, certified twice."""
    old = issue(
        ISSUING_CA,
        Subject("CA cấp phát tỉnh Mẫu", organisation="UBND tỉnh Mẫu"),
        WORLD.issuing.public_key,
        key=WORLD.root_signer,
        issuer=WORLD.root,
        not_before=AT - timedelta(days=900),
        not_after=AT - timedelta(days=800),
    )
    for pool in ([old, WORLD.issuing], [WORLD.issuing, old]):
        assert find_path(WORLD.person, pool, WORLD.trust, AT, "signing").path == (
            WORLD.person,
            WORLD.issuing,
            WORLD.root,
        )
    assert codes(find_path(WORLD.person, [old], WORLD.trust, AT, "signing")) == ["EXPIRED"]


def test_empty_issuer_alternative_name_is_tolerated_and_named_in_the_findings() -> None:
    """As in the G1 archives: key usage not critical, EKU clientAuth + emailProtection + smartcardLogon."""
    usages = ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.20.2.2")
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        WORLD.person.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
        extensions=(
            extension(x.KEY_USAGE, b"\x03\x02\x04\xf0"),
            extension(x.EXTENDED_KEY_USAGE, der.sequence(*map(der.oid, usages))),
            extension(x.ISSUER_ALTERNATIVE_NAME, der.sequence()),
        ),
    )
    result = find_path(leaf, WORLD.person_signer.chain, WORLD.trust, AT, "signing")
    assert result.path == (leaf, WORLD.issuing, WORLD.root)
    assert [(f.code, f.severity) for f in result.findings] == [("CERTIFICATE_ODDITY", "info")]
    assert "empty issuerAltName" in result.findings[0].text
