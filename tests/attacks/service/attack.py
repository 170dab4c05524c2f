"""A request as it goes over the wire, what must be said about it, and its honest twin.

`Request.octets` is written by hand, because an HTTP library would refuse to send most of what stands here.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from kyso_pki.ades.grow import Sources
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.formats import open_document
from kyso_pki.testing import SoftwareSigner, World
from tests.pki.ades.inputs import PDF, XML

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
TOKEN = "mot-cua-" + "7f3a" * 10
SECRET = "bi-mat-8f3a91"
"""Stands wherever a caller may put what is nobody's business: it must come back in no answer and stand in no log."""
CONTENT = "so-tien-8f3a91"
"""Stands in documents: an answer may quote it to the caller who sent it, a log may not."""
LIMIT = 1 << 20
"""The service under attack takes documents of one MiB."""
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    target: str
    body: bytes = b""
    headers: Headers = ()
    method: str = "POST"
    token: bool = True
    length: str | None = None
    """Content-Length as it is told; None: the true one. Empty: not told."""

    @property
    def octets(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if self.token:
            lines.append(f"Authorization: Bearer {TOKEN}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if (length := str(len(self.body)) if self.length is None else self.length) and self.method == "POST":
            lines.append(f"Content-Length: {length}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Answer:
    status: int
    """0: the connection was closed without a word."""
    text: str
    headers: str = ""


def send(port: int, request: Request) -> Answer:
    """What the service says; the connection is left open for writing, as by a caller who means to send more."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with contextlib.suppress(ConnectionError):  # it may hang up while we speak; what it said is still read
            connection.sendall(request.octets)
        answer = http.client.HTTPResponse(connection, method=request.method)
        try:
            answer.begin()
            text = answer.read().decode("utf-8", "replace")
        except (ConnectionError, http.client.HTTPException):
            return Answer(0, "")
        return Answer(answer.status, text, str(answer.headers))


def _honest() -> Request:
    return verify(signed())


@dataclass(frozen=True)
class Attack:
    request: Request
    status: int
    word: str
    """Stands in the answer; `|` separates words that are all right."""
    twin: Request = field(default_factory=_honest)


Generator = Callable[[int], Attack]
"""Gets the port of a server inside that must never be asked."""


def collected(namespace: dict[str, object]) -> dict[str, Generator]:
    """The generators of one module: its public functions that are annotated to give an Attack."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function)
        and not name.startswith("_")
        and getattr(function, "__annotations__", {}).get("return") == "Attack"
    }


def variant(attacks: dict[str, Generator], name: str, rule: str, make: Generator) -> None:
    """Adds one of many that are alike; `rule` is its docstring."""
    make.__doc__ = f"R3: {rule}"
    attacks[name] = make


# What honest callers send -------------------------------------------------------------------------------------


def verify(data: bytes, headers: Headers = ()) -> Request:
    return Request("/v1/verify", data, headers)


def sign(data: bytes = PDF, query: str = "credential=mem", headers: Headers = ()) -> Request:
    return Request(f"/v1/sign?{query}", data, headers)


def csc(method: str, body: bytes, version: str = "v1") -> Request:
    return Request(f"/csc/{version}/{method}", body, (("Content-Type", "application/json"),))


@cache
def signed(kind: str = "pdf") -> bytes:
    """A document with its evidence, which the service finds valid at `AT` without asking anybody."""
    return signed_by(WORLD.person_signer, {"pdf": PDF, "xml": XML}[kind])


def signed_by(signer: SoftwareSigner, data: bytes, level: str = "B-LT") -> bytes:
    """The same by another; evidence of the world is put in at `level` B-LT."""
    sources = Sources(AT, WORLD.fetcher(AT), trust=WORLD.trust)
    intent = Intent(AT, level)  # type: ignore[arg-type]  # one of four
    return sign_document(open_document(data), intent, signer, WORLD.timestamper(AT), sources)


def parameters(pairs: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)
