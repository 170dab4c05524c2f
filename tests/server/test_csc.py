"""The CSC API as a client sees it: what is signed, what is refused and in which words."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from kyso_hsm.opening import open_key
from kyso_hsm.pin import FromFile
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.csc import CredentialInfo, ListResponse, ServiceInfo, sign_algo
from kyso_pki.scheme import SCHEMES
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_server.settings import CredentialSettings
from tests.server.calls import (
    BARE_RSA,
    PSS,
    SHA256,
    SHA256_ECDSA,
    SHA256_RSA,
    SHA384,
    SHA512_ECDSA,
    SHA512_RSA,
    authorize,
    b64,
    digest,
    refusal,
    sad,
    sign_hash,
    values,
)
from tests.server.province import Province, serve_here

VERSIONS = ("v1", "v2")
H = digest("văn bản 1")
pytestmark = pytest.mark.usefixtures("server")


# Looking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "specs"), [("v1", "1.0.4.0"), ("v2", "2.0.0.2")])
def test_info_needs_no_token_and_names_what_is_implemented(province: Province, version: str, specs: str) -> None:
    answer = httpx2.post(f"{province.url}/csc/{version}/info", json={})
    info = ServiceInfo.parse(answer.json())
    assert (answer.status_code, info.specs) == (200, specs)
    assert {"credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"} <= set(
        info.methods
    )


def test_credentials_are_listed_page_by_page(client: httpx2.Client) -> None:
    everything = ListResponse.parse(client.post("/csc/v1/credentials/list", json={}).json())
    found: list[str] = []
    body: dict[str, Any] = {"maxResults": 4}
    while True:
        page = ListResponse.parse(client.post("/csc/v1/credentials/list", json=body).json())
        found += page.credential_ids
        if page.next_page_token is None:
            break
        body["pageToken"] = page.next_page_token
    assert tuple(found) == everything.credential_ids
    assert len(found) == 6


def test_v2_list_tells_of_the_credentials_and_leaves_out_the_invalid(client: httpx2.Client) -> None:
    body = {"credentialInfo": True, "certificates": "chain", "onlyValid": True}
    page = ListResponse.parse(client.post("/csc/v2/credentials/list", json=body).json())
    assert {"nguyen-van-mau", "con-dau", "giu-pin", "mem"} == set(page.credential_ids)
    assert all(len(i.certificates) == 2 for i in page.infos)


@pytest.mark.parametrize("version", VERSIONS)
def test_credential_info_tells_chain_algorithms_and_terms(
    client: httpx2.Client, province: Province, version: str
) -> None:
    body = {"credentialID": "nguyen-van-mau", "certificates": "chain", "certInfo": True, "authInfo": True}
    raw = client.post(f"/csc/{version}/credentials/info", json=body).json()
    info = CredentialInfo.parse(raw, "nguyen-van-mau")
    assert info.certificates == (province.certificates["nguyen-van-mau"], province.issuing)
    assert (info.key_size, info.scal, info.multisign, info.pin) == (2048, "2", 5, False)
    assert SHA256_RSA in info.algorithms
    assert raw["cert"]["subjectDN"].endswith("CN=Nguyễn Văn Mẫu")
    assert raw["cert"]["validFrom"].endswith("Z")
    assert len(raw["cert"]["validFrom"]) == 15


@pytest.mark.parametrize("version", VERSIONS)
def test_credential_whose_user_holds_the_pin_says_so(client: httpx2.Client, version: str) -> None:
    raw = client.post(f"/csc/{version}/credentials/info", json={"credentialID": "giu-pin"}).json()
    assert CredentialInfo.parse(raw).pin
    assert raw["key"]["curve"] == "1.2.840.10045.3.1.7"
    if version == "v2":
        assert raw["auth"]["objects"][0]["id"] == "PIN"


@pytest.mark.parametrize(("credential", "status"), [("het-han", "expired"), ("thu-hoi", "revoked")])
def test_dead_certificate_is_shown_as_dead_and_its_key_as_disabled(
    client: httpx2.Client, credential: str, status: str
) -> None:
    info = CredentialInfo.parse(client.post("/csc/v2/credentials/info", json={"credentialID": credential}).json())
    assert (info.certificate_status, info.enabled) == (status, False)


# Signing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("spelling", VERSIONS)
def test_both_spellings_are_taken_on_both_paths(
    client: httpx2.Client, province: Province, version: str, spelling: str
) -> None:
    names = ("hash", "hashAlgo") if spelling == "v1" else ("hashes", "hashAlgorithmOID")
    body: dict[str, Any] = {"credentialID": "nguyen-van-mau", "numSignatures": 1, names[0]: b64(H)}
    granted = client.post(f"/csc/{version}/credentials/authorize", json=body)
    body = {"credentialID": "nguyen-van-mau", "SAD": granted.json()["SAD"], names[0]: b64(H)}
    body |= {names[1]: SHA256, "signAlgo": BARE_RSA}
    (value,) = values(client.post(f"/csc/{version}/signatures/signHash", json=body))
    key = province.certificates["nguyen-van-mau"].public_key
    assert SCHEMES["rsa-pkcs1-sha256"].verify(key, H, value)


@pytest.mark.parametrize(
    ("credential", "algorithm", "scheme"),
    [
        ("nguyen-van-mau", SHA256_RSA, "rsa-pkcs1-sha256"),
        ("nguyen-van-mau", SHA512_RSA, "rsa-pkcs1-sha512"),
        ("nguyen-van-mau", PSS, "rsa-pss-sha256"),
        ("nguyen-van-mau", PSS, "rsa-pss-sha512"),
        ("con-dau", SHA256_ECDSA, "ecdsa-sha256"),
        ("con-dau", SHA512_ECDSA, "ecdsa-sha512"),
        ("mem", SHA256_ECDSA, "ecdsa-sha256"),
        ("mem", SHA512_ECDSA, "ecdsa-sha512"),
    ],
)
def test_value_verifies_with_the_credentials_certificate(
    client: httpx2.Client, province: Province, credential: str, algorithm: str, scheme: str
) -> None:
    wanted = SCHEMES[scheme]
    imprint = wanted.imprint(b"noi dung")
    _, parameters = sign_algo(wanted)
    more = {} if parameters is None else {"signAlgoParams": parameters}
    granted = sad(client, credential, [imprint])
    (value,) = values(sign_hash(client, credential, granted, [imprint], algorithm, **more))
    assert wanted.verify(province.certificates[credential].public_key, imprint, value)


def test_values_come_in_the_order_of_the_hashes_not_of_the_approval(
    client: httpx2.Client, province: Province
) -> None:
    hashes = [digest(f"văn bản {i}") for i in range(5)]
    granted = sad(client, "nguyen-van-mau", hashes)
    asked = [hashes[i] for i in (3, 0, 4, 1, 2)]
    got = values(sign_hash(client, "nguyen-van-mau", granted, asked))
    key = province.certificates["nguyen-van-mau"].public_key
    assert [SCHEMES["rsa-pkcs1-sha256"].verify(key, h, v) for h, v in zip(asked, got, strict=True)] == [True] * 5


# The SAD -----------------------------------------------------------------------------------------------------


def test_sad_is_burnt_by_its_use(client: httpx2.Client) -> None:
    granted = sad(client, "con-dau", [H])
    assert sign_hash(client, "con-dau", granted, [H], SHA256_ECDSA).status_code == 200
    again = sign_hash(client, "con-dau", granted, [H], SHA256_ECDSA)
    assert refusal(again) == (400, "invalid_request", "Invalid parameter SAD")


def test_sad_covers_no_other_hash_and_is_not_burnt_by_the_attempt(client: httpx2.Client) -> None:
    granted = sad(client, "con-dau", [H])
    foreign = sign_hash(client, "con-dau", granted, [digest("văn bản khác")], SHA256_ECDSA)
    assert refusal(foreign) == (400, "invalid_request", "Hash is not authorized by the SAD")
    assert sign_hash(client, "con-dau", granted, [H], SHA256_ECDSA).status_code == 200


def test_sad_for_a_hash_once_does_not_cover_it_twice(client: httpx2.Client) -> None:
    other = digest("văn bản 2")
    granted = sad(client, "con-dau", [H, other])
    twice = sign_hash(client, "con-dau", granted, [H, H], SHA256_ECDSA)
    assert refusal(twice) == (400, "invalid_request", "Hash is not authorized by the SAD")
    assert len(values(sign_hash(client, "con-dau", granted, [other, H], SHA256_ECDSA))) == 2


def test_sad_may_be_used_bit_by_bit_until_its_count_is_gone(client: httpx2.Client) -> None:
    hashes = [digest(str(i)) for i in range(3)]
    granted = sad(client, "con-dau", hashes)
    for one in hashes:
        assert sign_hash(client, "con-dau", granted, [one], SHA256_ECDSA).status_code == 200
    more = sign_hash(client, "con-dau", granted, hashes[:1], SHA256_ECDSA)
    assert refusal(more) == (400, "invalid_request", "Invalid parameter SAD")


def test_sad_is_for_its_credential_only(client: httpx2.Client) -> None:
    granted = sad(client, "con-dau", [H])
    elsewhere = sign_hash(client, "mem", granted, [H], SHA256_ECDSA)
    assert refusal(elsewhere) == (400, "invalid_request", "Invalid parameter SAD")


def test_sad_is_for_its_caller_only(client: httpx2.Client, province: Province) -> None:
    granted = sad(client, "con-dau", [H])
    with httpx2.Client(base_url=province.url, headers={"Authorization": f"Bearer {province.other_token}"}) as other:
        stolen = sign_hash(other, "con-dau", granted, [H], SHA256_ECDSA)
    assert refusal(stolen) == (400, "invalid_request", "Invalid parameter SAD")


def test_sad_for_one_hash_algorithm_covers_no_other(client: httpx2.Client) -> None:
    granted = sad(client, "con-dau", [digest("x", "sha384")], version="v2", hashAlgorithmOID=SHA384)
    sha3_sized = sign_hash(client, "con-dau", granted, [H], SHA256_ECDSA)
    assert refusal(sha3_sized)[2] == "Hash is not authorized by the SAD"


def test_more_signatures_than_multisign_are_refused(client: httpx2.Client) -> None:
    hashes = [digest(str(i)) for i in range(6)]
    answer = authorize(client, "nguyen-van-mau", hashes)
    assert refusal(answer) == (400, "invalid_request", "Numbers of signatures is too high")


def test_one_sad_used_by_many_at_once_gives_exactly_its_count(client: httpx2.Client, province: Province) -> None:
    """Sixteen requests for a SAD over four times the same hash: four get a value, twelve are refused."""
    granted = sad(client, "con-dau", [H] * 4)
    start = threading.Barrier(16)

    def attempt(_: int) -> int:
        with httpx2.Client(base_url=province.url, headers=province.bearer, timeout=60) as own:
            start.wait()
            return sign_hash(own, "con-dau", granted, [H], SHA256_ECDSA).status_code

    with ThreadPoolExecutor(16) as threads:
        statuses = sorted(threads.map(attempt, range(16)))
    assert statuses == [200] * 4 + [400] * 12


class Clock:
    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(province: Province, clock: Clock) -> Iterator[httpx2.Client]:
    """A second server on the same folder, with a clock that the test turns."""
    with (
        serve_here(province.settings, clock) as url,
        httpx2.Client(base_url=url, headers=province.bearer, timeout=60) as session,
    ):
        yield session


@pytest.mark.parametrize(("credential", "more"), [("con-dau", {}), ("giu-pin", {"PIN": "97531864"})])
def test_sad_ends_with_its_lifetime(
    timed: httpx2.Client, clock: Clock, credential: str, more: dict[str, str]
) -> None:
    early, late = (sad(timed, credential, [H], **more) for _ in range(2))
    clock.time += timedelta(seconds=299)
    assert sign_hash(timed, credential, early, [H], SHA256_ECDSA).status_code == 200
    clock.time += timedelta(seconds=1)
    answer = sign_hash(timed, credential, late, [H], SHA256_ECDSA)
    assert refusal(answer) == (400, "invalid_request", "SAD expired")


# Words of refusal --------------------------------------------------------------------------------------------

_STRING = "Missing (or invalid type) string parameter "
AUTHORIZE: dict[str, Any] = {"credentialID": "con-dau", "numSignatures": 1, "hash": b64(H)}
SIGN: dict[str, Any] = {"credentialID": "con-dau", "SAD": "x" * 43, "hash": b64(H), "signAlgo": SHA256_ECDSA}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("credentials/list", {}, {"maxResults": 0}, "Invalid parameter maxResults"),
    ("credentials/list", {}, {"maxResults": "3"}, "Missing (or invalid type) integer parameter maxResults"),
    ("credentials/list", {}, {"pageToken": "-1"}, "Invalid parameter pageToken"),
    ("credentials/info", {}, {}, _STRING + "credentialID"),
    ("credentials/info", {}, {"credentialID": 7}, _STRING + "credentialID"),
    ("credentials/info", {}, {"credentialID": "không có"}, "Invalid parameter credentialID"),
    ("credentials/info", {"credentialID": "con-dau"}, {"certificates": "all"}, "Invalid parameter certificates"),
    ("credentials/authorize", AUTHORIZE, {"credentialID": None}, _STRING + "credentialID"),
    ("credentials/authorize", AUTHORIZE, {"credentialID": "x"}, "Invalid parameter credentialID"),
    (
        "credentials/authorize",
        AUTHORIZE,
        {"numSignatures": "1"},
        "Missing (or invalid type) integer parameter numSignatures",
    ),
    (
        "credentials/authorize",
        AUTHORIZE,
        {"numSignatures": True},
        "Missing (or invalid type) integer parameter numSignatures",
    ),
    ("credentials/authorize", AUTHORIZE, {"numSignatures": 0}, "Invalid value for parameter numSignatures"),
    ("credentials/authorize", AUTHORIZE, {"numSignatures": 2}, "Invalid value for parameter numSignatures"),
    ("credentials/authorize", AUTHORIZE, {"hash": None}, "Missing (or invalid type) array parameter hash"),
    ("credentials/authorize", AUTHORIZE, {"hash": []}, "Empty hash array"),
    ("credentials/authorize", AUTHORIZE, {"hash": ["%%%"]}, "Invalid Base64 hash string parameter"),
    ("credentials/authorize", AUTHORIZE, {"hash": b64(b"short")}, "Invalid digest value length"),
    ("credentials/authorize", AUTHORIZE, {"hashAlgo": SHA384}, "Invalid digest value length"),
    ("credentials/authorize", AUTHORIZE, {"hashAlgo": "1.3.14.3.2.26"}, "Invalid parameter hashAlgo"),
    (
        "credentials/authorize",
        AUTHORIZE,
        {"hashes": b64(H)},
        "Parameters hash and hashes mean the same; pass one of them",
    ),
    ("credentials/authorize", AUTHORIZE, {"credentialID": "het-han"}, "Signing certificate is expired"),
    (
        "credentials/authorize",
        AUTHORIZE,
        {"credentialID": "thu-hoi"},
        "The credential identified by credentialID is disabled",
    ),
    ("credentials/authorize", AUTHORIZE, {"credentialID": "giu-pin"}, _STRING + "PIN"),
    ("signatures/signHash", SIGN, {"SAD": None}, _STRING + "SAD"),
    ("signatures/signHash", SIGN, {}, "Invalid parameter SAD"),
    ("signatures/signHash", SIGN, {"credentialID": "x"}, "Invalid parameter credentialID"),
    ("signatures/signHash", SIGN, {"hash": None}, "Missing (or invalid type) array parameter hash"),
    ("signatures/signHash", SIGN, {"hash": "x"}, "Missing (or invalid type) array parameter hash"),
    ("signatures/signHash", SIGN, {"hash": []}, "Empty hash array"),
    ("signatures/signHash", SIGN, {"hash": ["===="]}, "Invalid Base64 hash string parameter"),
    ("signatures/signHash", SIGN, {"hash": b64(b"\0" * 20)}, "Invalid digest value length"),
    ("signatures/signHash", SIGN, {"hash": b64(b"\0" * 48)}, "Invalid digest value length"),
    ("signatures/signHash", SIGN, {"signAlgo": None}, _STRING + "signAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": "sha256WithRSA"}, "Invalid parameter signAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": "-1.2.3"}, "Invalid parameter signAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": SHA256_RSA}, "Invalid parameter signAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": "1.2.840.113549.1.1.5"}, "Invalid parameter signAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": BARE_RSA}, _STRING + "hashAlgo"),
    ("signatures/signHash", SIGN, {"signAlgo": PSS}, _STRING + "signAlgoParams"),
    ("signatures/signHash", SIGN, {"signAlgoParams": "MAA="}, "Invalid parameter signAlgoParams"),
    (
        "signatures/signHash",
        SIGN,
        {"hashAlgo": SHA384},
        "String parameter hashAlgo contradicts with signAlgo parameter",
    ),
    ("signatures/signHash", SIGN, {"hashAlgo": "sha256"}, "Invalid parameter hashAlgo"),
    ("signatures/signHash", SIGN, {"operationMode": "A"}, "Invalid parameter operationMode"),
    ("signatures/signHash", SIGN, {"credentialID": "het-han"}, "Signing certificate is expired"),
]


@pytest.mark.parametrize(("method", "good", "change", "words"), CASES)
def test_bad_request_is_refused_in_the_words_of_the_specification(
    client: httpx2.Client, method: str, good: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    body = {k: v for k, v in (good | change).items() if v is not None}
    answer = client.post(f"/csc/v1/{method}", json=body)
    assert refusal(answer) == (400, "invalid_request", words)


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'"x"', b'{"credentialID": NaN}', b"{" * 100_000, b'{"a":1,"a":2}', b"\xff"]
)
def test_body_that_is_no_json_object_is_refused(client: httpx2.Client, body: bytes) -> None:
    answer = client.post("/csc/v1/credentials/info", content=body)
    assert refusal(answer) == (400, "invalid_request", "The request body is not a JSON object")


def test_body_larger_than_a_megabyte_is_refused(client: httpx2.Client) -> None:
    answer = client.post("/csc/v1/credentials/info", content=b" " * (1024 * 1024 + 1))
    assert refusal(answer)[:2] == (413, "invalid_request")


@pytest.mark.parametrize("method", ["credentials/extendTransaction", "signatures/signDoc", "auth/login"])
def test_method_of_the_specification_that_is_not_there_is_501(client: httpx2.Client, method: str) -> None:
    assert refusal(client.post(f"/csc/v2/{method}", json={}))[:2] == (501, "invalid_request")


def test_name_that_is_no_method_is_404_and_get_is_405(client: httpx2.Client) -> None:
    assert refusal(client.post("/csc/v1/credentials/steal", json={}))[0] == 404
    assert refusal(client.get("/csc/v1/credentials/list"))[0] == 405


@pytest.mark.parametrize(
    "method", ["credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"]
)
@pytest.mark.parametrize(
    ("header", "status", "error"),
    [
        (None, 401, "invalid_token"),
        ("Bearer " + "A" * 43, 401, "invalid_token"),
        ("Basic dXNlcjpwYXNz", 400, "invalid_request"),
        ("Bearer", 400, "invalid_request"),
        ("Bearer a b", 400, "invalid_request"),
    ],
)
def test_every_method_but_info_needs_a_good_token(
    province: Province, method: str, header: str | None, status: int, error: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx2.post(f"{province.url}/csc/v1/{method}", json=AUTHORIZE | SIGN, headers=headers)
    assert refusal(answer)[:2] == (status, error)
    assert answer.headers.get("www-authenticate") == ('Bearer realm="kyso"' if status == 401 else None)


# The PIN that its user holds ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_pin_given_in_authorize_opens_the_key_for_that_sad(
    client: httpx2.Client, province: Province, version: str
) -> None:
    pin: dict[str, Any] = (
        {"PIN": "97531864"} if version == "v1" else {"authData": [{"id": "PIN", "value": "97531864"}]}
    )
    long = digest("văn bản 1", "sha512")
    granted = sad(client, "giu-pin", [H, long], version=version, **pin)
    key = province.certificates["giu-pin"].public_key
    (first,) = values(sign_hash(client, "giu-pin", granted, [H], SHA256_ECDSA, version))
    (second,) = values(sign_hash(client, "giu-pin", granted, [long], SHA512_ECDSA, version))
    assert SCHEMES["ecdsa-sha256"].verify(key, H, first)
    assert SCHEMES["ecdsa-sha512"].verify(key, long, second)


def test_wrong_pin_is_refused_also_while_the_token_is_open_and_three_of_them_lock(
    timed: httpx2.Client, clock: Clock
) -> None:
    """The token counts the first wrong PIN itself; one that is open already is not asked, so the server counts."""
    granted = sad(timed, "giu-pin", [H, H], PIN="97531864")
    for number in range(3):
        wrong = authorize(timed, "giu-pin", [H], PIN=f"0000{number}")
        assert refusal(wrong) == (400, "invalid_pin", "The PIN is invalid")
    locked = authorize(timed, "giu-pin", [H], PIN="97531864")
    assert refusal(locked) == (400, "invalid_request", "PIN locked")
    assert sign_hash(timed, "giu-pin", granted, [H], SHA256_ECDSA).status_code == 200
    clock.time += timedelta(minutes=15)
    assert authorize(timed, "giu-pin", [H], PIN="97531864").status_code == 200


def test_wrong_pin_on_a_closed_token_costs_one_try_and_no_second(timed: httpx2.Client) -> None:
    body = {"authData": [{"id": "PIN", "value": "11112222"}]}
    words = (400, "invalid_authentication_data", "The authentication data is invalid")
    assert refusal(authorize(timed, "giu-pin", [H], "v2", **body)) == words
    assert refusal(authorize(timed, "giu-pin", [H], "v2", **body)) == words
    assert authorize(timed, "giu-pin", [H], PIN="97531864").status_code == 200


@pytest.mark.parametrize(
    "more", [{"OTP": "123456"}, {"authData": [{"id": "OTP", "value": "1"}]}, {"authData": "x"}, {"PIN": ""}]
)
def test_factor_that_was_not_asked_for_is_refused(client: httpx2.Client, more: dict[str, Any]) -> None:
    assert authorize(client, "giu-pin", [H], **more).status_code == 400


# What must not be offered ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tsa", "ocsp", "issuing-ca"])
def test_keys_of_the_house_sign_no_documents(province: Province, clock: Clock, name: str) -> None:
    """C1: "sign this hash" with the TSA's key would forge time-stamps, with the CA's key certificates."""
    own = replace(
        province.settings.credentials[0],
        id="nha",
        key=f"pkcs11:token=kyso-ca;object={name}",
        pin_file=province.folder / "secrets" / "ca.pin",
    )
    settings = replace(province.settings, credentials=(own,))
    with serve_here(settings, clock) as url, httpx2.Client(base_url=url, headers=province.bearer) as session:
        answer = authorize(session, "nha", [H])
        ready = session.get("/readyz")
    assert refusal(answer)[2] == "The credential identified by credentialID is disabled"
    assert (ready.status_code, ready.json()["checks"]["credential nha"]) == (503, "certificate.unsuitable")


def test_key_file_whose_password_the_caller_has_is_told_apart_from_a_key_of_the_house(
    province: Province, clock: Clock
) -> None:
    """The file shows its certificate to nobody without the password, so `chain` has to name it, in any order."""
    mem = next(c for c in province.settings.credentials if c.id == "mem")
    password = mem.pin_file.read_text("utf-8").strip() if mem.pin_file else ""
    keystore = (province.folder / "keys" / "mem.p12").read_bytes()
    own = pkcs12.load_pkcs12(keystore, password.encode()).cert
    assert own is not None
    path = province.folder / "ca" / "mem.crt"
    path.write_bytes(own.certificate.public_bytes(Encoding.PEM))
    without, named = replace(mem, pin_file=None), replace(mem, pin_file=None, chain=(*mem.chain, path))
    with (
        serve_here(replace(province.settings, credentials=(without,)), clock) as url,
        httpx2.Client(base_url=url, headers=province.bearer) as session,
    ):
        assert session.get("/readyz").json()["checks"]["credential mem"] == "key.no_certificate"
    with (
        serve_here(replace(province.settings, credentials=(named,)), clock) as url,
        httpx2.Client(base_url=url, headers=province.bearer) as session,
    ):
        assert authorize(session, "mem", [H], PIN=password).status_code == 200


def test_key_of_the_house_under_another_certificate_signs_no_documents(province: Province, clock: Clock) -> None:
    """The key is what counts: a person's certificate for the TSA's key does not make it a person's key."""
    settings = province.settings
    assert settings.ca is not None
    tsa = certificates_from_bytes((province.folder / "ca" / "tsa.crt").read_bytes())[0]
    secret = FromFile(province.folder / "secrets" / "ca.pin")
    with open_key(settings.ca.issuing.key, secret=secret, modules=settings.modules) as ca:
        disguised = issue(
            PERSON,
            Subject("Nguyễn Văn Mẫu"),
            tsa.public_key,
            key=ca,
            issuer=province.issuing,
            not_before=datetime.now(UTC) - timedelta(hours=1),
            not_after=datetime.now(UTC) + timedelta(days=1),
        )
    path = province.folder / "ca" / "disguised.crt"
    path.write_text(disguised.pem(), encoding="utf-8")
    own = CredentialSettings("nha", "pkcs11:token=kyso-ca;object=tsa", settings.ca.issuing.pin_file, (path,))
    with (
        serve_here(replace(settings, credentials=(own,)), clock) as url,
        httpx2.Client(base_url=url, headers=province.bearer) as session,
    ):
        answer = authorize(session, "nha", [H])
    assert refusal(answer)[2] == "The credential identified by credentialID is disabled"


def test_wrong_pin_file_is_tried_once_and_never_again(province: Province, clock: Clock) -> None:
    """A health check every ten seconds must not lock a token; afterwards the right PIN still opens it."""
    wrong = province.folder / "secrets" / "wrong.pin"
    wrong.write_text("55555555\n", encoding="utf-8")
    wrong.chmod(0o600)
    own = replace(province.settings.credentials[4], pin_file=wrong)
    settings = replace(province.settings, credentials=(own,))
    with serve_here(settings, clock) as url, httpx2.Client(base_url=url, headers=province.bearer) as session:
        for _ in range(3):
            assert session.get("/readyz").json()["checks"]["credential giu-pin"] == "key.unavailable_here"
            wrong.write_text("97531864\n", encoding="utf-8")  # right now, and not read any more
        answer = authorize(session, "giu-pin", [H])
    assert refusal(answer) == (503, "temporarily_unavailable", "The key cannot be used now")
    with serve_here(province.settings, clock) as url, httpx2.Client(base_url=url, headers=province.bearer) as session:
        assert authorize(session, "giu-pin", [H], PIN="97531864").status_code == 200


def test_base64_of_values_is_plain(client: httpx2.Client) -> None:
    granted = sad(client, "nguyen-van-mau", [H])
    (text,) = sign_hash(client, "nguyen-van-mau", granted, [H]).json()["signatures"]
    assert len(base64.b64decode(text, validate=True)) == 256
