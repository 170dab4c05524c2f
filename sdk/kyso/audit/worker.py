"""The process that verifies: a plan on its first line, then a path a line; a record a line comes back.

It has no state but its caches, so it may be killed at any moment. Run by `executor.LocalPool`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .plan import Entry, Plan
from .store import StoredFetcher


def main() -> None:
    """Serves until its input ends."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not land among the records
    start = json.loads(requests.readline())
    judge = Judge(Plan.from_json(start["plan"]), Path(start["store"]))
    _bound(start["plan"]["limits"]["megabytes"])
    replies.write(b"ready\n")
    replies.flush()
    for line in requests:
        replies.write(json.dumps(judge.record(Entry(*json.loads(line))), ensure_ascii=False).encode() + b"\n")
        replies.flush()


class Judge:
    """One plan, many files."""

    def __init__(self, plan: Plan, store: Path) -> None:
        import kyso_pki.pdf.document  # noqa: F401 - before the first file, whose time is counted

        self._plan = plan
        self._fetcher: StoredFetcher | None = None
        if plan.online is not None:
            from kyso.fetch import HttpFetcher

            asks = HttpFetcher(allowed_hosts=plan.online.hosts, max_fetches=1 << 30)  # each URL is asked once a run
            self._fetcher = StoredFetcher(asks, store)

    def record(self, entry: Entry) -> dict[str, Any]:
        """The report on one file in its published shape; whatever happens, there is one."""
        from kyso.verifying import verify
        from kyso_pki.errors import KysoError

        path, plan = Path(entry.path), self._plan
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) != (entry.size, entry.modified_ns):
                return cut_off(entry, "audit.changed", "The file was changed after the audit began.")
            report = verify(
                path, trust=plan.trust, at=plan.at, evidence=plan.evidence, policy=plan.policy, fetcher=self._fetcher
            )
            return report.to_json()
        except MemoryError:
            return cut_off(entry, "audit.memory", f"Verifying needs more than {plan.limits.megabytes} MB of memory.")
        except OSError as e:
            return cut_off(entry, "audit.unreadable", f"The file cannot be read: {e.strerror or e}.")
        except KysoError as e:
            return cut_off(entry, e.code, e.message)


def cut_off(entry: Entry, code: str, text: str) -> dict[str, Any]:
    """The record of a file that could not be verified to the end: failed, never skipped."""
    from kyso_pki.ades.report import SCHEMA_VERSION

    return {
        "schema": SCHEMA_VERSION,
        "file": entry.path,
        "sha256": None,
        "format": None,
        "verdict": "failed",
        "policy": None,
        "signatures": [],
        "findings": [{"code": code, "severity": "error", "text": text}],
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
