"""Who says nothing, never ends, or does not read costs no memory and keeps nobody out (R3)."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn

from kyso_server.connections import MAX_HEAD, MAX_HEADERS, MAX_WAITING, Crowd, most_connections, protocol
from tests.server.province import Province, free_port

MOST = 20
ANSWER = b"x" * (8 << 20)


async def _app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers each request with its body, or with much where `/much` is asked for."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": ANSWER if scope["path"] == "/much" else b"got " + body})


@contextmanager
def _served(crowd: Crowd) -> Iterator[int]:
    """The port of a server with these limits."""
    port = free_port()
    config = uvicorn.Config(
        _app,
        port=port,
        http=protocol(crowd),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield port
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with _served(Crowd(MOST, head_patience_s=1.0, write_patience_s=1.0)) as port:
        yield port


def _line(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def _told(line: socket.socket) -> bytes:
    """Everything until the server closes."""
    told = b""
    try:
        while more := line.recv(65536):
            told += more
    except ConnectionError:
        pass
    return told


def _sent(port: int, first: bytes, again: bytes = b"", limit: int = 64 << 20) -> tuple[bytes, int]:
    """What is answered to this, and how many octets were taken until then."""
    with _line(port) as line:
        line.sendall(first)
        taken = len(first)
        try:
            while again and taken < limit:
                line.sendall(again)
                taken += len(again)
        except ConnectionError:
            pass
        return _told(line), taken


ENDLESS = {
    "one_header_line": (b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"a" * 4096),
    "header_lines": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n" * 500),
    "an_address": (b"GET /", b"a" * 4096),
    "a_method": (b"G", b"E" * 4096),
    "lines_after_a_body": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"A: b\r\n" * 500,
    ),
    "one_line_after_a_body": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ",
        b"a" * 4096,
    ),
    "an_extension_of_a_chunk": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"a" * 4096,
    ),
    "requests_that_wait": (b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100),
    "empty_lines": (b"\r\n", b"\r\n" * 2000),
}


@pytest.mark.parametrize("name", list(ENDLESS))
def test_what_never_ends_is_cut_off(port: int, name: str) -> None:
    first, again = ENDLESS[name]
    _, taken = _sent(port, first, again)
    assert taken < 16 << 20  # what the system holds between the two ends
    with _line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert _told(line).startswith(b"HTTP/1.1 200")


def test_head_as_long_as_it_may_be_is_taken(port: int) -> None:
    line = b"A: " + b"a" * (MAX_HEAD - 200) + b"\r\n"
    answer, _ = _sent(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + line + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("count", "status"), [(MAX_HEADERS, b"200"), (MAX_HEADERS + 1, b"400")])
def test_as_many_header_lines_as_may_be_are_taken(port: int, count: int, status: bytes) -> None:
    lines = b"Host: x\r\nConnection: close\r\n" + b"A: b\r\n" * (count - 2)
    answer, _ = _sent(port, b"GET / HTTP/1.1\r\n" + lines + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_requests_sent_together_are_answered_in_their_order(port: int) -> None:
    def post(number: int) -> bytes:
        return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n%d" % number

    last = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n9"
    answer, _ = _sent(port, b"".join(map(post, range(MAX_WAITING))) + last)
    assert [part[:1] for part in answer.split(b"got ")[1:]] == [b"%d" % n for n in range(MAX_WAITING)] + [b"9"]


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_connection_that_says_nothing_ends(port: int, said: bytes) -> None:
    answer, _ = _sent(port, said)
    assert answer.startswith(b"HTTP/1.1 408")


def test_kept_connection_whose_next_request_does_not_come_to_an_end_ends(port: int) -> None:
    with _line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET")
        assert b"HTTP/1.1 408" in _told(line)


def test_slow_body_is_no_matter_of_the_head(port: int) -> None:
    """`envelope` measures it, in the words of the API."""
    with _line(port) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n")
        for _ in range(4):
            time.sleep(0.4)
            line.sendall(b"a")
        assert b"got aaaa" in _told(line)


def test_who_does_not_read_is_cut_off() -> None:
    crowd = Crowd(MOST, write_patience_s=0.5)
    with _served(crowd) as port, _line(port) as line:
        line.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        deadline = time.monotonic() + 20
        while crowd.open == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        while crowd.open and time.monotonic() < deadline:
            time.sleep(0.05)
        assert crowd.open == 0


def test_silent_connections_keep_nobody_out() -> None:
    crowd = Crowd(MOST, head_patience_s=60.0)
    with _served(crowd) as port:
        silent = [_line(port) for _ in range(3 * MOST)]
        for _ in range(5):
            with _line(port) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert _told(line).startswith(b"HTTP/1.1 200")
        assert crowd.open <= MOST
        for line in silent:
            line.close()


def test_where_all_are_being_served_one_more_is_told_so() -> None:
    crowd = Crowd(2, write_patience_s=60.0)
    with _served(crowd) as port:
        busy = [_line(port) for _ in range(2)]
        for line in busy:
            line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        deadline = time.monotonic() + 20
        while crowd.idle and time.monotonic() < deadline:
            time.sleep(0.02)
        answer, _ = _sent(port, b"")
        assert answer.startswith(b"HTTP/1.1 503")
        for line in busy:
            line.sendall(b"123456789")
            assert b"200 OK" in line.recv(65536)
            line.close()


def test_no_more_connections_than_descriptors() -> None:
    assert most_connections(20) == 20
    resource = pytest.importorskip("resource")  # Windows has none
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = "from kyso_server.connections import most_connections; print(most_connections(100_000))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard)),
    )
    assert int(run.stdout) == 300 - 128
    assert soft == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _megabytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) >> 10


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_real_server_holds_no_endless_head(
    province: Province, server: subprocess.Popen[bytes], client: httpx2.Client
) -> None:
    """Fifty megabytes of header lines made it a gigabyte larger."""
    client.get("/healthz")
    port = int(urlsplit(province.url).port or 0)
    before = _megabytes(server.pid)
    most = before
    with _line(port) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        try:
            for _ in itertools.repeat(None, 800):
                line.sendall(b"A: b\r\n" * 10_000)
                most = max(most, _megabytes(server.pid))
        except ConnectionError:
            pass
        most = max(most, _megabytes(server.pid))
    assert most < before + 32
    assert client.get("/healthz").status_code == 200
