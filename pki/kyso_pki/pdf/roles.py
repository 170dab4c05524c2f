"""As what an object was used that an update rewrites: in another role, what may change there would change a page.

Reach for `other_roles`. A field that also is the font resources of a page would bring a font with its signature,
a list of annotations that also is the list of a page's contents would spoil these (attack classes P6, P7).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from ..errors import FormatError
from .reader import Reader
from .references import StreamData, Stretches, object_streams, search_for
from .tokens import name_of

NAMED_BY_FILES: Final = frozenset((
    "Font", "XObject", "ColorSpace", "ExtGState", "Pattern", "Shading", "Properties",  # 7.8.3
    "N", "R", "D",  # 12.5.5: the states of an appearance
    "CharProcs", "Colorants", "Dests",  # 9.6.4, 8.6.6.5, 12.3.2.4
))  # fmt: skip
"""Entries whose value is a dictionary with keys of the file's own choosing, so that any entry may count."""
CLASHING: Final = frozenset(("AA", "MK", "Group"))
"""Entries whose value is a dictionary in which a key of a form field (/V, /F, /I) means something else."""
_SPACE: Final = b"\x00\t\n\x0c\r "
MAX_BEFORE: Final = 512  # bytes before a reference that are looked at: a name has at most 127 (ISO 32000-1 Annex C.2)

_last_name = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*+)\Z").search
_whole = re.compile(rb"(?:\A|[^A-Za-z])obj\Z").search


class Kept(NamedTuple):
    """An object that `revision` rewrites; as `key`, the only entry that may have named it, or None for a field."""

    number: int
    revision: int
    key: str | None


def other_roles(reader: Reader, kept: Collection[Kept], stretches: Stretches) -> set[tuple[int, int]]:
    """(number, revision) of those that something saved before the revision uses as something else.

    `stretches`: where in the file to look. Raises `FormatError`.
    """
    if not kept:
        return set()
    wanted: dict[int, list[Kept]] = {}
    for item in kept:
        wanted.setdefault(item.number, []).append(item)
    found: set[tuple[int, int]] = set()
    search = search_for(wanted)

    def note(number: int, at: int, role: str | None) -> None:
        found.update((number, k.revision) for k in wanted[number] if k.revision > at and not _fits(k, role))

    streams = StreamData(reader)
    for number, position in search(reader.data, stretches):
        revision = reader.revision_of(position)
        if revision is None:
            continue
        role, at = _role(reader.data, position), revision.index
        if not all(_fits(k, role) for k in wanted[number] if k.revision > at) and position not in streams:
            note(number, at, role)
    for index, stream in object_streams(reader, max(k.revision for k in kept)):
        starts = {stream.first + offset for offset in stream.offsets}
        for number, position in search(stream.source, ((0, len(stream.source)),)):
            role = "" if _blank_from(stream.source, position, starts) else _role(stream.source, position)
            note(number, index, role)
    return found


def _fits(kept: Kept, role: str | None) -> bool:
    if kept.key is not None:
        return role == kept.key
    return role is None or (role != "" and role not in NAMED_BY_FILES and role not in CLASHING)


def _role(source: bytes, position: int) -> str | None:
    """The key whose value the reference is, None for an item of an array, "" where that cannot be told."""
    before = bytes(source[max(0, position - MAX_BEFORE) : position])
    head = before.rstrip(b"0").rstrip(_SPACE)
    lines = before[len(head) :]
    if (b"\n" in lines or b"\r" in lines) and b"%" in re.split(rb"[\r\n]", head)[-1]:
        return ""  # perhaps a comment stands between the key and its value
    if _whole(head):
        return ""  # an object that is this reference: whoever names it is to be asked
    name = _last_name(head)
    if name is None:
        return None
    try:
        return name_of(name[1])
    except FormatError:
        return ""


def _blank_from(source: bytes, position: int, starts: Collection[int]) -> bool:
    """Whether a member of an object stream begins with the reference, so that it is nothing else."""
    at = position
    while at > 0 and source[at - 1] in b"0" + _SPACE and at not in starts:
        at -= 1
    return at in starts
