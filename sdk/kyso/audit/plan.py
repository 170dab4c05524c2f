"""What an audit judges by, and which files it looks at."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.errors import UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.jsonable import decoded, encoded
from kyso_pki.x509.trust import TrustStore

SUFFIXES = frozenset({".pdf", ".xml", ".edxml", ".xsig", ".xades", ".p7s", ".p7m", ".sig"})
"""What is looked at in a folder unless everything is asked for."""


@dataclass(frozen=True)
class Limits:
    """What one file may cost before it is cut off and reported."""

    seconds: float = 60.0
    megabytes: int = 2048
    """Of one worker's memory; memory maps of the file itself do not count."""


@dataclass(frozen=True)
class Online:
    """Ask responders and fetch lists, each URL once in the whole run."""

    hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be private (`HttpFetcher`)."""


@dataclass(frozen=True)
class Plan:
    """Everything that a verdict depends on besides the file. Equal plans give equal reports."""

    at: datetime
    """The frozen validation time, aware."""
    trust: TrustStore
    evidence: Evidence = NO_EVIDENCE
    policy: Policy = DEFAULT_POLICY
    online: Online | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> dict[str, Any]:
        """The plan for another process or machine."""
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Plan:
        """What `to_json` gave. Raises `FormatError`."""
        return decoded(cls, value, "plan")

    @property
    def rules_digest(self) -> str:
        """SHA-256 of everything but the time and the limits: what a run that goes on must have in common."""
        rules = {k: v for k, v in self.to_json().items() if k not in ("at", "limits")}
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def as_line(value: object) -> bytes:
    """A line of JSON in UTF-8; the name of a file that is no UTF-8 stands in it with its octets as `\\udcff`."""
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


@dataclass(frozen=True)
class Entry:
    """One file of a manifest, as it was when the run began."""

    path: str
    size: int
    modified_ns: int


def entries(sources: Iterable[str], *, everything: bool = False) -> Iterator[Entry]:
    """The files that `sources` name, each once, in a lasting order.

    A source is a file, a folder (all of its PDF and XML files, or `everything`), a pattern with `*`, `?` or `[`
    (`**` for any depth), or `@list`: a UTF-8 file with one path a line. Raises `UsageError` for a source that names
    nothing, `OSError`.
    """
    seen: set[str] = set()
    for source in sources:
        for path in _paths(source, everything):
            name = str(path)
            if name not in seen:
                seen.add(name)
                status = path.stat()
                yield Entry(name, status.st_size, status.st_mtime_ns)


def _paths(source: str, everything: bool) -> Iterator[Path]:
    if source.startswith("@"):
        try:
            listed = Path(source[1:]).read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError(f"The list {source[1:]} is no UTF-8.", remedy="Save it as UTF-8.") from None
        for number, line in enumerate(listed.splitlines(), 1):
            if line.strip():
                yield _listed(Path(line.strip()), f"{source[1:]}, line {number}")
        return
    path = Path(source)
    if path.is_dir():
        yield from _below(path, everything)
    elif path.is_file():
        yield path
    elif any(c in source for c in "*?["):
        found = sorted(p for p in glob.iglob(source, recursive=True) if Path(p).is_file())  # noqa: PTH207 - absolute patterns too
        if not found:
            raise UsageError(f"The pattern {source} matches no file.")
        yield from map(Path, found)
    else:
        yield _listed(path, None)


def _listed(path: Path, where: str | None) -> Path:
    if not path.is_file():
        text = f"There is no file {path}" + (f" ({where})." if where else ".")
        raise UsageError(text, remedy="Name files, folders, patterns in quotes, or @list with one path a line.")
    return path


def _below(folder: Path, everything: bool) -> Iterator[Path]:
    """Regular files in all depths, sorted within each folder; links to folders are not followed."""
    with os.scandir(folder) as items:
        found = sorted(items, key=lambda item: item.name)
    for item in found:
        if item.is_dir(follow_symlinks=False):
            yield from _below(Path(item.path), everything)
        elif item.is_file() and (everything or Path(item.name).suffix.lower() in SUFFIXES):
            yield Path(item.path)
