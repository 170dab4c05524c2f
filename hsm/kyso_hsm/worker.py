"""One supervised process per PKCS#11 library and token: both ends of its pipe.

`Worker` is the caller's end: it starts the process, sends one request at a time and waits at most as long as
it is told. `main` is what the process runs. The process calls the library on one thread and has nothing else
in it; a second thread only waits for the end of the pipe, so that the process ends when its caller does, even
while the library hangs. What is refused here: waiting without a deadline, a second try of anything (see
`kyso_hsm.crew`).

Only the frames of `kyso_hsm.wire` travel on the two pipes. They are taken away from the descriptors 0, 1 and
2 before the library is loaded, so that a library that prints cannot break a frame. Secrets are in frames only,
never in arguments or the environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import wire
from .module import Module
from .neighbourhood import neighbourhood_of
from .pipes import inbox_of, open_pipes, write_all

DEBUG_VARIABLE = "KYSO_WORKER_STDERR"  # set to "inherit" to see what a library prints
# The standard library first, then the code that the caller runs, then whatever else is installed.
_PROGRAM = """import sys
others = [p for p in sys.path if p.endswith("-packages")]
sys.path = [p for p in sys.path if p not in others] + sys.argv[1:] + others
from kyso_hsm.worker import main
main()"""
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
    """A running worker process. One call at a time: the caller holds its lane (`kyso_hsm.crew`)."""

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
        self._neighbourhood = neighbourhood_of(self._process.pid)
        self._pipes = open_pipes(self._process)
        self._in_use = threading.Lock()  # whoever reads the pipes also closes them
        self._calls = 0
        self._ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be called. Never from a forked child: two processes on one pipe would mix their frames."""
        return not self._ended and self._owner == os.getpid() and self._process.poll() is None

    def call(self, request: wire.Request, deadline_s: float) -> wire.Reply:
        """The one reply to a request. Raises `WorkerTimeout` (and has killed the process), `WorkerGone`."""
        replies: list[wire.Reply] = []
        self.exchange(request, deadline_s, replies.append)
        (reply,) = replies
        return reply

    def exchange(self, request: wire.Request, deadline_s: float, take: Callable[[wire.Reply], object]) -> None:
        """Hands each reply to `take` as it comes; several come only for `Sign`.

        Raises `WorkerTimeout` (and has killed the process) when the last is not there in time, `WorkerGone`, and
        what `take` raises. Whatever ends it before the last reply has killed the process too: a late reply must
        not be taken for one to the next request.
        """
        end = time.monotonic() + deadline_s
        self._calls += 1
        alone = isinstance(request, wire.Sign) and len(request.imprints) == 1
        finished = False
        self._neighbourhood.begin(alone=alone)
        try:
            with self._in_use:
                self._send(wire.frame(self._calls, request), end)
                while not finished:
                    reply = self._reply(self._receive(end))
                    finished = not isinstance(reply, wire.Signatures) or reply.last
                    take(reply)
        finally:
            self._neighbourhood.end()
            if not finished:
                self.kill()
            if self._ended:
                self._close_pipes()

    def _send(self, data: bytes, end: float) -> None:
        try:
            self._pipes.send(data, end)
        except TimeoutError:
            raise WorkerTimeout from None
        except (OSError, ValueError):  # the pipe is broken, or closed already: the request never arrived whole
            raise WorkerGone("the process had ended", sent=False) from None

    def _receive(self, end: float) -> tuple[int, bytes]:
        try:
            received = self._pipes.receive(end)
        except TimeoutError:
            raise WorkerTimeout from None
        except (OSError, ValueError, wire.WireError):
            received = None
        if received is None:
            self._ended = True
            raise WorkerGone(self._obituary(), sent=True)
        return received

    def _reply(self, received: tuple[int, bytes]) -> wire.Reply:
        call, body = received
        try:
            reply = wire.decode_reply(body)
            if call != self._calls:
                raise wire.WireError("a reply to another call")
        except wire.WireError as e:
            raise WorkerGone(f"the process sent {e}", sent=True) from None
        return reply

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
        """Ends the process at once; who waits for its reply is told so. In a forked child only forgets it."""
        self._ended = True
        if self._owner != os.getpid():
            return
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: nothing more can be done
            self._process.wait(timeout=1.0)
        self._close_pipes()

    def _close_pipes(self) -> None:
        """Closes them, or leaves it to the thread that uses them at this moment."""
        if self._in_use.acquire(blocking=False):
            try:
                self._pipes.close()
            finally:
                self._in_use.release()


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


# Inside the worker ------------------------------------------------------------------------------------------


def main() -> None:
    """Serves requests until `Shutdown` or the end of the pipe. Does not return."""
    _no_core_dump()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started this one
    requests, replies = _take_pipes()
    inbox = inbox_of(requests)
    answer = _Answerer()
    while (received := inbox()) is not None:
        call, body = received
        request = wire.decode_request(body)
        for reply in answer(request):
            write_all(replies, wire.frame(call, reply))
        if isinstance(request, wire.Shutdown):
            break
    else:
        list(answer(wire.Shutdown()))
    os._exit(0)  # destructors of a vendor's library are not worth a crash report


class _Answerer:
    """Loads the PKCS#11 side at the first request, so that a missing package is an answer, not a dead process."""

    def __init__(self) -> None:
        self._host: Any = None

    def __call__(self, request: wire.Request) -> Iterator[wire.Reply]:
        if self._host is None:
            try:
                from .pkcs11 import ModuleHost
            except ImportError as e:
                yield wire.Refusal("internal", text=f"python-pkcs11 cannot be imported: {e}")
                return
            self._host = ModuleHost()
        try:
            if isinstance(request, wire.Sign):
                yield from self._host.signatures(request)
            else:
                yield self._host.answer(request)
        except Exception as e:  # noqa: BLE001 - the last line of defence: the type only, the text may quote a PIN
            yield wire.Refusal("internal", text=f"{type(e).__name__} in {type(request).__name__}")


def _take_pipes() -> tuple[int, int]:
    """The two pipes on descriptors that only this file knows; 0 reads nothing, 1 goes where 2 goes."""
    requests, replies = os.dup(0), os.dup(1)  # not inheritable (PEP 446): a library's own children get neither
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(requests, os.O_BINARY)
        msvcrt.setmode(replies, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def _no_core_dump() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
