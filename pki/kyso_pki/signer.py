"""The three hands that do what pki itself may not: use a key, ask for a time, fetch from the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .credential import Chain
from .scheme import Scheme


class SigningKey(Protocol):
    """A private key that can sign now, with or without a certificate (a CA's key before its first one)."""

    @property
    def scheme(self) -> Scheme: ...

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """One value per imprint, in order; ECDSA values are DER. Raises `KysoError`, never a partial list."""


@runtime_checkable
class Signer(SigningKey, Protocol):
    """A key with its chain. Software, token and remote keys all look like this."""

    @property
    def chain(self) -> Chain:
        """The signer's certificate first."""


class Timestamper(Protocol):
    """A time-stamping authority (RFC 3161)."""

    def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
        """A DER TimeStampToken over `imprint`. Raises `TimestampError`."""


class Fetcher(Protocol):
    """Fetches revocation data and certificates, within its own limits. Raises `FetchError`."""

    def ocsp(self, url: str, request: bytes) -> bytes:
        """The DER OCSPResponse to a DER OCSPRequest."""

    def crl(self, url: str) -> bytes:
        """A DER CertificateList."""

    def certificates(self, url: str) -> bytes:
        """A certificate, DER or PEM, from an authority information access URL."""
