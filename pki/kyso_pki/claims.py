"""What a signer says about himself and about the signature, beside its time: the signed properties of XAdES.

Values only; `kyso_pki.xml.properties_written` writes them. They are claims: a verifier repeats them, it cannot check
them, except that a policy document has the hash that was signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .errors import UsageError
from .scheme import HashName, digest

COMMITMENTS: Final = {
    "origin": "http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin",
    "receipt": "http://uri.etsi.org/01903/v1.2.2#ProofOfReceipt",
    "delivery": "http://uri.etsi.org/01903/v1.2.2#ProofOfDelivery",
    "sender": "http://uri.etsi.org/01903/v1.2.2#ProofOfSender",
    "approval": "http://uri.etsi.org/01903/v1.2.2#ProofOfApproval",
    "creation": "http://uri.etsi.org/01903/v1.2.2#ProofOfCreation",
}
"""The commitment types of EN 319 132-1 5.2.3, by short names."""
MAX_ENTRIES: Final = 16  # roles and commitments each; a signature with more is a mistake


@dataclass(frozen=True)
class ProductionPlace:
    """Where the signature was made (EN 319 132-1 5.2.5)."""

    city: str | None = None
    street: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class SignaturePolicy:
    """The policy that the signature is made under (EN 319 132-1 5.2.9): its name and the hash of its document."""

    identifier: str
    """An URI; an OID as `urn:oid:1.2.3`."""
    digest: bytes
    hash_name: HashName = "sha256"
    description: str | None = None
    uri: str | None = None
    """Where the document can be had."""

    @classmethod
    def of(cls, identifier: str, document: bytes, *, uri: str | None = None) -> SignaturePolicy:
        """The policy with this document."""
        return cls(identifier, digest("sha256", document), uri=uri)


@dataclass(frozen=True)
class Claims:
    """XAdES: what the signed properties say beside time and certificate."""

    roles: tuple[str, ...] = ()
    """In the signer's own words: `Chủ tịch UBND tỉnh Mẫu`."""
    place: ProductionPlace | None = None
    commitments: tuple[str, ...] = ()
    """Short names of `COMMITMENTS`, or URIs."""
    policy: SignaturePolicy | Literal["implied"] | None = None
    """`implied`: the content or the relation of the parties says which policy applies."""

    def __post_init__(self) -> None:
        if max(len(self.roles), len(self.commitments)) > MAX_ENTRIES:
            raise UsageError(f"More than {MAX_ENTRIES} roles or commitments in one signature.")
        if any(not text.strip() for text in self.roles):
            raise UsageError("A role is empty.", remedy="Say the role in words, or leave it out.")
        for name in self.commitments:
            if name not in COMMITMENTS and ":" not in name:
                raise UsageError(
                    f"Unknown commitment {name!r}.", remedy=f"Use one of {', '.join(COMMITMENTS)}, or a URI."
                )

    @property
    def commitment_uris(self) -> tuple[str, ...]:
        return tuple(COMMITMENTS.get(name, name) for name in self.commitments)
