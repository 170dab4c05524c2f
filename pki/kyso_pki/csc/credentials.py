"""`credentials/list` and `credentials/info`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from cryptography.hazmat.primitives.asymmetric import ec

from ..errors import FormatError
from ..scheme import key_type_of
from ..x509.certificate import Certificate
from .algorithms import CURVE_OIDS, sign_algorithms
from .body import Version, answer_texts, choice_in, flag_in, number_in, optional_text, text_in
from .refusal import invalid

Certificates = Literal["none", "single", "chain"]
AuthMode = Literal["implicit", "explicit", "oauth2code"]


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
        max_results = None if body.get("maxResults") is None else number_in(body, "maxResults")
        if max_results is not None and max_results < 1:
            raise invalid("Invalid parameter maxResults")
        return cls(
            user_id=optional_text(body, "userID"),
            max_results=max_results,
            page_token=optional_text(body, "pageToken"),
            credential_info=flag_in(body, "credentialInfo"),
            certificates=_certificates(body),
            cert_info=flag_in(body, "certInfo"),
            auth_info=flag_in(body, "authInfo"),
            only_valid=flag_in(body, "onlyValid"),
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
    return cast(Certificates, choice_in(body, "certificates", "single", ("none", "single", "chain")))


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
            credential_id=text_in(body, "credentialID"),
            certificates=_certificates(body),
            cert_info=flag_in(body, "certInfo"),
            auth_info=flag_in(body, "authInfo"),
            lang=optional_text(body, "lang"),
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
        encoded = answer_texts(cert, "certificates") if "certificates" in cert else ()
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
            algorithms=answer_texts(key, "algo"),
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
            credential_ids=answer_texts(answer, "credentialIDs"),
            next_page_token=token if isinstance(token, str) else None,
            infos=tuple(CredentialInfo.parse(i) for i in infos),
        )
