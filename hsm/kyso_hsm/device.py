"""A PKCS#11 token and its keys as the caller's process sees them: all work goes to the token's worker.

`DeviceToken` is a `Token` and a `KeyGenerator`; `DeviceKey` and `DeviceSigner` are what it unlocks. Every
value that comes back is verified with the public key before it is handed on: a wrong key behind a label, a
broken card or an empty answer (SoftHSM gives one, with CKR_OK, for a mechanism of another key type) ends here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_pki.asn1 import der
from kyso_pki.credential import Chain, Credential, Terms
from kyso_pki.errors import CertificateUnsuitable, KeyAccessError, KeyNotFound, UsageError
from kyso_pki.scheme import HashName, Scheme
from kyso_pki.x509.certificate import Certificate, ordered_chain

from . import keys, wire
from .checking import Checking
from .host import TokenHost, expect
from .module import KEY_KINDS, KeyKind, TokenInfo
from .pin import SecretSource
from .token import KeyInfo, OpenSigner
from .uri import Pkcs11Uri, parse


class DeviceKey:
    """An unlocked private key on a token: a `SigningKey` until it is closed."""

    def __init__(
        self,
        host: TokenHost,
        address: wire.KeyAddress,
        scheme: Scheme,
        public_key: PublicKeyTypes,
        source: SecretSource | None,
    ) -> None:
        self.public_key = public_key
        self._host = host
        self._address = address
        self._scheme = scheme
        self._what = wire.SignWith(address, mechanism_of(scheme), scheme.hash_name)
        self._source = source
        self._closed = False

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """One verified value per imprint, in order."""
        if self._closed:
            raise UsageError("This key is closed.", remedy="Open it again.")
        check_imprints(self._scheme, imprints)
        values: list[bytes] = []
        while (start := len(values)) < len(imprints):
            batch = tuple(imprints[start : start + self._host.fair_batch])
            where = f"token {self._host.info.label!r}"
            checking = Checking(self._scheme, self.public_key, batch, where)
            values += self._host.sign(wire.Sign(self._what, batch), self._source, checking)
        return values

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._host.release()

    def __enter__(self) -> DeviceKey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address.label!r} on {self._host.info.label!r}>"


class DeviceSigner(DeviceKey):
    """An unlocked private key with its chain: a `Signer` until it is closed."""

    def __init__(self, key: DeviceKey, chain: Chain) -> None:
        super().__init__(key._host, key._address, key.scheme, key.public_key, key._source)
        self._chain = chain

    @property
    def chain(self) -> Chain:
        return self._chain

    def __enter__(self) -> DeviceSigner:
        return self


class DeviceToken:
    """A token behind its worker. `info` is as it was when the token was found."""

    def __init__(self, host: TokenHost) -> None:
        self._host = host

    @property
    def info(self) -> TokenInfo:
        return self._host.info

    def credentials(self) -> tuple[Credential, ...]:
        """The keys with certificates that can be seen without a PIN; `Credential.id` is the key's URI."""
        objects = self._host.objects()
        extra = keys.certificates_on(objects)
        unlock = "pinpad" if self.info.has_pinpad else "pin" if self.info.needs_login else "none"
        found = []
        for key in keys.visible_keys(objects):
            if key.certificates and key.can_sign:
                chain = Chain.of(ordered_chain(key.certificates[0], extra))
                uri = key_uri(self.info, self._host.module.path, key)
                found.append(Credential(str(uri), chain, Scheme.for_key(key.public_key), Terms(unlock=unlock)))
        return tuple(found)

    def unlock(self, credential: Credential, secret: SecretSource | None = None) -> OpenSigner:
        """The credential's key, ready to sign with the credential's scheme."""
        uri = parse(credential.id)
        if not isinstance(uri, Pkcs11Uri) or not uri.matches_token(self.info):
            raise KeyNotFound(f"The credential {credential.id} is not on token {self.info.label!r}.")
        pss = credential.scheme.padding == "pss"
        return self.open_signer(uri, secret, credential.scheme.hash_name, pss, tuple(credential.chain))

    def open_signer(
        self,
        uri: Pkcs11Uri,
        secret: SecretSource | None,
        hash_name: HashName | None = None,
        pss: bool = False,
        chain: Sequence[Certificate] = (),
    ) -> DeviceSigner:
        """The key that `uri` means on this token, with its chain."""
        self._host.unlock(secret)
        try:
            objects = self._host.objects()
            found = keys.find_key(objects, uri, self.info.label)
            certificates = keys.chain_for(found, objects, chain, self.info.label)
            key = self._key(found, certificates[0].public_key, secret, hash_name, pss)
            return DeviceSigner(key, Chain.of(certificates))
        except BaseException:
            self._host.release()
            raise

    def open_key(
        self, uri: Pkcs11Uri, secret: SecretSource | None, hash_name: HashName | None = None, pss: bool = False
    ) -> DeviceKey:
        """The key that `uri` means on this token, whether or not it has a certificate."""
        self._host.unlock(secret)
        try:
            found = keys.find_key(self._host.objects(), uri, self.info.label)
            public = found.public_key
            if public is None and found.certificates:
                public = found.certificates[0].public_key
            if public is None:
                raise KeyAccessError(
                    f"The public half of key {found.address.label!r} on token {self.info.label!r} cannot be read, "
                    "so its signatures could not be checked.",
                    remedy="Import the public key or the certificate with the same id.",
                )
            return self._key(found, public, secret, hash_name, pss)
        except BaseException:
            self._host.release()
            raise

    def _key(
        self,
        found: keys.FoundKey,
        public: PublicKeyTypes,
        secret: SecretSource | None,
        hash_name: HashName | None,
        pss: bool,
    ) -> DeviceKey:
        return DeviceKey(self._host, found.address, Scheme.for_key(public, hash_name, pss=pss), public, secret)

    def generate(self, kind: KeyKind, label: str, secret: SecretSource, *, id: bytes | None = None) -> PublicKeyTypes:
        """A new key pair on the token: sensitive, not extractable, for signing only."""
        if kind not in KEY_KINDS:
            raise UsageError(f"Keys of kind {kind!r} are not made.", remedy=f"Use one of {', '.join(KEY_KINDS)}.")
        if not label:
            raise UsageError("A key needs a label.")
        self._host.unlock(secret)
        try:
            limit = self._host.limits.generate_s
            reply = expect(self._host.call(wire.Generate(label, kind, id), limit), wire.Generated)
        finally:
            self._host.release()
        key = keys.load_spki(reply.spki)
        if key is None:
            raise KeyAccessError(f"Token {self.info.label!r} gave a public key that cannot be read.")
        return key

    def import_certificate(self, label: str, secret: SecretSource, certificate: Certificate) -> None:
        """Stores a certificate beside the key with this label, tied by CKA_ID."""
        self.import_for(Pkcs11Uri(object=label), secret, certificate)

    def import_for(self, uri: Pkcs11Uri, secret: SecretSource, certificate: Certificate) -> None:
        """Stores a certificate beside the key that `uri` means."""
        self._host.unlock(secret)
        try:
            found = keys.find_key(self._host.objects(), uri, self.info.label)
            if found.public_key is not None and not keys.same_key(certificate, found.public_key):
                raise CertificateUnsuitable(
                    f"The certificate of {certificate.subject} is not for key {found.address.label!r} "
                    f"on token {self.info.label!r}.",
                    remedy="Choose the key that the certificate was requested with.",
                )
            self._host.call(
                wire.ImportCertificate(
                    found.address.label,
                    found.address.id,
                    certificate.der,
                    certificate.subject.der,
                    certificate.issuer.der,
                    der.integer(certificate.serial),
                )
            )
        finally:
            self._host.release()


def key_infos(info: TokenInfo, module_path: str, objects: wire.Objects) -> tuple[KeyInfo, ...]:
    """A listing's lines for one token."""
    return tuple(
        KeyInfo(
            str(key_uri(info, module_path, key)),
            key.label or key.id.hex(),
            key.algorithm,
            info.label,
            key.certificates[0] if key.certificates else None,
            info=info,
        )
        for key in keys.visible_keys(objects)
    )


def key_uri(info: TokenInfo, module_path: str, key: keys.VisibleKey) -> Pkcs11Uri:
    """The complete address of a visible key."""
    return Pkcs11Uri(
        token=info.label,
        serial=info.serial or None,
        object=key.label or None,
        id=key.id or None,
        module_path=module_path,
    )


def mechanism_of(scheme: Scheme) -> str:
    """The mechanism's name in a `wire.Sign`."""
    return {"rsa": f"rsa-{scheme.padding}", "ec": "ecdsa", "ed25519": "eddsa"}[scheme.key_type]


def check_imprints(scheme: Scheme, imprints: Sequence[bytes]) -> None:
    """Refuses what is no digest of this scheme, before any key sees it."""
    if scheme.key_type != "ed25519" and any(len(i) != scheme.hash_size for i in imprints):
        raise UsageError(f"An imprint for {scheme.name} has {scheme.hash_size} bytes; sign hashes, not messages.")
