"""What a new reference hashes, without holding its octets twice."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ..errors import FormatError
from ..scheme import HashName, digest
from .c14n import Canonicalization, canonical_document, canonical_element

if TYPE_CHECKING:
    from lxml.etree import _Element

STREAMED_FROM: Final = 4 << 20  # octets of a document; below, one string is a tenth faster than a stream


def document_digest(root: _Element, size: int, method: Canonicalization, hash_name: HashName) -> bytes:
    """Of the whole canonical document without comments; `size`: octets of the file."""
    if size < STREAMED_FROM:
        return digest(hash_name, canonical_document(root, method))
    from lxml import etree

    running = _Running(hash_name)
    try:
        root.getroottree().write_c14n(running, exclusive=method.exclusive, with_comments=False)
    except (etree.LxmlError, ValueError) as e:
        raise FormatError(f"The XML cannot be canonicalised ({e}); often by a relative namespace URI.") from None
    if not running.size:
        raise FormatError("Canonicalisation gave nothing.")
    return running.hash.digest()


def part_digest(part: _Element, method: Canonicalization, hash_name: HashName) -> bytes:
    """Of one element without comments, with what it inherits."""
    return digest(hash_name, canonical_element(part, method))


class _Running:
    """A file to write into that only hashes."""

    def __init__(self, hash_name: HashName) -> None:
        self.hash = hashlib.new(hash_name)
        self.size = 0

    def write(self, octets: bytes) -> int:
        self.hash.update(octets)
        self.size += len(octets)
        return len(octets)
