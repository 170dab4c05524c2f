"""Evidence that is fetched once for a whole run, whichever worker asks first."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from kyso_pki.errors import FetchError
from kyso_pki.signer import Fetcher


class StoredFetcher:
    """A `Fetcher` over a folder that workers share. What failed is remembered too, so that all files see the same."""

    def __init__(self, fetcher: Fetcher, folder: Path) -> None:
        self._fetcher = fetcher
        self._folder = folder

    def ocsp(self, url: str, request: bytes) -> bytes:
        return self._once("ocsp", url, request, lambda: self._fetcher.ocsp(url, request))

    def crl(self, url: str) -> bytes:
        return self._once("crl", url, b"", lambda: self._fetcher.crl(url))

    def certificates(self, url: str) -> bytes:
        return self._once("certificates", url, b"", lambda: self._fetcher.certificates(url))

    def _once(self, kind: str, url: str, request: bytes, fetch: Callable[[], bytes]) -> bytes:
        name = hashlib.sha256(b"\0".join((kind.encode(), url.encode(), request))).hexdigest()
        place = self._folder / name
        if not place.exists():
            try:
                kept = b"+" + fetch()
            except FetchError as e:
                kept = b"-" + json.dumps({"url": url, "why": e.message}).encode()
            self._keep(place, kept)
        kept = place.read_bytes()  # of two workers that asked at the same time both use what the first one got
        if kept[:1] == b"-":
            raise FetchError(json.loads(kept[1:])["why"])
        return kept[1:]

    def _keep(self, place: Path, octets: bytes) -> None:
        beside = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
        beside.write_bytes(octets)
        try:
            os.link(beside, place)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not place.exists():
                beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
