"""A proxy between a p11-kit client and its server that does to the answers what a bad network does.

Set `fault` at any time; it applies to whatever is sent next, on connections that are open already too.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Fault = Literal["none", "slow", "blackhole", "reset", "truncate", "corrupt", "flip", "refuse"]
VALUE_BYTES = 64  # answers at least this long carry a signature; shorter ones only say "done"


class FaultProxy:
    """Listens on a socket in `folder` and passes everything on to `upstream`. `close` ends it.

    `slow` holds each answer back for `delay_s`, `blackhole` until the fault is taken away; `reset` and `truncate`
    end the connection instead of the answer or in the middle of it; `corrupt` changes every octet, `flip` one bit of
    the last octet of a long answer (where a signature value lies); `refuse` ends new connections.
    """

    def __init__(self, folder: Path, upstream: Path) -> None:
        self.path = folder / "client.sock"
        self.path.unlink(missing_ok=True)
        self.upstream = upstream
        self.fault: Fault = "none"
        self.delay_s = 0.0
        self.requests = 0
        """Pieces that clients have sent so far; several make one PKCS#11 call."""
        self.connections = 0
        self._changed = threading.Event()  # set when the proxy closes: no pump sleeps on
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self.path))
        self._door.listen(64)
        self._spawn(self._welcome)

    def close(self) -> None:
        self._changed.set()
        for one in (self._door, *list(self._sockets)):
            _end(one)
        for thread in self._threads:
            thread.join(timeout=5)
            assert not thread.is_alive(), f"{thread.name} did not end"
        for one in (self._door, *self._sockets):
            one.close()
        self.path.unlink(missing_ok=True)

    def _spawn(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, name=f"proxy-{work.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _welcome(self) -> None:
        while not self._changed.is_set():
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.socket(socket.AF_UNIX)
            self._sockets |= {client, server}
            try:
                if self.fault == "refuse":
                    raise ConnectionRefusedError
                server.connect(str(self.upstream))
            except OSError:  # the HSM is down: what a client sees is a connection that ends
                _end(client)
                continue
            self._spawn(self._ask, client, server)
            self._spawn(self._answer, server, client)

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.requests += 1
                server.sendall(data)
        _end(client)
        _end(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                changed = self._harmed(data)
                client.sendall(changed)
                if len(changed) < len(data):
                    break
        _end(client)
        _end(server)

    def _harmed(self, data: bytes) -> bytes:
        """What arrives instead; less than was sent means that the connection ends here."""
        if self.fault == "slow":
            self._changed.wait(self.delay_s)
        while self.fault == "blackhole" and not self._changed.wait(0.02):
            pass
        if self.fault == "reset":
            return b""
        if self.fault == "truncate":
            return data[: len(data) // 2]
        if self.fault == "corrupt":
            return bytes(octet ^ 0x5A for octet in data)
        if self.fault == "flip" and len(data) >= VALUE_BYTES:
            return data[:-1] + bytes([data[-1] ^ 1])
        return data


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected, or ended already
        one.shutdown(socket.SHUT_RDWR)
