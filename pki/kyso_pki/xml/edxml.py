"""Packets of the document exchange axis (edXML, QCVN 102:2016/BTTTT): what is attached, taken out.

Reach for `read_packet`. The attachments stand beside the envelope
(`AttachmentEncoded/Attachment/ContentTransferEncoded`, base64, at times zipped), where the packet's own signature
mostly does not reach: each is a document of its own, to be verified as such. An attachment that cannot be taken out
is still in the list, with the reason; none disappears.

Zip archives are opened one level deep (`archive`). Office files are zip archives too; they are attachments as they
are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import FormatError, KysoError, LimitExceeded
from ..octets import Octets
from .archive import MAX_ATTACHMENTS, MAX_OCTETS, START, Budget, members
from .parse import fed

ROOT: Final = "edXML"
SPACES: Final = re.compile(r"http://www\.mic\.gov\.vn/TBT/QCVN_102(?:_\d{4})?|")
MAX_NAME: Final = 1000  # characters of a name that is shown
MAX_NAMED: Final = 1000  # documents that a manifest names, of which no packet holds more than 200
MAX_ENCODED: Final = 2 * MAX_OCTETS  # characters of base64 and white space: what is taken out of them is less
_NAMES: Final = ("AttachmentName", "ContentId", "ContentType")
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


@dataclass
class _Element:
    """One Attachment while the packet is read."""

    texts: dict[str, str] = field(default_factory=dict)
    encoded: list[str] = field(default_factory=list)
    contents: int = 0
    """How many ContentTransferEncoded."""
    nested: bool = False
    """An element stands in one of them."""


@dataclass(frozen=True)
class Packet:
    """What was read of a packet."""

    elements: tuple[_Element, ...]
    named: tuple[str, ...]
    """The ContentIds that the manifest of the envelope references."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What the manifest names and the packet does not hold."""
        held = {e.texts.get("ContentId", "").strip() for e in self.elements}
        return tuple(name for name in self.named if name not in held)

    def attachments(self) -> Iterator[Attachment]:
        """Every attachment in the order of the packet, members of archives one by one; nothing is skipped."""
        left = Budget()
        for number, element in enumerate(self.elements, 1):
            texts = {key: value.strip() for key, value in element.texts.items()}
            name = texts.get("AttachmentName") or texts.get("ContentId") or f"attachment-{number}"
            kind = texts.get("ContentType") or None
            try:
                octets = _decoded(element, left)
                files = list(members(octets, left)) if octets.startswith(START) else None
            except KysoError as e:
                yield Attachment(name, kind, None, e)
                continue
            if files is None:
                yield Attachment(name, kind, octets)
            for inner, content in files or ():
                # An archive with one file is that file, packed.
                yield Attachment(name if len(files or ()) == 1 else f"{name}/{inner}", kind, content)


def read_packet(octets: Octets) -> Packet | None:
    """The packet in UTF-8 octets from `parse.utf8_octets`; None for any other XML.

    Read in one pass without a tree, since a scan in base64 is longer than what libxml2 takes as one text of a tree.
    Raises `FormatError`, `LimitExceeded`.
    """
    reader = _Reader()
    for _ in fed(reader, octets):
        if reader.foreign:
            return None
    return Packet(tuple(reader.elements), tuple(reader.named))


class _Reader:
    """The parser tells it what it meets; it keeps the attachments and the manifest."""

    def __init__(self) -> None:
        self.foreign = False
        self.elements: list[_Element] = []
        self.named: list[str] = []
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._left = MAX_ENCODED

    def start(self, tag: str, attributes: object) -> None:
        space, _, local = tag.rpartition("}")
        if not self._path:
            self.foreign = local != ROOT or SPACES.fullmatch(space.removeprefix("{")) is None
        above = self._path[-1] if self._path else ""
        self._path.append(local)
        if local == "Attachment":
            if len(self.elements) == MAX_ATTACHMENTS:
                raise LimitExceeded(f"More than {MAX_ATTACHMENTS} attachments in one packet.")
            self.elements.append(_Element())
        elif above == "ContentTransferEncoded" and self.elements:
            self.elements[-1].nested = True
        elif above == "Attachment" and local == "ContentTransferEncoded":
            self.elements[-1].contents += 1
            self._text = self.elements[-1].encoded
        elif local == "ContentTransferEncoded" and len(self.elements) < MAX_ATTACHMENTS:
            # Readers who look for it alone find it here too: it is told as an attachment that cannot be taken out.
            self.elements.append(_Element({"AttachmentName": "ContentTransferEncoded outside an Attachment"}))
        elif (above == "Attachment" and local in _NAMES) or (
            local == "ContentId" and above == "Reference" and "edXMLManifest" in self._path
        ):
            self._text = []

    def data(self, text: str) -> None:
        if self._text is None:
            return
        self._left -= len(text)
        if self._left < 0:
            raise LimitExceeded(f"The attachments and names of this packet have more than {MAX_ENCODED} characters.")
        self._text.append(text)

    def comment(self, text: str) -> None:
        if self._path and self._path[-1] == "ContentTransferEncoded" and self.elements:
            self.elements[-1].nested = True  # other readers stop there

    def pi(self, target: str, data: str | None = None) -> None:
        self.comment(target)

    def end(self, tag: str) -> None:
        local = self._path.pop()
        text, above = self._text, self._path[-1] if self._path else ""
        if text is None or local == "ContentTransferEncoded":
            self._text = None if local == "ContentTransferEncoded" else text
            return
        said = "".join(text)[:MAX_NAME]
        if above == "Attachment" and local in _NAMES:
            self.elements[-1].texts.setdefault(local, said)
            self._text = None
        elif above == "Reference" and local == "ContentId":
            self.named += [said.strip()] if said.strip() else []
            if len(self.named) > MAX_NAMED:
                raise LimitExceeded(f"The manifest of this packet names more than {MAX_NAMED} documents.")
            self._text = None

    def close(self) -> None:
        """The parser asks for a result."""


def _decoded(element: _Element, left: Budget) -> bytes:
    """The octets of ContentTransferEncoded. Raises `FormatError`, `LimitExceeded`."""
    if element.contents != 1:
        raise FormatError(f"It has {element.contents} ContentTransferEncoded; exactly one is needed.")
    if element.nested:
        raise FormatError("ContentTransferEncoded must hold text only.")
    text = _SPACE.sub("", "".join(element.encoded))
    element.encoded.clear()  # the packet may be large
    left.spend(len(text) * 3 // 4)
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise FormatError("ContentTransferEncoded does not hold base64.") from None
