"""The server, put together: `create_app(settings)` for an ASGI server, `run(settings)` for `kyso serve`.

Routes hold HTTP only; what they do stands in `signing` and `issuing`, which are told everything they need by a
`House`. PKCS#11 never runs in this process: the keyring's workers do that, and end with the application.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from kyso_pki.errors import KysoError, UsageError

from .docs_page import render
from .envelope import ERRORS, Envelope
from .house import open_house
from .problems import MEDIA_TYPE, MethodNotAllowed, NotFound, problem_of, refusal_of
from .routes import ca, csc, documents, health, tsa
from .settings import Settings
from .setup import prepare_database

VERSION = "0.1.0"
DESCRIPTION = """\
Signs and verifies documents with keys in HSMs. Signing a hash is the Cloud Signature Consortium API (v1 and v2); \
the document then never leaves its owner.

Where it says "API token", send the header `Authorization: Bearer TOKEN`. Errors are RFC 9457 problem details; \
below /csc they are CSC error bodies.

Ký và xác thực văn bản với khóa trong HSM. Khi ký băm (CSC), văn bản không rời khỏi máy của người ký."""


def create_app(settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """The ASGI application. Certificates are read now, keys are opened when first needed. Raises `KysoError`."""
    house = open_house(settings, now)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            house.close()

    app = FastAPI(
        title="kyso",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.house = house
    for module in (health, csc, documents, ca, tsa):
        app.include_router(module.router)
    app.add_api_route("/docs", _docs_page(app), include_in_schema=False, response_class=HTMLResponse)
    app.add_exception_handler(KysoError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_middleware(Envelope, https=settings.url.startswith("https://"))
    return app


def run(settings: Settings, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serves until told to stop (SIGINT, SIGTERM); open requests get ten seconds to end.

    Brings the database to the newest tables first, and calls `ready` as soon as a connection is answered.
    Call it in the main thread. Raises `KysoError` for what is wrong with the settings.
    """
    import uvicorn

    from .connections import Crowd, most_connections, protocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    _log_to_stderr()
    prepare_database(settings)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=protocol(Crowd(most_connections(settings.max_connections))),  # type: ignore[arg-type] # it makes one
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    # uvicorn shuts down in good order and then raises the signal once more; that is an end like any other.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run()


def _log_to_stderr() -> None:
    """One line per event; `kyso.access` lines are JSON."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # five lines at every start that say nothing


def _docs_page(app: FastAPI) -> Callable[[], HTMLResponse]:
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        schema.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        return schema

    def docs() -> HTMLResponse:
        return HTMLResponse(render(app.openapi()))

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way to extend the description

    return docs


def _answer(request: Request, error: KysoError) -> Response:
    """The error in the shape that this part of the tree speaks."""
    request.state.error = error.code
    headers = {}
    path = request.url.path
    if path.startswith("/csc/"):
        refusal = refusal_of(error, "v1" if path.startswith("/csc/v1/") else "v2")
        status, body, media = refusal.status, dict(refusal.to_json()), "application/json"
    else:
        (status, body), media = problem_of(error, request.state.request_id), MEDIA_TYPE
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="kyso"'
    if status in (500, 503):
        ERRORS.error("request %s: %s: %s", request.state.request_id, error.code, error, exc_info=error.__cause__)
    if status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(body, status, headers, media)


async def _on_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, KysoError):
        raise error
    return _answer(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())
    return _answer(request, UsageError(f"The request has wrong parameters: {wrong}.", remedy="See /docs."))


async def _on_http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 405:
        answer = _answer(request, MethodNotAllowed("This address takes another method.", remedy="See /docs."))
        answer.headers.update(error.headers or {})
        return answer
    if error.status_code == 404:
        return _answer(request, NotFound("There is nothing at this address.", remedy="See /docs."))
    return _answer(request, UsageError(f"The request was refused: {error.detail}"))
