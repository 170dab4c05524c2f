"""The CA's public services: certificates, CRLs, OCSP. They are open to everybody, as every verifier needs them."""

from __future__ import annotations

import base64
import binascii
import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kyso_pki.authority import ocsp
from kyso_pki.errors import KysoError

from .. import issuing
from ..house import House
from ..problems import NotServed
from .calling import body_of, house_of, in_thread, raw_body

router = APIRouter(tags=["CA"])
OCSP_RESPONSE = "application/ocsp-response"
_LOG = logging.getLogger("kyso.error")


@router.get("/ca/{name}.crt", response_class=Response)
async def certificate(request: Request, name: str) -> Response:
    """A certificate of this CA in DER: root, issuing, ocsp, tsa."""
    found = await in_thread(issuing.certificate, house_of(request), name)
    return Response(found, media_type="application/pkix-cert")


@router.get("/crl/{name}.crl", response_class=Response)
async def crl(request: Request, name: str) -> Response:
    """The current CRL in DER: issuing, root."""
    found = await in_thread(issuing.crl, house_of(request), name)
    return Response(found, media_type="application/pkix-crl")


@router.post(
    "/ocsp",
    response_class=Response,
    openapi_extra=raw_body("application/ocsp-request", description="OCSPRequest in DER (RFC 6960)."),
)
async def ocsp_post(request: Request) -> Response:
    """The status of certificates of the issuing CA."""
    body = await body_of(request, ocsp.MAX_REQUEST_BYTES)
    return Response(await in_thread(_answer, house_of(request), body), media_type=OCSP_RESPONSE)


@router.get("/ocsp/{request_base64:path}", response_class=Response)
async def ocsp_get(request: Request, request_base64: str) -> Response:
    """The same by GET: the request in base64, percent-encoded, as the last part of the path (RFC 6960 A.1)."""
    try:
        body = base64.b64decode(request_base64, validate=True)
    except binascii.Error:
        body = b""  # not a request; the responder says malformedRequest
    return Response(await in_thread(_answer, house_of(request), body), media_type=OCSP_RESPONSE)


def _answer(house: House, body: bytes) -> bytes:
    """An OCSP client reads only OCSP: what goes wrong here is told in its language, and in full to the log."""
    try:
        return issuing.ocsp_answer(house, body)
    except NotServed:
        raise
    except KysoError as e:
        _LOG.error("ocsp: %s: %s", e.code, e)
        return ocsp.refusal("tryLater" if e.code.startswith("key.") else "internalError")
