"""SoftHSM2 behind p11-kit's remoting: an HSM on the other side of a wire, and the wire can be harmed."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from kyso_hsm.opening import Module

from ..softhsm import SoftHsm, library
from .program import FOLDER, Program, file_of, start, until
from .proxy import FaultProxy

CLIENT = (
    "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so",
    "/usr/lib64/pkcs11/p11-kit-client.so",
)


def client_of(path: Path) -> Module:
    """The module that speaks to a p11-kit server on this socket."""
    return Module(file_of(CLIENT, "p11-kit-modules"), {"P11_KIT_SERVER_ADDRESS": f"unix:path={path}"})


def serving(path: Path) -> None:
    """Waits until somebody listens on this socket: bound is not yet listening."""

    def answers() -> bool:
        with socket.socket(socket.AF_UNIX) as one:
            return one.connect_ex(str(path)) == 0

    until(answers, f"somebody listens on {path}")


class Server:
    """A p11-kit server started by one of the scripts; `said` of its line is the server's process id."""

    def __init__(self, program: Program, socket_path: Path) -> None:
        self._program = program
        self.socket = socket_path
        serving(socket_path)

    @property
    def children(self) -> tuple[int, ...]:
        """One process for each client."""
        pid = self._program.said
        return tuple(int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split())

    def kill_children(self) -> None:
        """The clients' connections end, new ones are served: an HSM that restarted its service."""
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Everything is gone, the socket's file stays: an HSM that is down."""
        self._program.kill()

    def stop(self) -> None:
        self._program.stop()


def serve(folder: Path, library_path: str, env: Mapping[str, str]) -> Server:
    """`library_path` on `folder`/server.sock."""
    file_of(("/usr/bin/p11-kit", "/usr/local/bin/p11-kit"), "p11-kit")
    program = start(["/bin/sh", str(FOLDER / "nethsm.sh"), str(folder), library_path], folder / "log", env)
    return Server(program, folder / "server.sock")


class NetHsm:
    """A SoftHSM folder served over a wire."""

    def __init__(self, folder: Path, hsm: SoftHsm) -> None:
        self.folder = folder
        self.hsm = hsm
        self.server = self._serve()
        self.wire = FaultProxy(folder, self.server.socket)

    def _serve(self) -> Server:
        return serve(self.folder, library(), self.hsm.env())

    def start_again(self) -> None:
        """The HSM comes up after `server.kill()`."""
        self.server.stop()
        self.server = self._serve()

    def as_module(self) -> Module:
        return client_of(self.wire.path)

    def stop(self) -> None:
        self.wire.close()
        self.server.stop()
