"""A stranger's file worked on in a process of its own: libraries that read leniently may hang, crash or eat memory.

Reach for `session`, or for `run` where one question is all. The work is a module with a function `begin(options,
data)` that gives a function from a question to an answer. Questions and answers are JSON and octets, nothing else, so
that a process which a file has taken over can say nothing but a wrong answer. It is ended when it takes too long or
too much; then the file is refused, and this process is as it was.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal

from kyso_pki.errors import FormatError, KysoError, LimitExceeded

Work = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]
OUT_OF_MEMORY = 77
"""The exit code of a child whose memory was not enough."""
_MB = 1 << 20
_POLL_S = 0.05
_MAX_HEAD = 64 * _MB  # of JSON: the letters of a page of 200,000
_REMEDY = "Ask for the file again from its sender, or have it made anew: it may be built to keep programs busy."
_PROGRAM = """import sys
others = [p for p in sys.path if p.endswith("-packages")]
module, folders = sys.argv[1], sys.argv[2:]
sys.path = [p for p in sys.path if p not in others] + folders + others
from kyso.confined import serve
serve(module)"""


@dataclass(frozen=True)
class Bounds:
    """What the work on one file may cost."""

    seconds: float
    """For one answer."""
    megabytes: int
    """Of memory, and of one answer."""


def run(module: str, options: dict[str, Any], data: bytes, bounds: Bounds) -> tuple[dict[str, Any], bytes]:
    """The one answer to a question without words. Raises as `Session.ask`."""
    with session(module, options, data, bounds) as work:
        return work.ask({})


@contextmanager
def session(module: str, options: dict[str, Any], data: bytes, bounds: Bounds) -> Iterator[Session]:
    """The process, as long as the block lasts. What it imports of kyso is found where this process has found it."""
    folders = dict.fromkeys(_folder_of(name) for name in (module.partition(".")[0], "kyso", "kyso_pki", "kyso_hsm"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, module, *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=_creation_flags(),
    )
    start = {"options": options, "seconds": bounds.seconds, "megabytes": bounds.megabytes}
    work = Session(process, bounds, start, data)
    try:
        yield work
    finally:
        work.close()


class Session:
    """One process and its file; made by `session`. Not shared between threads."""

    def __init__(self, process: subprocess.Popen[bytes], bounds: Bounds, start: dict[str, Any], data: bytes) -> None:
        self._process = process
        self._start = start, data
        self._bounds = bounds
        self._ended: Literal["", "time", "memory"] = ""
        self._until: float | None = None
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer. Raises `FormatError`, `LimitExceeded` when it was ended, crashed or talked nonsense."""
        self._until = time.monotonic() + self._bounds.seconds
        start, data = self._start
        self._start = {}, b""
        sent = threading.Thread(target=self._send, args=(start, data, question), daemon=True)
        sent.start()  # the other end may answer, or end, before it has read everything
        try:
            return self._answer()
        finally:
            self._until = None
            sent.join(timeout=_POLL_S)

    def close(self) -> None:
        """Ends the process; it has nothing to put in order."""
        self._over.set()
        self._process.kill()
        self._process.wait()
        self._watcher.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):  # a sender may still hold what nobody reads
                    pipe.close()

    def _send(self, start: dict[str, Any], data: bytes, question: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - Popen was told to make it
        with contextlib.suppress(OSError, ValueError):  # it has ended, which its answer shows
            if start:
                _write(self._process.stdin, start, data)
            _write(self._process.stdin, question, b"")

    def _answer(self) -> tuple[dict[str, Any], bytes]:
        assert self._process.stdout is not None  # noqa: S101 - Popen was told to make it
        most = self._bounds.megabytes * _MB
        try:
            told, octets = _read(self._process.stdout, min(most, _MAX_HEAD), most)
        except (ValueError, RecursionError):
            raise self._why() from None
        if "refused" in told:
            kind = LimitExceeded if told["refused"] == LimitExceeded.code else FormatError
            raise kind(str(told.get("message")), remedy=None if told.get("remedy") is None else str(told["remedy"]))
        return told, octets

    def _why(self) -> LimitExceeded:
        """What to say of a process that gave no answer."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        if self._ended == "time":
            text = f"The work on the file did not end within {self._bounds.seconds:g} s."
        elif self._ended == "memory" or self._process.returncode == OUT_OF_MEMORY:
            text = f"The work on the file needs more than {self._bounds.megabytes} MB of memory."
        else:
            return crashed(self._process.returncode)
        return LimitExceeded(text, remedy=_REMEDY)

    def _watch(self) -> None:
        while not self._over.wait(_POLL_S):
            until = self._until
            if until is not None and time.monotonic() > until:
                self._ended = "time"
            elif _resident(self._process.pid) > self._bounds.megabytes * _MB:
                self._ended = "memory"
            else:
                continue
            self._process.kill()
            return


def crashed(status: int | None = None) -> LimitExceeded:
    """For an answer that cannot be one."""
    return LimitExceeded(f"The process that worked on the file crashed (status {status}).", remedy=_REMEDY)


def serve(module: str) -> None:
    """The child: answers until nobody asks. Ends with `OUT_OF_MEMORY` where memory was not enough."""
    from importlib import import_module

    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not land in an answer
    begin = import_module(module).begin
    work: Work | None = None
    try:
        start, data = _read(requests)
        _bound(float(start["seconds"]), int(start["megabytes"]))
        while True:
            question, _ = _read(requests)
            try:
                work = work or begin(start["options"], data)
                answer = work(question)
            except KysoError as e:
                answer = {"refused": e.code, "message": e.message, "remedy": e.remedy}, b""
            _write(replies, *answer)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


def _write(stream: IO[bytes], told: dict[str, Any], octets: bytes) -> None:
    """A line of JSON, then as many octets as it says."""
    stream.write(json.dumps([len(octets), told]).encode() + b"\n")
    stream.write(octets)
    stream.flush()


def _read(stream: IO[bytes], most_told: int = -1, most: int = -1) -> tuple[dict[str, Any], bytes]:
    """What `_write` wrote. Raises `ValueError` for anything else and for more than `most` octets."""
    line = stream.readline(most_told)
    size, told = json.loads(line) if line.endswith(b"\n") else (None, None)
    if type(size) is not int or not isinstance(told, dict) or size < 0 or -1 < most < size:
        raise ValueError
    octets = stream.read(size)
    if len(octets) < size:
        raise ValueError
    return told, octets


def _resident(pid: int) -> int:
    """Memory of the process in bytes where the kernel does not bound it by itself; 0 where nobody can tell."""
    if sys.platform == "linux":
        return 0
    try:
        import psutil

        return int(psutil.Process(pid).memory_info().rss)
    except (ImportError, psutil.Error):
        return 0


def _bound(seconds: float, megabytes: int) -> None:
    """The kernel's own bounds, which hold even when whoever watches has gone."""
    if sys.platform == "win32":
        return
    import resource

    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: int(10 * seconds) + 1}  # of all answers together
    if sys.platform == "linux":  # private memory, not maps of files
        limits[resource.RLIMIT_DATA] = megabytes * _MB
    for what, wanted in limits.items():
        _, most = resource.getrlimit(what)  # that of whoever started this process: nobody may raise it
        bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(what, (bound, bound))


def _creation_flags() -> int:
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW


def _folder_of(name: str) -> str:
    found = find_spec(name)
    assert found is not None and found.origin is not None  # noqa: S101 - this code is part of them
    return str(Path(found.origin).resolve().parent.parent)
