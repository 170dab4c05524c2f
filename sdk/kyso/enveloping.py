"""CAdES and XAdES over any file: a signature beside it (`.p7s`, `.xsig`) or around it (`.p7m`, `.xml`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.ades.grow import NO_TRUST
from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.claims import Claims
from kyso_pki.document import Intent, XmlForm, level_named
from kyso_pki.errors import UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.signer import Fetcher, Signer, Timestamper
from kyso_pki.x509.trust import TrustStore

from .beside import uri_of
from .signing import content_stamps_of, read, sources_for, timestamper_of


def sign_cms(
    source: bytes | os.PathLike[str],
    signer: Signer,
    *,
    detached: bool = True,
    level: str = "B-B",
    timestamper: Timestamper | str | None = None,
    content_timestamp: bool = False,
    at: datetime | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
) -> bytes:
    """A CMS file (DER) with one CAdES signature over these octets, B-B to B-LTA (EN 319 122-1).

    `detached`: the content stays outside, and `kyso.verify(…, content=…)` needs it. One more signer is added with
    `kyso.sign(cms, signer, content=…)`. `content_timestamp`: the content is stamped before it is signed. Where
    evidence comes from, and what is raised, is as in `kyso.sign`.
    """
    intent = Intent(
        signing_time=at or datetime.now(UTC),
        level=level_named(level),
        content_stamps=content_stamps_of(timestamper) if content_timestamp else None,
    )
    content = CmsContent(read(source), detached=detached)
    with sources_for(intent.level, fetcher, evidence, trust) as sources:
        return sign_document(content, intent, signer, timestamper_of(timestamper), sources)


def sign_xml(
    source: bytes | os.PathLike[str],
    signer: Signer,
    *,
    name: str | None = None,
    detached: bool = True,
    form: XmlForm = "xades",
    level: str = "B-B",
    timestamper: Timestamper | str | None = None,
    content_timestamp: bool = False,
    claims: Claims | None = None,
    location: str | None = None,
    media_type: str | None = None,
    at: datetime | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
) -> bytes:
    """An XML signature over these octets as they are, B-B to B-LTA (EN 319 132-1), or plain XMLDSIG.

    `detached`: beside the content, which it names by `name` (of the file, unless another is given); `kyso.verify`
    then needs `detached={name: octets}`, the command line and audits find a file of that name beside a `.xsig`. Not
    detached: around the content, in base64. An XML document that shall carry its own signature goes to `kyso.sign`.
    `media_type` goes into XAdES. All else is as in `kyso.sign`.
    """
    if name is None and isinstance(source, bytes) and detached:
        raise UsageError("A detached signature names its content.", remedy="Pass name=…, or the path of a file.")
    wanted = name if name is not None else "content" if isinstance(source, bytes) else uri_of(Path(source))
    intent = Intent(
        signing_time=at or datetime.now(UTC),
        level=level_named(level),
        xml_form=form,
        claims=claims,
        location=location,
        content_stamps=content_stamps_of(timestamper) if content_timestamp else None,
    )
    from kyso_pki.xml.standalone import XmlContent  # lxml, which PDF does without

    content = XmlContent(read(source), wanted, detached=detached, media_type=media_type)
    with sources_for(intent.level, fetcher, evidence, trust) as sources:
        return sign_document(content, intent, signer, timestamper_of(timestamper), sources)
