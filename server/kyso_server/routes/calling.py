"""What the routes share: the house behind a request, its caller, and blocking work in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from .. import auth
from ..envelope import read_body
from ..house import House
from ..signing import Caller

_T = TypeVar("_T")

TOKEN_NEEDED: list[dict[str, list[str]]] = [{"token": []}]
"""The `security` of an operation in the API description."""


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


async def caller_of(request: Request) -> Caller:
    """Who calls. Raises `NotAuthorized`, `MalformedAuthorization`; nothing of the body has been read then."""
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise auth.MalformedAuthorization("Malformed authorization header")
    name = await run_in_threadpool(auth.caller, house_of(request).store, headers[0] if headers else None)
    request.state.caller = name
    return Caller(name, request.state.request_id)


async def body_of(request: Request, limit: int, hold: Callable[[int], None] = lambda size: None) -> bytes:
    """The request's body of at most `limit` bytes; `hold` is told of each piece. Raises `TooLarge`, `TooSlow`."""
    return await read_body(request, limit, house_of(request).settings.upload_patience_s, hold)


async def in_thread(work: Callable[..., _T], *args: Any, **options: Any) -> _T:
    """Runs blocking work (a key, the database, a parser) beside the event loop."""
    return await run_in_threadpool(work, *args, **options)


def raw_body(*kinds: str, description: str) -> dict[str, Any]:
    """The description of a body that is taken as it comes, for `openapi_extra`."""
    schema = {"type": "string", "format": "binary"}
    content = {kind: {"schema": schema} for kind in kinds}
    return {"requestBody": {"required": True, "description": description, "content": content}}
