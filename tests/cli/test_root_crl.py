"""The next CRL of a root is made after one that it can follow, and after no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kyso_pki.testing import software_key

from .conftest import run_kyso

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA gốc Mẫu")])


@dataclass(frozen=True)
class Root:
    folder: Path
    environ: dict[str, str]

    def crl(self, *extensions: x509.ExtensionType, at: datetime = NOW, invalid: bool = False) -> None:
        """The root's last list, with these extensions and one revoked certificate."""
        made = x509.CertificateRevocationListBuilder(NAME, at, at + timedelta(days=9))
        for extension in (x509.CRLNumber(41), *extensions):
            made = made.add_extension(extension, critical=isinstance(extension, x509.DeltaCRLIndicator))
        entry = x509.RevokedCertificateBuilder(0x77, NOW - timedelta(days=1))
        if invalid:
            entry = entry.add_extension(x509.InvalidityDate(NOW - timedelta(days=2)), critical=False)
        made = made.add_revoked_certificate(entry.build())
        key = software_key("p256", 7)
        (self.folder / "root.crl").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.DER))

    def next(self) -> tuple[int, str]:
        arguments = ("--root", "root.crt", "--key", "root.key", "--after", "root.crl", "-o", "root.crl", "--yes")
        done = run_kyso(self.environ, "ca", "root-crl", *arguments, cwd=self.folder)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: Path, environ: dict[str, str]) -> Root:
    key = software_key("p256", 7)
    start, end = NOW - timedelta(days=30), NOW + timedelta(days=300)
    made = x509.CertificateBuilder(NAME, NAME, key.public_key(), 5, start, end)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(usage, critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    (tmp_path / "root.crt").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (tmp_path / "root.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "root.key").chmod(0o600)
    return Root(tmp_path, environ)


def test_what_the_last_list_held_stands_in_the_next(root: Root) -> None:
    root.crl()
    code, said = root.next()
    assert (code, "CRL number 42 written: root.crl (listing 1," in said) == (0, True), said
    made = x509.load_der_x509_crl((root.folder / "root.crl").read_bytes())
    assert [entry.serial_number for entry in made] == [0x77]
    assert made.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 42


@pytest.mark.parametrize(
    ("extensions", "invalid"),
    [
        ([x509.DeltaCRLIndicator(40)], False),
        ([x509.IssuingDistributionPoint(None, None, False, True, None, False, False)], False),
        ([], True),
    ],
    ids=["a delta", "only of CAs", "an invalidity date"],
)
def test_a_list_of_which_the_next_would_lose_something_is_not_followed(
    root: Root, extensions: list[x509.ExtensionType], invalid: bool
) -> None:
    root.crl(*extensions, invalid=invalid)
    before = (root.folder / "root.crl").read_bytes()
    code, said = root.next()
    assert (code, "is no plain, complete list" in said) == (2, True), said
    assert (root.folder / "root.crl").read_bytes() == before


def test_a_list_from_the_future_is_not_followed(root: Root) -> None:
    root.crl(at=NOW + timedelta(days=1))
    code, said = root.next()
    assert (code, "which has not come yet on this machine" in said) == (2, True), said
