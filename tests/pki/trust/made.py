"""Signed trust bundles for tests, made by the SDK's own way of signing: CAdES around the content."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Intent
from kyso_pki.signer import Signer
from kyso_pki.testing import World
from kyso_pki.trust.bundle import TrustBundle, content_of
from kyso_pki.x509.trust import Anchor

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
PUBLISHER = WORLD.seal_signer
PIN = PUBLISHER.certificate.spki_sha256


def bundle(sequence: int = 1, *anchors: Anchor, **other: object) -> TrustBundle:
    """A bundle of the province, by default with its root alone."""
    found = anchors or (Anchor(WORLD.root),)
    made = TrustBundle("tinh-mau", sequence, AT, AT + 90 * DAY, (PIN,), found, (None,) * len(found))
    return replace(made, **other)  # type: ignore[arg-type]  # fields by name


def signed(content: bytes | TrustBundle, signer: Signer = PUBLISHER, *, detached: bool = False) -> bytes:
    octets = content_of(content) if isinstance(content, TrustBundle) else content
    return sign_document(CmsContent(octets, detached=detached), Intent(signing_time=AT), signer, None)
