"""Where readers take other ways through a file than its cross-reference, and so may show other pages.

Poppler finds the pages of a linearized file by its hint tables, others by the page tree; once a reference leads
nowhere, it searches the file for objects, and finds some in strings and streams too. Signing appends, which makes a
linearized file an ordinary one: the page that was looked at is then another.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..linearized import other_pages
from ..searching import other_readings
from ..stops import Contents
from .checks import Observation
from .survey import Survey


def linearized(found: Survey) -> Iterator[Observation]:
    """A linearized file whose parameters and hints name other pages than the page tree does (Annex F)."""
    text = other_pages(found.reader, len(found.reader.data))
    if text is not None:
        yield Observation("LINEARIZATION", text)


def searched(found: Survey) -> Iterator[Observation]:
    """A reference that leads nowhere, and to something for readers that search or do not look at generations."""
    reader = found.reader
    sections = [s for r in reader.revisions for s in r.sections]
    places = {o for s in sections for plain in s.plain() for o in plain.offsets if o}
    places |= {s.stream.offset if s.stream else s.offset for s in sections}  # of a table it is its trailer
    for text in other_readings(reader, reader.last, [*sorted(places), len(reader.data)], None):
        yield Observation("SEEMING_OBJECT", text)


def drawn_otherwise(found: Survey) -> Iterator[Observation]:
    """A content that some readers draw otherwise than others, or not all of it."""
    for seen in Contents(found.reader, found.reader.last, thorough=True, fonts=True).otherwise():
        yield Observation(seen.code, seen.text)
