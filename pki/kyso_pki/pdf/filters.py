"""Undoes the filters of the streams that the reader itself must read, within stated bounds.

Reach for `decode`. Only what cross-reference streams, object streams, appearances and metadata use is known:
Flate with PNG or TIFF predictors, ASCIIHex, ASCII85; nothing that draws (JBIG2, JPX, DCT) is ever decoded.
Output is bounded in size and in ratio before it is made (attack class R1).
"""

from __future__ import annotations

import base64
import binascii
import sys
import zlib
from array import array
from itertools import accumulate
from typing import Final

from ..errors import FormatError, LimitExceeded
from .objects import Dictionary, Stream, Value

MAX_RATIO: Final = 200  # decoded to stored bytes, above FREE_OUTPUT; object streams reach 20
FREE_OUTPUT: Final = 1 << 20  # bytes that a stream may always decode to
MAX_OUTPUT: Final = 1 << 28  # bytes of one decoded stream
MAX_FILTERS: Final = 4
TOTAL_FREE: Final = 1 << 26  # bytes that all streams which the reader needs may decode to,
TOTAL_RATIO: Final = 32  # or so many times the size of the file
BY_OCTET: Final = 64  # what an octet costs that Python undoes one by one: 1 µs instead of 10 ns


class Budget:
    """How many decoded bytes a file may still cost; shared by all its streams."""

    def __init__(self, file_size: int) -> None:
        self.left = max(TOTAL_FREE, TOTAL_RATIO * file_size)

    def take(self, size: int) -> None:
        """Raises `LimitExceeded` when the streams of a file decode to far more than its size allows."""
        self.left -= size
        if self.left < 0:
            raise LimitExceeded("PDF: the streams of the file decode to far more than its size allows.")


def decode(stream: Stream, budget: Budget, *, ratio: int = MAX_RATIO, drawn: bool = False) -> bytes:
    """The decoded bytes; of what is `drawn` LZW and run lengths are undone too.

    Raises `FormatError` for unknown filters, `LimitExceeded` for bombs: see `MAX_RATIO`.
    """
    names = _as_list(stream.dictionary.get("Filter"))
    parameters = _as_list(stream.dictionary.get("DecodeParms"))
    if len(names) > MAX_FILTERS:
        raise LimitExceeded(f"PDF: {len(names)} filters on one stream; at most {MAX_FILTERS} are undone.")
    if stream.dictionary.get("F") is not None:
        raise FormatError("PDF: a stream keeps its data in another file.")
    if stream.dictionary.get("DP") is not None:  # of inline images (8.9.7); PDFium passes it over
        raise FormatError("PDF: a stream has /DP, which some readers take for /DecodeParms and others pass over.")
    data = stream.raw
    for i, name in enumerate(names):
        if name == "FlateDecode":
            limit = min(MAX_OUTPUT, max(FREE_OUTPUT, ratio * stream.length))
            inflated = _inflate(data, min(limit, budget.left))
            budget.take(len(inflated))
            data = _predicted(inflated, parameters[i] if i < len(parameters) else None, budget)
        elif name == "Crypt" and i == 0 and stream.is_encrypted:
            continue  # decrypted by the security handler before (ISO 32000-2 7.4.10); in a plain file it is unknown
        elif isinstance(name, str) and name in ("ASCIIHexDecode", "ASCII85Decode"):
            data = _ascii(data, name)
        elif drawn and isinstance(name, str) and name in ("LZWDecode", "RunLengthDecode"):
            data = _old(data, name, parameters[i] if i < len(parameters) else None, budget)
        else:
            raise FormatError(f"PDF: the filter {name!r} is not read here.")
    return data


def _as_list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _ascii(data: bytes, name: str) -> bytes:
    text = data.translate(None, b"\x00\t\n\x0c\r ")
    try:
        if name == "ASCII85Decode":
            return base64.a85decode(text.removesuffix(b"~>"))
        text = text.removesuffix(b">")
        return binascii.unhexlify(text + b"0" if len(text) % 2 else text)
    except (ValueError, binascii.Error):
        raise FormatError(f"PDF: stream data are not {name}.") from None


def _inflate(data: bytes, limit: int) -> bytes:
    if not data:
        return b""  # qpdf writes empty streams so, and nobody reads anything out of them
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(data, limit + 1)
    except zlib.error as e:
        raise FormatError(f"PDF: Flate data cannot be decoded ({e}).") from None
    if len(out) > limit:
        raise LimitExceeded(f"PDF: a stream of {len(data)} bytes decodes to more than {limit} bytes.")
    if not inflater.eof and not _is_flushed(inflater, out):
        raise FormatError("PDF: Flate data end too early.")
    return out


def _is_flushed(inflater: zlib._Decompress, out: bytes) -> bool:
    """Whether data without an end stop between two blocks (RFC 1951 3.2.4), so that every reader has read them all.

    Acrobat Reader flushes its streams and does not end them: an empty last block and the checksum would.
    """
    rest = inflater.copy()
    try:
        return rest.decompress(b"\x03\x00" + zlib.adler32(out).to_bytes(4, "big")) == b"" and rest.eof
    except zlib.error:
        return False


def _old(data: bytes, name: str, parameters: Value, budget: Budget) -> bytes:
    from .old_filters import undo_lzw, undo_run_lengths  # few files have them

    budget.take(BY_OCTET * len(data))
    limit = min(MAX_OUTPUT, budget.left)
    if name == "RunLengthDecode":
        data = undo_run_lengths(data, limit)
        budget.take(len(data))
        return data
    early = parameters.get("EarlyChange", 1) if isinstance(parameters, dict) else 1
    if type(early) is not int or early not in (0, 1):
        raise FormatError(f"PDF: the filter parameter /EarlyChange is {early!r}; 0 and 1 are allowed.")
    data = undo_lzw(data, limit, early)
    budget.take(len(data))
    return _predicted(data, parameters, budget)


def _predicted(data: bytes, parameters: Value, budget: Budget) -> bytes:
    """Undoes the predictor (ISO 32000-2 7.4.4.4)."""
    if parameters is None:
        return data
    if not isinstance(parameters, dict):
        raise FormatError("PDF: /DecodeParms of a Flate stream is no dictionary.")
    predictor = parameters.get("Predictor", 1)
    if predictor == 1:
        return data
    columns = _parameter(parameters, "Columns", 1, 1 << 20)
    pixel_bits = _parameter(parameters, "Colors", 1, 32) * _parameter(parameters, "BitsPerComponent", 8, 16)
    if type(predictor) is not int or not 10 <= predictor <= 15 or pixel_bits % 8:
        raise FormatError(f"PDF: the predictor {predictor!r} is not undone here.")
    return _png(data, columns * pixel_bits // 8, pixel_bits // 8, budget)


def _parameter(parameters: Dictionary, name: str, default: int, most: int) -> int:
    value = parameters.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise FormatError(f"PDF: the filter parameter /{name} is {value!r}; 1 to {most} are allowed.")
    return value


def _png(data: bytes, width: int, pixel: int, budget: Budget) -> bytes:
    """Undoes PNG filters (RFC 2083 6) over rows of `width` bytes; `pixel` is the distance to the left."""
    stride = width + 1
    if len(data) % stride:
        raise FormatError(f"PDF: predicted data of {len(data)} bytes are no whole rows of {stride}.")
    kinds = data[::stride]
    if not kinds.strip(b"\x02"):
        return _up(data, stride)
    budget.take(BY_OCTET * len(data))
    out = bytearray()
    above = bytes(width)
    for at in range(0, len(data), stride):
        row = bytearray(data[at + 1 : at + stride])
        _png_row(data[at], row, above, pixel)
        out += row
        above = bytes(row)
    return bytes(out)


def _up(data: bytes, stride: int) -> bytes:
    """All rows filtered with Up, as cross-reference streams are: one running sum per column, no Python loop."""
    rows = len(data) // stride
    out = bytearray(rows * (stride - 1))
    for column in range(1, stride):
        deltas = data[column::stride]
        if not deltas[1:].strip(b"\x00"):  # constant, as the type column and high bytes often are
            sums = deltas[:1] * rows
        else:
            sums = array("Q", accumulate(deltas)).tobytes()[_LOW_BYTE::8]  # modulo 256: the low byte
        out[column - 1 :: stride - 1] = sums
    return bytes(out)


_LOW_BYTE = 0 if sys.byteorder == "little" else 7


def _png_row(kind: int, row: bytearray, above: bytes, pixel: int) -> None:
    if kind == 0:
        return
    if kind == 2:
        for i, b in enumerate(above):
            row[i] = (row[i] + b) & 0xFF
        return
    if kind not in (1, 3, 4):
        raise FormatError(f"PDF: the PNG row filter {kind} does not exist.")
    for i in range(len(row)):
        left = row[i - pixel] if i >= pixel else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            guess = _paeth(left, above[i], above[i - pixel] if i >= pixel else 0)
        row[i] = (row[i] + guess) & 0xFF


def _paeth(a: int, b: int, c: int) -> int:
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c
