"""Signing any octets as CAdES, with the content outside or inside (EN 319 122-1 6.3).

Reach for `CmsContent`; like every document it is prepared, and finished with a value that the key made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data
from ..credential import Chain
from ..document import Intent, Level
from ..errors import SignatureValueInvalid, SigningError, TimestampError, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import SignatureFacts
from ..scheme import Scheme, digest
from ..tsp import timestamp_facts


class CmsContent:
    """Any octets, to be signed as CAdES: `prepare` gives a detached or an enveloping structure."""

    format: Literal["cms"] = "cms"

    def __init__(self, content: bytes, *, detached: bool = True) -> None:
        self._content = content
        self._detached = detached

    def sha256(self) -> str:
        """Of the content, lower-case hex."""
        return hashlib.sha256(self._content).hexdigest()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """None: it is not signed yet."""
        return ()

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> CmsPending:
        """Signed attributes over the content (EN 319 122-1 6.3, B-B). Raises `SigningError`, `UsageError`."""
        if not self._content:
            raise UsageError("There is nothing to sign (0 bytes).")
        if scheme.hash_name == "sha1":
            raise SigningError("CAdES signatures are not written with SHA-1.")
        for option in ("reason", "contact", "field", "location"):
            if getattr(intent, option) is not None:
                raise UsageError(f"A CMS signature carries no {option} here.", remedy=f"Leave the {option} out.")
        if intent.certify is not None or intent.lock is not None or intent.appearance is not None:
            raise UsageError("A CMS signature neither certifies nor locks nor shows anything.")
        attributes = signed_attributes(
            content_digest=digest(scheme.hash_name, self._content),
            leaf=chain.leaf,
            scheme=scheme,
            signing_time=intent.signing_time,
        )
        inside = None if self._detached else self._content
        return CmsPending(attributes, scheme, chain, intent.level, inside)


@dataclass(frozen=True)
class CmsPending:
    """Signed attributes waiting for one signature value."""

    to_be_signed: bytes
    """DER SET OF Attribute."""
    scheme: Scheme
    chain: Chain
    level: Level
    content: bytes | None
    """What goes inside; None: detached."""

    @property
    def imprint(self) -> bytes:
        return self.scheme.imprint(self.to_be_signed)

    @property
    def signature_id(self) -> str:
        return "signer-1"

    def timestamp_message(self, value: bytes) -> bytes:
        """The value itself (EN 319 122-1 5.3)."""
        return value

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The CMS file. Raises `SignatureValueInvalid`, `SigningError`, `TimestampError`."""
        if not self.scheme.verify(self.chain.leaf.public_key, self.imprint, value):
            raise SignatureValueInvalid(
                "The signature value does not verify with the certificate's key.",
                remedy="Check that key and certificate belong together.",
            )
        wanted = 0 if self.level == "B-B" else 1
        if len(evidence.timestamps) != wanted:
            raise SigningError(
                f"Level {self.level} takes {wanted} timestamps; {len(evidence.timestamps)} were given."
            )
        for token in evidence.timestamps:
            if not timestamp_facts(token, lambda name: digest(name, value), "signature").intact:
                raise TimestampError("The timestamp is broken or does not cover this signature value.")
        return signed_data(
            self.to_be_signed, value, self.chain, self.scheme, content=self.content, timestamps=evidence.timestamps
        )
