"""The keys that the server may use, opened when first needed and kept open.

Reach for `Keyring.signer` (keys whose PIN the server holds), `Keyring.unlocked` and `Keyring.hold` (the caller
gives the PIN). No PKCS#11 library is loaded into this process: `kyso_hsm` keeps a worker process per token.

What is refused: a second try with a PIN that a token refused (a health check that tried again every ten seconds
would lock the token; `kyso_hsm.pins` remembers the PIN across restarts), and guessing: after three wrong PINs in
a row nobody may try on that token for a quarter of an hour, whether or not the token itself counts (one that is
open already is not asked again, and a key file never counts).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kyso_hsm.module import Module
from kyso_hsm.opening import open_replicas, open_signer, open_token
from kyso_hsm.pin import FromFile, FromText, SecretSource
from kyso_hsm.pins import Guesses
from kyso_hsm.pool import Pool, TokenStatus
from kyso_hsm.replicas import OUTAGES, ReplicaSigner, ReplicaStatus
from kyso_hsm.token import OpenSigner
from kyso_hsm.uri import FileUri, Pkcs11Uri, parse, same_text
from kyso_pki.credential import Chain
from kyso_pki.errors import CertificateMissing, KysoError, PinLocked, PinRefused, PinRequired
from kyso_pki.scheme import Scheme
from kyso_pki.signer import Signer
from kyso_pki.x509.certificate import Certificate, ordered_chain

from .problems import ApprovalLost, CredentialUnavailable

_LOG = logging.getLogger("kyso.keys")


@dataclass(frozen=True)
class Address:
    """Where a key is, how the server unlocks it, and which certificates go with it."""

    uri: str
    pin_file: Path | None
    chain: tuple[Certificate, ...] = ()
    replicas: tuple[str, ...] = ()
    """Where else the same key lies."""
    test_key: str | None = None
    """The label of a key that may be used for trying whether a token signs."""

    @property
    def place(self) -> str:
        """The token or file that the key lies on: what a PIN belongs to."""
        parsed = parse(self.uri)
        return str(parsed.of_token if isinstance(parsed, Pkcs11Uri) else parsed)


class _OwnSigner:
    """A signer whose PIN is the server's: a caller is never told that "the PIN" is wrong, as he gave none."""

    def __init__(self, signer: OpenSigner, uri: str) -> None:
        self.signer = signer
        self._uri = uri

    @property
    def chain(self) -> Chain:
        return self.signer.chain

    @property
    def scheme(self) -> Scheme:
        return self.signer.scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        with _our_pin(self._uri):
            return self.signer.sign(imprints)

    def close(self) -> None:
        self.signer.close()


@contextmanager
def _our_pin(uri: str) -> Iterator[None]:
    try:
        yield
    except (PinRefused, PinLocked, PinRequired) as e:
        _LOG.error("%s: %s", uri, e)
        raise CredentialUnavailable("The server's own PIN for this key was not accepted.") from e


@dataclass
class _Held:
    """A key that its user unlocked for one approval."""

    address: Address
    secret: SecretSource
    until: datetime
    signers: dict[str | None, OpenSigner] = field(default_factory=dict)
    opening: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    """How many requests sign with it at this moment."""
    over: bool = False
    """No new request may have it; the last user closes it."""

    def close(self) -> None:
        for signer in self.signers.values():
            signer.close()


class Keyring:
    """Open signers by address and scheme. Safe to use from several threads; blocks, so use it in one."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._modules = tuple(modules)
        self._pool = Pool()
        self._open: dict[tuple[str, str | None], _OwnSigner] = {}
        self._chains: dict[str, Chain] = {}
        self._held: dict[str, _Held] = {}
        self._guesses = Guesses()
        self._opening = threading.Lock()  # one PIN file is tried once, also by two requests at the same time
        self._holding = threading.Lock()

    # Keys whose PIN the server holds -------------------------------------------------------------------------

    def signer(self, address: Address, scheme: Scheme | None = None) -> Signer:
        """A signer that stays open; without `scheme` the key's usual one.

        Raises `CredentialUnavailable` when the server's own PIN is not accepted (it is tried once), and what
        `kyso_hsm` raises.
        """
        name = (address.uri, scheme.name if scheme else None)
        with self._opening:
            if name not in self._open:
                self._open[name] = self._open_own(address, scheme)
            return self._open[name]

    def _open_own(self, address: Address, scheme: Scheme | None) -> _OwnSigner:
        secret = None if address.pin_file is None else FromFile(address.pin_file)
        with _our_pin(address.uri):
            return _OwnSigner(self._unlock(address, secret, scheme), address.uri)

    def _unlock(self, address: Address, secret: SecretSource | None, scheme: Scheme | None) -> OpenSigner:
        hash_name = scheme.hash_name if scheme and scheme.key_type != "ed25519" else None
        pss = scheme is not None and scheme.padding == "pss"
        if address.replicas or address.test_key:
            return open_replicas(
                (address.uri, *address.replicas),
                secret=secret,
                modules=self._modules,
                hash_name=hash_name,
                pss=pss,
                chain=address.chain,
                test_key=address.test_key,
                pool=self._pool,
            )
        return open_signer(
            address.uri,
            secret=secret,
            modules=self._modules,
            hash_name=hash_name,
            pss=pss,
            chain=address.chain,
            pool=self._pool,
        )

    # Keys whose PIN the caller gives -------------------------------------------------------------------------

    def _unlock_for(
        self, address: Address, secret: SecretSource, at: datetime, scheme: Scheme | None = None
    ) -> OpenSigner:
        """One try with the caller's PIN. Raises `PinRefused`, `PinLocked`, `CredentialUnavailable`, …"""
        with self._guesses.one_try(address.place, at):
            info = open_token(address.uri, modules=self._modules, pool=self._pool).info
            if not info.needs_login or info.has_pinpad:
                raise CredentialUnavailable("This key is not protected by a PIN that a caller could give.")
            return self._unlock(address, secret, scheme)

    @contextmanager
    def unlocked(self, address: Address, pin: str, at: datetime, scheme: Scheme | None = None) -> Iterator[Signer]:
        """A signer opened with the caller's PIN for one block: one try. Raises `PinRefused`, `PinLocked`, …"""
        with self._unlock_for(address, FromText(pin, given_now=True), at, scheme) as signer:
            yield signer

    def hold(self, name: str, address: Address, pin: str, until: datetime, at: datetime) -> None:
        """Unlocks a key with the caller's PIN (one try) and keeps it open under this name until a time."""
        secret = FromText(pin, given_now=True)
        held = _Held(address, secret, until, {None: self._unlock_for(address, secret, at)})
        with self._holding:
            self._held[name] = held
        self._let_go(at)

    @contextmanager
    def held(self, name: str, scheme: Scheme, at: datetime) -> Iterator[Signer]:
        """The key that was unlocked under this name. Raises `ApprovalLost` when it is not open any more."""
        self._let_go(at)
        with self._holding:
            held = self._held.get(name)
            if held is None:
                raise ApprovalLost("The approval is not open any more.", remedy="Authorise again.")
            held.users += 1
        try:
            with held.opening:
                if scheme.name not in held.signers:
                    held.signers[scheme.name] = self._unlock(held.address, held.secret, scheme)
            yield held.signers[scheme.name]
        finally:
            with self._holding:
                held.users -= 1
                close = held.over and not held.users
            if close:
                held.close()

    def release(self, name: str) -> None:
        """Closes what was unlocked under this name as soon as nobody signs with it; or does nothing."""
        with self._holding:
            held = self._held.pop(name, None)
            if held is None:
                return
            held.over = True
            close = not held.users
        if close:
            held.close()

    def _let_go(self, at: datetime) -> None:
        with self._holding:
            over = [name for name, held in self._held.items() if held.until <= at]
        for name in over:
            self.release(name)

    # Looking -------------------------------------------------------------------------------------------------

    def chain(self, address: Address) -> Chain:
        """The chain of a key, without a PIN where the key's user holds it. Raises `CertificateMissing`."""
        if address.uri not in self._chains:
            own = address.pin_file is not None
            self._chains[address.uri] = self.signer(address).chain if own else self._visible_chain(address)
        return self._chains[address.uri]

    def _visible_chain(self, address: Address) -> Chain:
        wanted = parse(address.uri)
        if isinstance(wanted, FileUri):
            return _chain_from_settings(address)
        for credential in open_token(address.uri, modules=self._modules, pool=self._pool).credentials():
            found = parse(credential.id)
            if isinstance(found, Pkcs11Uri) and _same_key(wanted, found):
                leaf, *issuers = credential.chain
                return Chain(ordered_chain(leaf, (*issuers, *address.chain)))
        raise CertificateMissing("No certificate of this key can be seen on its token.")

    def check(self, address: Address) -> None:
        """Raises what stands in the way of using this key now; a PIN that was refused is not tried again for it."""
        self.chain(address)
        if address.pin_file is not None:
            self.signer(address)
        last: KysoError | None = None
        for uri in (address.uri, *address.replicas):  # one that answers is enough
            try:
                open_token(uri, modules=self._modules, pool=self._pool)
                return
            except OUTAGES as e:
                last = e
        if last is not None:
            raise last

    def tokens(self) -> tuple[TokenStatus, ...]:
        """How every token is that has been looked for so far, asked now unless it is at work."""
        return self._pool.states(look=True)

    def replicas(self) -> dict[str, tuple[ReplicaStatus, ...]]:
        """How the places of each open key with replicas are, by the key's address."""
        with self._opening:
            signers = {uri: own.signer for (uri, _), own in self._open.items()}
        return {uri: s.status() for uri, s in signers.items() if isinstance(s, ReplicaSigner)}

    def close(self) -> None:
        """Ends the sessions and the worker processes."""
        with self._opening, self._holding:
            for held in self._held.values():
                held.close()
            for signer in self._open.values():
                signer.close()
            self._held.clear()
            self._open.clear()
            self._pool.close()


def _same_key(wanted: Pkcs11Uri, found: Pkcs11Uri) -> bool:
    same_label = wanted.object is None or (found.object is not None and same_text(wanted.object, found.object))
    return same_label and (wanted.id is None or wanted.id == found.id)


def _chain_from_settings(address: Address) -> Chain:
    leaf = next((c for c in address.chain if not c.is_ca), None)
    if leaf is None:
        raise CertificateMissing(
            "The key file is locked by its user's password, so its certificate must stand in `chain`.",
            remedy="Add the signer's certificate to the credential's chain.",
        )
    return Chain(ordered_chain(leaf, address.chain))
