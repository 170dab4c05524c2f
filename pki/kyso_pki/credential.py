"""Keys that could be used: the chain that goes with a key, and on which terms it signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from .errors import CertificateExpired, CertificateMissing, CertificateNotYetValid, CertificateUnsuitable
from .scheme import Scheme, strong_enough
from .x509 import rules
from .x509.certificate import Certificate


@dataclass(frozen=True)
class Chain:
    """The signer's certificate and its issuers, leaf first; the root may be left out."""

    certificates: tuple[Certificate, ...]

    def __post_init__(self) -> None:
        if not self.certificates:
            raise CertificateMissing("A chain needs at least the signer's certificate.")

    def __hash__(self) -> int:
        return hash(self.leaf)

    @classmethod
    def of(cls, certificates: Iterable[Certificate]) -> Chain:
        return cls(tuple(certificates))

    @property
    def leaf(self) -> Certificate:
        return self.certificates[0]

    @property
    def issuers(self) -> tuple[Certificate, ...]:
        return self.certificates[1:]

    @property
    def carried(self) -> tuple[Certificate, ...]:
        """What a signature carries along: all but the root, which a verifier must have already."""
        return (self.leaf, *(c for c in self.issuers if not c.self_issued))

    def __iter__(self) -> Iterator[Certificate]:
        return iter(self.certificates)


@dataclass(frozen=True)
class Terms:
    """On which terms a credential signs."""

    signatures_per_approval: int = 1
    """How many signatures one approval may cover (CSC `multisign`)."""
    unlock: str = "pin"
    """How it is unlocked: `none`, `pin`, `pinpad` or `remote`."""
    until: datetime | None = None
    """When the credential stops signing, if before its certificate ends."""


@dataclass(frozen=True)
class Credential:
    """A key that is known but not unlocked. A Signer is a Credential that has been unlocked."""

    id: str
    chain: Chain
    scheme: Scheme
    terms: Terms = Terms()


def check_before_signing(chain: Chain, scheme: Scheme, at: datetime) -> None:
    """Refuses to sign with a certificate that no verifier would accept at `at`.

    TT 15/2025/TT-BKHCN asks for this check *before* signing: validity period, key usage and extended key usage
    (by the very rules that verification uses), key size and type.
    """
    leaf = chain.leaf
    if at < leaf.not_before:
        raise CertificateNotYetValid(
            f"The certificate of {leaf.subject.first('CN')} is valid from {leaf.not_before:%Y-%m-%d %H:%M} UTC.",
            remedy="Check this machine's clock, or wait until the certificate starts.",
            subject=str(leaf.subject),
            not_before=leaf.not_before,
        )
    if at > leaf.not_after:
        raise CertificateExpired(
            f"The certificate of {leaf.subject.first('CN')} expired on {leaf.not_after:%Y-%m-%d %H:%M} UTC.",
            remedy="Ask your certification authority for a renewed certificate, or choose another key.",
            subject=str(leaf.subject),
            not_after=leaf.not_after,
        )
    _check_fitness(leaf, scheme)


@lru_cache(maxsize=256)
def _check_fitness(leaf: Certificate, scheme: Scheme) -> None:
    """The part of the check that time does not change, so once for each certificate; a refusal is not remembered."""
    unfit = rules.unreadable(leaf) or rules.unfit_for(leaf, "signing")
    if unfit:
        raise CertificateUnsuitable(
            " ".join(f.text for f in unfit),
            remedy="Choose a certificate that is for signing documents.",
        )
    if not scheme.accepts(leaf.public_key):
        raise CertificateUnsuitable(f"Scheme {scheme.name} does not fit the certificate's {scheme.key_type} key.")
    if not leaf.takes(scheme):
        raise CertificateUnsuitable(
            f"The certificate's key is for RSASSA-PSS alone; scheme {scheme.name} must not be used with it.",
            remedy="Sign with --pss (in Python: `signer.using(pss=True)`).",
        )
    if not strong_enough(leaf.public_key):
        raise CertificateUnsuitable("The key is too weak: RSA of at least 2048 bits or a NIST curve is needed.")
    if scheme.hash_name == "sha1":
        raise CertificateUnsuitable("SHA-1 is read in old signatures, never written.")
