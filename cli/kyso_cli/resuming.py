"""What an earlier run of `kyso sign` finished, for `--resume`: looked at, not believed by its name.

An empty file, a copy that nobody signed, or what was signed before the original was written anew must never be taken
for "signed". Signing appends to a PDF, so that its result is told from others to the octet; of XML the result holds
one signature value more, of CMS it is a signature file; an XML signature over a file covers its octets. Whether a
signature is valid is for `kyso verify`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import Stop
from .files import PIPE, is_signature

_PIECE = 1 << 20  # bytes read at a time
_VALUE = b"SignatureValue"
_VALUE_16 = b"\0".join(bytes([octet]) for octet in _VALUE)  # in UTF-16 of either order


def results_there(jobs: Iterable[tuple[str, Path | None]], *, in_xml: bool = False) -> frozenset[Path]:
    """The targets that hold the result of signing their file. Raises `Stop` for one that holds something else.

    `in_xml`: each is an XML signature over its file as it is.
    """
    done: set[Path] = set()
    for file, target in jobs:
        if target is None or file == PIPE or not os.path.exists(target):  # noqa: PTH110 - a name too long is no result
            continue
        try:
            whole = (_covers if in_xml else _is_result)(Path(file), target)
        except OSError as e:
            raise Stop("file_unreadable", path=e.filename or target, why=e.strerror) from None
        if not whole:
            raise Stop("result_foreign", path=target, file=file)
        done.add(target)
    return frozenset(done)


def _is_result(source: Path, target: Path) -> bool:
    from kyso_pki.formats import is_pdf

    if not target.is_file() or not target.stat().st_size:
        return False
    if is_signature(target):
        return not is_signature(source) or target.stat().st_size > source.stat().st_size
    with source.open("rb") as original, target.open("rb") as result:
        if is_pdf(original.read(1024)):
            original.seek(0)
            size = os.fstat(original.fileno()).st_size
            return _begins_with(result, original) and _count(result, size, b"/ByteRange") > 0
        return _values(result) > _values(original)


def _covers(source: Path, target: Path) -> bool:
    """Whether an intact signature in `target` is over the very octets of `source`."""
    from kyso.beside import uri_of
    from kyso_pki.errors import KysoError
    from kyso_pki.formats import signed_content
    from kyso_pki.xml.document import XmlDocument

    if not target.is_file():
        return False
    content, data = source.read_bytes(), target.read_bytes()
    beside = {uri_of(source): content}
    try:
        found = XmlDocument(data, beside).signatures()
        intact = [s.id for s in found if s.references_intact and s.signature_intact]
        return any(content in signed_content(data, beside, identifier) for identifier in intact)
    except KysoError:
        return False  # not XML, or nothing in it is what was asked for


def _begins_with(result: BinaryIO, original: BinaryIO) -> bool:
    return all(result.read(len(piece)) == piece for piece in _pieces(original, 0))


def _values(file: BinaryIO) -> int:
    return _count(file, 0, _VALUE) + _count(file, 0, _VALUE_16)


def _count(file: BinaryIO, start: int, word: bytes) -> int:
    found, rest = 0, b""
    for piece in _pieces(file, start):
        found += (rest + piece).count(word)
        rest = (rest + piece)[-(len(word) - 1) :]
    return found


def _pieces(file: BinaryIO, start: int) -> Iterator[bytes]:
    file.seek(start)
    while piece := file.read(_PIECE):
        yield piece
