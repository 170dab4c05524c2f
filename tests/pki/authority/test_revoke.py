"""CRLs that the CA makes: OpenSSL verifies them and cryptography reads them as meant."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kyso_pki.authority.revoke import Revoked, issue_crl
from kyso_pki.errors import IssuanceError, SignatureValueInvalid
from kyso_pki.testing import World
from kyso_pki.x509.answer import REASONS
from kyso_pki.x509.crl import CertificateList

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)


def made(*revoked: Revoked, **options: Any) -> bytes:
    given: dict[str, Any] = {
        "key": WORLD.issuing_signer,
        "issuer": WORLD.issuing,
        "at": AT,
        "next_update": AT + 7 * DAY,
        "number": 1,
        **options,
    }
    return issue_crl(given.pop("key"), given.pop("issuer"), revoked, **given)


def test_openssl_verifies_the_crl_and_shows_its_number(tmp_path: Path) -> None:
    (tmp_path / "crl").write_bytes(made(Revoked(WORLD.person.serial, AT - DAY, "keyCompromise"), number=4711))
    (tmp_path / "ca").write_text(WORLD.issuing.pem(), encoding="utf-8")
    command = "openssl crl -inform DER -in crl -CAfile ca -verify -noout -text"
    done = subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "verify OK" in done.stderr + done.stdout
    assert "4711" in done.stdout
    assert "Key Compromise" in done.stdout


def test_openssl_refuses_the_revoked_and_accepts_the_others(tmp_path: Path) -> None:
    lists = [made(Revoked(WORLD.person.serial, AT - DAY)), made(key=WORLD.root_signer, issuer=WORLD.root)]
    for number, data in enumerate(lists):
        pem = x509.load_der_x509_crl(data).public_bytes(Encoding.PEM)
        (tmp_path / f"{number}.crl").write_bytes(pem)
    for name in ("root", "issuing", "person", "seal"):
        (tmp_path / name).write_text(getattr(WORLD, name).pem(), encoding="utf-8")
    command = (
        f"openssl verify -crl_check_all -CRLfile 0.crl -CRLfile 1.crl "
        f"-attime {int(AT.timestamp()) + 60} -CAfile root -untrusted issuing"
    ).split()
    done = subprocess.run([*command, "seal"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([*command, "person"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "certificate revoked" in done.stderr


@pytest.mark.parametrize("reason", [r for r in REASONS.values() if r != "removeFromCRL"])
def test_cryptography_reads_every_reason(reason: str) -> None:
    data = made(Revoked(77, AT - DAY, reason))
    theirs = x509.load_der_x509_crl(data)
    entry = theirs.get_revoked_certificate_by_serial_number(77)
    assert entry is not None
    assert entry.revocation_date_utc == AT - DAY
    if reason == "unspecified":  # RFC 5280 5.3.1: SHOULD be absent
        assert len(entry.extensions) == 0
        assert CertificateList.from_der(data).entries[77].reason is None
    else:
        assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value == reason
        assert CertificateList.from_der(data).entries[77].reason == reason


def test_empty_crl_has_no_list_at_all() -> None:
    """RFC 5280 5.1.2.6: "the revoked certificates list MUST be absent"."""
    assert list(x509.load_der_x509_crl(made())) == []
    assert CertificateList.from_der(made()).entries == {}


@pytest.mark.parametrize(
    ("revoked", "options", "word"),
    [
        ([Revoked(7, AT, "stolen")], {}, "Unknown revocation reason 'stolen'"),
        ([Revoked(7, AT, "removeFromCRL")], {}, "Unknown revocation reason"),
        ([Revoked(7, AT + DAY)], {}, "in the future"),
        ([Revoked(7, AT), Revoked(7, AT - DAY)], {}, "stands twice"),
        ([], {"next_update": AT}, "ends before"),
        ([], {"number": -1}, "CRL number"),
        ([], {"number": 1 << 160}, "CRL number"),
        ([], {"at": AT + 9000 * DAY, "next_update": AT + 9001 * DAY}, "not valid at this time"),
        ([], {"key": WORLD.person_signer, "issuer": WORLD.person}, "may sign CRLs"),
    ],
)
def test_crl_that_must_not_be_is_refused(revoked: list[Revoked], options: dict[str, Any], word: str) -> None:
    with pytest.raises(IssuanceError, match=word):
        made(*revoked, **options)


def test_key_that_is_not_the_issuers_issues_no_crl() -> None:
    with pytest.raises(SignatureValueInvalid):
        made(key=WORLD.root_signer)
