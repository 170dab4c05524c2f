"""Flate data that are not ended: what was flushed is whole, what was cut is not."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError
from kyso_pki.pdf.filters import Budget, decode
from kyso_pki.pdf.objects import Stream

TEXT = b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET " * 20


def _decoded(data: bytes) -> bytes:
    return decode(Stream({"Filter": "FlateDecode", "Length": len(data)}, data, 0, len(data)), Budget(len(data)))


def _flushed(text: bytes, mode: int) -> bytes:
    deflater = zlib.compressobj()
    return deflater.compress(text) + deflater.flush(mode)


@pytest.mark.parametrize("mode", [zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
def test_data_that_were_flushed_and_not_ended_are_read(mode: int) -> None:
    """As Acrobat Reader writes the looks of fields, and its cross-reference streams."""
    assert _decoded(_flushed(TEXT, mode)) == TEXT


@given(st.integers(1, 200))
def test_data_that_were_cut_are_refused(lost: int) -> None:
    data = _flushed(TEXT, zlib.Z_SYNC_FLUSH)
    with pytest.raises(FormatError, match="end too early"):
        _decoded(data[: max(3, len(data) - 1 - lost % (len(data) - 4))])


@given(st.binary(max_size=64))
def test_what_stands_behind_the_flush_is_not_passed_over(more: bytes) -> None:
    data = _flushed(TEXT, zlib.Z_SYNC_FLUSH) + b"\x00\x00\x00\xff\xff"[: len(more) % 5]
    if data.endswith(b"\x00\x00\xff\xff"):
        assert _decoded(data) == TEXT
    else:
        with pytest.raises(FormatError):
            _decoded(data)


def test_a_checksum_that_is_wrong_is_refused() -> None:
    with pytest.raises(FormatError, match="cannot be decoded"):
        _decoded(zlib.compress(TEXT)[:-1] + b"\x00")
