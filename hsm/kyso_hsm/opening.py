"""The door of this package: from an address to a key that signs.

Reach for `open_signer` (a key with its certificate), `open_key` (a key that has none yet), `list_keys` (what
is within reach), and for provisioning `init_token`, `generate_key`, `import_certificate`. An address is a
`pkcs11:` URI (RFC 7512), a `file:` URI or a plain path of a PKCS#12 or PEM file.

What is refused here: PINs inside addresses, a second try with a PIN, a login when one wrong PIN would lock
the token, a signature value that does not verify with the key it was asked from. No function loads a PKCS#11
library into the calling process: each token has a worker process of its own (`kyso_hsm.worker`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_pki.errors import KysoError, TokenUnavailable, UsageError
from kyso_pki.scheme import HashName
from kyso_pki.x509.certificate import Certificate

from .device import DeviceToken, key_infos
from .known_modules import VARIABLE, default_modules
from .module import KEY_KINDS, MAX_LABEL_BYTES, KeyKind, Module, TokenInfo
from .pin import SecretRequest, SecretSource, ask, source_of
from .pool import Pool, TokenHost, default_pool
from .replicas import Replica, ReplicaSigner
from .soft import SoftToken
from .token import KeyInfo, KeyListing, ModuleProblem, OpenKey, OpenSigner, Token
from .uri import FileUri, Pkcs11Uri, parse, token_address

__all__ = [
    "KEY_KINDS",
    "KeyInfo",
    "KeyKind",
    "KeyListing",
    "Module",
    "ModuleProblem",
    "OpenKey",
    "OpenSigner",
    "SecretSource",
    "Token",
    "TokenInfo",
    "default_modules",
    "generate_key",
    "import_certificate",
    "init_token",
    "list_keys",
    "open_key",
    "open_replicas",
    "open_signer",
    "open_token",
]


def open_signer(
    uri: str,
    *,
    secret: SecretSource | None = None,
    modules: Sequence[Module] = (),
    hash_name: HashName | None = None,
    pss: bool = False,
    chain: Sequence[Certificate] = (),
    pool: Pool | None = None,
) -> OpenSigner:
    """A key with its certificate chain, unlocked: a `kyso_pki.signer.Signer` with `close()`.

    `uri`: `pkcs11:token=…;object=…` (all `modules` are searched, or only `?module-path=…`), `file:…` or a path
    of a `.p12`, `.pfx` or `.pem` file. `secret` is asked once, and only where one is needed (never for a PIN
    pad or an open key file). `modules` defaults to `default_modules()`. The certificate comes from the token
    by CKA_ID, else by public key; `chain` adds certificates that are not on the token (the leaf may be among
    them). Without `hash_name` the hash follows the key's strength. Use it in a `with` block, or close it.

    Raises `UsageError` (the address), `TokenUnavailable`, `KeyNotFound`, `AmbiguousKey`, `CertificateMissing`,
    `PinRequired`, `PinRefused` (one try was made, none will be made again), `PinLocked`, `TokenTimeout`,
    `TokenBusy`, and `FormatError` for a file that is no key file.
    """
    token = _token(uri, modules, pool)
    if isinstance(token, SoftToken):
        return token.open_signer(secret, hash_name, pss, chain)
    return token.open_signer(_pkcs11(uri), secret, hash_name, pss, chain)


def open_key(
    uri: str,
    *,
    secret: SecretSource | None = None,
    modules: Sequence[Module] = (),
    hash_name: HashName | None = None,
    pss: bool = False,
    pool: Pool | None = None,
) -> OpenKey:
    """A key without regard to certificates: a `SigningKey` with `public_key` and `close()`.

    For a CA before its first certificate and for certificate requests. Arguments and errors as for
    `open_signer`, without `CertificateMissing`.
    """
    token = _token(uri, modules, pool)
    if isinstance(token, SoftToken):
        return token.open_key(secret, hash_name, pss)
    return token.open_key(_pkcs11(uri), secret, hash_name, pss)


def open_replicas(
    uris: Sequence[str],
    *,
    secret: SecretSource | None = None,
    modules: Sequence[Module] = (),
    hash_name: HashName | None = None,
    pss: bool = False,
    chain: Sequence[Certificate] = (),
    test_key: str | None = None,
    pool: Pool | None = None,
) -> ReplicaSigner:
    """One key that lies on several tokens, used as one signer; the first address is preferred.

    Arguments as for `open_signer`; the tokens share the PIN. `test_key` is the label of a key on each token that
    signs something random before the token is used (again). Raises what `open_signer` raises, an outage only
    when no replica can be used.
    """

    def replica(uri: str) -> Replica:
        def real() -> OpenSigner:
            return open_signer(
                uri, secret=secret, modules=modules, hash_name=hash_name, pss=pss, chain=chain, pool=pool
            )

        def test() -> OpenKey:
            address = replace(_pkcs11(uri), object=test_key, id=None)
            return open_key(str(address), secret=secret, modules=modules, pool=pool)

        address = parse(uri)
        name = str(address.of_token if isinstance(address, Pkcs11Uri) else address)
        return Replica(name, real, test if test_key and isinstance(address, Pkcs11Uri) else None)

    return ReplicaSigner([replica(uri) for uri in uris])


def open_token(uri: str, *, modules: Sequence[Module] = (), pool: Pool | None = None) -> Token:
    """The token (or key file) at this address, not unlocked. `object` and `id` in the address are ignored.

    Raises `UsageError`, `TokenUnavailable`, `AmbiguousKey` when two tokens match.
    """
    return _token(uri, modules, pool)


def list_keys(
    modules: Sequence[Module] | None = None,
    files: Sequence[str | PathLike[str]] = (),
    *,
    pool: Pool | None = None,
) -> KeyListing:
    """Every key within reach, without a PIN: `keys`, and as `problems` what could not be looked into.

    `modules` None means `default_modules()`, an empty sequence means none. A module that is missing, broken or
    hanging is one problem and does not end the list. Keys are sorted by token and label.
    """
    pool = pool or default_pool()
    chosen = default_modules() if modules is None else tuple(modules)
    keys: list[KeyInfo] = []
    scouts, problems = pool.scout_all(chosen)
    for module, worker, tokens in scouts:
        try:
            for info in tokens:
                keys += key_infos(info, module.path, pool.read(worker, info))
        except KysoError as e:
            problems.append(ModuleProblem(module.path, e))
        finally:
            worker.close()
    for file in files:
        path = os.fspath(file)
        try:
            keys += SoftToken(FileUri(path)).key_infos()
        except KysoError as e:
            problems.append(ModuleProblem(path, e))
    seen = tuple(sorted((t for _, _, tokens in scouts for t in tokens), key=lambda t: (t.label, t.serial)))
    return KeyListing(tuple(sorted(keys, key=lambda k: (k.token, k.label, k.uri))), tuple(problems), seen)


def init_token(
    module: Module | str,
    label: str,
    so_pin: SecretSource | str,
    user_pin: SecretSource | str,
    *,
    pool: Pool | None = None,
) -> TokenInfo:
    """A new token in the module's first free slot, with both PINs set.

    Never touches a token that is initialised already. Raises `UsageError` when the label is longer than 32
    bytes of UTF-8 or in use in this module, `TokenUnavailable` when there is no free slot.
    """
    if not label or len(label.encode("utf-8")) > MAX_LABEL_BYTES:
        raise UsageError(
            f"A token's label has 1 to {MAX_LABEL_BYTES} bytes of UTF-8; this one has {len(label.encode())}."
        )
    so_secret = ask(source_of(so_pin), SecretRequest("so-pin", label))
    user_secret = ask(source_of(user_pin), SecretRequest("user-pin", label))
    library = Module(module) if isinstance(module, str) else module
    return (pool or default_pool()).init_token(library, label, so_secret, user_secret)


def generate_key(
    uri: str,
    pin: SecretSource | str,
    label: str,
    kind: KeyKind = "rsa2048",
    *,
    id: bytes | None = None,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> PublicKeyTypes:
    """The public half of a new key pair on a token.

    `uri` is a `pkcs11:` address or just a token's label. The key is sensitive, not extractable and may only
    sign; its CKA_ID is the SHA-1 of the public key's bits (as a certificate's subject key identifier) unless
    `id` is given. Raises `UsageError` when the label is taken, `MechanismMissing` when the token cannot make
    this kind.
    """
    token = DeviceToken(_host(token_address(uri), modules, pool))
    return token.generate(kind, label, source_of(pin), id=id)


def import_certificate(
    uri: str,
    pin: SecretSource | str,
    certificate: Certificate,
    *,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> None:
    """Stores a certificate on the token, tied by CKA_ID and label to the key that `uri` addresses.

    Storing the same certificate again changes nothing. Raises `KeyNotFound`, `AmbiguousKey`, and
    `CertificateUnsuitable` when the certificate is for another key.
    """
    address = _pkcs11(uri)
    DeviceToken(_host(address, modules, pool)).import_for(address, source_of(pin), certificate)


def _token(uri: str, modules: Sequence[Module], pool: Pool | None) -> DeviceToken | SoftToken:
    address = parse(uri)
    return SoftToken(address) if isinstance(address, FileUri) else DeviceToken(_host(address, modules, pool))


def _host(address: Pkcs11Uri, modules: Sequence[Module], pool: Pool | None) -> TokenHost:
    """The token's host; a module named in the address is the only one, with the configured environment."""
    chosen = tuple(modules) or default_modules()
    if address.module_path is not None:
        wanted = os.path.normcase(address.module_path)
        same = tuple(m for m in chosen if os.path.normcase(m.path) == wanted)
        chosen = same or (Module(address.module_path),)
    if not chosen:
        raise TokenUnavailable(
            "No PKCS#11 module is configured, and none of the known ones is installed.",
            remedy=f"Name the token's module in the configuration or in {VARIABLE}.",
        )
    return (pool or default_pool()).host(address, chosen)


def _pkcs11(uri: str) -> Pkcs11Uri:
    address = parse(uri)
    if not isinstance(address, Pkcs11Uri):
        raise UsageError(f"{uri} is a file; this needs a key on a token.", remedy="Use a pkcs11: address.")
    return address
