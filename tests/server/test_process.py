"""The server as a process: where PKCS#11 runs, what survives what, what is logged, how it ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.pki.pdf.encryption.locked import locked
from tests.server.calls import SHA256_ECDSA, authorize, digest, refusal, sad, sign_hash
from tests.server.province import Province, build, free_port, serve

H = digest("x")
PIN, OWN_PIN = "24680135", "97531864"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """A province of this module's own, because its processes are killed."""
    return build(tmp_path_factory.mktemp("rieng"), free_port())


@pytest.fixture
def running(own: Province) -> Iterator[subprocess.Popen[bytes]]:
    with serve(own) as process:
        yield process


@pytest.fixture
def caller(own: Province, running: subprocess.Popen[bytes]) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=own.url, headers=own.bearer, timeout=60) as session:
        yield session


def _maps_softhsm(pid: int) -> bool:
    return "libsofthsm2" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text(encoding="utf-8").split())
    return found


def _below(pid: int) -> list[int]:
    return [p for child in _children(pid) for p in (child, *_below(child))]


def _audited(own: Province, answer: httpx2.Response) -> tuple[str, str | None, str]:
    with sqlite3.connect(own.folder / "kyso.db") as database:
        row = database.execute(
            "SELECT outcome, error, imprints FROM signatures WHERE request = ?", (answer.headers["x-request-id"],)
        ).fetchone()
    return str(row[0]), row[1], str(row[2])


def _signs(caller: httpx2.Client) -> None:
    granted = sad(caller, "con-dau", [H])
    answer = sign_hash(caller, "con-dau", granted, [H], SHA256_ECDSA)
    assert answer.status_code == 200, answer.text


def test_web_process_maps_no_pkcs11_library_and_its_workers_do(
    running: subprocess.Popen[bytes], caller: httpx2.Client
) -> None:
    _signs(caller)
    assert not _maps_softhsm(running.pid)
    assert any(_maps_softhsm(pid) for pid in _below(running.pid))


def test_killed_workers_are_replaced_at_the_next_request(
    running: subprocess.Popen[bytes], caller: httpx2.Client
) -> None:
    _signs(caller)
    held = sad(caller, "giu-pin", [H], PIN=OWN_PIN)
    killed = [pid for pid in _below(running.pid) if _maps_softhsm(pid)]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    _signs(caller)
    assert sign_hash(caller, "giu-pin", held, [H], SHA256_ECDSA).status_code == 200
    assert caller.get("/readyz").status_code == 200
    assert not set(killed) & {pid for pid in _below(running.pid) if _maps_softhsm(pid)}


def test_token_that_is_gone_makes_not_ready_by_name_and_comes_back(
    own: Province, running: subprocess.Popen[bytes], caller: httpx2.Client
) -> None:
    assert caller.get("/readyz").status_code == 200
    granted = sad(caller, "con-dau", [H])
    tokens = own.folder / "softhsm" / "tokens"
    away = own.folder / "softhsm" / "away"
    tokens.rename(away)
    tokens.mkdir()
    try:
        for pid in _below(running.pid):
            if _maps_softhsm(pid):
                os.kill(pid, signal.SIGKILL)
        answer = caller.get("/readyz")
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        assert (checks["database"], checks["credential mem"]) == ("ok", "ok")
        assert checks["credential con-dau"] == checks["tsa"] == "key.token_unavailable"
        assert caller.get("/healthz").status_code == 200
        refused = sign_hash(caller, "con-dau", granted, [H], SHA256_ECDSA)
        assert refusal(refused) == (503, "temporarily_unavailable", "The key cannot be used now")
        assert _audited(own, refused) == ("failed", "key.token_unavailable", f'["{H.hex()}"]')
    finally:
        tokens.rmdir()
        away.rename(tokens)
    end = time.monotonic() + 30  # the pauses between restarts grow while they fail
    while caller.get("/readyz").status_code != 200:
        assert time.monotonic() < end, caller.get("/readyz").text
        time.sleep(0.5)
    _signs(caller)


def test_sigterm_ends_the_server_and_its_workers(own: Province) -> None:
    with serve(own) as process, httpx2.Client(base_url=own.url, headers=own.bearer, timeout=60) as session:
        _signs(session)
        below = _below(process.pid)
        assert below
        process.terminate()
        assert process.wait(20) == 0
        left = [pid for pid in below if Path(f"/proc/{pid}").exists()]
        assert left == []


def test_log_and_database_hold_no_secret_and_no_document(own: Province, caller: httpx2.Client) -> None:
    granted = sad(caller, "giu-pin", [H], PIN=OWN_PIN)
    assert sign_hash(caller, "giu-pin", granted, [H], SHA256_ECDSA).status_code == 200
    authorize(caller, "giu-pin", [H], PIN="86420000")
    caller.post("/v1/sign?credential=con-dau&reason=ly-do-rieng", content=b"PK van-ban-mat")
    for path in ("sign?credential=con-dau", "extend", "verify"):
        for header in ("mat-khau-van-ban", "mat-khau-van-ban%"):
            caller.post(f"/v1/{path}", content=locked(6, user="khac"), headers={"Kyso-Document-Password": header})
    caller.get("/v1/credentials", headers={"Authorization": "Bearer sai-token-sai-token"})
    written = b"".join(
        path.read_bytes() for path in (own.folder / "server.log", *own.folder.glob("kyso.db*")) if path.is_file()
    )
    assert b"kyso.access" in written
    for secret in (
        PIN,
        OWN_PIN,
        "86420000",
        own.api_token,
        granted,
        "van-ban-mat",
        "ly-do-rieng",
        "sai-token",
        "mat-khau-van",
    ):
        assert secret.encode() not in written, secret


def test_every_answer_is_numbered_and_sealed(caller: httpx2.Client) -> None:
    for answer in (caller.get("/healthz"), caller.get("/docs"), caller.post("/csc/v1/info"), caller.get("/không-có")):
        headers = answer.headers
        assert len(headers["x-request-id"]) == 32
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_api_page_needs_nothing_from_elsewhere_and_names_every_operation(caller: httpx2.Client) -> None:
    page, api = caller.get("/docs").text, caller.get("/openapi.json").json()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    for path in api["paths"]:
        assert path in page
    assert {"/v1/sign", "/v1/verify", "/tsa", "/ocsp", "/csc/v1/signatures/signHash"} <= set(api["paths"])
    assert api["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
