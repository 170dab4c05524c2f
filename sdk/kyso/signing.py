"""Sign a document with a key that is open."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, XmlForm, level_named
from kyso_pki.formats import open_document
from kyso_pki.signer import Signer, Timestamper

from .fetch import HttpTimestamper


def sign(
    source: bytes | os.PathLike[str],
    signer: Signer,
    *,
    level: str = "B-B",
    timestamper: Timestamper | str | None = None,
    reason: str | None = None,
    location: str | None = None,
    contact: str | None = None,
    field: str | None = None,
    xml_form: XmlForm = "xades",
    at: datetime | None = None,
) -> bytes:
    """The signed document; the input is never changed and nothing is written.

    `source` is the document or a path to it; PDF gives PAdES, XML gives XAdES (or plain XMLDSIG). Only a hash
    goes to the key. `timestamper` is a TSA's URL or any `Timestamper`; level B-T needs one. `at` is the claimed
    time, now by default. Raises `KysoError` subclasses: `FormatError` for the document, `CertificateError` and
    `KeyAccessError` for the key, `TimestampError`, `SigningError`.
    """
    document = open_document(read(source))
    intent = Intent(
        signing_time=at or datetime.now(UTC),
        level=level_named(level),
        reason=reason,
        location=location,
        contact=contact,
        field=field,
        xml_form=xml_form,
    )
    hand = HttpTimestamper(timestamper) if isinstance(timestamper, str) else timestamper
    return sign_document(document, intent, signer, hand)


def read(source: bytes | os.PathLike[str]) -> bytes:
    """The document's octets, from memory or from a file."""
    return source if isinstance(source, bytes) else Path(source).read_bytes()
