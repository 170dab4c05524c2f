"""The document security store: evidence for long-term validation inside the file (ISO 32000-2 12.8.4.3).

Reach for `store_members`: which objects make up the store, when it has exactly its own shape. A store that
holds anything else is none, so that an update cannot hide other objects in it (attack class P13).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..asn1 import der
from ..errors import FormatError, LimitExceeded
from .filters import Budget, decode
from .objects import Ref, Stream, Value
from .reader import Reader

FREE_VISITS: Final = 200_000  # members visited in one file; 24 signatures with evidence need some 10,000
_ARRAYS = ("Certs", "OCSPs", "CRLs")
_STREAM_KEYS = {"Length", "Filter", "DecodeParms"}
_VRI_ARRAYS = ("Cert", "OCSP", "CRL")


class Visits:
    """How many members of the store may still be visited: it is walked again after every change."""

    def __init__(self, file_size: int) -> None:
        self.left = FREE_VISITS + file_size // 8

    def one(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise LimitExceeded("PDF: the document security store is rewritten too often.")


@dataclass
class Store:
    """The numbers of the objects of a store."""

    containers: set[int] = field(default_factory=set)
    """Dictionaries and arrays."""
    streams: set[int] = field(default_factory=set)
    """Certificates, CRLs, OCSP answers, timestamps."""


def store_members(reader: Reader, value: Value, revision: int, visits: Visits) -> Store | None:
    """The members of the store that is `value` (/DSS of the catalog) as of a revision; None: not its shape."""
    walk = _Walk(reader, revision, visits)
    return walk.store if value is None or walk.is_store(value) else None


def is_evidence(stream: Stream, budget: Budget) -> bool:
    """Whether a stream holds exactly one DER structure, as certificates, CRLs, OCSP answers and timestamps are."""
    try:
        der.read(decode(stream, budget), der.SEQUENCE)
    except FormatError:
        return False
    return True


class _Walk:
    def __init__(self, reader: Reader, revision: int, visits: Visits) -> None:
        self.reader = reader
        self.revision = revision
        self.visits = visits
        self.store = Store()

    def is_store(self, value: Value) -> bool:
        dss = self._opened(value)
        if not isinstance(dss, dict) or dss.keys() - {"Type", "VRI", *_ARRAYS} or dss.get("Type", "DSS") != "DSS":
            return False
        vri = self._opened(dss.get("VRI", {}))
        return (
            all(self._is_array(dss[key]) for key in _ARRAYS if key in dss)
            and isinstance(vri, dict)
            and all(self._is_vri(item) for item in vri.values())
        )

    def _is_vri(self, value: Value) -> bool:
        """The evidence for one signature (12.8.4.4)."""
        entry = self._opened(value)
        return (
            isinstance(entry, dict)
            and not entry.keys() - {"Type", "TU", "TS", *_VRI_ARRAYS}
            and entry.get("Type", "VRI") == "VRI"
            and all(self._is_array(entry[key]) for key in _VRI_ARRAYS if key in entry)
            and ("TS" not in entry or self._is_stream(entry["TS"]))
        )

    def _is_array(self, value: Value) -> bool:
        array = self._opened(value)
        return isinstance(array, list) and all(map(self._is_stream, array))

    def _is_stream(self, value: Value) -> bool:
        self.visits.one()
        stream = self.reader.resolve(value, self.revision)
        if not isinstance(value, Ref) or not isinstance(stream, Stream) or stream.dictionary.keys() - _STREAM_KEYS:
            return False
        self.store.streams.add(value.number)
        return True

    def _opened(self, value: Value) -> Value:
        self.visits.one()
        if isinstance(value, Ref):
            self.store.containers.add(value.number)
            return self.reader.resolve(value, self.revision)
        return value
