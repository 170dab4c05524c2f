"""Whoever sends a body too slowly is refused; who is only slow is served (R3: a connection costs memory)."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from tests.pki.ades.inputs import PDF
from tests.server.province import Province, serve_here

PATIENCE = 1


@pytest.fixture(scope="module")
def impatient(province: Province) -> Iterator[str]:
    """A server that waits a second."""
    settings = replace(province.settings, upload_patience_s=PATIENCE)
    with serve_here(settings, lambda: datetime.now(UTC)) as url:
        yield url


def _sent(
    url: str, target: str, parts: Iterator[bytes], length: int, headers: str = ""
) -> tuple[int, dict[str, object]]:
    """Status and JSON of the answer to a body sent as its parts come; the server may answer before the end."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    with socket.create_connection((str(host), int(port or 0)), timeout=60) as line:
        line.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n".encode())
        try:
            for part in parts:
                line.sendall(part)
        except ConnectionError:
            pass  # it has answered
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            more = line.recv(65536)
            if not more:
                break
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.fixture
def caller(province: Province) -> str:
    return f"Authorization: Bearer {province.api_token}\r\n"


def _one_and_no_more() -> Iterator[bytes]:
    yield b"%"


def _drops(size: int, pause: float) -> Iterator[bytes]:
    for _ in range(size):
        yield b"%"
        time.sleep(pause)


def test_body_that_stops_is_refused_with_408_and_says_how_much_came(impatient: str, caller: str) -> None:
    status, problem = _sent(impatient, "/v1/verify", _one_and_no_more(), 1000, caller)
    assert (status, problem["code"]) == (408, "http.too_slow")
    assert "1 bytes so far" in str(problem["detail"])


def test_body_that_comes_in_drops_is_refused_although_it_never_stops(impatient: str, caller: str) -> None:
    status, problem = _sent(impatient, "/v1/verify", _drops(40, 0.2), 1000, caller)
    assert (status, problem["code"]) == (408, "http.too_slow")


def test_csc_says_it_in_its_own_words(impatient: str) -> None:
    kind = "Content-Type: application/json\r\n"
    status, refusal = _sent(impatient, "/csc/v1/info", _one_and_no_more(), 1000, kind)
    assert (status, refusal["error"]) == (408, "invalid_request")


def test_body_that_comes_in_pieces_with_short_pauses_is_taken(impatient: str, caller: str) -> None:
    def pieces() -> Iterator[bytes]:
        for at in range(0, len(PDF), 1 + len(PDF) // 3):
            yield PDF[at : at + 1 + len(PDF) // 3]
            time.sleep(PATIENCE / 5)

    status, report = _sent(impatient, "/v1/verify", pieces(), len(PDF), caller)
    assert status == 200
    assert report["sha256"] == hashlib.sha256(PDF).hexdigest()
