"""What stands around every request: its number, its log line, the headers of its answer, its size limit.

`Envelope` is a plain ASGI layer (a tenth of a millisecond less than the framework's own). The log line holds
who, what, how long and how it ended; never a query, a header, a token or a byte of a document.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import TooLarge, TooSlow

ACCESS = logging.getLogger("kyso.access")
ERRORS = logging.getLogger("kyso.error")
MAX_LOGGED_PATH = 200
SLOWEST_UPLOAD = 16 << 10  # bytes a second: a thirtieth of a 4 Mbit/s line; 64 MB take over an hour at it

HEADERS: Sequence[tuple[bytes, bytes]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)
NO_STORE = (b"cache-control", b"no-store")


class Envelope:
    """Numbers, logs and seals each request; an exception that nobody expected becomes a plain 500."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = list(HEADERS)
        if https:
            self.headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = uuid.uuid4().hex
        started = time.perf_counter()
        status = 0

        async def sealed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name.lower() for name, _ in message.get("headers", [])}
                added = [*self.headers, (b"x-request-id", request_id.encode())]
                added += [NO_STORE] if NO_STORE[0] not in names else []
                message["headers"] = [*message.get("headers", []), *(h for h in added if h[0] not in names)]
            await send(message)

        try:
            await self.app(scope, receive, sealed)
        except Exception:
            ERRORS.exception("request %s", request_id)
            if status:
                raise  # the answer has begun; cutting the connection is the only honest end
            await _plain_500(scope, request_id, sealed)
        finally:
            _log(scope, request_id, status, (time.perf_counter() - started) * 1000)


async def _plain_500(scope: Scope, request_id: str, send: Send) -> None:
    text = "The server made a mistake; its log holds the request's number."
    body: dict[str, Any] = {"type": "urn:kyso:error:error", "title": "Internal error", "status": 500}
    body |= {"detail": text, "code": "error", "request": request_id}
    kind = b"application/problem+json"
    if scope["path"].startswith("/csc/"):
        body, kind = {"error": "server_error", "error_description": text}, b"application/json"
    headers = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def _log(scope: Scope, request_id: str, status: int, ms: float) -> None:
    route = scope.get("route")
    client = scope.get("client")
    state = scope["state"]
    line = {
        "request": request_id,
        "method": scope["method"],
        # The route's pattern: the path itself may carry data (OCSP by GET).
        "path": getattr(route, "path", None) or scope["path"][:MAX_LOGGED_PATH],
        "status": status,
        "ms": round(ms, 1),
        "client": client[0] if client else None,
        "caller": state.get("caller"),
        "error": state.get("error"),
    }
    ACCESS.info(json.dumps({k: v for k, v in line.items() if v is not None}))


async def read_body(
    request: Request, limit: int, patience_s: float, hold: Callable[[int], None] = lambda size: None
) -> bytes:
    """The request's body, refused with `TooLarge` before more than `limit` bytes are held (R3).

    Refused with `TooSlow` when nothing comes for `patience_s` seconds, or when after so many seconds the whole has
    come more slowly than `SLOWEST_UPLOAD`. `hold` is told of each piece, and may raise.
    """
    too_large = TooLarge(f"The request body is larger than {limit} bytes.", remedy="Send a smaller document.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    parts: list[bytes] = []
    size = 0
    now = asyncio.get_running_loop().time
    patience_ends = now() + patience_s
    try:
        async with asyncio.timeout_at(patience_ends) as waiting:
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_large
                hold(len(part))
                parts.append(part)
                waiting.reschedule(min(now() + patience_s, patience_ends + size / SLOWEST_UPLOAD))
    except TimeoutError:
        raise TooSlow(
            f"The request body did not come in time: {size} bytes so far.",
            remedy=f"Send it without pauses of {patience_s:g} s, and at {SLOWEST_UPLOAD // 1024} KiB/s or more.",
        ) from None
    return b"".join(parts)
