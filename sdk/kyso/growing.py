"""Keep signatures verifiable: bring them to a higher level, renew them, timestamp a document."""

from __future__ import annotations

import os
from collections.abc import Mapping

from kyso_pki.ades import grow
from kyso_pki.ades.grow import NO_TRUST
from kyso_pki.document import level_named
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import NO_DETACHED, open_document
from kyso_pki.signer import Fetcher, Timestamper
from kyso_pki.x509.trust import TrustStore

from .signing import Password, asked_once, read, sources_for, timestamper_of


def extend(
    source: bytes | os.PathLike[str],
    *,
    level: str = "B-LTA",
    timestamper: Timestamper | str | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
    password: Password | None = None,
    content: bytes | os.PathLike[str] | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
) -> bytes:
    """The document with every signature in it brought to `level`; nothing that stands in it is changed.

    B-T adds a timestamp where a signature has no time; B-LT the evidence (certificates, OCSP, CRL) for each signer
    and time-stamping authority; B-LTA one more timestamp over all of it, and so on a document that is B-LTA it is the
    renewal. A PDF grows at its end, an XML document in the unsigned properties of each XAdES signature; plain XMLDSIG
    is refused, and so is a signature that another one covers (`NotExtendable`). A CMS file grows in its lists and
    unsigned attributes; `content` is what a detached one is over, `detached` what a detached XML signature is over,
    by URI. Fetching and `password` are as in `kyso.sign`. No key is needed. Raises `EvidenceMissing` naming what
    cannot be had, `SigningError` for a damaged document, `TimestampError`, `FormatError`.
    """
    wanted = level_named(level)
    with sources_for("B-LT", fetcher, evidence, trust) as sources:
        assert sources is not None  # noqa: S101 - B-LT has sources
        document = open_document(
            read(source), asked_once(password), None if content is None else read(content), detached
        )
        return grow.extend(document, wanted, timestamper=timestamper_of(timestamper), sources=sources).data


def timestamp(
    source: bytes | os.PathLike[str], timestamper: Timestamper | str, *, password: Password | None = None
) -> bytes:
    """The PDF with a document timestamp over all of it, signed or not (ETSI.RFC3161); no key is needed.

    It proves that the document existed then, not who made it. `password` is as in `kyso.sign`. Raises
    `TimestampError`, `FormatError`.
    """
    document = open_document(read(source), asked_once(password))
    return grow.timestamp_document(document, timestamper_of(timestamper)).data
