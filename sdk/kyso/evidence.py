"""Evidence from files: CRLs, OCSP answers and certificates that somebody fetched before."""

from __future__ import annotations

import os
from pathlib import Path

from kyso_pki.errors import FormatError, UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_pki.x509.crl import CertificateList

from .fetch import from_pem

_CRL_MARK = b"-----BEGIN X509 CRL"


def load_evidence(*paths: str | os.PathLike[str]) -> Evidence:
    """What these files hold: one CRL (DER, PEM) or OCSP answer (DER) each, or certificates (DER, PEM).

    Nothing is checked but the form: each use checks whether it may be believed. Raises `UsageError` for a file that
    is none of these, `OSError`.
    """
    found = NO_EVIDENCE
    for path in paths:
        found += _read(Path(path))
    return found


def _read(path: Path) -> Evidence:
    data = path.read_bytes()
    crl = from_pem(data) if data.startswith(_CRL_MARK) else data
    try:
        CertificateList.from_der(crl)
        return Evidence(crls=(crl,))
    except FormatError:
        pass
    try:
        ocsp.read(data)
        return Evidence(ocsp=(data,))
    except FormatError:
        pass
    try:
        return Evidence(certificates=certificates_from_bytes(data))
    except FormatError:
        raise UsageError(
            f"{path} holds no CRL, no OCSP answer and no certificate.", remedy="Give DER or PEM files of these."
        ) from None
