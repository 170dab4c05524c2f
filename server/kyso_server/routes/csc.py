"""The Cloud Signature Consortium API under `/csc/v1` and `/csc/v2`, from one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from kyso_pki import csc
from kyso_pki.csc import SPECS, VERSIONS, CscRefusal, ServiceInfo, Version

from .. import signing
from ..house import House
from ..signing import Caller
from .calling import TOKEN_NEEDED, body_of, caller_of, house_of, in_thread

MAX_JSON = 1024 * 1024  # bytes; a thousand hashes take 100 kB
MAX_INFO = 16 * 1024  # bytes of what anybody may send
MAX_PAGE = 100
METHODS = ("info", "credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash")
NOT_IMPLEMENTED = frozenset(
    {
        "auth/login",
        "auth/revoke",
        "credentials/authorizeCheck",
        "credentials/create",
        "credentials/delete",
        "credentials/extendTransaction",
        "credentials/getChallenge",
        "credentials/sendOTP",
        "signatures/signDoc",
        "signatures/signPolling",
        "signatures/timestamp",
    }
)

router = APIRouter(tags=["CSC"])
Method = Callable[[House, Version, dict[str, Any], Caller], dict[str, Any]]


def _info(house: House, version: Version) -> dict[str, Any]:
    return ServiceInfo(
        specs=SPECS[version],
        name="kyso",
        methods=METHODS,
        description="Dịch vụ ký số từ xa",
        sign_algorithms=csc.SIGN_ALGORITHMS,
    ).to_json(version)


def _list(house: House, version: Version, body: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """One credential that cannot be reached hides no other: it is listed, but not described."""
    request = csc.ListRequest.parse(body)
    ids = signing.credential_ids(house, caller.token)
    described: dict[str, csc.CredentialInfo] = {}
    if request.only_valid or (request.credential_info and version == "v2"):
        described = {i: told for i in ids if (told := signing.info_if_reachable(house, i, caller.token)) is not None}
    if request.only_valid:
        ids = [i for i in ids if i in described and described[i].enabled]
    start = _page_start(request.page_token, len(ids))
    page = ids[start : start + min(request.max_results or MAX_PAGE, MAX_PAGE)]
    end = start + len(page)
    infos = tuple(described[i] for i in page if i in described)
    return csc.ListResponse(tuple(page), str(end) if end < len(ids) else None, infos).to_json(version, request)


def _page_start(token: str | None, count: int) -> int:
    if token is None:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > 6 or not 0 < int(token) < count:
        raise csc.invalid("Invalid parameter pageToken")
    return int(token)


def _credential(house: House, version: Version, body: dict[str, Any], caller: Caller) -> dict[str, Any]:
    request = csc.InfoRequest.parse(body)
    info = signing.info(house, signing.offered(house, request.credential_id, caller.token))
    return info.to_json(
        version, certificates=request.certificates, cert_info=request.cert_info, auth_info=request.auth_info
    )


def _authorize(house: House, version: Version, body: dict[str, Any], caller: Caller) -> dict[str, Any]:
    return signing.authorize(house, csc.AuthorizeRequest.parse(body, version), caller).to_json()


def _sign_hash(house: House, version: Version, body: dict[str, Any], caller: Caller) -> dict[str, Any]:
    return signing.sign_hash(house, csc.SignHashRequest.parse(body, version), caller).to_json()


def _add(version: Version, name: str, method: Method, summary: str) -> None:
    async def call(request: Request) -> JSONResponse:
        caller = await caller_of(request)
        body = csc.object_of(await body_of(request, MAX_JSON))
        return JSONResponse(await in_thread(method, house_of(request), version, body, caller))

    router.add_api_route(
        f"/csc/{version}/{name}",
        call,
        methods=["POST"],
        name=f"{version} {name}",
        summary=summary,
        openapi_extra={"security": TOKEN_NEEDED} | _JSON_BODY,
    )


def _add_info(version: Version) -> None:
    async def call(request: Request) -> JSONResponse:
        csc.object_of(await body_of(request, MAX_INFO))
        return JSONResponse(_info(house_of(request), version))

    router.add_api_route(
        f"/csc/{version}/info", call, methods=["POST"], name=f"{version} info", summary="What this service offers."
    )


def _add_rest(version: Version) -> None:
    """Every other method of the specification is 501, every other name 404."""

    async def call(request: Request, method: str) -> JSONResponse:
        if method in NOT_IMPLEMENTED:
            raise CscRefusal("invalid_request", f"The method {method} is not implemented", 501)
        raise CscRefusal("invalid_request", "There is no such method", 404)

    router.add_api_route(f"/csc/{version}/{{method:path}}", call, methods=["POST"], include_in_schema=False)


_JSON_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}
_TABLE: tuple[tuple[str, Method, str], ...] = (
    ("credentials/list", _list, "The credentials that may be used."),
    ("credentials/info", _credential, "One credential: its certificates, algorithms, and how it is unlocked."),
    ("credentials/authorize", _authorize, "A SAD for exactly these hashes (SCAL 2); a PIN is tried once."),
    ("signatures/signHash", _sign_hash, "Signature values over the hashes, in their order; burns the SAD."),
)
for _version in VERSIONS:
    _add_info(_version)
    for _name, _method, _summary in _TABLE:
        _add(_version, _name, _method, _summary)
    _add_rest(_version)
