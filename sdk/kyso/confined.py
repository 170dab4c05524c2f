"""A stranger's file worked on in a process of its own: libraries that read leniently may hang, crash or eat memory.

Reach for `run`. The work is a module with a function `work(options, data)` that gives options and octets back; both
travel as JSON and octets, nothing else, so that a process which a file has taken over can say nothing but a wrong
answer. It is ended when it takes too long or too much; then the file is refused, and this process is as it was.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kyso_pki.errors import LimitExceeded

OUT_OF_MEMORY = 77
"""The exit code of a child whose memory was not enough."""
_MB = 1 << 20
_POLL_S = 0.05
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
    megabytes: int
    """Of memory, and of the answer."""


def run(module: str, options: dict[str, Any], data: bytes, bounds: Bounds) -> tuple[dict[str, Any], bytes]:
    """What `work` of the module gives. Raises `LimitExceeded` when it was ended, crashed or talked nonsense.

    The module and what it imports of kyso are found where this process has found them.
    """
    folders = dict.fromkeys(_folder_of(name) for name in (module.partition(".")[0], "kyso", "kyso_pki", "kyso_hsm"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, module, *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=_creation_flags(),
    )
    with process, _watched(process, bounds) as ended:
        start = json.dumps({"options": options, "seconds": bounds.seconds, "megabytes": bounds.megabytes})
        threading.Thread(target=_feed, args=(process, start.encode() + b"\n", data), daemon=True).start()
        most = bounds.megabytes * _MB
        assert process.stdout is not None  # noqa: S101 - Popen was told to make it
        answer = process.stdout.read(most + 1)
        if len(answer) > most:
            ended.append("memory")
            process.kill()
    if process.returncode == OUT_OF_MEMORY:
        ended.append("memory")
    return _understood(answer, process.returncode, ended, bounds)


def serve(module: str) -> None:
    """The child: reads one request, works, answers. Ends with `OUT_OF_MEMORY` where memory was not enough."""
    from importlib import import_module

    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not land in the answer
    start = json.loads(requests.readline())
    data = requests.read()
    work = import_module(module).work
    _bound(float(start["seconds"]), int(start["megabytes"]))
    try:
        options, octets = work(start["options"], data)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    replies.write(json.dumps(options).encode() + b"\n")
    replies.write(octets)
    replies.flush()


def _understood(answer: bytes, status: int, ended: list[str], bounds: Bounds) -> tuple[dict[str, Any], bytes]:
    if "time" in ended:
        raise LimitExceeded(f"The work on the file did not end within {bounds.seconds:g} s.", remedy=_REMEDY)
    if "memory" in ended:
        raise LimitExceeded(f"The work on the file needs more than {bounds.megabytes} MB of memory.", remedy=_REMEDY)
    head, found, octets = answer.partition(b"\n")
    try:
        options = json.loads(head) if status == 0 and found else None
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise crashed(status)
    return options, octets


def crashed(status: int) -> LimitExceeded:
    """For an answer that cannot be one."""
    return LimitExceeded(f"The process that worked on the file crashed (status {status}).", remedy=_REMEDY)


@contextmanager
def _watched(process: subprocess.Popen[bytes], bounds: Bounds) -> Iterator[list[str]]:
    """Why the process was ended, if it was."""
    ended: list[str] = []
    over = threading.Event()

    def watch() -> None:
        rest = bounds.seconds
        while not over.wait(min(_POLL_S, rest)):
            rest -= _POLL_S
            if rest <= 0:
                ended.append("time")
            elif _resident(process.pid) > bounds.megabytes * _MB:
                ended.append("memory")
            else:
                continue
            process.kill()
            return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield ended
    except BaseException:
        process.kill()  # Ctrl-C: nobody waits for it any more
        raise
    finally:
        over.set()
        watcher.join()


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

    cpu = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    if sys.platform == "linux":  # private memory, not maps of files
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * _MB, megabytes * _MB))


def _feed(process: subprocess.Popen[bytes], start: bytes, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was told to make it
    with contextlib.suppress(OSError, ValueError):  # it has ended, which its answer shows
        process.stdin.write(start)
        process.stdin.write(data)
        process.stdin.close()


def _creation_flags() -> int:
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW


def _folder_of(name: str) -> str:
    found = find_spec(name)
    assert found is not None and found.origin is not None  # noqa: S101 - this code is part of them
    return str(Path(found.origin).resolve().parent.parent)
