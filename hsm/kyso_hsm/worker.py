"""One supervised process per PKCS#11 library and token: both ends of its pipe.

`Worker` is the caller's end: it starts the process, sends one request at a time and waits at most as long as
it is told. `main` is what the process runs. The process calls the library on one thread and has nothing else
in it; a second thread reads the pipe, so that the process ends when its caller does, even while the library
hangs. What is refused here: waiting without a deadline, a second try of anything (see `kyso_hsm.pool`).

Only the frames of `kyso_hsm.wire` travel on the two pipes. They are taken away from the descriptors 0, 1 and
2 before the library is loaded, so that a library that prints cannot break a frame. Secrets are in frames only,
never in arguments or the environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from . import wire
from .module import Module

DEBUG_VARIABLE = "KYSO_WORKER_STDERR"  # set to "inherit" to see what a library prints
_SMALL_FRAME = 4096  # fits the emptiest pipe (Windows), so that writing it cannot block
# The standard library first, then the code that the caller runs, then whatever else is installed.
_PROGRAM = """import sys
others = [p for p in sys.path if p.endswith("-packages")]
sys.path = [p for p in sys.path if p not in others] + sys.argv[1:] + others
from kyso_hsm.worker import main
main()"""
_FUSE_S = 2.0  # how long an orphaned process may take to log out
# Variables that look like secrets, or are this program's own settings, are not a library's business.
_PRIVATE_VARIABLE = re.compile(r"KYSO_|(^|.*_)(PIN|PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN)(_.*|$)", re.IGNORECASE)


class WorkerGone(Exception):
    """The process ended, or sent what is no reply. `sent` says whether the request may have been begun."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class WorkerTimeout(Exception):
    """No reply within the deadline; the process has been killed."""


class Worker:
    """A running worker process. One call at a time: the caller holds a lock (`kyso_hsm.pool`)."""

    def __init__(self, module: Module, *, hidden: frozenset[str] = frozenset()) -> None:
        """Starts the process, which has loaded nothing yet. `hidden` names variables that it must not inherit."""
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get(DEBUG_VARIABLE) == "inherit" else subprocess.DEVNULL,
            env=environment(module, os.environ, hidden),
            bufsize=0,
            creationflags=_creation_flags(),
        )
        self.module = module
        self._owner = os.getpid()
        self._writer: threading.Thread | None = None
        self._replies: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        self._calls = 0
        self._ended = False
        threading.Thread(target=self._read, name="kyso-worker-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be called. Never from a forked child: two processes on one pipe would mix their frames."""
        return not self._ended and self._owner == os.getpid() and self._process.poll() is None

    def call(self, request: wire.Request, deadline_s: float) -> wire.Reply:
        """The reply to one request. Raises `WorkerTimeout` (and has killed the process), `WorkerGone`."""
        self._calls += 1
        end = time.monotonic() + deadline_s
        try:
            self._send(wire.frame(self._calls, request))
        except (OSError, ValueError):  # the pipe is broken, or closed already
            self.kill()
            raise WorkerGone("the process had ended", sent=False) from None
        try:
            received = self._replies.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            self.kill()
            raise WorkerTimeout from None
        except BaseException:  # Ctrl-C: the late reply must not be taken for the next one
            self.kill()
            raise
        if received is None:
            self._ended = True
            raise WorkerGone(self._obituary(), sent=True)
        return self._reply(*received)

    def _reply(self, call: int, body: bytes) -> wire.Reply:
        try:
            reply = wire.decode_reply(body)
            if call != self._calls:
                raise wire.WireError("a reply to another call")
        except wire.WireError as e:
            self.kill()
            raise WorkerGone(f"the process sent {e}", sent=True) from None
        return reply

    def _send(self, data: bytes) -> None:
        pipe = self._pipe_in
        if len(data) <= _SMALL_FRAME:
            _write_all(pipe, data)
        else:  # a stopped process does not read: the write must not outlast the deadline

            def write() -> None:
                with contextlib.suppress(OSError, ValueError):  # seen as the end of the process by `call`
                    _write_all(pipe, data)

            self._writer = threading.Thread(target=write, name="kyso-worker-writer", daemon=True)
            self._writer.start()

    @property
    def _pipe_in(self) -> IO[bytes]:
        if self._process.stdin is None:  # pragma: no cover - Popen was told to make it
            raise OSError("no pipe")
        return self._process.stdin

    def _read(self) -> None:
        """On its own thread: every reply into the queue, None at the end."""
        pipe = self._process.stdout
        try:
            while pipe is not None and (header := _read_exactly(pipe, wire.HEADER.size)):
                length, call = wire.read_header(header)
                body = _read_exactly(pipe, length)
                if not body:
                    break
                self._replies.put((call, body))
        except (OSError, ValueError, wire.WireError):
            self._process.kill()  # what comes on the pipe cannot be read any more
        finally:
            self._ended = True
            self._replies.put(None)
            if pipe is not None:
                pipe.close()

    def _obituary(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=1.0)
            if code < 0:
                with contextlib.suppress(ValueError):
                    return f"the process was ended by {signal.Signals(-code).name}"
            return f"the process ended with status {code}"
        return "the process closed its pipe"

    def close(self, patience_s: float = 1.0) -> None:
        """Ends the process: by asking it to log out and finalise, else by killing it."""
        if self.alive:
            with contextlib.suppress(WorkerGone, WorkerTimeout):
                self.call(wire.Shutdown(), patience_s)
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._owner == os.getpid():
                self._process.wait(timeout=patience_s)
        self.kill()

    def kill(self) -> None:
        """Ends the process at once. In a forked child only forgets it."""
        self._ended = True
        if self._owner != os.getpid():
            return
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: nothing more can be done
            self._process.wait(timeout=1.0)
        if self._writer is not None:
            self._writer.join(timeout=1.0)
        self._pipe_in.close()


def command() -> list[str]:
    """The argument vector of a worker: this interpreter, isolated, on the code that this process has loaded.

    `-I` keeps the current folder, PYTHONPATH and the user's packages out of a process that will hold a PIN.
    """
    names = (__package__, "kyso_pki", "pkcs11")
    folders = dict.fromkeys(folder for name in names if name and (folder := _folder_of(name)))
    return [sys.executable, "-I", "-c", _PROGRAM, *folders]


def _folder_of(name: str) -> str | None:
    spec = importlib.util.find_spec(name)
    return str(Path(spec.origin).resolve().parent.parent) if spec and spec.origin else None


def environment(module: Module, inherited: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
    """This process's environment without what may be secret, then the module's own variables."""
    kept = {n: v for n, v in inherited.items() if n not in hidden and not _PRIVATE_VARIABLE.match(n)}
    return {**kept, **module.env}


def _creation_flags() -> int:
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP  # no Ctrl-C in the middle of C_Sign


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]


def _read_exactly(pipe: IO[bytes], size: int) -> bytes:
    """`size` octets, or nothing at the end of the pipe."""
    parts = bytearray()
    while len(parts) < size:
        part = pipe.read(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


# Inside the worker ------------------------------------------------------------------------------------------


def main() -> None:
    """Serves requests until `Shutdown` or the end of the pipe. Does not return."""
    _no_core_dump()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started this one
    requests, replies = _take_pipes()
    inbox: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    answer = _Answerer()
    while (received := inbox.get()) is not None:
        call, body = received
        request = wire.decode_request(body)
        reply = answer(request)
        _write_all(replies, wire.frame(call, reply))
        if isinstance(request, wire.Shutdown):
            break
    else:
        answer(wire.Shutdown())
    os._exit(0)  # destructors of a vendor's library are not worth a crash report


class _Answerer:
    """Loads the PKCS#11 side at the first request, so that a missing package is an answer, not a dead process."""

    def __init__(self) -> None:
        self._host: Any = None

    def __call__(self, request: wire.Request) -> wire.Reply:
        if self._host is None:
            try:
                from .pkcs11 import ModuleHost
            except ImportError as e:
                return wire.Refusal("internal", text=f"python-pkcs11 cannot be imported: {e}")
            self._host = ModuleHost()
        try:
            reply: wire.Reply = self._host.answer(request)
        except Exception as e:  # noqa: BLE001 - the last line of defence: the type only, the text may quote a PIN
            return wire.Refusal("internal", text=f"{type(e).__name__} in {type(request).__name__}")
        return reply


def _listen(pipe: IO[bytes], inbox: queue.SimpleQueue[tuple[int, bytes] | None]) -> None:
    """Every request into the queue. At the end of the pipe the caller is gone: log out, or die trying."""
    while header := _read_exactly(pipe, wire.HEADER.size):
        length, call = wire.read_header(header)
        body = _read_exactly(pipe, length)
        if not body:
            break
        inbox.put((call, body))
    inbox.put(None)
    time.sleep(_FUSE_S)
    os._exit(1)


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The two pipes on descriptors that only this file knows; 0 reads nothing, 1 goes where 2 goes."""
    requests, replies = os.dup(0), os.dup(1)  # not inheritable (PEP 446): a library's own children get neither
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(requests, os.O_BINARY)
        msvcrt.setmode(replies, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb", buffering=0), os.fdopen(replies, "wb", buffering=0)


def _no_core_dump() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
