"""What the objects of a PDF file are in Python (ISO 32000-2 7.3).

Names are `str` (after #-decoding, one character per byte), strings are `bytes`, arrays are `list`, dictionaries are
`dict`; what else there is stands here.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple, TypeAlias

from ..octets import find


class Ref(NamedTuple):
    """An indirect reference `number generation R`."""

    number: int
    generation: int = 0


new_ref = partial(tuple.__new__, Ref)  # of a pair; half the time of `Ref(number, generation)`


class Stream:
    """A stream object: its dictionary and where its raw bytes stand in `source`."""

    __slots__ = ("dictionary", "length", "source", "start")
    is_encrypted: ClassVar[bool] = False
    """Whether it stands encrypted in the file, so that a crypt filter of its own has been undone in `raw`."""

    def __init__(self, dictionary: dict[str, Value], source: bytes, start: int, length: int) -> None:
        self.dictionary = dictionary
        self.source = source
        self.start = start
        self.length = length

    @property
    def stored(self) -> bytes:
        """The bytes as they stand in the file."""
        return self.source[self.start : self.start + self.length]

    @property
    def raw(self) -> bytes:
        """The bytes with filters not undone; of an encrypted file, decrypted."""
        return self.source[self.start : self.start + self.length]

    def contains(self, needle: bytes) -> bool:
        """Whether `needle` stands in the bytes as they stand in the file."""
        return find(self.source, needle, self.start, self.start + self.length) >= 0


Value: TypeAlias = "bool | int | float | str | bytes | Ref | Stream | list[Value] | dict[str, Value] | None"
Dictionary: TypeAlias = "dict[str, Value]"
