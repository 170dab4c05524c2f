"""What a place for keys looks like to its callers.

`Token` is the smallest interface that carries the idea: look (without a PIN), then unlock. Making keys is a
second interface, `KeyGenerator`, which not every token offers. `KeyInfo` is one line of `kyso keys list`.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .module import KeyKind, TokenInfo

if TYPE_CHECKING:  # the worker imports this package too and must start fast
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from kyso_pki.credential import Chain, Credential
    from kyso_pki.errors import KysoError
    from kyso_pki.scheme import Scheme
    from kyso_pki.x509.certificate import Certificate

    from .pin import SecretSource


class OpenKey(Protocol):
    """A private key that can sign now (a `kyso_pki.signer.SigningKey`), until it is closed."""

    @property
    def scheme(self) -> Scheme: ...

    @property
    def public_key(self) -> PublicKeyTypes:
        """The public half, from the certificate or the token; every value is verified with it."""

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """One value per imprint, in order; ECDSA values are DER.

        Raises `TokenUnavailable`, `TokenTimeout`, `TokenBusy`, `MechanismMissing`, `SignatureValueInvalid`;
        never gives a partial list.
        """

    def close(self) -> None:
        """Gives the key back; the last one on a token logs it out. Closing twice is allowed."""

    def __enter__(self) -> OpenKey: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class OpenSigner(OpenKey, Protocol):
    """A key with its certificate chain (a `kyso_pki.signer.Signer`), until it is closed."""

    @property
    def chain(self) -> Chain: ...

    def __enter__(self) -> OpenSigner: ...


class Token(Protocol):
    """A place that holds keys: an HSM partition, a USB token, a key file."""

    @property
    def info(self) -> TokenInfo: ...

    def credentials(self) -> tuple[Credential, ...]:
        """The keys with certificates that can be seen without a PIN; `Credential.id` is the key's URI."""

    def unlock(self, credential: Credential, secret: SecretSource | None = None) -> OpenSigner:
        """The credential's key, ready to sign. One try with the secret, never a second one."""


class KeyGenerator(Protocol):
    """A token on which keys can be made."""

    def generate(self, kind: KeyKind, label: str, secret: SecretSource, *, id: bytes | None = None) -> PublicKeyTypes:
        """A new key pair on the token: sensitive, not extractable, for signing only."""

    def import_certificate(self, label: str, secret: SecretSource, certificate: Certificate) -> None:
        """Stores a certificate beside its key, tied by CKA_ID."""


class KeyInfo(NamedTuple):
    """A key within reach, as listed without a PIN."""

    uri: str
    """A complete address that `open_signer` takes."""
    label: str
    algorithm: str
    """`RSA-2048`, `P-256`, `Ed25519`; `unknown` when a password hides it."""
    token: str
    """The token's label; for a key file its path."""
    certificate: Certificate | None = None
    """The newest certificate of this key, None when there is none or a password hides it."""
    locked: bool = False
    """The file's password is needed even to look inside."""
    info: TokenInfo | None = None
    """Its token with the flags of that moment, None for a key file."""


class ModuleProblem(NamedTuple):
    """A library or a file that could not be looked into: a line in the list, not an end."""

    path: str
    error: KysoError


class KeyListing(NamedTuple):
    keys: tuple[KeyInfo, ...]
    problems: tuple[ModuleProblem, ...]
    tokens: tuple[TokenInfo, ...] = ()
    """Every token that was seen, those without keys too."""
