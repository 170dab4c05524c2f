"""Whole documents: sign at `/v1/sign`, extend at `/v1/extend`, verify at `/v1/verify`.

Bodies are raw: no multipart, no base64. The password of an encrypted PDF comes in a header of its own, because an
address is written into logs on its way; it is forgotten with the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from kyso_pki.ades import grow
from kyso_pki.ades.grow import Sources
from kyso_pki.ades.places import not_looked_at
from kyso_pki.ades.policy import DEFAULT_POLICY
from kyso_pki.document import Intent, Level, level_named
from kyso_pki.errors import EmptyInput, UnrecognisedFormat, UsageError
from kyso_pki.formats import lint_document, open_document, verify_document
from kyso_pki.reports.forms import MEDIA_TYPES as REPORT_TYPES
from kyso_pki.reports.forms import Form, rendered
from kyso_pki.reports.html import POLICY
from kyso_pki.reports.words import Words

from .. import signing
from ..house import House
from ..issuing import OwnFetcher, OwnTimestamper
from ..problems import CallerGone
from ..signing import Caller
from .accepting import form_of, language_of
from .asked import Asked, AskedToSign, refuse_unknown
from .calling import TOKEN_NEEDED, body_of, caller_of, house_of, in_thread, raw_body

router = APIRouter(
    prefix="/v1", tags=["Documents"], dependencies=[Depends(caller_of)]
)  # before any parameter is read
MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml", "cms": "application/cms"}  # RFC 7193
_BODY = raw_body("application/pdf", "application/xml", description="The document, as it is.")
_PASSWORD_HEADER = "Kyso-Document-Password"  # noqa: S105 - its name
_PIN_HEADER = "Kyso-Pin"
_DocumentPassword = Annotated[
    str | None,
    Header(
        alias=_PASSWORD_HEADER,
        max_length=400,  # 127 octets (ISO 32000-2 7.6.4.3.3), three characters for each
        description="The password of an encrypted PDF: UTF-8, percent-encoded (RFC 3986), `%` itself as `%25`",
    ),
]


def _password(request: Request, given: str | None) -> Callable[[], str | None] | None:
    """The password in the header. Raises `UsageError`, which repeats nothing of it."""
    if given is None:
        return None
    once = len(request.headers.getlist(_PASSWORD_HEADER)) == 1
    try:
        if not once or not given.isascii() or re.search(r"%(?![0-9A-Fa-f]{2})", given):
            raise ValueError
        password = unquote(given, errors="strict")
    except ValueError:
        raise UsageError(
            f"The header {_PASSWORD_HEADER} is given twice, or is not percent-encoded UTF-8.",
            remedy="Encode the password as in an address: letters and digits as they are, `%` as `%25`.",
        ) from None
    return lambda: password


def _pin(request: Request, given: str | None) -> str | None:
    """The PIN in the header. Raises `UsageError`: one that was read as another would cost a try of the token."""
    if given is not None and (len(request.headers.getlist(_PIN_HEADER)) != 1 or not given.isascii()):
        raise UsageError(
            f"The header {_PIN_HEADER} is given twice, or holds letters that no header can carry.",
            remedy="Give a PIN with such letters to CSC's credentials/authorize, whose JSON carries them.",
        )
    return given


@asynccontextmanager
async def _document(request: Request) -> AsyncIterator[bytes]:
    """The body, and a turn to work on it. Raises `UsageError` for a form: its envelope would be taken for a document.

    Raises `Busy` and `CallerGone` as well.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise UsageError(
            "The request body is a form (multipart), not a document.",
            remedy="Send the document itself as the request body: `curl --data-binary @van-ban.pdf`, not `-F`.",
        )
    house = house_of(request)
    with house.load.holding() as hold:
        data = await body_of(request, house.settings.max_document_mb * 1024 * 1024, hold)
        if not data:
            raise EmptyInput("The request body is empty.", remedy="Send the document itself as the request body.")
        async with house.load.working(len(data)):
            if await request.is_disconnected():  # he may have waited long, and asks again elsewhere
                raise CallerGone("The caller closed the connection before his document had its turn.")
            yield data


@router.post(
    "/sign",
    openapi_extra={"security": TOKEN_NEEDED} | _BODY,
    response_class=Response,
    responses={200: {"description": "The signed document", "content": {v: {} for v in MEDIA_TYPES.values()}}},
)
async def sign(
    request: Request,
    caller: Annotated[Caller, Depends(caller_of)],
    asked: Asked,
    kyso_pin: Annotated[str | None, Header(max_length=200, description="The PIN, where the credential asks")] = None,
    document_password: _DocumentPassword = None,
) -> Response:
    """The document with one more signature.

    The document travels here; with the CSC methods only its hash does. A PDF in which what is seen may not be what
    is signed is refused (`format.lint`), or signed with the header `Kyso-Lint` naming what the linter warns of.
    """
    house, password, pin = house_of(request), _password(request, document_password), _pin(request, kyso_pin)
    asked.intent(house.now())  # what is wrong with it is said before the document is taken
    async with _document(request) as data:
        intent = asked.intent(house.now())  # when its turn has come, which may be later
        signed, kind, warnings = await in_thread(_sign, house, data, password, intent, asked, caller, pin)
    headers = {"Kyso-Lint": ", ".join(warnings)} if warnings else None
    return Response(signed, media_type=MEDIA_TYPES[kind], headers=headers)


def _sign(
    house: House,
    data: bytes,
    password: Callable[[], str | None] | None,
    intent: Intent,
    asked: AskedToSign,
    caller: Caller,
    pin: str | None,
) -> tuple[bytes, str, list[str]]:
    """The signed document, its format, and the codes of what the linter warned of."""
    document = open_document(data, password)
    if document.format == "cms":  # what is in it is anybody's file, which no linter looks at
        raise UnrecognisedFormat(
            "The body is a CMS file; the server signs PDF and XML documents.",
            remedy="Sign it where it lies: kyso sign --server sends its hash alone.",
        )
    warnings: list[str] = []
    if house.settings.lint is not None:
        report = lint_document(document, house.settings.lint)
        report.refuse()
        warnings = list(dict.fromkeys(s.observation.code for s in report.warnings))
    timestamper = OwnTimestamper(house) if house.tsa is not None else None
    signed = signing.sign_document(
        house,
        document,
        intent,
        asked.credential,
        caller,
        pin=pin,
        timestamper=timestamper,
        sources=_sources(house) if intent.level in ("B-LT", "B-LTA") else None,
        hash_name=asked.hash_name,
        pss=asked.pss,
    )
    return signed, document.format, warnings


def _sources(house: House) -> Sources:
    """Evidence from this server's own records alone, as for its verdicts."""
    return Sources(house.now(), OwnFetcher(house), trust=house.trust)


@router.post(
    "/extend",
    openapi_extra={"security": TOKEN_NEEDED} | _BODY,
    response_class=Response,
    responses={200: {"description": "The extended document", "content": {v: {} for v in MEDIA_TYPES.values()}}},
)
async def extend(
    request: Request,
    level: Annotated[str, Query(max_length=20, description="B-T, B-LT or B-LTA")] = "B-LTA",
    document_password: _DocumentPassword = None,
) -> Response:
    """The document with every signature in it brought to the level; B-LTA on what is B-LTA renews it.

    A PDF is a prefix of the answer, of XML only the unsigned properties of its XAdES signatures become longer; plain
    XMLDSIG is refused. No key signs but that of the time-stamping authority. Evidence comes
    from this server's own CA; where it cannot be had, the answer is 409 and the log names the certificate.
    """
    refuse_unknown(request, ("level",))
    wanted, password = level_named(level), _password(request, document_password)
    async with _document(request) as data:
        extended, kind = await in_thread(_extend, house_of(request), data, password, wanted)
    return Response(extended, media_type=MEDIA_TYPES[kind])


def _extend(house: House, data: bytes, password: Callable[[], str | None] | None, level: Level) -> tuple[bytes, str]:
    """The longer document, and its format."""
    timestamper = OwnTimestamper(house) if house.tsa is not None else None
    document = open_document(data, password)
    longer = grow.extend(document, level, timestamper=timestamper, sources=_sources(house))
    return longer.data, longer.format


_VERIFIED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report; `Accept` chooses its form, `Accept-Language` (vi, en) the words of HTML and PDF",
        "content": {media.partition(";")[0]: {} for media in REPORT_TYPES.values()},
    }
}


@router.post(
    "/verify", openapi_extra={"security": TOKEN_NEEDED} | _BODY, response_class=Response, responses=_VERIFIED
)
async def verify(request: Request, document_password: _DocumentPassword = None) -> Response:
    """The report on every signature in the document, by this server's trust anchors.

    The status is 200 whatever the verdict: read `verdict` (`passed`, `failed`, `indeterminate`). JSON unless `Accept`
    asks for `text/html`, `application/pdf` or `application/xml` (ETSI TS 119 102-2).
    """
    refuse_unknown(request, ())
    password = _password(request, document_password)
    form = form_of(request.headers.get("accept", ""))
    words = Words(language_of(request.headers.get("accept-language", "")))
    async with _document(request) as data:
        octets = await in_thread(_verify, house_of(request), data, password, form, words)
    headers = {"Vary": "Accept, Accept-Language"}
    if form == "html":
        headers["Content-Security-Policy"] = POLICY
    return Response(octets, media_type=REPORT_TYPES[form], headers=headers)


def _verify(house: House, data: bytes, password: Callable[[], str | None] | None, form: Form, words: Words) -> bytes:
    """The report in this form; as JSON it is the object itself (docs/report.md)."""
    fetcher = OwnFetcher(house)
    report = verify_document(data, trust=house.trust, at=house.now(), fetcher=fetcher, password=password)
    report = not_looked_at(report, DEFAULT_POLICY, "this server does not draw pages.")
    if form == "json":
        return json.dumps(report.to_json(), ensure_ascii=False).encode()
    return rendered([report], form, words)


@router.get("/credentials", openapi_extra={"security": TOKEN_NEEDED})
async def credentials(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> JSONResponse:
    """The keys that may be used, with their certificates' subjects."""
    return JSONResponse({"credentials": await in_thread(signing.overview, house_of(request), caller.token)})
