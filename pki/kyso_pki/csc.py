"""Messages of the Cloud Signature Consortium API, for both ends: the server's and the client's.

Versions 1.0.4.0 (`v1`) and 2.0.0.2 (`v2`) from one set of types. A request is read with `X.parse(body)`, which
takes either spelling (`hash` or `hashes`, `PIN` or `authData`) on either path, because ready clients mix them;
it is written with `.to_json(version)`. What a request may not be is raised as `CscRefusal`, in the words that
the specification prescribes; a client turns an answer's refusal into our own errors with `error_from`.

Refused here: digests shorter than SHA-256 (CSC 2.0 section 8), Ed25519 (its imprint is the message itself, so
that "sign this hash" would sign anything), signature values in any other form than bytes. No network in here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn, cast

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import oids
from .asn1 import der
from .errors import (
    CertificateUnsuitable,
    FormatError,
    KeyNotFound,
    KysoError,
    PinLocked,
    PinRefused,
    RemoteError,
    Unauthorized,
)
from .scheme import DIGEST_SIZES, OID_OF_HASH, SCHEMES, HashName, Scheme, hash_of_oid, key_type_of, scheme_in
from .x509.certificate import Certificate

Version = Literal["v1", "v2"]
VERSIONS: tuple[Version, ...] = ("v1", "v2")
SPECS: dict[Version, str] = {"v1": "1.0.4.0", "v2": "2.0.0.2"}
Certificates = Literal["none", "single", "chain"]
AuthMode = Literal["implicit", "explicit", "oauth2code"]

MAX_HASHES = 1000  # against denial of service: one request's hashes; a credential's `multisign` is lower
MAX_TEXT = 4096  # characters in one string parameter
HASHES: tuple[HashName, ...] = ("sha256", "sha384", "sha512")
"""What may be signed: at least SHA-256 (CSC 2.0 section 8)."""
CURVE_OIDS = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34", "secp521r1": "1.3.132.0.35"}


# Errors ------------------------------------------------------------------------------------------------------


class CscRefusal(KysoError):
    """A request that the service refuses: HTTP `status`, CSC `error` and `description` exactly as sent."""

    code = "csc"

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def to_json(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


def invalid(description: str) -> CscRefusal:
    """The refusal `invalid_request` with these words."""
    return CscRefusal("invalid_request", description)


def _missing(kind: str, name: str) -> CscRefusal:
    return invalid(f"Missing (or invalid type) {kind} parameter {name}")


_UNAUTHORIZED = ("invalid_token", "expired_token", "unauthorized_client", "access_denied")


def error_from(status: int, body: bytes, url: str) -> KysoError:
    """What a refused call means to the client.

    `Unauthorized`, `PinRefused`, `PinLocked`, `KeyNotFound` (no such credential) or `RemoteError`.

    `details` holds `status`, `error` and `error_description` as received. Never raises for odd bodies.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    description = answer.get("error_description") if isinstance(answer, dict) else None
    if not isinstance(error, str):
        kind: type[KysoError] = Unauthorized if status in (401, 403) else RemoteError
        return kind(f"{url} answered with HTTP status {status}.", status=status, error=None, error_description=None)
    description = description if isinstance(description, str) else ""
    received: dict[str, Any] = {"status": status, "error": error, "error_description": description}
    message = f"The server refused: {(description or error).removesuffix('.')}."
    if re.search(r"\blocked\b", description, re.IGNORECASE):  # "PIN locked", "Credential locked"
        return PinLocked(message, remedy="Ask the administrator of the token to unlock the PIN.", **received)
    if error in ("invalid_pin", "invalid_authentication_data"):
        return PinRefused(
            message, remedy="One try was made and counts against the PIN; check it before the next.", **received
        )
    if error == "invalid_request" and "credentialID" in description:
        return KeyNotFound(message, remedy="Ask the server which credentials it has (credentials/list).", **received)
    if status == 401 or error in _UNAUTHORIZED:
        return Unauthorized(message, remedy="Check the API token.", **received)
    return RemoteError(message, **received)


# Algorithms --------------------------------------------------------------------------------------------------


_RSA_ALGORITHMS = (
    oids.RSA_ENCRYPTION,
    oids.SHA256_WITH_RSA,
    oids.SHA384_WITH_RSA,
    oids.SHA512_WITH_RSA,
    oids.RSASSA_PSS,
)
_EC_ALGORITHMS = (oids.ECDSA_WITH_SHA256, oids.ECDSA_WITH_SHA384, oids.ECDSA_WITH_SHA512)
SIGN_ALGORITHMS = (*_RSA_ALGORITHMS, *_EC_ALGORITHMS)
"""Every `signAlgo` that is known here."""


def sign_algorithms(public_key: object) -> tuple[str, ...]:
    """`key/algo` of credentials/info: the full identifiers that this key may be asked for, none for Ed25519."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return _RSA_ALGORITHMS
    return _EC_ALGORITHMS if isinstance(public_key, ec.EllipticCurvePublicKey) else ()


def sign_algo(scheme: Scheme) -> tuple[str, str | None]:
    """`signAlgo` and `signAlgoParams` (base64 DER, for RSASSA-PSS only) of a scheme.

    Raises `CertificateUnsuitable` for Ed25519, which has no hash to sign.
    """
    if scheme.key_type == "ed25519":
        raise CertificateUnsuitable("Ed25519 signs messages, not hashes; CSC signHash has no room for it.")
    if scheme.padding != "pss":
        return scheme.oid, None
    parameters = der.read(scheme.identifier, der.SEQUENCE).children()[1].raw
    return scheme.oid, base64.b64encode(parameters).decode()


def scheme_of_request(algorithm: str, hash_oid: str | None, parameters: str | None) -> Scheme:
    """The scheme that `signAlgo`, `hashAlgo` and `signAlgoParams` name together; they must not contradict.

    Bare RSA and RSASSA-PSS without parameters take the hash from `hashAlgo`. Raises `CscRefusal`.
    """
    hash_name = None if hash_oid is None else _hash_of(hash_oid, "hashAlgo")
    if algorithm == oids.RSA_ENCRYPTION and hash_name is None:
        raise _missing("string", "hashAlgo")
    if algorithm == oids.RSASSA_PSS and parameters is None:
        if hash_name is None:
            raise _missing("string", "signAlgoParams")
        return SCHEMES[f"rsa-pss-{hash_name}"]
    if algorithm not in SIGN_ALGORITHMS:  # looked up before it is encoded: the text is the caller's
        raise invalid("Invalid parameter signAlgo")
    extra = b"" if parameters is None else _base64(parameters, "Invalid parameter signAlgoParams")
    try:
        identifier = der.read(der.sequence(der.oid(algorithm), extra), der.SEQUENCE)
        scheme = scheme_in(identifier, hash_name)
    except FormatError:
        raise invalid("Invalid parameter signAlgoParams") from None
    if scheme.hash_name not in HASHES:
        raise invalid("Invalid parameter signAlgoParams")
    if hash_name is not None and scheme.hash_name != hash_name:
        raise invalid("String parameter hashAlgo contradicts with signAlgo parameter")
    return scheme


def _hash_of(dotted: str, name: str) -> HashName:
    try:
        hash_name = hash_of_oid(dotted)
    except FormatError:
        raise invalid(f"Invalid parameter {name}") from None
    if hash_name not in HASHES:
        raise invalid(f"Invalid parameter {name}")
    return hash_name


# Reading JSON ------------------------------------------------------------------------------------------------


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body; an empty body is an empty object. Raises `CscRefusal`."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid("The request body is not a JSON object") from None
    if not isinstance(value, dict):
        raise invalid("The request body is not a JSON object")
    return value


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A parameter given twice has two readings, so it has none (RFC 8259 section 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise _missing("string", name)
    return value


def _optional_text(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else _text(body, name)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _missing("boolean", name)
    return value


def _number(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _missing("integer", name)
    return value


def _choice(body: Mapping[str, Any], name: str, default: str, allowed: Sequence[str]) -> str:
    value = _optional_text(body, name) or default
    if value not in allowed:
        raise invalid(f"Invalid parameter {name}")
    return value


def _base64(text: str, complaint: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(complaint) from None


def _either(body: Mapping[str, Any], one: str, other: str) -> str | None:
    """Which of two spellings is used; both at once is refused, because then there would be two readings."""
    if body.get(one) is not None and body.get(other) is not None:
        raise invalid(f"Parameters {one} and {other} mean the same; pass one of them")
    return one if body.get(one) is not None else other if body.get(other) is not None else None


def _digests(body: Mapping[str, Any], version: Version) -> tuple[bytes, ...]:
    name = _either(body, "hash", "hashes")
    if name is None:
        raise _missing("array", "hash" if version == "v1" else "hashes")
    values = body[name]
    if not isinstance(values, list):
        raise _missing("array", name)
    if not values:
        raise invalid("Empty hash array")
    if len(values) > MAX_HASHES:
        raise invalid(f"More than {MAX_HASHES} hashes in one request")
    complaint = "Invalid Base64 hash string parameter"
    digests = []
    for value in values:
        if not isinstance(value, str) or not value:
            raise invalid(complaint)
        digests.append(_base64(value, complaint))
    if any(len(d) not in {DIGEST_SIZES[h] for h in HASHES} for d in digests):
        raise invalid("Invalid digest value length")
    return tuple(digests)


def _encode(digests: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(d).decode() for d in digests]


# info --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServiceInfo:
    """The answer of `info`."""

    specs: str
    name: str
    methods: tuple[str, ...]
    region: str = "VN"
    lang: str = "vi-VN"
    description: str = ""
    logo: str = ""
    auth_type: tuple[str, ...] = ("external",)
    """`external`: the access token is handed out by other means, here by the administrator."""
    sign_algorithms: tuple[str, ...] = ()

    def to_json(self, version: Version) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "specs": self.specs,
            "name": self.name,
            "logo": self.logo,
            "region": self.region,
            "lang": self.lang,
            "description": self.description,
            "authType": list(self.auth_type),
            "methods": list(self.methods),
        }
        if version == "v2":
            answer["asynchronousOperationMode"] = False
            answer["signAlgorithms"] = {"algos": list(self.sign_algorithms)}
        return answer

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> ServiceInfo:
        """Reads a server's answer. Raises `FormatError` when what is required is not there."""
        algorithms = answer.get("signAlgorithms")
        return cls(
            specs=_answer_text(answer, "specs"),
            name=_answer_text(answer, "name"),
            methods=_answer_texts(answer, "methods"),
            region=str(answer.get("region", "")),
            lang=str(answer.get("lang", "")),
            description=str(answer.get("description", "")),
            logo=str(answer.get("logo", "")),
            auth_type=_answer_texts(answer, "authType"),
            sign_algorithms=_answer_texts(algorithms, "algos") if isinstance(algorithms, dict) else (),
        )


def _answer_text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise FormatError(f"The CSC answer has no text {name!r}.")
    return value


def _answer_texts(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise FormatError(f"The CSC answer has no list of texts {name!r}.")
    return tuple(value)


# credentials -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListRequest:
    """credentials/list (1.0.4.0 section 11.3, 2.0.0.2 section 11.4)."""

    user_id: str | None = None
    max_results: int | None = None
    page_token: str | None = None
    credential_info: bool = False
    certificates: Certificates = "single"
    cert_info: bool = False
    auth_info: bool = False
    only_valid: bool = False

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> ListRequest:
        """Raises `CscRefusal`."""
        max_results = None if body.get("maxResults") is None else _number(body, "maxResults")
        if max_results is not None and max_results < 1:
            raise invalid("Invalid parameter maxResults")
        return cls(
            user_id=_optional_text(body, "userID"),
            max_results=max_results,
            page_token=_optional_text(body, "pageToken"),
            credential_info=_flag(body, "credentialInfo"),
            certificates=_certificates(body),
            cert_info=_flag(body, "certInfo"),
            auth_info=_flag(body, "authInfo"),
            only_valid=_flag(body, "onlyValid"),
        )

    def to_json(self, version: Version) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if self.user_id is not None:
            body["userID"] = self.user_id
        if self.max_results is not None:
            body["maxResults"] = self.max_results
        if self.page_token is not None:
            body["pageToken"] = self.page_token
        if version == "v2":
            body |= {
                "credentialInfo": self.credential_info,
                "certificates": self.certificates,
                "certInfo": self.cert_info,
                "authInfo": self.auth_info,
                "onlyValid": self.only_valid,
            }
        return body


def _certificates(body: Mapping[str, Any]) -> Certificates:
    return cast(Certificates, _choice(body, "certificates", "single", ("none", "single", "chain")))


@dataclass(frozen=True)
class InfoRequest:
    """credentials/info."""

    credential_id: str
    certificates: Certificates = "single"
    cert_info: bool = False
    auth_info: bool = False
    lang: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> InfoRequest:
        """Raises `CscRefusal`."""
        return cls(
            credential_id=_text(body, "credentialID"),
            certificates=_certificates(body),
            cert_info=_flag(body, "certInfo"),
            auth_info=_flag(body, "authInfo"),
            lang=_optional_text(body, "lang"),
        )

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "credentialID": self.credential_id,
            "certificates": self.certificates,
            "certInfo": self.cert_info,
            "authInfo": self.auth_info,
        }
        return body if self.lang is None else body | {"lang": self.lang}


@dataclass(frozen=True)
class CredentialInfo:
    """One credential as credentials/info tells it."""

    id: str
    """Empty when the server did not repeat it."""
    certificates: tuple[Certificate, ...]
    """Leaf first; empty when not asked for."""
    algorithms: tuple[str, ...]
    key_size: int
    """RSA modulus or curve size in bits."""
    curve: str | None = None
    """Object identifier of the named curve."""
    enabled: bool = True
    certificate_status: Literal["valid", "expired", "revoked", "suspended"] | None = None
    multisign: int = 1
    """How many signatures one authorisation may cover."""
    scal: Literal["1", "2"] = "2"
    """`2`: an authorisation is bound to the exact hashes."""
    auth_mode: AuthMode = "explicit"
    pin: bool = False
    """Whether the caller gives a PIN in credentials/authorize."""
    description: str = ""

    def to_json(
        self,
        version: Version,
        *,
        certificates: Certificates = "single",
        cert_info: bool = False,
        auth_info: bool = False,
        with_id: bool = False,
    ) -> dict[str, Any]:
        """The CredentialInfo object; v1 always tells how to authorise, v2 when asked (`auth` is then required)."""
        answer: dict[str, Any] = {"credentialID": self.id} if with_id else {}
        answer |= {
            "description": self.description,
            "key": self._key(),
            "cert": self._cert(certificates, cert_info),
            "SCAL": self.scal,
            "multisign": self.multisign,
            "lang": "vi-VN",
        }
        if version == "v1":
            answer |= {"authMode": self.auth_mode, "PIN": self._pin_v1(), "OTP": {"presence": "false"}}
        else:
            answer["auth"] = self._auth_v2(details=auth_info)
        return answer

    def _key(self) -> dict[str, Any]:
        key: dict[str, Any] = {
            "status": "enabled" if self.enabled else "disabled",
            "algo": list(self.algorithms),
            "len": self.key_size,
        }
        return key if self.curve is None else key | {"curve": self.curve}

    def _cert(self, certificates: Certificates, cert_info: bool) -> dict[str, Any]:
        cert: dict[str, Any] = {} if self.certificate_status is None else {"status": self.certificate_status}
        sent = {"none": (), "single": self.certificates[:1], "chain": self.certificates}[certificates]
        if sent:
            cert["certificates"] = [base64.b64encode(c.der).decode() for c in sent]
        if cert_info and self.certificates:
            leaf = self.certificates[0]
            cert |= {
                "issuerDN": str(leaf.issuer),
                "serialNumber": leaf.serial_hex,
                "subjectDN": str(leaf.subject),
                "validFrom": _stamp(leaf.not_before),
                "validTo": _stamp(leaf.not_after),
            }
        return cert

    def _pin_v1(self) -> dict[str, str]:
        if not self.pin:
            return {"presence": "false"}
        return {"presence": "true", "format": "A", "label": "PIN", "description": "Mã PIN của khóa ký"}

    def _auth_v2(self, *, details: bool) -> dict[str, Any]:
        """`objects` is always sent, even empty: clients built on 2.x read it without asking."""
        objects: list[dict[str, str]] = []
        if self.pin:
            objects = [{"type": "Password", "id": "PIN", "format": "A", "label": "PIN"}]
            if details:
                objects[0]["description"] = "Mã PIN của khóa ký"
        auth: dict[str, Any] = {"mode": "explicit", "objects": objects}
        return auth | {"expression": "PIN"} if self.pin else auth

    @classmethod
    def parse(cls, answer: Mapping[str, Any], credential_id: str = "") -> CredentialInfo:
        """Reads a server's answer, v1 or v2. Raises `FormatError` when what is required is not there."""
        key, cert = answer.get("key"), answer.get("cert") or {}
        if not isinstance(key, dict) or not isinstance(cert, dict):
            raise FormatError("The CSC answer describes no key of the credential.")
        encoded = _answer_texts(cert, "certificates") if "certificates" in cert else ()
        try:
            certificates = tuple(Certificate.from_der(base64.b64decode(c, validate=True)) for c in encoded)
            multisign = int(answer.get("multisign", 1))
            key_size = int(key.get("len", 0))
        except (ValueError, TypeError) as e:
            raise FormatError(f"The CSC answer cannot be read: {e}") from None
        status = cert.get("status")
        return cls(
            id=str(answer.get("credentialID", credential_id)),
            certificates=certificates,
            algorithms=_answer_texts(key, "algo"),
            key_size=key_size,
            curve=key.get("curve"),
            enabled=key.get("status") == "enabled",
            certificate_status=status if status in ("valid", "expired", "revoked", "suspended") else None,
            multisign=multisign,
            scal="2" if str(answer.get("SCAL", "1")) == "2" else "1",
            auth_mode=_auth_mode(answer),
            pin=_asks_for_pin(answer),
            description=str(answer.get("description", "")),
        )


def _auth_mode(answer: Mapping[str, Any]) -> AuthMode:
    auth = answer.get("auth")
    mode = auth.get("mode") if isinstance(auth, dict) else answer.get("authMode")
    if mode not in ("implicit", "explicit", "oauth2code"):
        raise FormatError(f"The CSC answer names no known way to authorise (found {mode!r}).")
    return cast(AuthMode, mode)


def _asks_for_pin(answer: Mapping[str, Any]) -> bool:
    auth = answer.get("auth")
    if isinstance(auth, dict):
        objects = auth.get("objects") or []
        return any(isinstance(o, dict) and o.get("type") == "Password" for o in objects)
    pin = answer.get("PIN")
    return isinstance(pin, dict) and pin.get("presence") == "true"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


def describe(
    credential_id: str,
    certificates: Sequence[Certificate],
    *,
    pin: bool,
    multisign: int,
    certificate_status: Literal["valid", "expired", "revoked", "suspended"],
    enabled: bool = True,
    description: str = "",
) -> CredentialInfo:
    """The CredentialInfo of a key that we hold: algorithms, size and curve come from its certificate."""
    public_key = certificates[0].public_key
    key_type_of(public_key)
    curve = CURVE_OIDS.get(public_key.curve.name) if isinstance(public_key, ec.EllipticCurvePublicKey) else None
    return CredentialInfo(
        id=credential_id,
        certificates=tuple(certificates),
        algorithms=sign_algorithms(public_key),
        key_size=getattr(public_key, "key_size", 0),
        curve=curve,
        enabled=enabled,
        certificate_status=certificate_status,
        multisign=multisign,
        auth_mode="explicit" if pin else "implicit",
        pin=pin,
        description=description,
    )


@dataclass(frozen=True)
class ListResponse:
    """The answer of credentials/list; `infos` only in v2 and when asked for."""

    credential_ids: tuple[str, ...]
    next_page_token: str | None = None
    infos: tuple[CredentialInfo, ...] = ()

    def to_json(self, version: Version, request: ListRequest | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = {"credentialIDs": list(self.credential_ids)}
        if self.next_page_token is not None:
            answer["nextPageToken"] = self.next_page_token
        if version == "v2" and request is not None and request.credential_info:
            answer["credentialInfos"] = [
                i.to_json(
                    version,
                    certificates=request.certificates,
                    cert_info=request.cert_info,
                    auth_info=request.auth_info,
                    with_id=True,
                )
                for i in self.infos
            ]
        return answer

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> ListResponse:
        """Raises `FormatError`."""
        token = answer.get("nextPageToken")
        infos = answer.get("credentialInfos") or []
        if not isinstance(infos, list) or not all(isinstance(i, dict) for i in infos):
            raise FormatError("The CSC answer has no list of objects 'credentialInfos'.")
        return cls(
            credential_ids=_answer_texts(answer, "credentialIDs"),
            next_page_token=token if isinstance(token, str) else None,
            infos=tuple(CredentialInfo.parse(i) for i in infos),
        )


@dataclass(frozen=True)
class AuthorizeRequest:
    """credentials/authorize: a SAD for exactly these hashes."""

    credential_id: str
    num_signatures: int
    hashes: tuple[bytes, ...]
    hash_name: HashName | None = None
    pin: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, body: Mapping[str, Any], version: Version) -> AuthorizeRequest:
        """Hashes are required (SCAL 2) and there are as many as signatures. Raises `CscRefusal`."""
        credential_id = _text(body, "credentialID")
        count = _number(body, "numSignatures")
        if count < 1:
            raise invalid("Invalid value for parameter numSignatures")
        hashes = _digests(body, version)
        if count != len(hashes):
            raise invalid("Invalid value for parameter numSignatures")
        name = _either(body, "hashAlgo", "hashAlgorithmOID")
        hash_name = None if name is None else _hash_of(_text(body, name), name)
        _check_lengths(hashes, hash_name)
        return cls(credential_id, count, hashes, hash_name, _pin(body))

    def to_json(self, version: Version) -> dict[str, Any]:
        body: dict[str, Any] = {"credentialID": self.credential_id, "numSignatures": self.num_signatures}
        body["hash" if version == "v1" else "hashes"] = _encode(self.hashes)
        if version == "v1":
            return body if self.pin is None else body | {"PIN": self.pin}
        if self.hash_name is not None:
            body["hashAlgorithmOID"] = OID_OF_HASH[self.hash_name]
        return body if self.pin is None else body | {"authData": [{"id": "PIN", "value": self.pin}]}


def _check_lengths(hashes: Sequence[bytes], hash_name: HashName | None) -> None:
    if hash_name is not None and any(len(h) != DIGEST_SIZES[hash_name] for h in hashes):
        raise invalid("Invalid digest value length")


def _pin(body: Mapping[str, Any]) -> str | None:
    """The PIN from v1 `PIN` or v2 `authData`; a second factor that we never asked for is refused."""
    if _either(body, "PIN", "authData") != "authData":
        if body.get("OTP"):
            raise CscRefusal("invalid_otp", "This credential takes no OTP")
        return _optional_text(body, "PIN")
    data = body["authData"]
    if not isinstance(data, list) or not all(isinstance(d, dict) for d in data):
        raise _missing("array", "authData")
    if any(d.get("id") != "PIN" for d in data) or len(data) > 1:
        raise invalid("Invalid parameter authData")
    return _text(data[0], "value") if data else None


@dataclass(frozen=True)
class AuthorizeResponse:
    """The answer of `credentials/authorize`."""

    sad: str = field(repr=False)
    expires_in: int = 3600
    """Seconds; the specification's default when absent."""

    def to_json(self) -> dict[str, Any]:
        return {"SAD": self.sad, "expiresIn": self.expires_in}

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> AuthorizeResponse:
        """Raises `FormatError`, also for an authorisation still under way (202 with a handle)."""
        if "SAD" not in answer and "handle" in answer:
            raise FormatError("The server waits for an approval elsewhere; this client does not poll for it.")
        expires = answer.get("expiresIn", 3600)
        return cls(_answer_text(answer, "SAD"), expires if isinstance(expires, int) else 3600)


# signatures --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignHashRequest:
    """signatures/signHash: values over these hashes, in this order."""

    credential_id: str
    sad: str = field(repr=False)
    hashes: tuple[bytes, ...]
    scheme: Scheme
    client_data: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any], version: Version) -> SignHashRequest:
        """Raises `CscRefusal`: bad base64, wrong lengths, contradicting algorithms, asynchronous mode."""
        credential_id, sad = _text(body, "credentialID"), _text(body, "SAD")
        hashes = _digests(body, version)
        if _choice(body, "operationMode", "S", ("S", "A")) == "A":
            raise invalid("Invalid parameter operationMode")
        name = _either(body, "hashAlgo", "hashAlgorithmOID")
        scheme = scheme_of_request(
            _text(body, "signAlgo"),
            None if name is None else _text(body, name),
            _optional_text(body, "signAlgoParams"),
        )
        _check_lengths(hashes, scheme.hash_name)
        return cls(credential_id, sad, hashes, scheme, _optional_text(body, "clientData"))

    def to_json(self, version: Version) -> dict[str, Any]:
        algorithm, parameters = sign_algo(self.scheme)
        v1 = version == "v1"
        body: dict[str, Any] = {
            "credentialID": self.credential_id,
            "SAD": self.sad,
            "hash" if v1 else "hashes": _encode(self.hashes),
            "hashAlgo" if v1 else "hashAlgorithmOID": self.scheme.hash_oid,
            "signAlgo": algorithm,
        }
        if parameters is not None:
            body["signAlgoParams"] = parameters
        if not v1:
            body["operationMode"] = "S"
        return body if self.client_data is None else body | {"clientData": self.client_data}


@dataclass(frozen=True)
class SignHashResponse:
    """The answer of `signatures/signHash`."""

    signatures: tuple[bytes, ...]
    """In the order of the hashes; ECDSA values are DER."""

    def to_json(self) -> dict[str, Any]:
        return {"signatures": _encode(self.signatures)}

    @classmethod
    def parse(cls, answer: Mapping[str, Any], expected: int) -> SignHashResponse:
        """Raises `FormatError` unless there are exactly `expected` values."""
        try:
            values = tuple(base64.b64decode(v, validate=True) for v in _answer_texts(answer, "signatures"))
        except binascii.Error:
            raise FormatError("The CSC answer holds a signature that is not base64.") from None
        if len(values) != expected:
            raise FormatError(f"The server returned {len(values)} signatures for {expected} hashes.")
        return cls(values)
