"""Two servers on loopback: one that is allowed by name, and one inside that nobody may reach.

`Servers.inner_asked` holds what the inner one was asked: after an attack it must be nothing.
"""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CRL = b"a CRL"


@dataclass
class Servers:
    """Both ports, and what the inner server was asked."""

    outer: int = 0
    inner: int = 0
    inner_asked: list[str] = field(default_factory=list)


class _Outer(BaseHTTPRequestHandler):
    """The responder that the caller allowed, in the attacker's hands."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        path, _, rest = self.path.partition("?")
        match path:
            case "/crl":
                self._answer(CRL)
            case "/to":
                self._head(302, "Location", rest)
            case "/loop":
                self._head(302, "Location", "/loop")
            case "/hops":
                self._head(302, "Location", f"/hops?{int(rest) - 1}" if int(rest) else "/crl")
            case "/large":
                self._head(200)
                for _ in range(40):
                    self.wfile.write(bytes(1 << 20))
            case "/bomb":
                self._head(200, "Content-Encoding", "gzip")
                self.wfile.write(gzip.compress(bytes(1 << 20)))
            case "/drip":
                self._head(200)
                self._drip(b"x")
            case "/drip-headers":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                self._drip(b"X-Y: z\r\n")
            case "/lies":  # more is promised than comes
                self._head(200, "Content-Length", str(1 << 40))
                self.wfile.write(b"x")
            case "/error":
                self._head(500)
                self.wfile.write(CRL)
            case _:
                self.send_error(404)

    def _drip(self, octets: bytes) -> None:
        for _ in range(60):
            self.wfile.write(octets)
            self.wfile.flush()
            time.sleep(0.05)

    def _head(self, status: int, *header: str) -> None:
        self.send_response(status)
        if header:
            self.send_header(*header)
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self._head(200, "Content-Length", str(len(body)))
        self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the fetcher hangs up in the middle
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _inner(asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Inner(_Outer):
        def do_GET(self) -> None:
            asked.append(self.path)
            self._answer(CRL)

        do_POST = do_GET

    return Inner


@contextmanager
def servers() -> Iterator[Servers]:
    """Both, for as long as the block lasts."""
    both = Servers()
    running = []
    for handler in (_Outer, _inner(both.inner_asked)):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
    both.outer, both.inner = (s.server_port for s in running)
    try:
        yield both
    finally:
        for server in running:
            server.shutdown()
            server.server_close()
