"""Keys in files: PKCS#12 and PEM, encrypted or not, as software signers; and the making of keystores.

Reach for `SoftToken` (through `kyso_hsm.opening`) to use a file, `new_key` and `create_keystore` to make one.
A file's key is loaded once: OpenSSL checks a private key for 50 to 80 ms. A software key can be copied, which
the law's "conforming device" cannot; this is for tests, demonstrations and machines without a token.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, load_pem_private_key, pkcs12
from cryptography.x509 import load_der_x509_certificate

from kyso_pki.credential import Chain, Credential, Terms
from kyso_pki.errors import (
    CertificateMissing,
    EmptyInput,
    FormatError,
    KeyNotFound,
    LimitExceeded,
    PinRefused,
    UsageError,
)
from kyso_pki.scheme import HashName, Scheme, key_name
from kyso_pki.x509.certificate import Certificate, certificates_from_pem, ordered_chain

from .checking import check_values
from .device import check_imprints
from .keys import newest_first, same_key
from .module import LOGIN_REQUIRED, TOKEN_INITIALIZED, KeyKind, TokenInfo
from .pin import SecretRequest, SecretSource, ask
from .token import KeyInfo
from .uri import FileUri

MAX_FILE_BYTES = 1024 * 1024  # against reading something else; a key with a long chain stays under 50 kB
KDF_ROUNDS = 100_000
"""PBKDF2 with SHA-256 for the encryption. Guessing goes through the file's MAC instead, whose 2048 rounds
`cryptography` fixes (50.0): some 50 times cheaper. Only the password protects a keystore that was copied."""

SoftPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_PEM_KEY = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3_256": hashes.SHA3_256(),
    "sha3_384": hashes.SHA3_384(),
    "sha3_512": hashes.SHA3_512(),
}


class SoftKey:
    """A private key in memory: a `SigningKey` until it is closed."""

    def __init__(self, key: SoftPrivateKey, scheme: Scheme, where: str) -> None:
        self.public_key: PublicKeyTypes = key.public_key()
        self._scheme = scheme
        self._where = where
        self._key: SoftPrivateKey | None = key

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """One verified value per imprint, in order."""
        if self._key is None:
            raise UsageError("This key is closed.", remedy="Open it again.")
        check_imprints(self.scheme, imprints)
        sign = _signing(self._key, self.scheme)
        values = [sign(i) for i in imprints]
        check_values(self.scheme, self.public_key, imprints, values, self._where)
        return values

    def close(self) -> None:
        self._key = None

    def __enter__(self) -> SoftKey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._where}>"


class SoftSigner(SoftKey):
    """A private key in memory with its chain: a `Signer` until it is closed."""

    def __init__(self, key: SoftPrivateKey, scheme: Scheme, where: str, chain: Chain) -> None:
        super().__init__(key, scheme, where)
        self._chain = chain

    @property
    def chain(self) -> Chain:
        return self._chain

    def __enter__(self) -> SoftSigner:
        return self


def _signing(key: SoftPrivateKey, scheme: Scheme) -> Callable[[bytes], bytes]:
    """What makes one value from one imprint."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    hash_ = _HASHES.get(scheme.hash_name)
    if hash_ is None:
        raise UsageError(f"{scheme.hash_name} is read in old signatures, never written.")
    prehashed = Prehashed(hash_)
    if isinstance(key, rsa.RSAPrivateKey):
        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if scheme.padding == "pss":
            pad = padding.PSS(mgf=padding.MGF1(hash_), salt_length=scheme.hash_size)
        return lambda imprint: key.sign(imprint, pad, prehashed)
    return lambda imprint: key.sign(imprint, ec.ECDSA(prehashed))


class SoftToken:
    """A key file as a `Token`. The file is read when it is made; the key is loaded by `unlock`."""

    def __init__(self, uri: FileUri) -> None:
        self._uri = uri
        self._data = _read(uri.path)
        self._is_pem = b"-----BEGIN" in self._data

    @property
    def info(self) -> TokenInfo:
        flags = TOKEN_INITIALIZED | (LOGIN_REQUIRED if self._needs_password() else 0)
        return TokenInfo(self._uri.path, "", "", "PEM" if self._is_pem else "PKCS#12", flags)

    def credentials(self) -> tuple[Credential, ...]:
        """The file's key, if its certificate can be seen without the password."""
        chain = self._visible_chain()
        if not chain:
            return ()
        terms = Terms(unlock="pin" if self._needs_password() else "none")
        return (Credential(str(self._uri), Chain.of(chain), Scheme.for_key(chain[0].public_key), terms),)

    def key_infos(self) -> tuple[KeyInfo, ...]:
        """The listing's line for this file."""
        chain = self._visible_chain()
        locked = self._needs_password()
        label = Path(self._uri.path).stem
        algorithm = key_name(chain[0].public_key) if chain else "unknown"
        if not chain and not locked:
            algorithm = key_name(self._load(None)[0].public_key())
        return (KeyInfo(str(self._uri), label, algorithm, self._uri.path, chain[0] if chain else None, locked),)

    def unlock(self, credential: Credential, secret: SecretSource | None = None) -> SoftSigner:
        if credential.id != str(self._uri):
            raise KeyNotFound(f"The credential {credential.id} is not in {self._uri.path}.")
        pss = credential.scheme.padding == "pss"
        return self.open_signer(secret, credential.scheme.hash_name, pss, tuple(credential.chain))

    def open_signer(
        self,
        secret: SecretSource | None,
        hash_name: HashName | None = None,
        pss: bool = False,
        chain: Sequence[Certificate] = (),
    ) -> SoftSigner:
        """The file's key with its chain; certificates come from the file and from `chain`."""
        key, certificates = self._load(secret)
        public = key.public_key()
        pool = (*certificates, *chain)
        own = newest_first(c for c in pool if same_key(c, public))
        if not own:
            raise CertificateMissing(
                f"There is no certificate for the key in {self._uri.path}.",
                remedy="Put it into the file, or give it as a chain file.",
            )
        scheme = Scheme.for_key(public, hash_name, pss=pss)
        return SoftSigner(key, scheme, self._uri.path, Chain.of(ordered_chain(own[0], pool)))

    def open_key(self, secret: SecretSource | None, hash_name: HashName | None = None, pss: bool = False) -> SoftKey:
        """The file's key, whether or not there is a certificate."""
        key, _ = self._load(secret)
        return SoftKey(key, Scheme.for_key(key.public_key(), hash_name, pss=pss), self._uri.path)

    # Reading -------------------------------------------------------------------------------------------

    def _needs_password(self) -> bool:
        if self._is_pem:
            block = _PEM_KEY.search(self._data)
            return bool(block and (b"ENCRYPTED" in block.group(0)))
        return self._opened_without_password is None

    def _visible_chain(self) -> tuple[Certificate, ...]:
        """The chain as far as it can be read without the password."""
        if not self._is_pem:
            if self._opened_without_password is None:
                return ()
            key, certificates = self._opened_without_password
            own = newest_first(c for c in certificates if same_key(c, key.public_key()))
            return ordered_chain(own[0], certificates) if own else ()
        if b"CERTIFICATE-----" not in self._data:
            return ()
        certificates = certificates_from_pem(self._data)
        leaf = next((c for c in certificates if not c.is_ca), certificates[0])
        return ordered_chain(leaf, certificates)

    def _load(self, secret: SecretSource | None) -> tuple[SoftPrivateKey, tuple[Certificate, ...]]:
        """The key and the certificates. The source is asked only when the file is encrypted."""
        if not self._needs_password():
            if self._opened_without_password is None:
                raise FormatError(f"The private key in {self._uri.path} is damaged.")
            return self._opened_without_password
        password = ask(secret, SecretRequest("password", self._uri.path)).encode("utf-8")
        try:
            return self._open(password)
        except ValueError:
            raise PinRefused(
                f"The password of {self._uri.path} is wrong, or the file is damaged.",
                remedy="Give the right password.",
                path=self._uri.path,
            ) from None

    @cached_property
    def _opened_without_password(self) -> tuple[SoftPrivateKey, tuple[Certificate, ...]] | None:
        for password in (None, b""):  # both are met: no encryption at all, and encryption with nothing
            try:
                return self._open(password)
            except ValueError:
                continue
        return None

    def _open(self, password: bytes | None) -> tuple[SoftPrivateKey, tuple[Certificate, ...]]:
        """Raises `ValueError` for a wrong password, `KeyNotFound`, `FormatError`."""
        try:
            if not self._is_pem:
                key, leaf, others = pkcs12.load_key_and_certificates(self._data, password)
                found = (*((leaf,) if leaf else ()), *others)
                certificates = tuple(Certificate.from_der(c.public_bytes(Encoding.DER)) for c in found)
            else:
                block = _PEM_KEY.search(self._data)
                if block is None:
                    raise KeyNotFound(
                        f"{self._uri.path} holds certificates, but no private key.", remedy="Name the key file."
                    )
                key = load_pem_private_key(block.group(0), password)
                has_any = b"CERTIFICATE-----" in self._data
                certificates = certificates_from_pem(self._data) if has_any else ()
        except TypeError as e:  # a password where none is needed, or none where one is
            raise ValueError(str(e)) from None
        except UnsupportedAlgorithm as e:
            raise FormatError(f"{self._uri.path} is encrypted with an algorithm that OpenSSL does not have.") from e
        if key is None:
            raise KeyNotFound(f"{self._uri.path} holds no private key.")
        if not isinstance(key, SoftPrivateKey):
            raise FormatError(f"{self._uri.path} holds a key that cannot sign here; RSA, EC and Ed25519 can.")
        return key, certificates


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as e:
        raise KeyNotFound(
            f"The key file {path} cannot be read: {e.strerror}.",
            remedy="Check the path; a key on a token is addressed with pkcs11:token=…;object=….",
            path=path,
        ) from None
    if not data:
        raise EmptyInput(f"The key file {path} is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise LimitExceeded(f"The key file {path} has more than {MAX_FILE_BYTES} bytes.")
    if b"-----BEGIN" not in data and data[0] != 0x30:
        raise KeyNotFound(f"{path} is neither PEM nor PKCS#12.", remedy="Give a .pem, .p12 or .pfx file.")
    return data


# Making -----------------------------------------------------------------------------------------------------


def new_key(kind: KeyKind = "rsa2048") -> SoftPrivateKey:
    """A new private key in memory."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))
    curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise UsageError(f"Keys of kind {kind!r} are not made.")


def create_keystore(
    path: str | os.PathLike[str],
    key: SoftPrivateKey,
    chain: Sequence[Certificate],
    password: str,
    *,
    replace: bool = False,
) -> None:
    """Writes an encrypted PKCS#12 file (AES-256-CBC, PBKDF2 and MAC with SHA-256), readable by the owner only.

    Give it a random password of 128 bits (`secrets.token_hex(16)`): a short one is guessed at the MAC, which is
    cheap (see `KDF_ROUNDS`).

    `chain` is the key's certificate first, and may be empty (a CA's key before its first certificate). The file
    is written beside, flushed and renamed. An existing file is refused unless `replace`.
    """
    target = Path(path)
    if target.exists() and not replace:
        raise UsageError(f"{target} exists already.", remedy="Choose another name.")
    if not password:
        raise UsageError("A keystore needs a password.")
    if chain and not same_key(chain[0], key.public_key()):
        raise UsageError("The first certificate of the chain is not for this key.")
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(password.encode("utf-8"))
    )
    certificates = [load_der_x509_certificate(c.der) for c in chain]
    data = pkcs12.serialize_key_and_certificates(
        target.stem.encode("utf-8"), key, certificates[0] if chain else None, certificates[1:] or None, encryption
    )
    write_private(target, data)


def write_private(target: Path, data: bytes) -> None:
    """Writes a file with mode 0600, whole or not at all."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the name is safe on disk only when its folder is
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
