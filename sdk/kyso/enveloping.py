"""CAdES over any file: a signature beside it (`.p7s`) or around it (`.p7m`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Intent, level_named
from kyso_pki.signer import Signer, Timestamper

from .signing import read, timestamper_of


def sign_cms(
    source: bytes | os.PathLike[str],
    signer: Signer,
    *,
    detached: bool = True,
    level: str = "B-B",
    timestamper: Timestamper | str | None = None,
    at: datetime | None = None,
) -> bytes:
    """A CMS file (DER) with one CAdES signature over these octets, B-B or B-T (EN 319 122-1).

    `detached`: the content stays outside, and `kyso.verify(…, content=…)` needs it. Raises what `kyso.sign` raises.
    """
    intent = Intent(signing_time=at or datetime.now(UTC), level=level_named(level))
    return sign_document(CmsContent(read(source), detached=detached), intent, signer, timestamper_of(timestamper))
