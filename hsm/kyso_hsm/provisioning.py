"""Looking after tokens and keys: what `kyso keys info|generate|test|change-pin|delete` do.

Reach for `look_at` (what a token says of itself and its keys), `make_key`, `try_key` (one signature over random
octets), `change_pin` and `delete_key`. What is refused: a login when one wrong PIN would lock the token, a kind
of key or a PIN length that the token says it does not take, deleting when more than one key matches. Signing
itself is in `kyso_hsm.opening`, and so are `init_token` and `import_certificate`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_pki.errors import (
    AmbiguousKey,
    CertificateMissing,
    KeyNotFound,
    MechanismMissing,
    TokenTimeout,
    TokenUnavailable,
    UsageError,
)
from kyso_pki.scheme import Scheme, key_name
from kyso_pki.signer import Signer
from kyso_pki.x509.certificate import Certificate

from . import explain, keys, wire
from .device import DeviceToken, key_uri
from .module import KEY_KINDS, USER_PIN_INITIALIZED, KeyKind, Module, TokenInfo
from .opening import open_key, open_signer, open_token
from .pin import FromText, SecretRequest, SecretSource, ask
from .pool import Pool, TokenHost, default_pool, expect
from .soft import SoftToken
from .token import OpenKey
from .uri import FileUri, Pkcs11Uri, parse, same_text, token_address

PinState = Literal["ready", "count_low", "final_try", "locked", "no_pin", "no_login"]

# How PKCS#11 names what signs, by the algorithm's name as people know it; kyso asks a token for no other.
SIGNING_MECHANISMS = {
    "RSA PKCS#1 v1.5": "CKM_RSA_PKCS",
    "RSA-PSS": "CKM_RSA_PKCS_PSS",
    "ECDSA": "CKM_ECDSA",
    "Ed25519": "CKM_EDDSA",
}


@dataclass(frozen=True)
class KeyReport:
    """One key as its token shows it."""

    uri: str
    label: str
    id: bytes
    algorithm: str
    public_key: PublicKeyTypes | None
    certificates: tuple[Certificate, ...]
    """For exactly this public key, newest first."""
    strangers: tuple[Certificate, ...]
    """Under the same CKA_ID, but for another key: they do not belong to it."""
    attributes: wire.KeyAttributes | None
    """None while the token hides its private keys (before a login), and for keys in files."""
    locked: bool = False
    """A file that shows nothing of key and certificate without its password."""

    @property
    def belongs(self) -> bool | None:
        """Whether key and certificate belong together; None when there is no certificate, or nothing to tell by."""
        if self.strangers:
            return False
        return True if self.certificates and self.public_key is not None else None

    @property
    def sign_only(self) -> bool | None:
        """Whether it may sign and do nothing else; None when the token does not say."""
        if self.attributes is None or self.attributes.sign is None:
            return None
        return self.attributes.sign and not self.attributes.other_uses


@dataclass(frozen=True)
class TokenReport:
    """A token and those of its keys that were asked for."""

    info: TokenInfo
    module: str
    details: wire.Details
    keys: tuple[KeyReport, ...]
    logged_in: bool
    """Whether the private keys could be looked at."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What it can sign with, of what kyso uses (`SIGNING_MECHANISMS`)."""
        there = {m.name for m in self.details.mechanisms}
        return tuple(name for name, mechanism in SIGNING_MECHANISMS.items() if mechanism in there)

    @property
    def kinds(self) -> tuple[KeyKind, ...]:
        """The kinds of keys that can be made on it."""
        return tuple(kind for kind in KEY_KINDS if _lacking(kind, self.details) is None)


@dataclass(frozen=True)
class Trial:
    """A signature that was made and verified."""

    info: TokenInfo | None
    """The token after it, with its flags; None for a key file."""
    scheme: Scheme
    algorithm: str
    unlock_s: float
    sign_s: float
    certificate: Certificate | None
    """The newest one of exactly this key, None when there is none."""


@dataclass(frozen=True)
class Doomed:
    """What `delete_key` would destroy."""

    token: str
    label: str
    private: tuple[wire.KeyAddress, ...]
    public: tuple[wire.KeyAddress, ...]
    certificates: tuple[Certificate, ...]


def pin_state(info: TokenInfo) -> PinState:
    """What the token's flags say of its PIN; `count_low`: a wrong one since the last right one."""
    if info.locked:
        return "locked"
    if info.final_try:
        return "final_try"
    if not info.needs_login:
        return "no_login"
    if not info.flags & USER_PIN_INITIALIZED:
        return "no_pin"
    return "count_low" if info.count_low else "ready"


def look_at(
    uri: str,
    *,
    secret: SecretSource | None = None,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> TokenReport:
    """The token at this address, and the keys that it means (all of them, when it names none).

    Without `secret` nobody logs in, and most tokens then show public halves and certificates only. Raises
    `KeyNotFound` when the address names a key that is not seen, and what opening a token raises.
    """
    host = _host(uri, modules, pool)
    address = token_address(uri)
    if secret is not None:
        host.unlock(secret)
    try:
        details = expect(host.call(wire.ReadDetails()), wire.Details)
        objects, state = host.objects(), host.state()
    finally:
        if secret is not None:
            host.release()
    found = _reports(host, objects, details, address)
    named = address.object is not None or address.id is not None
    if named and not found:
        there = ", ".join(sorted(repr(k.label) for k in _reports(host, objects, details, address.of_token))) or "none"
        seen = "seen" if secret else "seen without a PIN"
        raise KeyNotFound(
            f"No key on token {host.info.label!r} matches {address}; {seen}: {there}.",
            remedy=explain.LIST_KEYS,
            token=host.info.label,
        )
    return TokenReport(state.token, host.module.path, details, found, state.logged_in or not state.token.needs_login)


def look_into_file(uri: str, secret: SecretSource | None = None) -> KeyReport:
    """The key in a PKCS#12 or PEM file; without `secret` as far as it is open to everybody."""
    address = parse(uri)
    if not isinstance(address, FileUri):
        raise UsageError(f"{uri} is no file.")
    if secret is None:
        (found,) = SoftToken(address).key_infos()
        certificate = found.certificate
        public = None if certificate is None else certificate.public_key
        certificates = () if certificate is None else (certificate,)
        return KeyReport(found.uri, found.label, b"", found.algorithm, public, certificates, (), None, found.locked)
    with _opened(uri, secret, (), False, None) as key:
        certificates = (key.chain.leaf,) if isinstance(key, Signer) else ()
        algorithm = key_name(key.public_key)
        return KeyReport(str(address), address.path, b"", algorithm, key.public_key, certificates, (), None)


def make_key(
    token: str,
    label: str,
    kind: KeyKind,
    secret: SecretSource,
    *,
    id: bytes | None = None,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> KeyReport:
    """A new key pair on the token: sensitive, not extractable, for signing only.

    `token` is a label or a `pkcs11:` address. Before the PIN is asked for: `MechanismMissing` names what the
    token lacks, `UsageError` an `id` that another key bears. See `opening.generate_key` for the rest.
    """
    host = _host(token, modules, pool)
    details = expect(host.call(wire.ReadDetails()), wire.Details)
    if (lacking := _lacking(kind, details)) is not None:
        raise MechanismMissing(
            f"Token {host.info.label!r} (module {host.module.path}) cannot make keys of kind {kind}: {lacking}.",
            remedy="Choose a kind that `kyso keys info` lists for this token.",
            token=host.info.label,
        )
    if id is not None and any(id == key.id for key in keys.visible_keys(host.objects())):
        raise UsageError(
            f"A key on token {host.info.label!r} bears the id {id.hex()} already.", remedy="Choose another id."
        )
    public = DeviceToken(host).generate(kind, label, secret, id=id)
    made = [k for k in _reports(host, host.objects(), details, Pkcs11Uri()) if k.public_key == public]
    if made:
        return made[0]
    uri = Pkcs11Uri(token=host.info.label, serial=host.info.serial or None, object=label, id=id)
    return KeyReport(str(uri), label, id or b"", key_name(public), public, (), (), None)  # hidden before login


def try_key(
    uri: str,
    *,
    secret: SecretSource | None = None,
    modules: Sequence[Module] = (),
    pss: bool = False,
    pool: Pool | None = None,
) -> Trial:
    """One signature over random octets, verified with the key's public half, and how long it took.

    One PIN try at most. Raises what `opening.open_key` and its `sign` raise.
    """
    start = time.perf_counter()
    with _opened(uri, secret, modules, pss, pool) as key:
        unlocked = time.perf_counter()
        key.sign([key.scheme.imprint(os.urandom(32))])  # verified before it comes back
        signed = time.perf_counter()
        info, certificate = _beside(uri, modules, pool, key)
        return Trial(info, key.scheme, key_name(key.public_key), unlocked - start, signed - unlocked, certificate)


def change_pin(
    token: str,
    old: SecretSource | None,
    new: SecretSource | None,
    *,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> TokenInfo:
    """The token after its user PIN was changed from `old` to `new`; with a PIN pad both are typed there.

    Both are asked for before anything is tried. Then the old one is tried once, with all the care of a login,
    and only after it was accepted is it changed. Raises `PinRefused`, `PinLocked`, `UsageError` for a new PIN
    that the token does not take (it keeps the old one), `TokenTimeout` when nobody knows what became of it.
    """
    host = _host(token, modules, pool)
    info = host.state().token
    if info.locked or info.final_try:
        raise explain.unsafe_login(info.flags, info.label)
    if not info.needs_login:
        raise UsageError(f"Token {info.label!r} has no PIN.")
    before, after = None, None
    if not info.has_pinpad:
        request = SecretRequest("user-pin", info.label, info.serial, info.count_low, info.final_try)
        before = ask(old, request)
        after = _new_pin(host, before, ask(new, request))
    host.unlock(None if before is None else _Given(before, old))
    try:
        reply = host.call(wire.ChangePin(after), host.limits.login_s)
    except (TokenTimeout, TokenUnavailable) as e:
        raise TokenTimeout(
            f"Nobody knows whether the PIN of token {info.label!r} was changed: {e.message}",
            remedy="Log in once by hand with the new PIN, and if it is refused once with the old one.",
            token=info.label,
        ) from e
    finally:
        host.release()
    host_pool = pool or default_pool()
    host_pool.pins.forget(info)  # the new PIN may be one that was refused before
    return expect(reply, wire.TokenState).token


def delete_key(
    uri: str,
    secret: SecretSource,
    confirm: Callable[[Doomed], bool],
    *,
    modules: Sequence[Module] = (),
    pool: Pool | None = None,
) -> Doomed | None:
    """What was destroyed: the key pair that `uri` means with its certificates, or with `type=cert` those alone.

    `confirm` is asked, with the token unlocked, before anything is touched; None is the answer when it says no.
    Raises `KeyNotFound`, and `AmbiguousKey` when more than one key matches.
    """
    address = parse(uri)
    if not isinstance(address, Pkcs11Uri) or (address.object is None and address.id is None):
        raise UsageError(
            f"{uri} names no key on a token.", remedy="Give its address with object=… or id=…, from `kyso keys list`."
        )
    host = _host(uri, modules, pool)
    host.unlock(secret)
    try:
        doomed = _doomed(host.objects(), address, host.info.label)
        if not confirm(doomed):
            return None
        certificates = tuple(c.der for c in doomed.certificates)
        host.call(wire.Delete(certificates, doomed.public, doomed.private))
    finally:
        host.release()
    return doomed


def _host(uri: str, modules: Sequence[Module], pool: Pool | None) -> TokenHost:
    """The host of the token that an address or a bare label means; a file is refused."""
    token = (
        None if uri.lower().startswith("file:") else open_token(str(token_address(uri)), modules=modules, pool=pool)
    )
    if not isinstance(token, DeviceToken):
        raise UsageError(f"{uri} is a file; this needs a token.", remedy="Use a pkcs11: address or a token's label.")
    return token._host


class _Given(FromText):
    """A PIN that was asked for already, as near to a person as the source that gave it."""

    __slots__ = ("interactive",)

    def __init__(self, text: str, source: SecretSource | None) -> None:
        super().__init__(text, given_now=bool(getattr(source, "given_now", False)))
        self.interactive = bool(getattr(source, "interactive", False))


def _new_pin(host: TokenHost, old: str, new: str) -> str:
    """The new PIN, when the token takes one like it."""
    if new == old:
        raise UsageError("The new PIN is the old one.", remedy="Choose another new PIN.")
    details = expect(host.call(wire.ReadDetails()), wire.Details)
    size = len(new.encode())
    if size < details.min_pin or (details.max_pin and size > details.max_pin):
        longest = f" to {details.max_pin}" if details.max_pin else " or more"
        raise UsageError(
            f"The new PIN has {size} octets; token {host.info.label!r} takes {details.min_pin}{longest}.",
            remedy="Choose another new PIN; nothing was tried or changed.",
        )
    return new


def _lacking(kind: KeyKind, details: wire.Details) -> str | None:
    """What a token lacks to make and use a key of this kind, None when nothing."""
    sizes = {m.name: m.max_size for m in details.mechanisms}
    if kind == "ed25519":
        needed = ("CKM_EC_EDWARDS_KEY_PAIR_GEN", "CKM_EDDSA")
    elif kind.startswith("rsa"):
        needed = ("CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_RSA_PKCS")
    else:
        needed = ("CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA")
    missing = [name for name in needed if name not in sizes]
    if missing:
        return f"it has no {' and no '.join(missing)}"
    bits = int(kind[3:]) if kind.startswith("rsa") else 0
    largest = sizes[needed[0]]
    if 1024 <= largest < bits:  # a smaller number counts octets, or nothing
        return f"its {needed[0]} ends at {largest} bits"
    return None


def _reports(
    host: TokenHost, objects: wire.Objects, details: wire.Details, address: Pkcs11Uri
) -> tuple[KeyReport, ...]:
    """The keys that the address means, as far as it says; private keys without a public half too."""
    visible = list(keys.visible_keys(objects))
    known = {(k.label, k.id) for k in visible} | {(None, k.id) for k in visible if k.id}
    for private in objects.private:
        if (private.label, private.id) not in known and (None, private.id) not in known:
            visible.append(keys.VisibleKey(private.label, private.id, keys.load_spki(private.spki), ()))
    meant = [k for k in visible if (address.id is None or k.id == address.id)]
    if address.object is not None:
        meant = [k for k in meant if same_text(k.label, address.object)]
    return tuple(_report(host, objects, details, key) for key in meant)


def _report(host: TokenHost, objects: wire.Objects, details: wire.Details, key: keys.VisibleKey) -> KeyReport:
    beside = [c for facts, c in keys.certificates_with_facts(objects) if key.id and facts.id == key.id]
    own = [a for a in details.keys if a.id == key.id and (a.label == key.label or key.id)]
    return KeyReport(
        str(key_uri(host.info, host.module.path, key)),
        key.label,
        key.id,
        key.algorithm,
        key.public_key,
        key.certificates,
        tuple(c for c in beside if key.public_key is not None and not keys.same_key(c, key.public_key)),
        own[0] if len(own) == 1 else next((a for a in own if a.label == key.label), None),
    )


def _opened(
    uri: str, secret: SecretSource | None, modules: Sequence[Module], pss: bool, pool: Pool | None
) -> OpenKey:
    """The key; from a file with its chain, where there is one."""
    if isinstance(parse(uri), FileUri):
        with contextlib.suppress(CertificateMissing):
            return open_signer(uri, secret=secret, pss=pss)
    return open_key(uri, secret=secret, modules=modules, pss=pss, pool=pool)


def _beside(
    uri: str, modules: Sequence[Module], pool: Pool | None, key: OpenKey
) -> tuple[TokenInfo | None, Certificate | None]:
    """The token's flags now, and the newest certificate of a key that is open."""
    if isinstance(parse(uri), FileUri):
        return None, key.chain.leaf if isinstance(key, Signer) else None
    host = _host(uri, modules, pool)
    there = keys.certificates_on(host.objects())
    own = keys.newest_first(c for c in there if keys.same_key(c, key.public_key))
    return host.state().token, own[0] if own else None


def _doomed(objects: wire.Objects, address: Pkcs11Uri, token: str) -> Doomed:
    """Everything of the one key that the address means."""
    if address.type == "cert":
        return _doomed_certificates(objects, address, token)
    found = keys.find_key(objects, Pkcs11Uri(object=address.object, id=address.id), token, to_sign=False)
    private = found.address
    public = tuple(
        wire.KeyAddress(p.label, p.id)
        for p in objects.public
        if (found.public_key is not None and keys.load_spki(p.spki) == found.public_key)
        or (found.public_key is None and p.id and p.id == private.id)
    )
    return Doomed(token, private.label or private.id.hex(), (private,), public, found.certificates)


def _doomed_certificates(objects: wire.Objects, address: Pkcs11Uri, token: str) -> Doomed:
    matches = [
        (facts, c)
        for facts, c in keys.certificates_with_facts(objects)
        if (address.id is None or facts.id == address.id)
        and (address.object is None or same_text(facts.label, address.object))
    ]
    if not matches:
        raise KeyNotFound(f"Token {token!r} has no certificate that matches {address}.", remedy=explain.LIST_KEYS)
    if len(matches) > 1:
        names = ", ".join(f"{c.subject} until {c.not_after:%Y-%m-%d}" for _, c in matches)
        raise AmbiguousKey(f"{len(matches)} certificates on token {token!r} match: {names}.", remedy="Add id=%….")
    facts, certificate = matches[0]
    return Doomed(token, facts.label or facts.id.hex(), (), (), (certificate,))
