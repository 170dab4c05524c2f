"""Who does the work of an audit: an `Executor`; here the processes of this machine.

`LocalPool` gives chunks to worker processes and cuts off what takes too long, eats memory or crashes: that file gets
a record with the reason, a new worker goes on with the next one. A worker writes its records into a file and is
looked at a few times a second, so that verifying is never interrupted to talk.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import psutil

from kyso_pki.errors import AuditError

from .answers import failure_in
from .listing import Entry
from .plan import Plan, as_line
from .worker import cut_off

START_S = 60.0  # for a worker to load its anchors, on a slow disk
_POLL_S = 0.25
_QUOTED = 60  # octets of what is no answer
_PROGRAM = """import sys
others = [p for p in sys.path if p.endswith("-packages")]
sys.path = [p for p in sys.path if p not in others] + sys.argv[1:] + others
from kyso.audit.worker import main
main()"""


@dataclass(frozen=True)
class Chunk:
    """Consecutive files of a manifest."""

    number: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Done:
    """The records of a chunk, a line of JSON each, in its order."""

    chunk: Chunk
    records: tuple[bytes, ...]


class Executor(Protocol):
    """Verifies chunks, in any order; a distributed engine implements this as well."""

    def run(
        self, plan: Plan, chunks: Iterable[Chunk], folder: Path, progress: Callable[[int], object]
    ) -> Iterator[Done]:
        """Each chunk once. `folder` is the run's: `evidence` in it is shared by all workers, `unfinished` is for what
        a worker has written of a chunk so far. `progress` is told how many files were done since."""


def cores() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class LocalPool:
    """Worker processes of this machine, one for each core unless said otherwise."""

    jobs: int = field(default_factory=cores)
    password: str | None = field(default=None, repr=False)
    """What opens encrypted documents. It goes to the workers through their pipes, and is written nowhere."""

    def run(
        self, plan: Plan, chunks: Iterable[Chunk], folder: Path, progress: Callable[[int], object]
    ) -> Iterator[Done]:
        """As `Executor.run`. Raises `KysoError` when no worker can be started, `OSError` when one cannot write."""
        waiting, watched = iter(chunks), time.monotonic()
        said: queue.SimpleQueue[_Said] = queue.SimpleQueue()
        workers = [_Worker(self, plan, folder, said, chunk) for chunk in islice(waiting, self.jobs)]
        try:
            while workers:
                try:
                    one = said.get(timeout=_POLL_S)
                    if one.worker in workers:  # else it is the end of a process that has nothing left to do
                        progress(one.worker.hears(one))
                except queue.Empty:
                    pass
                due = time.monotonic() - watched >= _POLL_S
                watched = time.monotonic() if due else watched
                for worker in list(workers):
                    if due:
                        progress(worker.watch())
                    if worker.finished:
                        done = worker.done()
                        if (chunk := next(waiting, None)) is not None:
                            worker.take(chunk)
                        else:
                            workers.remove(worker)
                            worker.end()
                        yield done  # it works on while this chunk is stored
        finally:
            for worker in workers:
                worker.end()
                worker.forget()


@dataclass(frozen=True)
class _Said:
    """A line of a worker's process; None at its end."""

    worker: _Worker
    process: subprocess.Popen[bytes]
    line: bytes | None


class _Worker:
    """One process at a time, and the chunk that it works on."""

    def __init__(
        self, pool: LocalPool, plan: Plan, folder: Path, said: queue.SimpleQueue[_Said], chunk: Chunk
    ) -> None:
        self._pool = pool
        self._plan = plan
        self._folder = folder
        self._said = said
        self._faults_at_start = 0
        self._begin(chunk)
        self._start()

    def take(self, chunk: Chunk) -> None:
        """Called when `finished`."""
        self._begin(chunk)
        self._send()

    @property
    def finished(self) -> bool:
        return self._at_rest and len(self._records) == len(self._chunk.entries)

    def done(self) -> Done:
        """What is finished; the file of its records is not needed any more."""
        self.forget()
        return Done(self._chunk, tuple(self._records))

    def forget(self) -> None:
        """Removes what was written of this chunk."""
        with contextlib.suppress(OSError):  # Windows: held by a process that is just ending; `Run` clears the folder
            self._place.unlink(missing_ok=True)

    def end(self) -> None:
        """Ends the process; it has nothing to put in order."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent yet has nobody to go to
                    pipe.close()

    def _begin(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._records: list[bytes] = []
        self._at_rest = False
        self._name_place()

    def _name_place(self) -> None:
        """A file of this process's own: one that was killed may still be about to write."""
        folder = self._folder / "unfinished"
        folder.mkdir(exist_ok=True)
        self._place = folder / f"{self._chunk.number:08}.{secrets.token_hex(4)}.jsonl"
        self._read = 0

    def _start(self) -> None:
        folders = dict.fromkeys(_folder_of(name) for name in ("kyso", "kyso_pki", "kyso_hsm"))
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=-1,
            creationflags=_creation_flags(),
        )
        self._ready = False
        self._memory = psutil.Process(self._process.pid)
        self._since = time.monotonic()
        threading.Thread(target=_listen, args=(self, self._process, self._said), daemon=True).start()
        evidence = str(self._folder / "evidence")
        self._write({"plan": self._plan.to_json(), "evidence": evidence, "password": self._pool.password})

    def _send(self) -> None:
        """What is left of the chunk."""
        self._at_rest = False
        self._since = time.monotonic()
        left = [(e.path, e.size, e.modified_ns) for e in self._chunk.entries[len(self._records) :]]
        self._write({"records": str(self._place), "entries": left})

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - Popen was told to make it
        with contextlib.suppress(OSError):  # it has ended, which `hears` is told
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def hears(self, said: _Said) -> int:
        """How many files are done by this line."""
        if said.process is not self._process:
            return 0  # of one that was ended
        if said.line is None:
            why = f"The process that verified the file ended ({_obituary(self._process)})."
            return self._replace("audit.crashed", why)
        try:
            trouble = failure_in(said.line)
        except ValueError:
            why = f"The process that verified the file said {said.line[:_QUOTED]!a}, which is no answer."
            return self._replace("audit.crashed", why)
        if trouble is not None:
            raise OSError(trouble.errno, trouble.strerror, str(self._place))
        if not self._ready:
            self._ready, self._faults_at_start = True, 0
            if len(self._records) < len(self._chunk.entries):
                self._send()
                return 0
        found = self._look()
        self._at_rest = True
        if not self.finished:
            raise AuditError(
                f"{self._place} does not hold what a worker has written there.",
                remedy="Keep other programs out of the folder of a running audit, and run the same command again.",
            )
        return found

    def watch(self) -> int:
        """Cuts off what takes too long or too much; how many files are done since."""
        found = self._look()
        limits, limit = self._plan.limits, self._plan.limits.seconds if self._ready else START_S
        if self._at_rest:
            return found
        if time.monotonic() - self._since > limit:
            return found + self._replace("audit.timeout", f"Verifying did not end within {limits.seconds:g} s.")
        if self._resident() > limits.megabytes << 20:
            why = f"Verifying needs more than {limits.megabytes} MB of memory."
            return found + self._replace("audit.memory", why)
        return found

    def _look(self) -> int:
        """Takes the records that are complete by now; how many there are."""
        try:
            with self._place.open("rb") as file:
                file.seek(self._read)
                octets = file.read()
        except FileNotFoundError:
            return 0  # not begun
        whole = octets[: octets.rfind(b"\n") + 1]
        self._read += len(whole)
        found = whole.split(b"\n")[:-1]
        self._records += found
        if found:
            self._since = time.monotonic()
        return len(found)

    def _resident(self) -> int:
        """Private memory in bytes; 0 when the process has ended."""
        try:
            info = self._memory.memory_info()
        except psutil.Error:
            return 0
        return int(getattr(info, "private", 0) or info.rss - getattr(info, "shared", 0))

    def _replace(self, code: str, text: str) -> int:
        """Another process goes on after the file at which this one was ended; a record says why."""
        was_ready = self._ready
        self.end()
        if not was_ready:
            self._faults_at_start += 1
            if self._faults_at_start > 2:
                raise AuditError(
                    f"A worker process does not start: {text}", remedy="Run one `kyso verify` to see why."
                )
        found = self._look()  # what it still wrote
        if was_ready and len(self._records) < len(self._chunk.entries):
            record = cut_off(self._chunk.entries[len(self._records)], code, text)
            self._records.append(as_line(record).rstrip(b"\n"))
            found += 1
        self.forget()
        self._name_place()
        self._start()
        return found


def _creation_flags() -> int:
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW


def _listen(worker: _Worker, process: subprocess.Popen[bytes], said: queue.SimpleQueue[_Said]) -> None:
    assert process.stdout is not None  # noqa: S101 - Popen was told to make it
    with contextlib.suppress(OSError, ValueError):  # closed by `end`
        for line in process.stdout:
            if not line.endswith(b"\n"):
                break  # it was killed in the middle of a record
            said.put(_Said(worker, process, line))
    said.put(_Said(worker, process, None))


def _obituary(process: subprocess.Popen[bytes]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    return f"status {process.returncode}"


def _folder_of(name: str) -> str:
    found = find_spec(name)
    assert found is not None and found.origin is not None  # noqa: S101 - this code is part of both
    return str(Path(found.origin).resolve().parent.parent)
