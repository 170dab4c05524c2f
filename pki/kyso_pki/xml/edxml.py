"""Packets of the document exchange axis (edXML, QCVN 102:2016/BTTTT): what is attached, taken out.

Reach for `is_packet` and `attachments`. The attachments stand beside the envelope
(`AttachmentEncoded/Attachment/ContentTransferEncoded`, base64, at times zipped), where the packet's own signature
mostly does not reach: each is a document of its own, to be verified as such. An attachment that cannot be taken out
is still in the list, with the reason; none disappears.

Zip archives are opened one level deep, within limits on members, octets and ratio. Office files are zip archives too;
they are attachments as they are.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import FormatError, KysoError, LimitExceeded
from .parse import local_name, name_of, namespace_of

if TYPE_CHECKING:
    from lxml.etree import _Element

ROOT: Final = "edXML"
SPACES: Final = re.compile(r"http://www\.mic\.gov\.vn/TBT/QCVN_102(?:_\d{4})?|")
MAX_ATTACHMENTS: Final = 200  # of one packet, members of archives with them; real ones have up to some 20
MAX_OCTETS: Final = 256 << 20  # of all attachments together, taken out; against archives that grow in memory
MAX_RATIO: Final = 200  # octets for one packed octet; deflate reaches 1032 on nothing but zeros, documents some 20
RATIO_FROM: Final = 1 << 20  # octets; below, the ratio of an archive does not matter
_ZIP: Final = b"PK\x03\x04"
_OFFICE: Final = ("[Content_Types].xml", "mimetype", "META-INF/manifest.xml")
_SPACE: Final = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True)
class Attachment:
    """One document in a packet."""

    name: str
    """As the packet gives it; a member of an archive after a slash."""
    content_type: str | None
    octets: bytes | None
    """None: it could not be taken out."""
    problem: KysoError | None = None
    """Why not."""


def is_packet(root: _Element) -> bool:
    """Whether the document element is that of an edXML packet."""
    return local_name(root) == ROOT and SPACES.fullmatch(namespace_of(root)) is not None


def attachments(root: _Element) -> Iterator[Attachment]:
    """Every attachment in the order of the packet, members of archives one by one; nothing is skipped."""
    left = _Budget()
    for number, element in enumerate(_each(root), 1):
        texts = {local_name(c): (c.text or "").strip() for c in element if isinstance(c.tag, str)}
        name = texts.get("AttachmentName") or texts.get("ContentId") or f"attachment-{number}"
        kind = texts.get("ContentType") or None
        try:
            octets = _decoded(element, left)
            members = list(_members(octets, left)) if octets.startswith(_ZIP) else None
        except KysoError as e:
            yield Attachment(name, kind, None, e)
            continue
        if members is None:
            yield Attachment(name, kind, octets)
        for inner, content in members or ():
            # An archive with one file is that file, packed.
            yield Attachment(name if len(members or ()) == 1 else f"{name}/{inner}", kind, content)


def missing(root: _Element) -> list[str]:
    """What the manifest of the envelope references by ContentId and the packet does not hold."""
    held = {_content_id(a) for a in _each(root)}
    named = [e for m in root.iter("{*}edXMLManifest") for e in m.iter("{*}Reference")]
    return [identifier for e in named if (identifier := _content_id(e)) and identifier not in held]


def _content_id(element: _Element) -> str:
    return next(((c.text or "").strip() for c in element if local_name(c) == "ContentId"), "")


def _each(root: _Element) -> Iterator[_Element]:
    """The Attachment elements, wherever they stand in the packet. Raises `LimitExceeded`."""
    for count, element in enumerate(root.iter("{*}Attachment"), 1):
        if count > MAX_ATTACHMENTS:
            raise LimitExceeded(f"More than {MAX_ATTACHMENTS} attachments in one packet.")
        yield element


class _Budget:
    """What may still be taken out of one packet."""

    def __init__(self) -> None:
        self.octets = MAX_OCTETS
        self.members = MAX_ATTACHMENTS

    def spend(self, octets: int) -> None:
        if octets > self.octets:
            self.octets = 0
            raise LimitExceeded(f"The attachments of this packet have more than {MAX_OCTETS} bytes together.")
        self.octets -= octets


def _decoded(element: _Element, left: _Budget) -> bytes:
    """The octets of ContentTransferEncoded. Raises `FormatError`, `LimitExceeded`."""
    found = [c for c in element if local_name(c) == "ContentTransferEncoded"]
    if len(found) != 1:
        raise FormatError(f"{name_of(element)} has {len(found)} ContentTransferEncoded; exactly one is needed.")
    if len(found[0]):
        raise FormatError("ContentTransferEncoded must hold text only.")
    text = found[0].text or ""
    left.spend(len(text) * 3 // 4)
    try:
        return base64.b64decode(_SPACE.sub("", text).encode("ascii"), validate=True)
    except ValueError:
        raise FormatError("ContentTransferEncoded does not hold base64.") from None


def _members(octets: bytes, left: _Budget) -> Iterator[tuple[str, bytes]]:
    """The files in a zip archive; the archive itself when it is an Office file.

    Raises `FormatError`, `LimitExceeded`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            listed = [i for i in archive.infolist() if not i.is_dir()]
            if any(i.filename in _OFFICE for i in listed):
                yield "", octets
                return
            left.members -= len(listed)
            if left.members < 0:
                raise LimitExceeded(f"More than {MAX_ATTACHMENTS} files in the archives of one packet.")
            if not listed:
                raise FormatError("The archive is empty.")
            if len({i.filename for i in listed}) != len(listed):
                raise FormatError("Two files in the archive have the same name.")
            if sum(i.compress_size for i in listed) > len(octets):
                raise FormatError("The files in the archive overlap.")
            for info in listed:
                yield info.filename, _unpacked(archive, info, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as e:
        raise FormatError(f"The archive cannot be opened: {str(e)[:100]}") from None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: _Budget) -> bytes:
    """One file, never more of it than is allowed, whatever its header says."""
    allowed = left.octets
    if info.compress_size * MAX_RATIO > RATIO_FROM or info.file_size > RATIO_FROM:
        allowed = min(allowed, max(RATIO_FROM, info.compress_size * MAX_RATIO))
    with archive.open(info) as packed:
        content = packed.read(allowed + 1)
    if len(content) > allowed:
        raise LimitExceeded(f"{info.filename[:80]!r} in the archive grows beyond what is allowed.")
    left.spend(len(content))
    return content
