"""Is it alive, and can it work: `/healthz` for the supervisor, `/readyz` for the load balancer, `/metrics`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import text

from kyso_hsm.metrics import MEDIA_TYPE, prometheus
from kyso_pki.errors import KysoError

from .. import signing
from ..house import House
from ..keyring import Address
from .calling import house_of, in_thread

router = APIRouter(tags=["Health"])
_LOG = logging.getLogger("kyso.error")


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Whether the database and every key can be used now; 503 names what cannot."""
    checks = await in_thread(_checks, house_of(request))
    ready = all(state == "ok" for state in checks.values())
    told = {
        "status": "ready" if ready else "not ready",
        "checks": checks,
        **await in_thread(_places, house_of(request)),
    }
    return JSONResponse(told, 200 if ready else 503)


@router.get("/metrics")
async def metrics(request: Request) -> PlainTextResponse:
    """The tokens' states and counters in Prometheus' text format."""
    tokens = await in_thread(house_of(request).keys.tokens)
    return PlainTextResponse(prometheus(tokens), media_type=MEDIA_TYPE)


def _places(house: House) -> dict[str, Any]:
    """The tokens, and the replicas of keys that have some: states only, the reasons are in the log."""
    tokens = [
        {"token": t.label, "serial": t.serial, "state": t.condition, "workers": t.workers, "running": t.running}
        for t in house.keys.tokens()
    ]
    known = house.keys.replicas()
    replicas = {
        name: [{"state": s.condition, "tested": s.tested} for s in known[address.uri]]
        for name, address in house.addresses.items()
        if address.uri in known
    }
    return {"tokens": tokens, **({"replicas": replicas} if replicas else {})}


def _checks(house: House) -> dict[str, str]:
    found = {"database": _state(partial(_ask_database, house)), "trust": _state(lambda: house.trust)}
    for name, address in house.addresses.items():
        found[f"credential {name}"] = _state(partial(_check_credential, house, name, address))
    keys: dict[str, Address] = {}
    if house.authority is not None:
        keys |= {"ca": house.authority.issuing_key, "ocsp": house.authority.ocsp_key}
    if house.tsa is not None:
        keys["tsa"] = house.tsa.key
    for name, address in keys.items():
        found[name] = _state(partial(house.keys.check, address))
    return found


def _check_credential(house: House, name: str, address: Address) -> None:
    """Also refuses what must not be offered, such as the TSA's key; that a certificate ended is not for here."""
    signing.offered(house, name, None)
    house.keys.check(address)


def _ask_database(house: House) -> None:
    with house.store.reading() as session:
        session.execute(text("SELECT 1 FROM api_tokens LIMIT 1"))


def _state(check: Callable[[], object]) -> str:
    """`ok`, or the error's code: a word for the outside, the whole story for the log."""
    try:
        check()
    except KysoError as e:
        _LOG.error("readyz: %s: %s", e.code, e)
        return e.code
    return "ok"
