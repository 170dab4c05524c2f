"""A large XML document is verified in little memory, and from a path in memory that does not grow with it."""

from __future__ import annotations

from pathlib import Path

import pytest

import kyso
from tests.pki.xml.made import WORLD

from .test_large_files import MB, linux, peak


def large(size: int) -> bytes:
    """An invoice of many lines, whose tree would take some 13 times its size."""
    line = '    <HHDVu stt="{}"><THHDVu>Giấy in A4</THHDVu><SLuong>10</SLuong><DGia>65000</DGia></HHDVu>\n'
    parts = [line.format(n).encode() for n in range(size // 100)]
    return b'<HDon xmlns="urn:mau:hoa-don"><DLHDon Id="data">\n' + b"".join(parts) + b"</DLHDon></HDon>"


@linux
@pytest.mark.parametrize(("way", "most"), [("path", 64), ("bytes", 64 + 20)])
def test_a_signature_over_20_mb_takes_little_memory(tmp_path: Path, way: str, most: int) -> None:
    path = tmp_path / "large.xml"
    path.write_bytes(kyso.sign(large(20 * MB), WORLD.person_signer))
    count, found = peak(way, path)
    assert count == 1
    assert found <= most
