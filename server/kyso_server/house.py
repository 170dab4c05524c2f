"""What every use case needs: the settings, the database, the keys, the certificates, the trust, the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kyso_pki.errors import UsageError
from kyso_pki.x509.certificate import Certificate, certificates_from_bytes
from kyso_pki.x509.trust import TrustStore

from .anchors import Anchors
from .keyring import Address, Keyring
from .load import Load
from .problems import TrustUnavailable
from .settings import CredentialSettings, KeySettings, Settings
from .store import Store, open_store


@dataclass(frozen=True)
class Authority:
    """The CA's certificates and where its keys are."""

    root: Certificate
    issuing: Certificate
    ocsp: Certificate
    issuing_key: Address
    ocsp_key: Address
    root_crl: Path | None
    making_crl: threading.Lock = field(default_factory=threading.Lock, compare=False)


@dataclass(frozen=True)
class Tsa:
    certificate: Certificate
    key: Address
    policy: str


@dataclass(frozen=True)
class House:
    settings: Settings
    store: Store
    keys: Keyring
    anchors: Anchors
    authority: Authority | None
    tsa: Tsa | None
    addresses: dict[str, Address]
    """Where each credential's key is, by the credential's id."""
    now: Callable[[], datetime]
    """The server's clock; aware UTC."""
    load: Load

    @property
    def trust(self) -> TrustStore:
        """Whom this server trusts now. Raises `TrustUnavailable`."""
        return self.anchors.at(self.now())

    @property
    def own_keys(self) -> frozenset[str]:
        """SHA-256 of the SubjectPublicKeyInfo of every key that must never sign a document."""
        ours: list[Certificate] = [] if self.tsa is None else [self.tsa.certificate]
        if self.authority is not None:
            ours += [self.authority.root, self.authority.issuing, self.authority.ocsp]
        return frozenset(c.spki_sha256 for c in ours)

    def close(self) -> None:
        """Ends the workers and the database connections."""
        self.keys.close()
        self.store.close()


def open_house(settings: Settings, now: Callable[[], datetime]) -> House:
    """Reads every certificate that the settings name; opens no key. Raises `FormatError`, `UsageError`."""
    authority = _authority(settings)
    return House(
        settings=settings,
        store=open_store(settings.database),
        keys=Keyring(settings.modules),
        anchors=_anchors(settings, now()),
        authority=authority,
        tsa=_tsa(settings, authority),
        addresses={c.id: _address_of_credential(c) for c in settings.credentials},
        now=now,
        load=Load(settings.max_document_mb * 1024 * 1024),
    )


def _anchors(settings: Settings, now: datetime) -> Anchors:
    """A server that could verify nothing does not start. Raises `UsageError`."""
    own = TrustStore.of(_all(settings.trust_signing), ("signing",))
    own += TrustStore.of(_all(settings.trust_timestamping), ("timestamping",))
    anchors = Anchors(own, settings.trust_store)
    try:
        anchors.at(now)
    except TrustUnavailable as e:
        raise UsageError(e.message, remedy=e.remedy or "Make it with `kyso trust import`.") from None
    return anchors


def _authority(settings: Settings) -> Authority | None:
    if (ca := settings.ca) is None:
        return None
    root, issuing, responder = (_read(p) for p in (ca.root, ca.issuing.certificate, ca.ocsp.certificate))
    return Authority(
        root=root,
        issuing=issuing,
        ocsp=responder,
        issuing_key=_address(ca.issuing, issuing),
        ocsp_key=_address(ca.ocsp, responder, issuing),
        root_crl=ca.root_crl,
    )


def _tsa(settings: Settings, authority: Authority | None) -> Tsa | None:
    """The CA's certificates go along in tokens, so that a verifier finds the path."""
    if (tsa := settings.tsa) is None:
        return None
    certificate = _read(tsa.signer.certificate)
    above = () if authority is None else (authority.issuing, authority.root)
    return Tsa(certificate, _address(tsa.signer, certificate, *above), tsa.policy)


def _address_of_credential(credential: CredentialSettings) -> Address:
    return Address(
        credential.key, credential.pin_file, _all(credential.chain), credential.replicas, credential.test_key
    )


def _address(key: KeySettings, *chain: Certificate) -> Address:
    return Address(key.key, key.pin_file, chain)


def _read(path: Path) -> Certificate:
    return certificates_from_bytes(path.read_bytes())[0]


def _all(paths: tuple[Path, ...]) -> tuple[Certificate, ...]:
    return tuple(c for path in paths for c in certificates_from_bytes(path.read_bytes()))
