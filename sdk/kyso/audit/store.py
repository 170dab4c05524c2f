"""Evidence that is fetched once for a whole run, whichever worker asks first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from kyso_pki.errors import FetchError
from kyso_pki.signer import Fetcher

from ..disk import Beside, TargetLost

_SEAL = 32  # octets of SHA-256, in front of what they are of


class StoredFetcher:
    """A `Fetcher` over a folder that workers share. What failed is remembered too, so that all files see the same.

    What is kept is on the disk, whole and with its digest, before anything rests on it: a run that goes on after a
    power cut judges the files that are left by the very answers that the others were judged by, or asks again where a
    disk has lost one. Raises `TargetLost` where the folder takes nothing, and keeps it in `lost`, because whoever
    verifies takes any exception for the document's fault.
    """

    def __init__(self, fetcher: Fetcher, folder: Path) -> None:
        self._fetcher = fetcher
        self._folder = folder
        self.lost: TargetLost | None = None

    def ocsp(self, url: str, request: bytes) -> bytes:
        return self._once("ocsp", url, request, lambda: self._fetcher.ocsp(url, request))

    def crl(self, url: str) -> bytes:
        return self._once("crl", url, b"", lambda: self._fetcher.crl(url))

    def certificates(self, url: str) -> bytes:
        return self._once("certificates", url, b"", lambda: self._fetcher.certificates(url))

    def _once(self, kind: str, url: str, request: bytes, fetch: Callable[[], bytes]) -> bytes:
        name = hashlib.sha256(b"\0".join((kind.encode(), url.encode(), request))).hexdigest()
        place = self._folder / name
        kept = _unsealed(place)
        if kept is None:
            try:
                kept = b"+" + fetch()
            except FetchError as e:
                kept = b"-" + json.dumps({"url": url, "why": e.message}).encode()
            try:
                kept = self._keep(place, kept)
            except TargetLost as e:
                self.lost = e
                raise
        if kept[:1] == b"-":
            raise FetchError(json.loads(kept[1:])["why"])
        return kept[1:]

    def _keep(self, place: Path, octets: bytes) -> bytes:
        """What stands there now: of two workers that asked at the same time both use what the first one got."""
        sealed = hashlib.sha256(octets).digest() + octets
        try:
            with Beside(place) as beside:
                beside.append((sealed,))
                beside.commit()
        except FileExistsError:
            if (kept := _unsealed(place)) is not None:
                return kept
            with Beside(place, force=True) as beside:  # a damaged one
                beside.append((sealed,))
                beside.commit()
        return octets


def _unsealed(place: Path) -> bytes | None:
    """What was kept there; None when there is nothing, or not what was kept."""
    try:
        found = place.read_bytes()
    except FileNotFoundError:
        return None
    return found[_SEAL:] if hashlib.sha256(found[_SEAL:]).digest() == found[:_SEAL] else None
