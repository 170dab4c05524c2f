"""Whether a value that was filled into a form stands over what the page says there (attack classes P7, P9).

Reach for `written_over`. A certification may permit filling in forms; the form decides where. A field over a printed
sum strikes it out with a few dashes, or makes an 8 of each 3, and nothing of the page was changed: whoever reads the
verdict has to look. Rules and frames are what a field is written on, and harmless.
"""

from __future__ import annotations

from .dss import Visits
from .objects import UNREADABLE, Ref
from .overlay import NO_ROTATE, NO_ZOOM, Paper, Widget, flags_of, is_bounded, rectangle
from .pagetree import annotations_of
from .reader import Reader


def written_over(reader: Reader, paper: Paper, field: Widget, visits: Visits) -> str | None:
    """What the value of a text or choice field stands over, in words; None: nothing but blank paper and rules.

    Raises `LimitExceeded` when a file has too many annotations on pages with too many fields.
    """
    try:
        return _written_over(reader, paper, field, visits)
    except UNREADABLE as e:
        return f"what lies under it cannot be told ({e})"


def _written_over(reader: Reader, paper: Paper, field: Widget, visits: Visits) -> str | None:
    box = rectangle(reader, field.dictionary, field.revision)
    if box is None:
        return "its place cannot be told"
    if box.area == 0:
        return None
    if flags_of(reader, field.dictionary, field.revision) & (NO_ZOOM | NO_ROTATE):
        return "its flags let it be drawn outside of its rectangle"
    if not is_bounded(reader, field.dictionary, field.revision):
        return "its appearance is not bounded by its rectangle"
    for where, page, ink in paper.beneath(field):
        if isinstance(ink, str):
            return f"what {where} shows cannot be told without drawing it ({ink})"
        if ink.is_written_over(box):
            return f"text or pictures of {where}"
        for item in annotations_of(reader, page, field.revision):
            visits.one()
            other = reader.resolve(item, field.revision)
            if not isinstance(other, dict) or (isinstance(item, Ref) and item.number == field.number):
                continue
            place = rectangle(reader, other, field.revision)
            shown = other.get("Subtype") != "Popup" and reader.resolve(other.get("AP"), field.revision) is not None
            if shown and (place is None or place.overlap(box) > 0):
                return f"an annotation on {where}"
    return None
