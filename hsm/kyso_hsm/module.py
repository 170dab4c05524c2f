"""What names a PKCS#11 library and a token: values only, light enough for the worker to import.

`Module` is what a caller configures, `TokenInfo` what a library shows of a token before anybody logs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

KeyKind = Literal["rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521", "ed25519"]
KEY_KINDS: tuple[KeyKind, ...] = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521", "ed25519")

# CK_TOKEN_INFO flags, PKCS#11 2.40 section 3.2
LOGIN_REQUIRED = 0x00000004
USER_PIN_INITIALIZED = 0x00000008
PROTECTED_AUTHENTICATION_PATH = 0x00000100
TOKEN_INITIALIZED = 0x00000400
USER_PIN_COUNT_LOW = 0x00010000
USER_PIN_FINAL_TRY = 0x00020000
USER_PIN_LOCKED = 0x00040000

MAX_LABEL_BYTES = 32  # CK_TOKEN_INFO.label is 32 octets, padded with spaces


@dataclass(frozen=True)
class Module:
    """One PKCS#11 library and the environment that its worker process gets on top of this process's."""

    path: str
    """A file, or a name that the system's loader finds (`opensc-pkcs11.so`, `eTPKCS11.dll`)."""
    env: Mapping[str, str] = field(default_factory=dict)
    """For example `{"SOFTHSM2_CONF": "/srv/kyso/softhsm2.conf"}`."""
    workers: int = 1
    """How many processes use one token of it at the same time; more than one only where the device allows
    several applications (an HSM), never for a USB token or a card."""

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What makes two modules the same: the path and the environment."""
        return self.path, tuple(sorted(self.env.items()))

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True)
class TokenInfo:
    """A token as its library describes it (C_GetTokenInfo), read without a PIN."""

    label: str
    serial: str
    manufacturer: str
    model: str
    flags: int

    @property
    def count_low(self) -> bool:
        """At least one wrong PIN since the last right one."""
        return bool(self.flags & USER_PIN_COUNT_LOW)

    @property
    def final_try(self) -> bool:
        """One more wrong PIN locks the token."""
        return bool(self.flags & USER_PIN_FINAL_TRY)

    @property
    def locked(self) -> bool:
        return bool(self.flags & USER_PIN_LOCKED)

    @property
    def has_pinpad(self) -> bool:
        """The PIN is typed on the device (CKF_PROTECTED_AUTHENTICATION_PATH) and never asked for here."""
        return bool(self.flags & PROTECTED_AUTHENTICATION_PATH)

    @property
    def needs_login(self) -> bool:
        return bool(self.flags & LOGIN_REQUIRED)
