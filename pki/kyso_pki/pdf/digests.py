"""Digests of a PDF around the gaps of its signatures, and of the whole file, in one walk.

One running hash per algorithm goes over the file once. Where a signature's gap starts it is copied, and the copy
goes on behind the gap to the end of what that signature covers, which is the rest of one revision. So a file costs
one hash of its octets and one more of the rests, however many signatures it has.
"""

from __future__ import annotations

from typing import Any

from ..octets import Octets, hash_into
from ..scheme import HashName, hasher


class Digests:
    """Digests over one file."""

    def __init__(self, data: Octets) -> None:
        self._data = data
        self._running: dict[str, tuple[int, Any]] = {}

    def around(self, hash_name: HashName, gap: tuple[int, int], end: int) -> bytes:
        """The digest of `data[:gap[0]]` and `data[gap[1]:end]`. Linear when gaps come in ascending order."""
        out = self._upto(hash_name, gap[0]).copy()
        hash_into(out, self._data, gap[1], end)
        return bytes(out.digest())

    def whole(self) -> str:
        """SHA-256 of the file, lower-case hex; goes on where the last signature's gap starts."""
        return str(self._upto("sha256", len(self._data)).hexdigest())

    def _upto(self, hash_name: str, position: int) -> Any:
        """The running hash over `data[:position]`, to be copied before it is changed."""
        done, running = self._running.get(hash_name, (0, None))
        if running is None or done > position:
            done, running = 0, hasher(hash_name)
        hash_into(running, self._data, done, position)
        self._running[hash_name] = (position, running)
        return running
