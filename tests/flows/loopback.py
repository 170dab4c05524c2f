"""kyso's time-stamping authority over HTTP on loopback, for signers that are not kyso."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kyso_pki.authority.timestamp import timestamp_response
from kyso_pki.testing import POLICY, World


@contextmanager
def time_stamping_authority(world: World, *, ahead: timedelta = timedelta(0)) -> Iterator[str]:
    """The URL of an authority that answers RFC 3161 3.4 requests with the world's TSA and the machine's clock, or one
    that is `ahead` of it."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            serial = secrets.randbits(63) + 1
            body = timestamp_response(
                request, signer=world.tsa_signer, at=datetime.now(UTC) + ahead, serial=serial, policy=POLICY
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Standard error belongs to pytest."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
