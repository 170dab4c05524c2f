"""Asks for a PIN in a window of its own: the pinentry programs of GnuPG, over the Assuan protocol.

Reach for `Pinentry`, a `SecretSource`. The secret travels on a pipe from pinentry to this process; it touches
no argument, no environment and no file. What is refused: waiting for ever (the window closes after a minute),
and an answer that is no Assuan.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, ClassVar
from urllib.parse import unquote_to_bytes

from kyso_pki.errors import PinRequired

from .pin import MAX_SECRET_BYTES, SecretRequest

PROGRAMS = ("pinentry", "pinentry-mac", "pinentry-gnome3", "pinentry-qt", "pinentry-curses", "pinentry-w32")
_REMEDY = "Install a pinentry, or give the PIN by a prompt, a file (mode 0600) or a file descriptor."


@dataclass(frozen=True)
class Pinentry:
    """Asks the person in a pinentry window. Raises `PinRequired` where there is none, or nothing was typed."""

    program: str | None = None
    """A name on PATH or a path; by default the first of `PROGRAMS` that is installed."""
    timeout_s: int = 60
    terminal: str | None = None
    """The terminal for a pinentry that draws on one; by default the one of standard input."""
    interactive: ClassVar[bool] = True

    def __call__(self, request: SecretRequest) -> str:
        kind = request.kind
        path = next((p for name in ([self.program] if self.program else PROGRAMS) if (p := shutil.which(name))), None)
        if path is None:
            raise PinRequired(
                f"The {kind} of {request.token} is needed, and no pinentry is installed.", remedy=_REMEDY
            )
        try:
            secret = self._ask(path, request)
        except (OSError, UnicodeDecodeError) as e:
            raise PinRequired(
                f"{path} could not be asked for the {kind}: {type(e).__name__}.", remedy=_REMEDY
            ) from None
        if not secret:
            raise PinRequired(f"No {kind} was typed for {request.token}.")
        return secret

    def _ask(self, path: str, request: SecretRequest) -> str:
        with subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            fuse = threading.Timer(self.timeout_s + 10.0, process.kill)  # SETTIMEOUT is only a request
            fuse.daemon = True
            fuse.start()
            try:
                if process.stdin is None or process.stdout is None:  # pragma: no cover - Popen was told to make them
                    raise OSError("no pipe")
                return self._talk(process.stdin, process.stdout, request)
            finally:
                fuse.cancel()
                process.kill()

    def _talk(self, to: IO[bytes], back: IO[bytes], request: SecretRequest) -> str:
        _answer(back)  # the greeting
        commands = [f"SETDESC {_escaped(request.words.rstrip(': '))}", f"SETPROMPT {_escaped('PIN:')}"]
        commands.append(f"SETTIMEOUT {self.timeout_s}")
        terminal = self.terminal or _terminal()
        if terminal:
            kind = os.environ.get("TERM") or "dumb"
            commands[:0] = [f"OPTION ttyname={_escaped(terminal)}", f"OPTION ttytype={_escaped(kind)}"]
        for command in commands:
            _say(to, command)
            _answer(back)
        _say(to, "GETPIN")
        secret = _answer(back)
        with contextlib.suppress(OSError):
            _say(to, "BYE")
        return (secret or b"").decode("utf-8")


def _say(to: IO[bytes], command: str) -> None:
    to.write(command.encode("utf-8") + b"\n")
    to.flush()


def _answer(back: IO[bytes]) -> bytes | None:
    """The data before `OK`, None after `ERR` (cancelled, timed out, an option that is not known)."""
    data = bytearray()
    while line := back.readline(MAX_SECRET_BYTES):
        if line.startswith(b"D "):
            data += unquote_to_bytes(line[2:].rstrip(b"\r\n"))
        elif line.startswith(b"OK"):
            return bytes(data)
        elif line.startswith(b"ERR"):
            return None
    raise OSError("the program ended")


def _escaped(text: str) -> str:
    """Percent-encoded as Assuan wants it: the percent sign and line ends only."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _terminal() -> str | None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # no terminal
            return os.ttyname(0)
    return None
