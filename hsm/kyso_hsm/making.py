"""What a worker makes on a token: key pairs, a place for their certificate, a token itself.

Runs inside a worker only, loaded when first asked for. What it refuses: a label that is taken, and a key pair whose
private half could leave the token, which it destroys.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.constants import DEFAULT

from kyso_pki import oids
from kyso_pki.asn1 import der

from . import wire
from .attributes import id_of, mapper, spki_of, token_info, value_of
from .cryptoki import CKU_SO, wipe
from .module import MAX_LABEL_BYTES, TOKEN_INITIALIZED
from .pkcs11 import Refused
from .upkeep import check_new_pins

if TYPE_CHECKING:
    from .pkcs11 import ModuleHost

_CURVES = {"p256": "1.2.840.10045.3.1.7", "p384": "1.3.132.0.34", "p521": "1.3.132.0.35"}
_USES = (
    *(Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.WRAP, Attribute.UNWRAP, Attribute.DERIVE),
    *(Attribute.SIGN, Attribute.VERIFY),
)
# Libraries that decide what a key may do, and fail with CKR_GENERAL_ERROR when they are told (tpm2-pkcs11 1.9).
_DECIDE_THEMSELVES = ("TPM2.0 Cryptoki",)
_SIGNING = MechanismFlag.SIGN | MechanismFlag.VERIFY


def answer(host: ModuleHost, request: wire.Generate | wire.ImportCertificate | wire.InitToken) -> wire.Reply:
    """The reply; `InitToken` alone needs no session. Raises what `ModuleHost.answer` turns into a `Refusal`."""
    if isinstance(request, wire.Generate):
        return _generate(host, request)
    if isinstance(request, wire.ImportCertificate):
        return _import_certificate(host, request)
    return _init_token(host, request)


def _generate(host: ModuleHost, request: wire.Generate) -> wire.Reply:
    host._require_session()
    if _label_in_use(host, request.label):
        raise Refused(wire.Refusal("taken"))
    private_template: dict[Attribute, Any] = {
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.PRIVATE: True,
    }
    public_template: dict[Attribute, Any] = {}
    key_type, length, mechanism = KeyType.EC, None, Mechanism.EC_KEY_PAIR_GEN
    if request.kind.startswith("rsa"):
        key_type, length = KeyType.RSA, int(request.kind.removeprefix("rsa"))
        mechanism = Mechanism.RSA_PKCS_KEY_PAIR_GEN
    elif request.kind == "ed25519":
        key_type, mechanism = KeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN
        public_template[Attribute.EC_PARAMS] = der.oid(oids.ED25519)
    else:
        public_template[Attribute.EC_PARAMS] = der.oid(_CURVES[request.kind])
    if host._library.library_description.strip() in _DECIDE_THEMSELVES:
        public_template |= dict.fromkeys(_USES, DEFAULT)
        private_template |= dict.fromkeys(_USES, DEFAULT)
    session = host._token.open(rw=True, attribute_mapper=mapper())
    try:
        # A temporary id until the public key is known; it must not be empty, or CKA_ID may be left out.
        public, private = session.generate_keypair(
            key_type,
            length,
            id=request.id or os.urandom(20),
            label=request.label,
            store=True,
            capabilities=_SIGNING,
            mechanism=mechanism,
            public_template=public_template,
            private_template=private_template,
        )
        return _finish_pair(public, private, request.id)
    finally:
        session.close()  # opened without a PIN, so this does not log the others out


def _label_in_use(host: ModuleHost, label: str) -> bool:
    template = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
    return bool(host._find(template))


def _finish_pair(public: Any, private: Any, wanted: bytes | None) -> wire.Reply:
    """Ties the pair by id and makes sure that the private half cannot leave; a pair that can is destroyed."""
    spki = spki_of(public)
    leaky = (
        value_of(private, Attribute.EXTRACTABLE) is not False or value_of(private, Attribute.SENSITIVE) is not True
    )
    if spki is None or leaky:
        private.destroy()
        public.destroy()
        text = "the new key could leave the token" if leaky else "the new public key cannot be read"
        raise Refused(wire.Refusal("internal", text=f"{text}; it was destroyed"))
    key_id = wanted
    if key_id is None:
        bits = der.read(spki, der.SEQUENCE).children()[1].content[1:]
        key_id = hashlib.sha1(bits).digest()  # noqa: S324 - a name, as in RFC 5280 4.2.1.2 (1), not a protection
        try:
            private[Attribute.ID] = key_id
            public[Attribute.ID] = key_id
        except pkcs11.PKCS11Error:
            key_id = id_of(private)  # a token whose ids are fixed at creation: the random one stays
            public_id = id_of(public)
            if public_id != key_id:
                raise
    return wire.Generated(spki, key_id)


def _import_certificate(host: ModuleHost, request: wire.ImportCertificate) -> wire.Reply:
    host._require_session()
    if any(
        value_of(o, Attribute.VALUE) == request.certificate
        for o in host._find({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: request.id})
    ):
        return wire.Done()
    session = host._token.open(rw=True, attribute_mapper=mapper())
    try:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: False,
                Attribute.LABEL: request.label,
                Attribute.ID: request.id,
                Attribute.SUBJECT: request.subject,
                Attribute.ISSUER: request.issuer,
                Attribute.SERIAL_NUMBER: request.serial_number,
                Attribute.VALUE: request.certificate,
            }
        )
    finally:
        session.close()
    return wire.Done()


def _init_token(host: ModuleHost, request: wire.InitToken) -> wire.Reply:
    label = request.label.encode("utf-8")
    if len(label) > MAX_LABEL_BYTES:
        raise Refused(wire.Refusal("internal", text="the label is too long"))
    if any(info.label == request.label for info, _ in host._tokens()):
        raise Refused(wire.Refusal("taken"))
    free = [s for s in host._library.get_slots(True) if not int(s.get_token().flags) & TOKEN_INITIALIZED]
    if not free:
        raise Refused(wire.Refusal("no-slot"))
    so_pin, user_pin = bytearray(request.so_pin.encode()), bytearray(request.user_pin.encode())
    slot = free[0]
    try:
        check_new_pins(host._calls, slot.slot_id, so_pin, user_pin)
        host._calls.init_token(slot.slot_id, so_pin, label.ljust(MAX_LABEL_BYTES))
        session = slot.get_token().open(rw=True)
        try:
            host._calls.login(session.handle, CKU_SO, so_pin)
            host._calls.init_pin(session.handle, user_pin)
            host._calls.logout(session.handle)
        finally:
            session.close()
    finally:
        wipe(so_pin)
        wipe(user_pin)
    return wire.TokenState(token_info(slot.get_token()), False)
