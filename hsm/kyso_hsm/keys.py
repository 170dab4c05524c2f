"""Which key an address means, and which certificate belongs to which key: decisions on what a token showed.

Nothing here calls a token. A key is tied to its certificate by CKA_ID and by the public key itself; where both
are known the public key decides, because ids are only names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kyso_pki.errors import (
    AmbiguousKey,
    CertificateMissing,
    CertificateUnsuitable,
    FormatError,
    KeyAccessError,
    KeyNotFound,
)
from kyso_pki.scheme import key_name
from kyso_pki.x509.certificate import Certificate, ordered_chain

from . import wire
from .explain import LIST_KEYS
from .uri import Pkcs11Uri, same_text


@dataclass(frozen=True)
class VisibleKey:
    """A key pair as far as a token shows it to somebody who is not logged in."""

    label: str
    id: bytes
    public_key: PublicKeyTypes | None
    certificates: tuple[Certificate, ...]
    """Newest first."""

    @property
    def can_sign(self) -> bool:
        """Whether it is of a kind that signs here; a DSA or X25519 key on the same token is not."""
        return isinstance(self.public_key, (RSAPublicKey, EllipticCurvePublicKey, Ed25519PublicKey))

    @property
    def algorithm(self) -> str:
        return key_name(self.public_key) if self.public_key is not None else "unknown"


@dataclass(frozen=True)
class FoundKey:
    """The private key that an address means."""

    address: wire.KeyAddress
    public_key: PublicKeyTypes | None
    certificates: tuple[Certificate, ...]
    """Its certificates on the token, newest first."""


def visible_keys(objects: wire.Objects) -> tuple[VisibleKey, ...]:
    """The keys behind what a token shows: each public key, and each end-entity certificate without one."""
    certificates = certificates_with_facts(objects)
    keys = []
    covered: set[Certificate] = set()
    for public in objects.public:
        key = load_spki(public.spki)
        own = _belonging(certificates, public.id, key)
        covered.update(own)
        keys.append(VisibleKey(public.label, public.id, key, own))
    for facts, certificate in certificates:
        if certificate in covered or certificate.is_ca:
            continue
        key = public_key_of(certificate)
        own = _belonging(certificates, facts.id, key)
        covered.update(own)
        keys.append(VisibleKey(facts.label, facts.id, key, own))
    return tuple(keys)


def find_key(objects: wire.Objects, uri: Pkcs11Uri, token: str, *, to_sign: bool = True) -> FoundKey:
    """The one private key that `uri` means, which may sign unless `to_sign` is False.

    Raises `KeyNotFound` naming the keys there are, `AmbiguousKey`.
    """
    matches = [k for k in objects.private if uri.id is None or k.id == uri.id]
    if uri.object is not None:
        exact = [k for k in matches if same_text(k.label, uri.object)]
        # NSS leaves private keys without a label, smart cards label key and certificate apart: go by the id.
        ids = {p.id for p in objects.public if p.id and same_text(p.label, uri.object)}
        ids |= {c.id for c in objects.certificates if c.id and same_text(c.label, uri.object)}
        matches = exact or [k for k in matches if k.id in ids]
    if not matches:
        raise _not_found(objects, uri, token)
    if len(matches) > 1:
        names = ", ".join(f"{k.label!r} (id {k.id.hex() or 'none'})" for k in matches)
        raise AmbiguousKey(
            f"{len(matches)} keys on token {token!r} match: {names}.", remedy="Add object=… or id=%… to the address."
        )
    found = matches[0]
    if to_sign and not found.can_sign:
        raise KeyAccessError(f"Key {found.label!r} on token {token!r} is not allowed to sign (CKA_SIGN is false).")
    key = load_spki(found.spki) or next(
        (k for p in objects.public if (p.id, p.label) == (found.id, found.label) and (k := load_spki(p.spki))), None
    )
    if key is None and found.id:
        key = next((k for p in objects.public if p.id == found.id and (k := load_spki(p.spki))), None)
    return FoundKey(
        wire.KeyAddress(found.label, found.id), key, _belonging(certificates_with_facts(objects), found.id, key)
    )


def _not_found(objects: wire.Objects, uri: Pkcs11Uri, token: str) -> KeyNotFound:
    wanted = f"{uri.object!r}" if uri.object is not None else "any" if uri.id is None else f"with id {uri.id.hex()}"
    there = sorted(k.label or f"id {k.id.hex()}" for k in objects.private)
    return KeyNotFound(
        f"Token {token!r} has no private key {wanted}; found: {', '.join(there) or 'none'}.",
        remedy=LIST_KEYS,
        token=token,
        found=tuple(there),
    )


def chain_for(
    found: FoundKey, objects: wire.Objects, extra: Sequence[Certificate], token: str
) -> tuple[Certificate, ...]:
    """The key's newest certificate and its issuers, from the token and from `extra`.

    Raises `CertificateMissing` when none is for this key.
    """
    key = found.public_key
    own = {c for c in (*found.certificates, *(extra if key is not None else ())) if key is None or same_key(c, key)}
    if not own:
        raise CertificateMissing(
            f"There is no certificate for key {found.address.label!r} on token {token!r}.",
            remedy="Import it with `kyso keys import-cert`, or give it as a chain file.",
            token=token,
        )
    return ordered_chain(newest_first(own)[0], (*extra, *certificates_on(objects)))


def certificates_on(objects: wire.Objects) -> tuple[Certificate, ...]:
    """All X.509 certificates that the token shows."""
    return tuple(c for _, c in certificates_with_facts(objects))


def newest_first(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    return tuple(sorted(certificates, key=lambda c: (c.not_before, c.not_after), reverse=True))


def same_key(certificate: Certificate, key: PublicKeyTypes) -> bool:
    return public_key_of(certificate) == key


def public_key_of(certificate: Certificate) -> PublicKeyTypes | None:
    """The certificate's key, None when OpenSSL does not know its kind."""
    try:
        return certificate.public_key
    except CertificateUnsuitable:
        return None


def load_spki(spki: bytes | None) -> PublicKeyTypes | None:
    """The key in a SubjectPublicKeyInfo, None when there is none or OpenSSL does not know its kind."""
    if spki is None:
        return None
    try:
        return load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        return None


def certificates_with_facts(objects: wire.Objects) -> list[tuple[wire.CertificateFacts, Certificate]]:
    """The X.509 certificates among the objects with their labels and ids; tokens also hold other things there."""
    found = []
    for facts in objects.certificates:
        try:
            found.append((facts, Certificate.from_der(facts.der)))
        except FormatError:
            continue  # cannot be anybody's signing certificate
    return found


def _belonging(
    certificates: Iterable[tuple[wire.CertificateFacts, Certificate]], key_id: bytes, key: PublicKeyTypes | None
) -> tuple[Certificate, ...]:
    """Certificates of one key: by the public key where it is known, else by id."""
    return newest_first(
        c
        for facts, c in certificates
        if (same_key(c, key) if key is not None else bool(key_id) and facts.id == key_id)
    )
