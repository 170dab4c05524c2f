"""PDF objects of an appearance: gathered apart from any file, and added to one.

Reach for `Objects` to gather them (references are indexes), `add_appearance` to put them into an update. This
is the one module of the package that signing itself needs; it loads no library.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ...document import Placed
from ..objects import Dictionary, Ref, Value, serialize
from ..update import Update

Pieces = tuple[bytes | int, ...]


@dataclass(frozen=True)
class Link:
    """A reference to the object at this place among those gathered."""

    index: int


@dataclass
class Objects:
    """Objects that refer to each other and to nothing else."""

    made: list[Pieces] = field(default_factory=list)

    def add(self, value: Mapping[str, object]) -> Link:
        """One more dictionary; a value in it may be a `Link`."""
        self.made.append(tuple(_joined(_pieces(value))))
        return Link(len(self.made) - 1)

    def add_stream(self, entries: Mapping[str, object], data: bytes, *, compress: bool = True) -> Link:
        """One more stream, deflated; the same data give the same octets."""
        if compress:
            data = _deflated(data)
            entries = {**entries, "Filter": "FlateDecode"}
        head = _pieces({**entries, "Length": len(data)})
        self.made.append(tuple(_joined([*head, b"\nstream\n" + data + b"\nendstream"])))
        return Link(len(self.made) - 1)


@lru_cache(maxsize=32)  # a batch carries the same seal and font again and again
def _deflated(data: bytes) -> bytes:
    return zlib.compress(data, 9)


def _pieces(value: object) -> list[bytes | int]:
    if isinstance(value, Link):
        return [value.index]
    if isinstance(value, Mapping):
        inside: list[bytes | int] = []
        for key, item in value.items():
            inside += [serialize(key) + b" ", *_pieces(item), b" "]
        return [b"<<", *inside[:-1], b">>"]
    if isinstance(value, list | tuple) and not isinstance(value, Ref):
        inside = []
        for item in value:
            inside += [*_pieces(item), b" "]
        return [b"[", *inside[:-1], b"]"]
    return [serialize(value)]  # type: ignore[arg-type]  # whatever is no Value is refused there


def _joined(pieces: list[bytes | int]) -> list[bytes | int]:
    """Neighbouring pieces of text as one."""
    out: list[bytes | int] = []
    for piece in pieces:
        if out and isinstance(piece, bytes) and isinstance(last := out[-1], bytes):
            out[-1] = last + piece
        else:
            out.append(piece)
    return out


def add_appearance(update: Update, placed: Placed) -> Ref:
    """Adds the objects to the update; the reference of the normal appearance."""
    refs = [update.reserve() for _ in placed.objects]
    for ref, pieces in zip(refs, placed.objects, strict=True):
        update.replace(ref, b"".join(p if isinstance(p, bytes) else serialize(refs[p]) for p in pieces))
    return refs[-1]


def shown(rect: tuple[float, float, float, float], rotation: int, look: Ref) -> Dictionary:
    """What makes a widget visible: its place, its normal appearance, and which way the page is turned (12.5.6.19)."""
    entries: Dictionary = {"Rect": list(rect), "AP": {"N": look}}
    if rotation:
        entries["MK"] = {"R": rotation}
    return entries


def empty_form(rect: tuple[float, float, float, float]) -> bytes:
    """An appearance that draws nothing: PDF/A wants one for every widget that has an area (ISO 19005-2 6.3.3)."""
    box: list[Value] = [0, 0, rect[2] - rect[0], rect[3] - rect[1]]
    entries: Dictionary = {"Type": "XObject", "Subtype": "Form", "BBox": box, "Resources": {}, "Length": 0}
    return serialize(entries) + b"\nstream\n\nendstream"
