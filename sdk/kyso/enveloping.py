"""CAdES over any file: a signature beside it (`.p7s`) or around it (`.p7m`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from kyso_pki.ades.grow import NO_TRUST
from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Intent, level_named
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.signer import Fetcher, Signer, Timestamper
from kyso_pki.x509.trust import TrustStore

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
