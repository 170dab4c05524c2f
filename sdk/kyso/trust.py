"""Trust anchors from files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kyso_pki.errors import FormatError, UsageError
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_pki.x509.trust import Purpose, TrustStore

_SUFFIXES = (".pem", ".crt", ".cer", ".der")


def load_trust(
    *paths: str | os.PathLike[str], purposes: Sequence[Purpose] = ("signing", "timestamping")
) -> TrustStore:
    """The anchors in these files (PEM or DER) and folders, for these purposes.

    A folder gives its .pem, .crt, .cer and .der files. Raises `UsageError` for a path that does not exist or
    holds no certificate.
    """
    store = TrustStore()
    for path in paths:
        for file in _files(Path(path)):
            try:
                store += TrustStore.of(certificates_from_bytes(file.read_bytes()), purposes, source=file.name)
            except FormatError as e:
                raise UsageError(f"{file} holds no readable certificate: {e.message}") from None
    return store


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        if not found:
            raise UsageError(f"The folder {path} holds no certificate files ({', '.join(_SUFFIXES)}).")
        yield from found
    elif path.is_file():
        yield path
    else:
        raise UsageError(f"The trust anchor file {path} does not exist.")
