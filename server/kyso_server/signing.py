"""Using the keys: which credentials there are, the approval to use one, and the use itself.

`authorize` gives a SAD for exactly these hashes; `sign_hash` burns it, writes the audit line and only then
moves the key; `sign_document` does the same for a whole document. Everything here blocks: call it in a thread.
Refused: a hash that the SAD does not name, a SAD of another caller, a second use, certificates that no verifier
would accept (expired, revoked, a CA's, a TSA's), the house's own keys.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from kyso_pki import csc, oids
from kyso_pki.ades.grow import Sources
from kyso_pki.ades.sign import sign_document as sign_ades
from kyso_pki.credential import Chain, check_before_signing
from kyso_pki.csc import AuthorizeRequest, AuthorizeResponse, CredentialInfo, SignHashRequest, SignHashResponse
from kyso_pki.document import Document, Intent
from kyso_pki.errors import CertificateUnsuitable, KysoError, PinRequired
from kyso_pki.scheme import HashName, Scheme, key_name, key_type_of
from kyso_pki.signer import Signer, Timestamper

from . import store
from .house import House
from .keyring import Address
from .problems import UnknownCredential
from .settings import CredentialSettings

FORGOTTEN_AFTER = timedelta(days=1)  # how long an ended SAD is still known as "expired"
Status = Literal["valid", "expired", "revoked"]
_LOG = logging.getLogger("kyso.error")
_NOT_FOR_DOCUMENTS = {oids.KP_TIME_STAMPING, oids.KP_OCSP_SIGNING}


@dataclass(frozen=True)
class Offered:
    """One credential with what is known of it without unlocking it."""

    settings: CredentialSettings
    address: Address
    chain: Chain

    @property
    def needs_pin(self) -> bool:
        return self.settings.pin_file is None


@dataclass(frozen=True)
class Caller:
    """Who asks, and the number of the request, as the audit line keeps them."""

    token: str
    request: str


def credential_ids(house: House, token: str) -> list[str]:
    """Those that exist for this API token."""
    return [c.id for c in house.settings.credentials if c.serves(token)]


def offered(house: House, credential_id: str, token: str | None) -> Offered:
    """The credential, for the API token of this name; None: for the house itself.

    Raises `UnknownCredential`, `CertificateUnsuitable`, and what the key's place raises.
    """
    found = next((c for c in house.settings.credentials if c.id == credential_id), None)
    if found is None or (token is not None and not found.serves(token)):
        raise UnknownCredential(
            f"There is no credential {credential_id[:80]!r} here.",
            remedy="GET /v1/credentials lists those that this API token may use.",
        )
    address = house.addresses[found.id]
    chain = house.keys.chain(address)
    usage = chain.leaf.extended_key_usage or frozenset()
    if chain.leaf.is_ca or usage & _NOT_FOR_DOCUMENTS or chain.leaf.spki_sha256 in house.own_keys:
        raise CertificateUnsuitable(f"The key of {credential_id} belongs to the house and signs no documents.")
    return Offered(found, address, chain)


def info(house: House, credential: Offered) -> CredentialInfo:
    """What credentials/info tells."""
    status = _status(house, credential.chain, house.now())
    return csc.describe(
        credential.settings.id,
        credential.chain.certificates,
        pin=credential.needs_pin,
        multisign=credential.settings.multisign,
        certificate_status=status,
        enabled=status == "valid",
        description=credential.settings.description,
    )


def info_if_reachable(house: House, credential_id: str, token: str) -> CredentialInfo | None:
    """The same, or None (and a line in the log) where the key's place does not answer or must not be used."""
    try:
        return info(house, offered(house, credential_id, token))
    except KysoError as e:
        _LOG.error("credential %s: %s: %s", credential_id, e.code, e)
        return None


def overview(house: House, token: str) -> list[dict[str, Any]]:
    """What `/v1/credentials` tells of each credential; one that cannot be reached says so and hides no other."""
    return [_line(name, info_if_reachable(house, name, token)) for name in credential_ids(house, token)]


def _line(name: str, told: CredentialInfo | None) -> dict[str, Any]:
    if told is None:
        return {"id": name, "status": "unavailable"}
    leaf = told.certificates[0]
    return {
        "id": name,
        "status": told.certificate_status,
        "subject": str(leaf.subject),
        "issuer": str(leaf.issuer),
        "serial": leaf.serial_hex,
        "algorithm": key_name(leaf.public_key),
        "valid_from": leaf.not_before.isoformat(),
        "valid_to": leaf.not_after.isoformat(),
        "pin": told.pin,
    }


def _status(house: House, chain: Chain, at: datetime) -> Status:
    if chain.issuers:
        with house.store.reading() as session:
            row = store.find_certificate(session, chain.issuers[0], chain.leaf.serial)
        if row is not None and row.status == "revoked":
            return "revoked"
    return "expired" if at > chain.leaf.not_after else "valid"


def _check(house: House, credential: Offered, scheme: Scheme, at: datetime) -> None:
    """TT 15/2025, Appendix II: the certificate is in its time and not revoked, *before* signing."""
    check_before_signing(credential.chain, scheme, at)
    if _status(house, credential.chain, at) == "revoked":
        raise CertificateUnsuitable("The credential's certificate is revoked.", remedy="Ask for a new certificate.")


def _scheme(credential: Offered, hash_name: HashName | None) -> Scheme:
    """The scheme in which hashes of this kind are signed; Ed25519 signs whatever it gets."""
    key = credential.chain.leaf.public_key
    return Scheme.for_key(key, None if key_type_of(key) == "ed25519" else hash_name)


# CSC ---------------------------------------------------------------------------------------------------------


def authorize(house: House, request: AuthorizeRequest, caller: Caller) -> AuthorizeResponse:
    """A SAD for exactly these hashes. A PIN is tried once, here. Raises `CscRefusal`, `PinRefused`, `PinLocked`."""
    credential = offered(house, request.credential_id, caller.token)
    if request.num_signatures > credential.settings.multisign:
        raise csc.invalid("Numbers of signatures is too high")
    at = house.now()
    _check(house, credential, _scheme(credential, request.hash_name), at)
    sad = secrets.token_urlsafe(32)  # 256 bits
    until = at + timedelta(seconds=house.settings.sad_lifetime_s)
    if credential.needs_pin:
        if request.pin is None:
            raise PinRequired("This credential needs a PIN.")
        house.keys.hold(_name(sad), credential.address, request.pin, until, at)
    else:
        house.keys.signer(credential.address)
    try:
        with house.store.writing() as session:
            store.forget_authorizations(session, at - FORGOTTEN_AFTER)
            store.put_authorization(
                session,
                sad=sad,
                credential=request.credential_id,
                token=caller.token,
                imprints=request.hashes,
                hash_name=request.hash_name,
                at=at,
                expires_at=until,
            )
    except BaseException:
        house.keys.release(_name(sad))  # nobody has this SAD: the key must not stay open until it ends
        raise
    return AuthorizeResponse(sad, house.settings.sad_lifetime_s)


def _name(sad: str) -> str:
    return hashlib.sha256(sad.encode()).hexdigest()


_SAD_WORDS: dict[store.SadProblem, str] = {
    "unknown": "Invalid parameter SAD",
    "other_credential": "Invalid parameter SAD",
    "exhausted": "Invalid parameter SAD",
    "expired": "SAD expired",
    "other_hash": "Hash is not authorized by the SAD",
}


def sign_hash(house: House, request: SignHashRequest, caller: Caller) -> SignHashResponse:
    """The values, in the order of the hashes. Raises `CscRefusal` and what the key raises."""
    credential = offered(house, request.credential_id, caller.token)
    if not request.scheme.accepts(credential.chain.leaf.public_key):
        raise csc.invalid("Invalid parameter signAlgo")
    at = house.now()
    _check(house, credential, request.scheme, at)
    use = store.Use(
        request=caller.request,
        operation="signHash",
        credential=request.credential_id,
        token=caller.token,
        scheme=request.scheme.name,
        imprints=request.hashes,
        at=at,
    )
    try:
        with house.store.writing() as session:
            burnt = store.burn(session, request.sad, use, request.scheme.hash_name)
    except store.SadRefused as e:
        raise csc.invalid(_SAD_WORDS[e.problem]) from None
    name = _name(request.sad)
    with _finishing(house, burnt.line), _approved(house, credential, request.scheme, name, at) as signer:
        values = signer.sign(request.hashes)
    if burnt.remaining == 0:
        house.keys.release(name)
    return SignHashResponse(tuple(values))


def _approved(
    house: House, credential: Offered, scheme: Scheme, name: str, at: datetime
) -> AbstractContextManager[Signer]:
    """The key in the scheme that is asked for: the one its user unlocked for this approval, or the server's."""
    if credential.needs_pin:
        return house.keys.held(name, scheme, at)
    return nullcontext(house.keys.signer(credential.address, scheme))


@contextmanager
def _finishing(house: House, line: int) -> Iterator[None]:
    """Writes how it ended into the audit line; a line that stays `started` tells of a crash in between."""
    error: str | None = "error"
    try:
        yield
        error = None
    except KysoError as e:
        error = e.code
        raise
    finally:
        with house.store.writing() as session:
            store.finish_line(session, line, house.now(), error)


# Documents ---------------------------------------------------------------------------------------------------


class Audited:
    """A signer that writes the audit line before the key moves."""

    def __init__(self, house: House, signer: Signer, credential_id: str, caller: Caller) -> None:
        self._house = house
        self._signer = signer
        self._credential_id = credential_id
        self._caller = caller

    @property
    def chain(self) -> Chain:
        return self._signer.chain

    @property
    def scheme(self) -> Scheme:
        return self._signer.scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        use = store.Use(
            request=self._caller.request,
            operation="sign",
            credential=self._credential_id,
            token=self._caller.token,
            scheme=self.scheme.name,
            imprints=tuple(imprints),
            at=self._house.now(),
        )
        with self._house.store.writing() as session:
            line = store.start_line(session, use)
        with _finishing(self._house, line):
            return self._signer.sign(imprints)


def sign_document(
    house: House,
    document: Document,
    intent: Intent,
    credential_id: str,
    caller: Caller,
    *,
    pin: str | None,
    timestamper: Timestamper | None,
    sources: Sources | None = None,
    hash_name: HashName | None = None,
    pss: bool = False,
) -> bytes:
    """The signed document; `hash_name` and `pss` as in `Scheme.for_key`.

    A PIN is tried once. Raises `KysoError`; then no key was used or the audit says so.
    """
    credential = offered(house, credential_id, caller.token)
    usual = hash_name is None and not pss
    scheme = Scheme.for_key(credential.chain.leaf.public_key, hash_name, pss=pss)
    _check(house, credential, scheme, intent.signing_time)
    if not credential.needs_pin:
        signer = house.keys.signer(credential.address, None if usual else scheme)
        return sign_ades(document, intent, Audited(house, signer, credential_id, caller), timestamper, sources)
    if pin is None:
        raise PinRequired("This credential needs a PIN.")
    with house.keys.unlocked(credential.address, pin, intent.signing_time, None if usual else scheme) as unlocked:
        return sign_ades(document, intent, Audited(house, unlocked, credential_id, caller), timestamper, sources)
