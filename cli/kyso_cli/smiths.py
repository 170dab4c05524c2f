"""Where the province's keys are made: on SoftHSM2 tokens, or in encrypted files where there is no SoftHSM2.

Both smiths do the same four things: prepare their place, make a key, open it, keep its certificate with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from .files import write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from kyso_hsm.opening import KeyKind, OpenKey
    from kyso_hsm.soft import SoftPrivateKey
    from kyso_pki.x509.certificate import Certificate


class Smith(Protocol):
    """Makes and keeps the keys of one province. A context manager: leaving it lets go of workers."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def prepare(self, so_pin: str, tell: Callable[..., None]) -> None:
        """Makes the tokens."""

    def make(self, token: str, label: str, kind: KeyKind) -> PublicKeyTypes:
        """A new key; its public half."""

    def open(self, token: str, label: str) -> OpenKey:
        """The key, to sign with."""

    def keep(self, token: str, label: str, certificate: Certificate, issuers: Sequence[Certificate]) -> None:
        """Stores the certificate with its key."""


class TokenSmith:
    """Keys on SoftHSM2 tokens. They are made in the stage; the configuration that stays names the final place."""

    def __init__(self, stage: Path, folder: Path, module: str, pins: Mapping[str, str]) -> None:
        from kyso_hsm.opening import Module
        from kyso_hsm.pool import Pool

        self._pins = pins
        home = stage / "softhsm"
        (home / "tokens").mkdir(parents=True, mode=0o700)
        home.chmod(0o700)
        write_whole(home / "softhsm2.conf", configuration(folder / "softhsm" / "tokens").encode())
        staged = stage / "softhsm2.conf"
        write_whole(staged, configuration(home / "tokens").encode())
        self._modules = (Module(module, {"SOFTHSM2_CONF": str(staged.absolute())}),)
        self._pool = Pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def prepare(self, so_pin: str, tell: Callable[..., None]) -> None:
        from kyso_hsm.opening import init_token

        for token, pin in self._pins.items():
            init_token(self._modules[0], token, so_pin, pin, pool=self._pool)
        tell("tokens", tokens=", ".join(self._pins))

    def make(self, token: str, label: str, kind: KeyKind) -> PublicKeyTypes:
        from kyso_hsm.opening import generate_key

        return generate_key(token, self._pins[token], label, kind, modules=self._modules, pool=self._pool)

    def open(self, token: str, label: str) -> OpenKey:
        from kyso_hsm.opening import open_key
        from kyso_hsm.pin import FromText

        uri = f"pkcs11:token={token};object={label}"
        return open_key(uri, secret=FromText(self._pins[token]), modules=self._modules, pool=self._pool)

    def keep(self, token: str, label: str, certificate: Certificate, issuers: Sequence[Certificate]) -> None:
        from kyso_hsm.opening import import_certificate

        uri = f"pkcs11:token={token};object={label}"
        import_certificate(uri, self._pins[token], certificate, modules=self._modules, pool=self._pool)


class FileSmith:
    """Keys in PKCS#12 files, encrypted with the password in the file that would hold their token's PIN."""

    def __init__(self, stage: Path, pins: Mapping[str, str]) -> None:
        self._stage = stage
        self._pins = pins
        self._keys: dict[str, SoftPrivateKey] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keys.clear()

    def prepare(self, so_pin: str, tell: Callable[..., None]) -> None:
        """Nothing to do: a file is made with its key."""

    def make(self, token: str, label: str, kind: KeyKind) -> PublicKeyTypes:
        from kyso_hsm.soft import new_key

        self._keys[label] = new_key(kind)
        return self._keys[label].public_key()

    def open(self, token: str, label: str) -> OpenKey:
        return soft_key(self._keys[label], label)

    def keep(self, token: str, label: str, certificate: Certificate, issuers: Sequence[Certificate]) -> None:
        from kyso_hsm.soft import create_keystore

        path = self._stage / "keys" / f"{label}.p12"
        create_keystore(path, self._keys[label], (certificate, *issuers), self._pins[token])


def soft_key(private: SoftPrivateKey, name: str) -> OpenKey:
    """A key in memory, ready to sign."""
    from kyso_hsm.soft import SoftKey
    from kyso_pki.scheme import Scheme

    return SoftKey(private, Scheme.for_key(private.public_key()), name)


def configuration(tokens: Path) -> str:
    """A softhsm2.conf for tokens in this folder."""
    return f"directories.tokendir = {tokens.absolute()}\nobjectstore.backend = file\nlog.level = ERROR\n"
