"""What the tests know of a stand-in: how to reach it, and what another program says of the keys on it.

`SCHEMES` are the ways to sign; `verified` asks `cryptography` whether a value is good. A test that uses these does
not trust kyso for anything but the value.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_hsm.opening import Module, OpenKey, open_key
from kyso_hsm.pin import SecretRequest, SecretSource
from kyso_hsm.pool import Pool
from kyso_pki.x509.certificate import Certificate

SCHEMES = {"rsa-pkcs1": "rsa", "rsa-pss": "rsa", "ecdsa": "ec", "eddsa": "ed"}  # scheme: kind of key


@dataclass(frozen=True)
class Typed:
    """A person who types this PIN whenever asked, so that a test may try again what a program must not."""

    pin: str = field(repr=False)
    interactive: ClassVar[bool] = True

    def __call__(self, request: SecretRequest) -> str:
        return self.pin


@dataclass(frozen=True)
class HeldKey:
    """A key on a stand-in, with its public half as somebody else's program reads it."""

    address: str
    """The part of a `pkcs11:` address that names it on its token."""
    public: PublicKeyTypes | None
    """None for Ed25519, which pkcs11-tool writes in a form of its own: the token's own word is taken."""


@dataclass(frozen=True)
class StandIn:
    name: str
    module: Module
    token: str
    pin: str
    wrong_pin: str
    keys: Mapping[str, HeldKey]
    lacks: tuple[str, ...] = ()
    """Schemes that its module does not have although the key is of the kind."""
    certificates: tuple[str, ...] = ()
    """Kinds of key that have a certificate on the token."""

    def uri(self, kind: str) -> str:
        return f"pkcs11:token={self.token};{self.keys[kind].address}"

    def open(self, scheme: str, pool: Pool, secret: SecretSource | None = None) -> OpenKey:
        """The key for this scheme."""
        return open_key(
            self.uri(SCHEMES[scheme]),
            secret=secret or Typed(self.pin),
            modules=[self.module],
            pss=scheme == "rsa-pss",
            pool=pool,
        )


def imprints(count: int, hash_name: str = "sha256") -> list[bytes]:
    """Digests of `message(0)`, `message(1)`, …"""
    return [hashlib.new(hash_name, message(n)).digest() for n in range(count)]


def message(number: int) -> bytes:
    return f"Công văn số {number}".encode()


def verified(scheme: str, public: PublicKeyTypes, values: list[bytes]) -> None:
    """Each value is good for its message; else `cryptography` raises InvalidSignature."""
    assert len(set(values)) == len(values) > 0
    for number, value in enumerate(values):
        if scheme == "rsa-pkcs1":
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(value, message(number), padding.PKCS1v15(), hashes.SHA256())
        elif scheme == "rsa-pss":
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(value, message(number), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            assert isinstance(public, ec.EllipticCurvePublicKey)
            public.verify(value, message(number), ec.ECDSA(hashes.SHA256()))


def is_for(certificate: Certificate | None, key: HeldKey) -> bool:
    return certificate is not None and certificate.public_key == key.public


class _Stopping(Protocol):
    def stop(self) -> None: ...


_S = TypeVar("_S", bound=_Stopping)


@contextlib.contextmanager
def stopping(one: _S) -> Iterator[_S]:
    """Ended with the block, whatever happened in it."""
    try:
        yield one
    finally:
        one.stop()


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket's (108 octets), unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="kyso-") as name:
        yield Path(name)
