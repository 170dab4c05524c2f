"""Fetched answers on disk, shared by processes: a CRL of some MB is fetched once by all of them.

Reach for `KeptAnswers`, which `HttpFetcher(kept=…)` uses. What is kept was signed by somebody else and is judged each
time like any other answer, so a folder that somebody tampers with can hold back news, and only until an answer's end:
the earliest of its nextUpdate and `MAX_AGE_S`. So the folder is the user's own (mode 0700).

Nothing is locked: a file appears whole under its name, or not at all, and a reader checks its digest. Two processes
that fetch the same at once both write the same.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from kyso_pki.errors import KysoError
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_pki.x509.crl import CertificateList

from .parts import name_beside, swept

MAX_AGE_S = 3600.0  # a CA may publish a new list at any time; an hour is what most promise for a revocation
MAX_BYTES = 512 << 20  # of all files; the oldest go first
_HEAD = b"kyso answer 1 "
_SUFFIX = ".answer"


class KeptAnswers:
    """A folder of answers by what was asked. Raises `OSError` when the folder cannot be made."""

    def __init__(self, folder: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> None:
        self._folder = Path(folder)
        self._max_bytes = max_bytes
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, url: str, request: bytes) -> bytes | None:
        """The answer to this request that was kept and has not ended; None when there is none, or a damaged one."""
        try:
            data = self._path(url, request).read_bytes()
        except OSError:
            return None
        head, newline, answer = data.partition(b"\n")
        fields = head.removeprefix(_HEAD).split(b" ")
        if not head.startswith(_HEAD) or not newline or len(fields) != 2:
            return None
        until, digest = fields
        if not until.isdigit() or int(until) <= time.time():
            return None
        return answer if hashlib.sha256(answer).hexdigest().encode() == digest else None

    def put(self, url: str, request: bytes, answer: bytes) -> None:
        """Keeps the answer until its end. A full or read-only disk keeps nothing, which is no error."""
        until = int(_end(answer))
        if until <= time.time() or len(answer) > self._max_bytes:
            return
        head = _HEAD + b"%d %s\n" % (until, hashlib.sha256(answer).hexdigest().encode())
        target = self._path(url, request)
        beside = target.with_name(name_beside())
        with suppress(OSError):  # on Windows also: another process reads the file at this moment
            try:
                beside.write_bytes(head + answer)
                beside.replace(target)
            finally:
                beside.unlink(missing_ok=True)
            self._sweep(target)

    def _path(self, url: str, request: bytes) -> Path:
        asked = hashlib.sha256(len(url.encode()).to_bytes(8, "big") + url.encode() + request).hexdigest()
        return self._folder / (asked + _SUFFIX)

    def _sweep(self, fresh: Path) -> None:
        """Removes what killed processes left unfinished, and the oldest files until all fit, never the fresh one."""
        swept(self._folder, now=time.time())
        files = sorted(_stated(self._folder.glob("*" + _SUFFIX)), key=lambda found: found[1].st_mtime)
        total = sum(status.st_size for _, status in files)
        for path, status in files:
            if total <= self._max_bytes:
                return
            if path != fresh:
                with suppress(OSError):
                    path.unlink()
                total -= status.st_size


def _stated(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for path in paths:
        with suppress(OSError):  # another process was faster
            yield path, path.stat()


def _end(answer: bytes) -> float:
    """When the answer is asked for again, in seconds since 1970: its nextUpdate, `MAX_AGE_S` from now at the latest.

    0: at once, and it is not kept. That is so of what is no answer, such as tryLater, a page of a proxy or a login
    page that stands in the place of a CRL: it would hold up every verdict of an hour.
    """
    if answer.startswith(b"-----BEGIN"):
        return 0.0  # PEM, which is read elsewhere: its end is not known here
    ends = _next_updates(answer)
    return 0.0 if ends is None else min([time.time() + MAX_AGE_S, *(end.timestamp() for end in ends)])


def _next_updates(answer: bytes) -> list[datetime] | None:
    """Of an OCSP answer, a CRL or issuers' certificates, which have none; None of anything else."""
    with suppress(KysoError):
        return [r.next_update for r in ocsp.read(answer).responses if r.next_update is not None]
    with suppress(KysoError):
        found = CertificateList.from_der(answer).next_update
        return [] if found is None else [found]
    with suppress(KysoError):
        certificates_from_bytes(answer)
        return []
    return None
