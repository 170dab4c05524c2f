"""CSC messages: what one end writes, the other reads; what a client makes of a refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kyso_pki.csc import (
    VERSIONS,
    AuthorizeRequest,
    AuthorizeResponse,
    CredentialInfo,
    ListRequest,
    SignHashRequest,
    SignHashResponse,
    Version,
    describe,
    error_from,
    scheme_of_request,
    sign_algo,
)
from kyso_pki.errors import (
    CertificateUnsuitable,
    FormatError,
    KysoError,
    PinLocked,
    PinRefused,
    RemoteError,
    RemoteUnavailable,
    Unauthorized,
)
from kyso_pki.scheme import SCHEMES, Scheme
from kyso_pki.testing import World
from tests.server.calls import digest

SIGNING = [s for s in SCHEMES.values() if s.hash_name in ("sha256", "sha384", "sha512") and s.key_type != "ed25519"]
SHA256, SHA512 = digest("a"), digest("a", "sha512")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scheme", SIGNING, ids=lambda s: s.name)
def test_sign_hash_request_is_read_as_it_was_written(version: Version, scheme: Scheme) -> None:
    request = SignHashRequest("id", "sad", (scheme.imprint(b"a"), scheme.imprint(b"b")), scheme, "client data")
    wire = json.loads(json.dumps(request.to_json(version)))
    assert SignHashRequest.parse(wire, version) == request


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("pin", [None, "123456"])
def test_authorize_request_is_read_as_it_was_written(version: Version, pin: str | None) -> None:
    request = AuthorizeRequest("id", 2, (SHA256, SHA256), "sha256" if version == "v2" else None, pin)
    assert AuthorizeRequest.parse(json.loads(json.dumps(request.to_json(version))), version) == request


def test_list_request_is_read_as_it_was_written() -> None:
    request = ListRequest("u", 7, "7", True, "chain", True, True, True)
    assert ListRequest.parse(request.to_json("v2")) == request


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("pin", [False, True])
def test_credential_info_is_read_as_it_was_written(world: World, version: Version, pin: bool) -> None:
    info = describe(
        "id", (world.seal, world.issuing), pin=pin, multisign=9, certificate_status="valid", description="d"
    )
    wire = info.to_json(version, certificates="chain", cert_info=True, auth_info=True, with_id=True)
    read = CredentialInfo.parse(json.loads(json.dumps(wire)))
    assert read.auth_mode == ("explicit" if pin or version == "v2" else "implicit")
    assert {**read.__dict__, "auth_mode": ""} == {**info.__dict__, "auth_mode": ""}


@pytest.fixture
def world() -> World:
    return World.create(at=datetime(2026, 11, 23, tzinfo=UTC))


def test_secrets_do_not_show_in_a_printed_message() -> None:
    texts = (
        repr(AuthorizeRequest("id", 1, (SHA256,), None, "geheim")),
        repr(AuthorizeResponse("geheim")),
        repr(SignHashRequest("id", "geheim", (SHA256,), SCHEMES["ecdsa-sha256"])),
    )
    assert not any("geheim" in text for text in texts)


def test_ed25519_is_not_offered_because_its_imprint_is_the_message() -> None:
    with pytest.raises(CertificateUnsuitable):
        sign_algo(SCHEMES["ed25519"])
    with pytest.raises(KysoError, match="Invalid parameter signAlgo"):
        scheme_of_request("1.3.101.112", None, None)


@pytest.mark.parametrize("name", ["rsa-pss-sha1", "rsa-pkcs1-sha1", "ecdsa-sha1", "rsa-pss-sha3_256"])
def test_hashes_that_are_not_offered_are_refused(name: str) -> None:
    algorithm, parameters = sign_algo(SCHEMES[name])
    with pytest.raises(KysoError, match="Invalid parameter"):
        scheme_of_request(algorithm, None, parameters)


@pytest.mark.parametrize("answer", [{}, {"signatures": []}, {"signatures": ["%"]}, {"signatures": ["AA==", "AA=="]}])
def test_answer_without_exactly_the_values_asked_for_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        SignHashResponse.parse(answer, 1)


def test_answer_that_waits_for_an_approval_elsewhere_is_refused_in_words() -> None:
    with pytest.raises(FormatError, match="approval"):
        AuthorizeResponse.parse({"handle": "x"})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_pin", "error_description": "The PIN is invalid"}, PinRefused),
        (400, {"error": "invalid_authentication_data", "error_description": "x"}, PinRefused),
        (400, {"error": "invalid_request", "error_description": "PIN locked"}, PinLocked),
        (400, {"error": "invalid_request", "error_description": "Credential locked"}, PinLocked),
        (400, {"error": "invalid_request", "error_description": "The account is blocked"}, RemoteError),
        (401, {"error": "invalid_token", "error_description": "x"}, Unauthorized),
        (400, {"error": "access_denied"}, Unauthorized),
        (503, {"error": "temporarily_unavailable", "error_description": "x"}, RemoteUnavailable),
        (500, {"message": "no"}, RemoteError),
        (200, ["x"], RemoteError),
    ],
)
def test_refusal_becomes_the_error_that_it_means(status: int, body: object, kind: type[KysoError]) -> None:
    error = error_from(status, json.dumps(body).encode(), "https://example/csc/v2/x")
    assert type(error) is kind
    assert error.details["status"] == status


def test_answer_that_is_not_json_becomes_a_remote_error() -> None:
    assert type(error_from(502, b"<html>", "u")) is RemoteError
    assert type(error_from(401, b"", "u")) is Unauthorized
