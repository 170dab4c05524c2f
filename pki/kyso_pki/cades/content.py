"""Signing any octets as CAdES, with the content outside or inside (EN 319 122-1 6.3).

Reach for `CmsContent`; like every document it is prepared, and finished with a value that the key made. What is
outside may be of any size: a memory map is hashed in windows and not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data
from ..credential import Chain
from ..document import Intent, Level
from ..errors import LimitExceeded, SignatureValueInvalid, SigningError, TimestampError, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import SignatureFacts
from ..octets import Octets, hash_into
from ..scheme import HashName, Scheme, digest
from ..tsp import timestamp_facts
from .writing import Added, added, parts_of

if TYPE_CHECKING:
    from .document import CmsDocument

MAX_INSIDE_BYTES = 16 << 20  # half of what is read of a structure (MAX_SIGNED_DATA_BYTES); evidence needs room too


class CmsContent:
    """Any octets, to be signed as CAdES: `prepare` gives a detached or an enveloping structure."""

    format: Literal["cms"] = "cms"

    def __init__(self, content: Octets, *, detached: bool = True) -> None:
        self._content = content
        self._detached = detached

    def sha256(self) -> str:
        """Of the content, lower-case hex."""
        return self._digest("sha256").hex()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """None: it is not signed yet."""
        return ()

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> CmsPending:
        """Signed attributes over the content (EN 319 122-1 6.3, B-B). Raises `SigningError`, `UsageError`."""
        if not self._content:
            raise UsageError("There is nothing to sign (0 bytes).")
        if not self._detached and len(self._content) > MAX_INSIDE_BYTES:
            raise LimitExceeded(
                f"Content of {len(self._content)} bytes; at most {MAX_INSIDE_BYTES} go inside a signature file.",
                remedy="Sign it detached: the signature file then stands beside it.",
            )
        attributes = attributes_to_sign(intent, chain, scheme, self._digest(scheme.hash_name))
        inside = None if self._detached else bytes(self._content[:])
        return CmsPending(attributes, scheme, chain, intent.level, inside)

    def reopened(self, data: bytes) -> CmsDocument:
        """What `CmsPending.finish` made of it, with this content."""
        from .document import CmsDocument

        return CmsDocument(data, self._content if self._detached else None)

    def _digest(self, name: HashName) -> bytes:
        running = hashlib.new(name.replace("-", "_"))
        hash_into(running, self._content, 0, len(self._content))
        return running.digest()


def attributes_to_sign(intent: Intent, chain: Chain, scheme: Scheme, content_digest: bytes) -> bytes:
    """The signed attributes for this intent. Raises `SigningError`, `UsageError` for what CMS has no place for."""
    if scheme.hash_name == "sha1":
        raise SigningError("CAdES signatures are not written with SHA-1.")
    for option in ("reason", "contact", "field", "location", "claims", "countersign", "profile"):
        if getattr(intent, option) is not None:
            raise UsageError(f"A CMS signature carries no {option} here.", remedy=f"Leave the {option} out.")
    if intent.certify is not None or intent.lock is not None or intent.appearance is not None:
        raise UsageError("A CMS signature neither certifies nor locks nor shows anything.")
    stamps = intent.content_stamps
    return signed_attributes(
        content_digest=content_digest,
        leaf=chain.leaf,
        scheme=scheme,
        signing_time=intent.signing_time,
        content_timestamps=() if stamps is None else (stamps.token(content_digest, scheme.hash_name),),
    )


@dataclass(frozen=True)
class CmsPending:
    """Signed attributes waiting for one signature value."""

    to_be_signed: bytes
    """DER SET OF Attribute."""
    scheme: Scheme
    chain: Chain
    level: Level
    content: bytes | None = None
    """What goes inside; None: detached."""
    beside: bytes | None = None
    """The structure that gets this signer beside those it has; None: a structure of its own."""
    is_apart: bool = False
    """Content and structure were put aside: the document is prepared again before it is finished."""

    def apart(self) -> CmsPending:
        """Without content and structure, so that hundreds can wait for the key; itself when it holds neither."""
        if self.content is None and self.beside is None:
            return self
        return replace(self, content=None, beside=None, is_apart=True)

    @property
    def imprint(self) -> bytes:
        return self.scheme.imprint(self.to_be_signed)

    @property
    def signature_id(self) -> str:
        return f"signer-{1 if self.beside is None else len(parts_of(self.beside)[-1].children()) + 1}"

    def timestamp_message(self, value: bytes) -> bytes:
        """The value itself (EN 319 122-1 5.3)."""
        return value

    def finish(self, value: bytes, evidence: Evidence = NO_EVIDENCE) -> bytes:
        """The CMS file. Raises `SignatureValueInvalid`, `SigningError`, `TimestampError`."""
        if self.is_apart:
            raise SigningError("This signature was put aside without its document; prepare it again.")
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
        own = signed_data(
            self.to_be_signed, value, self.chain, self.scheme, content=self.content, timestamps=evidence.timestamps
        )
        return own if self.beside is None else _joined(self.beside, own)


def _joined(there: bytes, own: bytes) -> bytes:
    """The structure `there` with the one signer of `own` as its last one."""
    parts = parts_of(own)
    new = Added(
        signers=[e.raw for e in parts[-1].children()],
        digests=[e.raw for e in parts[1].children()],
        certificates=[e.raw for e in parts[3].children()],
    )
    return added(there, new)
