"""Whom this server trusts: the anchors that kyso.toml names, and those of a trust store that others keep up to date.

Reach for `Anchors.at`. A store is read again when its file becomes another one and when a source in it ends. While it
cannot be read nobody is trusted by it *or* by kyso.toml: an old answer could be from before an anchor was taken away.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kyso_pki.errors import FormatError
from kyso_pki.trust.kept import Kept
from kyso_pki.x509.trust import TrustStore

from .problems import TrustUnavailable

MAX_BYTES = 64 << 20  # against memory exhaustion; the anchors of all of Europe take some 8 MB
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Read:
    stamp: _Stamp
    kept: Kept
    trust: TrustStore
    since: datetime
    until: datetime | None
    """When a source in it ends, so that the anchors are others."""

    def holds(self, stamp: _Stamp, at: datetime) -> bool:
        return self.stamp == stamp and self.since <= at and (self.until is None or at < self.until)


@dataclass
class Anchors:
    """The anchors of kyso.toml, and the store beside them."""

    own: TrustStore
    store: Path | None = None
    """The file; None: there is no store."""
    _read: _Read | None = None
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def at(self, now: datetime) -> TrustStore:
        """All of them, as of now. Raises `TrustUnavailable`."""
        if self.store is None:
            return self.own
        with self._reading:
            try:
                stamp = _stamp(self.store.stat())
                if self._read is None or not self._read.holds(stamp, now):
                    self._read = self._again(self.store, stamp, now)
            except OSError as e:
                raise TrustUnavailable(f"The trust store {self.store} cannot be read: {e.strerror}.") from None
            return self._read.trust

    def _again(self, path: Path, stamp: _Stamp, now: datetime) -> _Read:
        kept = self._read.kept if self._read is not None and self._read.stamp == stamp else None
        if kept is None:
            stamp, kept = _file(path)
        return _Read(stamp, kept, kept.store(now) + self.own, now, kept.next_end(now))


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _file(path: Path) -> tuple[_Stamp, Kept]:
    """What the file holds, with the stamp of that very file. Raises `TrustUnavailable`, `OSError`."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if sys.platform != "win32" and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise TrustUnavailable(
                f"The trust store {path} may be written by others than its owner.",
                remedy=f"Whoever writes it decides whom this server trusts: chmod go-w {path}",
            )
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TrustUnavailable(f"The trust store {path} is larger than {MAX_BYTES} octets.")
    try:
        return _stamp(found), Kept.from_bytes(data)
    except FormatError as e:
        raise TrustUnavailable(f"The trust store {path} cannot be used: {e.message}.") from None
