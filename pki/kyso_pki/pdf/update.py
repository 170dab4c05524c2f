"""One revision appended to a file whose own bytes stay as they are (ISO 32000-2 7.5.6).

Reach for `Update`: `add` and `replace` objects, then `render`. The cross-reference is of the file's own
flavour, table or stream. Existing objects are edited as text (`with_entries`, `with_item`), so that whatever
this engine does not know stays as it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import LimitExceeded, SigningError
from .objects import Dictionary, IndirectObject, Ref, Value, read_value, serialize, skip_space, value_spans
from .reader import REWRITE, Reader
from .xref import MAX_OBJECT_NUMBER

_NOT_KEPT = {"Size", "Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms"}
_TABLE_LIMIT: Final = 10**10  # a table entry has ten digits (7.5.4)


def with_entries(source: bytes, start: int, changes: Mapping[str, bytes]) -> bytes:
    """The dictionary at `start` as text, with these keys set to these serialised values."""
    spans, end = value_spans(source, start)
    begin = skip_space(source, start)
    pieces: list[tuple[int, int, bytes]] = [
        (*spans[k], _apart(source, spans[k][0], v)) for k, v in changes.items() if k in spans
    ]
    added = b"".join(b" " + serialize(k) + b" " + v for k, v in changes.items() if k not in spans)
    pieces.append((end - 2, end - 2, added))
    return _spliced(source, begin, end, pieces)


def _apart(source: bytes, start: int, text: bytes) -> bytes:
    """The text with a space before it where it could run into the key: `/SigFlags[]` has none (7.2.3)."""
    return text if source[start - 1] in b"\x00\t\n\x0c\r " or text[:1] in (b"<", b"[", b"(", b"/") else b" " + text


def with_item(source: bytes, start: int, item: bytes) -> bytes:
    """The array at `start` as text, with one more item at its end."""
    _, end = read_value(source, start)
    begin = skip_space(source, start)
    return _spliced(source, begin, end, [(end - 1, end - 1, b" " + item)])


def _spliced(source: bytes, begin: int, end: int, pieces: list[tuple[int, int, bytes]]) -> bytes:
    out: list[bytes] = []
    for start, stop, text in sorted(pieces):
        out += [source[begin:start], text]
        begin = stop
    return b"".join([*out, source[begin:end]])


class Update:
    """The objects of one revision to be appended to what `reader` read.

    New values reach the file through `text` and `stream`, which know the object that they will stand in: there
    the strings and streams of an encrypted file are encrypted.
    """

    def __init__(self, reader: Reader, first: int | None = None) -> None:
        """`first`: the number that the first new object gets; else it is the least that the file does not use."""
        self._reader = reader
        self._bodies: dict[int, tuple[int, bytes]] = {}
        sizes = [s.trailer.get("Size") for r in reader.revisions for s in r.sections]
        self._next = max(n for n in sizes if isinstance(n, int)) if first is None else first

    @property
    def new_from(self) -> int:
        """The first number that a new object gets."""
        return self._next

    def reserve(self) -> Ref:
        """A number that the file does not use; its object follows with `replace`. Raises `LimitExceeded`."""
        if self._next > MAX_OBJECT_NUMBER:  # the reader would refuse what is written here
            raise LimitExceeded(f"PDF: no object number up to {MAX_OBJECT_NUMBER} is free.", remedy=REWRITE)
        self._next += 1
        return Ref(self._next - 1)

    def add(self, body: bytes) -> Ref:
        """A new object with this text."""
        ref = self.reserve()
        self.replace(ref, body)
        return ref

    def replace(self, ref: Ref, body: bytes) -> None:
        """The object under this reference gets this text."""
        self._bodies[ref.number] = (ref.generation, body)

    def text(self, ref: Ref, value: Value) -> bytes:
        """The value as it is written inside the object `ref`."""
        return serialize(value)

    def stream(self, ref: Ref, dictionary: Dictionary, data: bytes) -> bytes:
        """The body of a stream object `ref`; /Length is set here."""
        return self.text(ref, {**dictionary, "Length": len(data)}) + b"\nstream\n" + data + b"\nendstream"

    def now(self, found: IndirectObject) -> tuple[Value, bytes, int]:
        """The object as this update leaves it so far: its value, and the text and offset where that stands."""
        if found.number not in self._bodies:
            return found.value, found.source, found.start
        body = self._bodies[found.number][1]
        return read_value(body, 0)[0], body, 0

    @property
    def encrypts(self) -> bool:
        """Whether `render` encrypts the strings and streams of the objects (7.6)."""
        return self._reader.handler is not None

    @property
    def empty(self) -> bool:
        return not self._bodies

    def render(self, salt: bytes) -> tuple[bytes, dict[int, int]]:
        """The bytes to append, and where in them the text of each object starts.

        `salt` makes the second half of /ID differ from other updates of the same file (14.4).
        """
        base = len(self._reader.data)
        parts: list[bytes] = [] if self._reader.data[-1:] in (b"\n", b"\r") else [b"\n"]
        size = sum(map(len, parts))
        offsets: dict[int, int] = {}
        starts: dict[int, int] = {}
        for number in sorted(self._bodies):
            generation, body = self._bodies[number]
            if self._reader.handler is not None:
                body = self._reader.handler.sealed(Ref(number, generation), body)
            head = b"%d %d obj\n" % (number, generation)
            offsets[number] = base + size
            starts[number] = size + len(head)
            parts += [head, body, b"\nendobj\n"]
            size += len(head) + len(body) + 8
        trailer = self._trailer(salt)
        if self._reader.revisions[-1].sections[0].stream is None:
            parts.append(self._table(offsets, trailer, base + size))
        else:
            parts.append(self._stream(offsets, trailer, base + size))
        return b"".join(parts), starts

    def _trailer(self, salt: bytes) -> dict[str, Value]:
        """All entries of the last trailer but /Prev (7.5.6), and those that only a stream or a hybrid has."""
        old = self._reader.trailer
        trailer: dict[str, Value] = {k: v for k, v in old.items() if k not in _NOT_KEPT and v is not None}
        trailer["Prev"] = self._reader.startxref
        identity = old.get("ID")
        if isinstance(identity, list) and len(identity) == 2:
            first = identity[0] if isinstance(identity[0], bytes) else b""
            fresh = hashlib.sha256(b"%d" % len(self._reader.data) + first + salt).digest()[:16]
            trailer["ID"] = [identity[0], fresh]
        return trailer

    def _table(self, offsets: dict[int, int], trailer: dict[str, Value], at: int) -> bytes:
        if at >= _TABLE_LIMIT:
            raise SigningError("The file is too large for its cross-reference table (10,000,000,000 bytes).")
        lines = [b"xref\n0 1\n0000000000 65535 f \n"]
        bodies = self._bodies
        for first, count in _runs(offsets):
            lines.append(b"%d %d\n" % (first, count))
            lines += [b"%010d %05d n \n" % (offsets[n], bodies[n][0]) for n in range(first, first + count)]
        lines.append(b"trailer\n" + serialize({"Size": self._next, **trailer}) + b"\n" + _closing(at))
        return b"".join(lines)

    def _stream(self, offsets: dict[int, int], trailer: dict[str, Value], at: int) -> bytes:
        own = self.reserve().number
        offsets = {**offsets, own: at}
        width = (at.bit_length() + 7) // 8
        rows = b"".join(
            b"\x01" + offset.to_bytes(width, "big") + self._bodies.get(n, (0, b""))[0].to_bytes(2, "big")
            for n, offset in sorted(offsets.items())
        )
        index: list[Value] = [n for run in _runs(offsets) for n in run]
        dictionary: dict[str, Value] = {
            "Type": "XRef",
            "Size": self._next,
            **trailer,
            "W": [1, width, 2],
            "Index": index,
            "Length": len(rows),
        }
        head = b"%d 0 obj\n" % own + serialize(dictionary)
        return head + b"\nstream\n" + rows + b"\nendstream\nendobj\n" + _closing(at)


def _closing(at: int) -> bytes:
    return b"startxref\n%d\n%%%%EOF\n" % at


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Consecutive object numbers as (first, count)."""
    runs: list[tuple[int, int]] = []
    first = following = -1
    for number in sorted(numbers):
        if number != following:
            if first >= 0:
                runs.append((first, following - first))
            first = number
        following = number + 1
    return [*runs, (first, following - first)] if first >= 0 else runs
