"""The process that verifies: a plan on its first line, then a chunk a line; records go into the file that it names.

The first line holds the password for encrypted documents too, where there is one: never the command line.

A record is written when its file is done and before the next one is begun, so whoever ends this process at any moment
knows from the complete lines which file was in work. It has no state but its caches. Run by `executor.LocalPool`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ..disk import TargetLost
from .answers import READY, failure
from .listing import Entry
from .plan import Plan, as_line
from .store import StoredFetcher


def main() -> None:
    """Serves until its input ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr  # a stray print, of Python or of a library in C, must not land among the replies
    os.dup2(2, 1)
    start = json.loads(requests.readline())
    judge = Judge(Plan.from_json(start["plan"]), Path(start["evidence"]), start["password"])
    _bound(start["plan"]["limits"]["megabytes"])
    chunks: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(chunks,), daemon=True).start()
    while True:
        replies.write(READY)
        replies.flush()
        chunk = json.loads(chunks.get())
        records = (judge.record(Entry(*entry)) for entry in chunk["entries"])
        try:
            _write(Path(chunk["records"]), records)
        except OSError as e:  # no document's fault: the run ends
            replies.write(failure(e))
            replies.flush()
            return


def _write(place: Path, records: Iterable[dict[str, Any]]) -> None:
    """A line each, at once: whoever ends this process finds all that were done. Raises `OSError`."""
    with place.open("ab", buffering=0) as file:
        for record in records:
            line = as_line(record)
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(chunks: SimpleQueue[bytes]) -> None:
    """Ends the process with its input: nobody is left who would take the records."""
    while line := sys.stdin.buffer.readline():
        chunks.put(line)
    os._exit(0)


class Judge:
    """One plan, many files."""

    def __init__(self, plan: Plan, evidence: Path, password: str | None = None) -> None:
        import kyso_pki.pdf.document  # noqa: F401 - before the first file, whose time is counted

        self._plan = plan
        self._password = None if password is None else lambda: password
        self._fetcher: StoredFetcher | None = None
        if plan.online is not None:
            from kyso.fetch import HttpFetcher

            asks = HttpFetcher(allowed_hosts=plan.online.hosts, max_fetches=1 << 30)  # each URL is asked once a run
            self._fetcher = StoredFetcher(asks, evidence)

    def record(self, entry: Entry) -> dict[str, Any]:
        """The report on one file in its published shape; whatever happens to it, there is one.

        Raises `TargetLost` where fetched evidence cannot be kept.
        """
        from kyso.beside import content_beside, detached_beside
        from kyso.verifying import verify
        from kyso_pki.errors import KysoError

        path, plan = Path(entry.path), self._plan
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # a FIFO would be waited for, a device never ends
                return cut_off(entry, "audit.unreadable", _no_file(path, status.st_mode))
            if (status.st_size, status.st_mtime_ns) != (entry.size, entry.modified_ns):
                return cut_off(entry, "audit.changed", "The file was changed after the audit began.")
            report = verify(
                path,
                trust=plan.trust,
                at=plan.at,
                evidence=plan.evidence,
                policy=plan.policy,
                fetcher=self._fetcher,
                password=self._password,
                content=content_beside(path),
                detached=detached_beside(path),
            )
            if self._fetcher is not None and self._fetcher.lost is not None:
                raise self._fetcher.lost
            return report.to_json()
        except MemoryError:
            return cut_off(entry, "audit.memory", f"Verifying needs more than {plan.limits.megabytes} MB of memory.")
        except OSError as e:
            if isinstance(e, TargetLost):
                raise
            what = "folder cannot be listed" if os.path.isdir(path) else "file cannot be read"  # noqa: PTH112 - never raises
            return cut_off(entry, "audit.unreadable", f"The {what}: {e.strerror or e}.")
        except KysoError as e:
            return cut_off(entry, e.code, e.message)


def _no_file(path: Path, mode: int) -> str:
    """What stands in place of a file. Raises `OSError`: why a folder cannot be listed."""
    if not stat.S_ISDIR(mode):
        return "It is not a regular file (a device, FIFO or socket)."
    os.scandir(path).close()
    return "The folder could not be listed when the audit began; its files were not verified."


def cut_off(entry: Entry, code: str, text: str) -> dict[str, Any]:
    """The record of a file that could not be verified to the end: failed, never skipped."""
    from kyso_pki.ades.report import SCHEMA_VERSION
    from kyso_pki.finding import Finding

    return {
        "schema": SCHEMA_VERSION,
        "file": entry.path,
        "sha256": None,
        "format": None,
        "verdict": "failed",
        "policy": None,
        "signatures": [],
        "findings": [Finding(code, "error", text).to_json()],
        "attachments": [],
    }


def _bound(megabytes: int) -> None:
    """The kernel's own bound where there is one (Linux counts private memory, not maps of files).

    Elsewhere the parent watches (`executor`).
    """
    if sys.platform == "linux":
        import resource

        limit = megabytes << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
