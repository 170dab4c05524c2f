"""`credentials/authorize` and `signatures/signHash`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import FormatError
from ..scheme import DIGEST_SIZES, OID_OF_HASH, HashName, Scheme
from .algorithms import hash_named, scheme_of_request, sign_algo
from .body import (
    Version,
    answer_text,
    answer_texts,
    choice_in,
    digests_in,
    either,
    encoded,
    number_in,
    optional_text,
    text_in,
)
from .refusal import CscRefusal, invalid, missing


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
        credential_id = text_in(body, "credentialID")
        count = number_in(body, "numSignatures")
        if count < 1:
            raise invalid("Invalid value for parameter numSignatures")
        hashes = digests_in(body, version)
        if count != len(hashes):
            raise invalid("Invalid value for parameter numSignatures")
        name = either(body, "hashAlgo", "hashAlgorithmOID")
        hash_name = None if name is None else hash_named(text_in(body, name), name)
        _check_lengths(hashes, hash_name)
        return cls(credential_id, count, hashes, hash_name, _pin(body))

    def to_json(self, version: Version) -> dict[str, Any]:
        body: dict[str, Any] = {"credentialID": self.credential_id, "numSignatures": self.num_signatures}
        body["hash" if version == "v1" else "hashes"] = encoded(self.hashes)
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
    if either(body, "PIN", "authData") != "authData":
        if body.get("OTP"):
            raise CscRefusal("invalid_otp", "This credential takes no OTP")
        return optional_text(body, "PIN")
    data = body["authData"]
    if not isinstance(data, list) or not all(isinstance(d, dict) for d in data):
        raise missing("array", "authData")
    if any(d.get("id") != "PIN" for d in data) or len(data) > 1:
        raise invalid("Invalid parameter authData")
    return text_in(data[0], "value") if data else None


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
        return cls(answer_text(answer, "SAD"), expires if isinstance(expires, int) else 3600)


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
        credential_id, sad = text_in(body, "credentialID"), text_in(body, "SAD")
        hashes = digests_in(body, version)
        if choice_in(body, "operationMode", "S", ("S", "A")) == "A":
            raise invalid("Invalid parameter operationMode")
        name = either(body, "hashAlgo", "hashAlgorithmOID")
        scheme = scheme_of_request(
            text_in(body, "signAlgo"),
            None if name is None else text_in(body, name),
            optional_text(body, "signAlgoParams"),
        )
        _check_lengths(hashes, scheme.hash_name)
        return cls(credential_id, sad, hashes, scheme, optional_text(body, "clientData"))

    def to_json(self, version: Version) -> dict[str, Any]:
        algorithm, parameters = sign_algo(self.scheme)
        v1 = version == "v1"
        body: dict[str, Any] = {
            "credentialID": self.credential_id,
            "SAD": self.sad,
            "hash" if v1 else "hashes": encoded(self.hashes),
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
        return {"signatures": encoded(self.signatures)}

    @classmethod
    def parse(cls, answer: Mapping[str, Any], expected: int) -> SignHashResponse:
        """Raises `FormatError` unless there are exactly `expected` values."""
        try:
            values = tuple(base64.b64decode(v, validate=True) for v in answer_texts(answer, "signatures"))
        except binascii.Error:
            raise FormatError("The CSC answer holds a signature that is not base64.") from None
        if len(values) != expected:
            raise FormatError(f"The server returned {len(values)} signatures for {expected} hashes.")
        return cls(values)
