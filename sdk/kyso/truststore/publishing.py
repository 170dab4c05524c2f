"""A trust bundle made and signed: what a publisher does, or an agency for its own offices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kyso_pki.errors import UsageError
from kyso_pki.signer import Signer
from kyso_pki.trust.bundle import TrustBundle, content_of, read_bundle
from kyso_pki.x509.trust import Anchor

from ..enveloping import sign_cms


def publish(
    anchors: Sequence[tuple[Anchor, str | None]],
    signer: Signer,
    *,
    name: str,
    sequence: int,
    issued: datetime,
    expires: datetime,
    next_signers: Sequence[str] = (),
    update: str | None = None,
) -> bytes:
    """The signed bundle (`.p7m`) of these anchors, each with its note.

    `next_signers`: further keys that may sign the next one, to change keys; the signing key always may. Raises
    `UsageError` for what no reader would take, and what `kyso.sign_cms` raises.
    """
    own = signer.chain.leaf.spki_sha256
    bundle = TrustBundle(
        name,
        sequence,
        issued.replace(microsecond=0),
        expires.replace(microsecond=0),
        tuple(dict.fromkeys((own, *next_signers))),
        tuple(a for a, _ in anchors),
        tuple(n for _, n in anchors),
        update,
    )
    if not anchors:
        raise UsageError("A bundle without anchors would make nobody trusted.")
    data = sign_cms(content_of(bundle), signer, detached=False, at=issued)
    read_bundle(data, [own])  # nothing leaves that a reader would refuse
    return data
