"""What a client must not do with its secrets, and what it must not believe of a server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kyso import AsyncClient, Client
from kyso.api import Api
from kyso_pki.errors import RemoteError, UsageError

TOKEN = "ma-truy-cap"


class Handler(BaseHTTPRequestHandler):
    """A server that sends its callers elsewhere, or never ends."""

    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list for the one server of this module

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers["Authorization"]))
        if self.path.endswith("/info"):
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        if self.path == "/v1/verify":
            body = b"[" * 100_000
        else:
            body = json.dumps({"credentialIDs": [], "nextPageToken": f"page {len(self.seen)}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_token_follows_no_redirect(url: str) -> None:
    with pytest.raises(RemoteError, match="307"), Client(url, TOKEN) as client:
        client.info()
    assert "/elsewhere" not in [path for path, _ in Handler.seen]


def test_a_list_of_credentials_without_end_is_refused(url: str) -> None:
    with pytest.raises(RemoteError, match="does not end"), Client(url, TOKEN) as client:
        client.credentials()

    async def run() -> None:
        async with AsyncClient(url, TOKEN) as client:
            await client.credentials()

    with pytest.raises(RemoteError, match="does not end"):
        asyncio.run(run())


def test_an_answer_nested_without_end_is_refused(url: str) -> None:
    with pytest.raises(RemoteError, match="JSON object"), Client(url, TOKEN) as client:
        client.verify_document(b"x")


def test_secrets_that_no_header_can_carry_are_refused_and_not_repeated(url: str) -> None:
    for token in ("mã truy cập", "two\r\nlines"):
        with pytest.raises(UsageError, match="API token") as caught:
            Client(url, token)
        assert token not in str(caught.value)
    with pytest.raises(UsageError, match="PIN") as caught, Client(url, TOKEN) as client:
        client.sign_document(b"x", "nguyen-van-mau", pin="mật khẩu")
    assert "khẩu" not in str(caught.value)


def test_a_password_in_the_servers_address_is_refused_and_not_repeated() -> None:
    for address in ("http://user:mat-khau@127.0.0.1:1", "ftp://user:mat-khau@127.0.0.1:1"):
        with pytest.raises(UsageError) as caught:
            Client(address)
        assert "mat-khau" not in str(caught.value)


def test_no_token_stands_in_what_a_traceback_shows(url: str) -> None:
    assert TOKEN not in repr(vars(Client(url, TOKEN)))


@dataclass(frozen=True)
class _Failed:
    content: bytes
    status_code: int = 500


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("9f3c", "The server failed at the request 9f3c."),
        ("\x1b[2J", "The server refused: It made a mistake."),
        (None, "The server refused: It made a mistake."),
    ],
)
def test_a_fault_of_the_server_is_told_by_the_number_that_its_log_has(number: object, said: str) -> None:
    """Without it nobody could find the line; a number that is none is not repeated."""
    body = json.dumps({"detail": "It made a mistake.", "code": "error", "request": number}).encode()
    with pytest.raises(RemoteError) as e:
        Api("http://127.0.0.1:1", None, "v2").document_answer(_Failed(body))
    assert e.value.message == said
