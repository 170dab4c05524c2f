"""Undoes LZW and run lengths (ISO 32000-2 7.4.4, 7.4.5), in which programs of before 1997 wrote what is drawn.

Reach for `undo_lzw` and `undo_run_lengths`. Data that readers could take otherwise (no end, a code that is not
defined yet, a table that overflows) are refused with `FormatError`; what comes out is bounded, `LimitExceeded`.
"""

from __future__ import annotations

from typing import Final

from ..errors import FormatError, LimitExceeded

CLEAR: Final = 256  # the table is emptied
END: Final = 257
_FIRST: Final = 258  # code that the data themselves define
_MOST: Final = 4096  # codes, of twelve bits


def undo_lzw(data: bytes, limit: int, early: int) -> bytes:
    """`early`: /EarlyChange, 1 where the length of codes grows one code early (7.4.4.3)."""
    table = _new_table()
    out = bytearray()
    last = b""
    held = bits = 0  # what was read and not used
    size = 9  # bits of a code
    for octet in data:
        held = held << 8 | octet
        bits += 8
        if bits < size:
            continue
        bits -= size
        code = held >> bits
        held &= (1 << bits) - 1
        if code == END:
            return bytes(out)
        if code == CLEAR:
            table, last, size = _new_table(), b"", 9
            continue
        if not last:
            found = table[code] if code < CLEAR else b""
        elif code < len(table):
            found = table[code]
        else:
            found = last + last[:1] if code == len(table) else b""
        if not found or len(table) >= _MOST:
            raise FormatError("PDF: LZW data hold a code that is not defined.")
        if last:
            table.append(last + found[:1])
            size = max(9, min(12, (len(table) + early).bit_length()))
        out += found
        last = found
        if len(out) > limit:
            raise LimitExceeded(f"PDF: a stream of {len(data)} bytes decodes to more than {limit} bytes.")
    raise FormatError("PDF: LZW data have no end.")


def _new_table() -> list[bytes]:
    return [bytes((n,)) for n in range(CLEAR)] + [b""] * (_FIRST - CLEAR)


def undo_run_lengths(data: bytes, limit: int) -> bytes:
    out = bytearray()
    at = 0
    while at < len(data):
        length = data[at]
        if length == 128:
            return bytes(out)
        piece = data[at + 1 : at + 2 + length] if length < 128 else data[at + 1 : at + 2] * (257 - length)
        at += 2 + length if length < 128 else 2
        if at > len(data):
            break
        out += piece
        if len(out) > limit:
            raise LimitExceeded(f"PDF: a stream of {len(data)} bytes decodes to more than {limit} bytes.")
    raise FormatError("PDF: the run lengths of a stream have no end.")
