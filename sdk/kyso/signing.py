"""Sign a document with a key that is open."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Placed, XmlForm, level_named
from kyso_pki.formats import lint_document, open_document
from kyso_pki.signer import Signer, Timestamper

from .fetch import HttpTimestamper

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy


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
    stamp: Stamp | None = None,
    at: datetime | None = None,
    password: Callable[[], str | None] | None = None,
    lint: LintPolicy | None = None,
) -> bytes:
    """The signed document; the input is never changed and nothing is written.

    `source` is the document or a path to it; PDF gives PAdES, XML gives XAdES (or plain XMLDSIG). Only a hash
    goes to the key. `timestamper` is a TSA's URL or any `Timestamper`; level B-T needs one. `stamp` (PDF) is what
    the signature shows and where (`load_stamp`). `at` is the claimed time, now by default. `password` is asked for
    when the document is encrypted. `lint` looks at a PDF first and raises `LintRefused` where that policy refuses
    (`kyso.lint` tells its warnings). Raises `KysoError` subclasses: `FormatError` for the document,
    `CertificateError` and `KeyAccessError` for the key, `TimestampError`, `SigningError`.
    """
    data = read(source)
    document = open_document(data, password)
    if lint is not None:
        lint_document(document, lint).refuse()
    signing_time = at or datetime.now(UTC)
    intent = Intent(
        signing_time=signing_time,
        level=level_named(level),
        reason=reason,
        location=location,
        contact=contact,
        field=field if stamp is None else field or stamp.place.field,
        xml_form=xml_form,
        appearance=None if stamp is None else _placed(data, stamp, signing_time, signer, field, password),
    )
    hand = HttpTimestamper(timestamper) if isinstance(timestamper, str) else timestamper
    return sign_document(document, intent, signer, hand)


def _placed(
    data: bytes,
    stamp: Stamp,
    at: datetime,
    signer: Signer,
    field: str | None,
    password: Callable[[], str | None] | None,
) -> Placed:
    from .stamps import placed

    name = signer.chain.leaf.subject.first("CN") or ""
    return placed(data, stamp, at=at, signer=name, field=field, password=password)


def read(source: bytes | os.PathLike[str]) -> bytes:
    """The document's octets, from memory or from a file."""
    return source if isinstance(source, bytes) else Path(source).read_bytes()
