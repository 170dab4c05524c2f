"""The time-stamping authority over HTTP (RFC 3161 3.4). Open to everybody."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kyso_pki.authority import timestamp
from kyso_pki.errors import KysoError

from .. import issuing
from ..house import House
from ..problems import NotServed, WrongMediaType
from .calling import body_of, house_of, in_thread, raw_body

router = APIRouter(tags=["TSA"])
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
_LOG = logging.getLogger("kyso.error")


@router.post("/tsa", response_class=Response, openapi_extra=raw_body(QUERY, description="TimeStampReq in DER."))
async def stamp(request: Request) -> Response:
    """A time-stamp over a hash, or the refusal with its reason (RFC 3161 2.4.2)."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != QUERY:
        raise WrongMediaType(f"A time-stamp request has Content-Type {QUERY}.")
    body = await body_of(request, timestamp.MAX_REQUEST_BYTES)
    return Response(await in_thread(_answer, house_of(request), body), media_type=REPLY)


def _answer(house: House, body: bytes) -> bytes:
    try:
        return issuing.timestamp_answer(house, body)
    except NotServed:
        raise
    except KysoError as e:
        _LOG.error("tsa: %s: %s", e.code, e)
        return timestamp.refusal(timestamp.SYSTEM_FAILURE, "The authority cannot sign now.")
