"""Zip archives in packets: every reader must find the same files in one (attack class R3).

Reach for `members`. Some programs go by the directory at the archive's end, others read it from its start and never
see the directory; what stands where only one of them looks is a document that nobody judged. So the files must follow
one another without a gap from the first octet to the directory, each with the same header in both places and not an
octet more than it holds, and nothing may follow the directory. Opened one level deep, within limits.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import FormatError, LimitExceeded

MAX_ATTACHMENTS: Final = 200  # of one packet, members of archives with them; real ones have up to some 20
MAX_OCTETS: Final = 256 << 20  # of all attachments together, taken out; against archives that grow in memory
MAX_RATIO: Final = 200  # octets for one packed octet; deflate reaches 1032 on nothing but zeros, documents some 20
RATIO_FROM: Final = 1 << 20  # octets; below, the ratio of an archive does not matter
START: Final = b"PK\x03\x04"
_END, _DESCRIPTOR = b"PK\x05\x06", b"PK\x07\x08"
_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")  # APPNOTE 4.3.7
_SIZES: Final = struct.Struct("<III")  # CRC-32, packed, unpacked: a data descriptor (4.3.9)
_TAIL: Final = struct.Struct("<4sHHHHIIH")  # 4.3.16
_ENCRYPTED, _SIZES_FOLLOW, _UTF_8 = 1, 8, 0x800
_OFFICE: Final = ("[Content_Types].xml", "mimetype", "META-INF/manifest.xml")


@dataclass
class Budget:
    """What may still be taken out of one packet."""

    octets: int = MAX_OCTETS
    members: int = MAX_ATTACHMENTS

    def spend(self, octets: int) -> None:
        """Raises `LimitExceeded`."""
        if octets > self.octets:
            self.octets = 0
            raise LimitExceeded(f"The attachments of this packet have more than {MAX_OCTETS} bytes together.")
        self.octets -= octets


def members(octets: bytes, left: Budget) -> Iterator[tuple[str, bytes]]:
    """The files in a zip archive; the archive itself when it is an Office file.

    Raises `FormatError`, `LimitExceeded`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            every, directory = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, struct.error) as e:
        raise FormatError(f"The archive cannot be opened: {str(e)[:100]}") from None
    listed = [i for i in every if not i.is_dir()]
    if any(i.filename in _OFFICE for i in listed):
        yield "", octets
        return
    left.members -= len(listed)
    if left.members < 0:
        raise LimitExceeded(f"More than {MAX_ATTACHMENTS} files in the archives of one packet.")
    if not listed:
        raise FormatError("The archive is empty.")
    if len({_name(i) for i in listed}) != len(listed):
        raise FormatError("Two files in the archive have the same name.")
    _require_end(octets, directory)
    at = 0
    for info in sorted(every, key=lambda i: i.header_offset):
        if info.header_offset != at:
            raise FormatError("The archive holds octets that its directory does not list.")
        start = _data_of(octets, info)
        content = _unpacked(octets[start : start + info.compress_size], info, left)
        at = _behind(octets, start + info.compress_size, info)
        if not info.is_dir():
            yield _name(info), content
        elif content:
            raise FormatError(f"The folder {_shown(info)} in the archive holds octets.")
    if at != directory:
        raise FormatError("The archive holds octets that its directory does not list.")


def _require_end(octets: bytes, directory: int) -> None:
    """One directory, whose place and size its own end tells, and nothing after it but a remark."""
    at = octets.rfind(_END)
    if at < 0 or len(octets) - at < _TAIL.size or octets.find(_END, directory) != at:
        raise FormatError("The archive has not exactly one end.")
    _, _, _, _, _, size, offset, remark = _TAIL.unpack_from(octets, at)
    if (offset, offset + size, at + _TAIL.size + remark) != (directory, at, len(octets)):
        raise FormatError("The directory of the archive is not at its end.")


def _data_of(octets: bytes, info: zipfile.ZipInfo) -> int:
    """Where a file's data begins, after a header that says what the directory says."""
    name = _shown(info)
    try:
        mark, _, flags, method, _, _, crc, packed, size, name_size, extra = _HEADER.unpack_from(
            octets, info.header_offset
        )
    except struct.error:
        raise FormatError(f"{name} in the archive has no header.") from None
    start = info.header_offset + _HEADER.size
    own = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF_8 else "cp437")
    same = (mark, flags, method) == (START, info.flag_bits, info.compress_type)
    if not same or octets[start : start + name_size] != own or b"\0" in own:
        raise FormatError(f"{name} in the archive has another header than the directory says.")
    if flags & _ENCRYPTED:
        raise FormatError(f"{name} in the archive is encrypted.")
    if flags & _SIZES_FOLLOW:
        if method != zipfile.ZIP_DEFLATED and info.compress_size:  # its end cannot be told from the start
            raise FormatError(f"{name} in the archive says its size only after its octets.")
    elif (crc, packed, size) != (info.CRC, info.compress_size, info.file_size):
        raise FormatError(f"{name} in the archive has another size than the directory says.")
    return start + int(name_size) + int(extra)


def _behind(octets: bytes, end: int, info: zipfile.ZipInfo) -> int:
    """Where what follows a file begins: after its data, and the descriptor if there is one."""
    if not info.flag_bits & _SIZES_FOLLOW:
        return end
    said = _SIZES.pack(info.CRC, info.compress_size, info.file_size)
    for descriptor in (_DESCRIPTOR + said, said):
        if octets[end : end + len(descriptor)] == descriptor:
            return end + len(descriptor)
    raise FormatError(f"{_shown(info)} in the archive is not followed by its size.")


def _unpacked(packed: bytes, info: zipfile.ZipInfo, left: Budget) -> bytes:
    """One file, never more of it than is allowed, whatever its header says, and of all its octets."""
    allowed = left.octets
    if len(packed) * MAX_RATIO > RATIO_FROM or info.file_size > RATIO_FROM:
        allowed = min(allowed, max(RATIO_FROM, len(packed) * MAX_RATIO))
    if info.compress_type == zipfile.ZIP_STORED:
        content, whole = packed, True
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflating.decompress(packed, allowed + 1)
        except zlib.error as e:
            raise FormatError(f"The archive cannot be opened: {e}") from None
        whole = inflating.eof and not inflating.unused_data
    else:
        raise FormatError(f"{_shown(info)} in the archive is packed in an unusual way ({info.compress_type}).")
    if len(content) > allowed:
        raise LimitExceeded(f"{_shown(info)} in the archive grows beyond what is allowed.")
    if not whole or (len(content), zlib.crc32(content)) != (info.file_size, info.CRC):
        raise FormatError(f"{_shown(info)} in the archive is not what its header says.")
    left.spend(len(content))
    return content


def _name(info: zipfile.ZipInfo) -> str:
    """Info-ZIP writes UTF-8 and does not say so."""
    if info.flag_bits & _UTF_8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _shown(info: zipfile.ZipInfo) -> str:
    return repr(_name(info)[:80])
