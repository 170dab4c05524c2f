"""What `kyso sign --upload` does when something between it and the server answers with another document."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest

from .conftest import DOCUMENTS, Province


class Proxy(BaseHTTPRequestHandler):
    """Passes everything on, and remembers the first signed document for every later caller."""

    server_url: ClassVar[str]
    remembered: ClassVar[bytes | None] = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kept = {k: v for k, v in self.headers.items() if k in ("Authorization", "Content-Type")}
        answer = httpx2.post(self.server_url + self.path, content=body, headers=kept, trust_env=False, timeout=60)
        content = answer.content
        if self.path.startswith("/v1/sign"):
            type(self).remembered = content = type(self).remembered or content
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def proxy(server: Province) -> Iterator[str]:
    Proxy.server_url, Proxy.remembered = server.url, None
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def test_a_document_of_somebody_else_is_not_kept_and_stops_the_batch(
    server: Province, proxy: str, tmp_path: Path
) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        (tmp_path / name).write_bytes((DOCUMENTS / "cong-van.pdf").read_bytes() + b"\n" * ord(name[0]))
    token = str(server.folder / "secrets" / "api-token")
    options = ("--server", proxy, "--credential", "phan-mem", "--token-file", token, "--upload")
    done = server.kyso("sign", "a.pdf", "b.pdf", "c.pdf", *options, cwd=tmp_path)
    assert done.returncode == 5
    assert "a.pdf → a.signed.pdf" in done.stdout
    assert "The server answered with something else than the document that was sent." in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pdf", "a.signed.pdf", "b.pdf", "c.pdf"]
    said = server.kyso("sign", "b.pdf", *options, cwd=tmp_path, KYSO_LANG="vi").stderr
    assert "không phải là văn bản đã gửi đi" in said
