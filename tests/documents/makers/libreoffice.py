"""`da-ky-libreoffice.pdf`: the công văn signed by LibreOffice while it exports, with a key in an NSS database.

So signs whoever presses "Export as PDF, Digital Signatures". LibreOffice takes certificates from the NSS database
that MOZILLA_CERTIFICATE_FOLDER names and picks the one whose subject is `SignCertificateSubjectName`. The signature
is adbe.pkcs7.detached, in a first and only revision, with the claimed time of the run. `da-ky-libreoffice-ca.crt` is
its CA, `da-ky-libreoffice-ca.crl` that CA's CRL. Key, certificate and time are one run's.

Needs what `cong_van.py` needs, and `certutil` and `pk12util` (Debian: libnss3-tools).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from .cong_van import flat_open_document
from .throwaway import Authority, Leaf, pem, rsa_key

SUBJECT = (("C", "VN"), ("O", "UBND tỉnh Mẫu"), ("CN", "Nguyễn Văn Mẫu"))
CRL_AT = "http://ca.example.vn/da-ky-libreoffice-ca.crl"  # an invented host; the CRL is the file of that name
_PASSWORD = b"memory"


def make(folder: Path) -> list[Path]:
    """Writes `da-ky-libreoffice.pdf`, its CA and its CRL into `folder`."""
    authority = Authority.named(("C", "VN"), ("O", "UBND tỉnh Mẫu"), ("CN", "CA thử nghiệm LibreOffice"))
    leaf = authority.issue(rsa_key(), *SUBJECT, crl_at=CRL_AT)
    made = {
        "da-ky-libreoffice.pdf": _signed(leaf, authority),
        "da-ky-libreoffice-ca.crt": pem(authority.certificate),
        "da-ky-libreoffice-ca.crl": authority.empty_crl(),
    }
    for name, octets in made.items():
        (folder / name).write_bytes(octets)
    return [folder / name for name in made]


def _signed(leaf: Leaf, authority: Authority) -> bytes:
    """What LibreOffice makes of the letter under a profile and a database of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        database = _database(Path(scratch), leaf, authority)
        source = Path(scratch, "cong-van.fodt")
        source.write_text(flat_open_document(), encoding="utf-8")
        subject = ",".join(f"{key}={value}" for key, value in reversed(SUBJECT))
        options = {
            "SignPDF": {"type": "boolean", "value": "true"},
            "SignCertificateSubjectName": {"type": "string", "value": subject},
            "SignatureReason": {"type": "string", "value": "Người có thẩm quyền ký"},
            "SignatureLocation": {"type": "string", "value": "Tỉnh Mẫu"},
        }
        profile = Path(scratch, "profile").as_uri()
        export = "pdf:writer_pdf_Export:" + json.dumps(options)
        soffice = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        subprocess.run(
            [*soffice, "--convert-to", export, "--outdir", scratch, str(source)],
            check=True,
            capture_output=True,
            timeout=300,
            env={**os.environ, "TZ": "UTC", "MOZILLA_CERTIFICATE_FOLDER": database, "HOME": scratch},
        )
        signed = source.with_suffix(".pdf").read_bytes()
    if b"/ByteRange" not in signed:
        raise RuntimeError("LibreOffice exported the letter without a signature: it did not find the certificate.")
    return signed


def _database(scratch: Path, leaf: Leaf, authority: Authority) -> str:
    """An NSS database with the key and the trusted CA; its password is empty, so that nobody is asked."""
    folder = scratch / "nss"
    folder.mkdir()
    database = f"sql:{folder}"
    strong = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1000)
    strong = strong.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(hashes.SHA256())
    octets = pkcs12.serialize_key_and_certificates(
        b"signer", leaf.key, leaf.certificate, [authority.certificate], strong.build(_PASSWORD)
    )
    (scratch / "signer.p12").write_bytes(octets)
    (scratch / "ca.crt").write_bytes(pem(authority.certificate))
    for command in (
        ["certutil", "-N", "-d", database, "--empty-password"],
        ["pk12util", "-i", str(scratch / "signer.p12"), "-d", database, "-W", _PASSWORD.decode(), "-K", ""],
        ["certutil", "-A", "-d", database, "-n", "ca", "-t", "CT,C,C", "-i", str(scratch / "ca.crt")],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return database
