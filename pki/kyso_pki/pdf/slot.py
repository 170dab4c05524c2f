"""The empty place that a signature value is written into later: /Contents, and the /ByteRange around it.

Reach for `appended_with_slot`: it renders an update whose signature dictionary has room for `room` bytes of CMS, and
tells where. Everything but the slot is then final, so that it can be hashed (ISO 32000-2 12.8.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ..errors import SigningError
from ..scheme import hasher
from .objects import Dictionary, Ref, value_spans
from .update import Update

Pieces = Callable[[], Iterable[bytes | memoryview]]
"""The file that is signed, from its first byte to its last, in pieces of any size; may be asked for again."""
_RANGE_DIGITS: Final = 20  # room for each number of /ByteRange; 2**64 has twenty digits


@dataclass(frozen=True)
class Slot:
    """A rendered revision that waits for its signature value."""

    tail: bytes
    """The revision to append; /Contents is all zeros."""
    at: int
    """Where /Contents starts in `tail`, its `<` included."""
    room: int
    """Bytes of CMS that fit."""

    def digest(self, hash_name: str, pieces: Pieces) -> bytes:
        """The digest of the whole file but /Contents."""
        running = hasher(hash_name)
        for piece in pieces():
            running.update(piece)
        return self.digest_after(running)

    def digest_after(self, running: hashlib._Hash) -> bytes:
        """The same, of a hash that has seen the whole original."""
        view = memoryview(self.tail)
        running.update(view[: self.at])
        running.update(view[self.at + 2 * self.room + 2 :])
        return running.digest()

    def filled(self, value: bytes) -> bytes:
        """The revision with this CMS structure in its place. Raises `SigningError` when it does not fit."""
        if len(value) > self.room:
            raise SigningError(
                f"The signature needs {len(value)} bytes, {self.room} were kept free.",
                remedy="Prepare again with a larger timestamp_size.",
            )
        contents = value.hex().encode().ljust(2 * self.room, b"0")
        view = memoryview(self.tail)
        return b"".join([view[: self.at + 1], contents, view[self.at + 1 + len(contents) :]])


def appended_with_slot(
    update: Update, signature: Ref, entries: Dictionary, room: int, base: int, salt: bytes
) -> Slot:
    """The update rendered with `entries` and an empty slot as the signature dictionary; `base`: bytes before it."""
    body = update.text(signature, entries)[:-2] + b" /ByteRange [0" + b" " * (3 * _RANGE_DIGITS) + b"] /Contents "
    gap = len(body)
    update.replace(signature, b"".join([body, b"<", b"0" * (2 * room), b">>>"]))
    tail, starts = update.render(salt)
    start = starts[signature.number]
    if update.encrypts:  # encrypted strings have other lengths
        gap = value_spans(tail, start)[0]["Contents"][0] - start
    at = start + gap
    after = at + 2 * room + 2
    numbers = b" %d %d %d" % (base + at, base + after, len(tail) - after)
    marker = start + gap - len(b"] /Contents ") - 3 * _RANGE_DIGITS
    tail = b"".join([tail[:marker], numbers.ljust(3 * _RANGE_DIGITS), tail[marker + 3 * _RANGE_DIGITS :]])
    return Slot(tail, at, room)
