"""Annotations that a certification with P=3 permits (ISO 32000-2 table 257): remarks, sticky notes and their windows.

Permitted is not harmless (P9, EAA): what a remark draws is the writer's choice, so that it is an overlay even on
blank paper. A note without a look of its own is drawn by the reader as an icon: where nothing is near, it is no more
than a note. Nothing here may run, refer to other files, or be open from the start.
"""

from __future__ import annotations

from typing import Final

from ..objects import Dictionary, Ref, Value
from ..overlay import Widget
from .comparison import Comparison

_REMARKS: Final = frozenset((
    "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline", "Squiggly", "StrikeOut",
    "Stamp", "Caret", "Ink", "Text",
))  # fmt: skip
_REMARK_KEYS: Final = frozenset((
    "Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "AP", "Border", "C", "T", "CA", "RC", "CreationDate",
    "Subj", "DA", "Q", "DS", "BS", "BE", "RD", "IC", "IT", "L", "LE", "Vertices", "QuadPoints", "InkList", "Name",
    "Sy", "Popup",
))  # fmt: skip
_NOTE_KEYS: Final = frozenset((
    "Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "AP", "Border", "C", "T", "CA", "RC", "CreationDate",
    "Subj", "Name", "Popup", "Open", "IRT", "RT", "State", "StateModel",
))  # fmt: skip
_POPUP_KEYS: Final = frozenset((
    "Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "C", "T", "Parent", "Open",
))  # fmt: skip


def new_annotation(c: Comparison, item: Value, page: int) -> None:
    """One annotation, not of a signature field, that was added to a page (an object number)."""
    found = c.new(item)
    subtype = found.get("Subtype") if isinstance(found, dict) else None
    word = subtype if isinstance(subtype, str) else "unknown"
    c.follow(item)
    text = f"an annotation ({word}) was added to the page in object {page}."
    number = c.where.page_of(page, c.index)
    if isinstance(item, Ref) and isinstance(found, dict) and c.permission.level == 3 and c.added(item) is not None:
        widget = Widget(item.number, found, c.index)
        if subtype == "Popup" and _is_popup(c, item, found):
            text = f"the window of a note was added to the page in object {page}."
            c.say("annotation", text, True, object=item.number, new=word, page=number)
            return
        if subtype in _REMARKS and _is_plain(c, item, found):
            under = (c.paper.noted if subtype == "Text" else c.paper.covered)(widget, c.visits)
            if under is None and subtype == "Text" and found.get("AP") is None:
                text = f"a note was added to the page in object {page}, where nothing is near."
                c.say("annotation", text, True, object=item.number, new=word, page=number)
                return
            if under is None:
                text = f"an annotation ({word}) was added to the page in object {page}, where it was blank."
                places = c.paper.places(widget)
                c.say("overlay", text, False, object=item.number, new=word, page=number, blank=True, places=places)
                return
    c.say("annotation", text, False, object=item.number if isinstance(item, Ref) else page, new=word, page=number)


def _is_plain(c: Comparison, item: Ref, found: Dictionary) -> bool:
    """Whether a remark has only entries that run nothing, and a window that is one."""
    keys = _NOTE_KEYS if found.get("Subtype") == "Text" else _REMARK_KEYS
    if not found.keys() <= keys or found.get("Type") not in (None, "Annot") or not _is_closed(found):
        return False
    popup = found.get("Popup")
    if popup is None:
        return True
    window = c.new(popup)
    return (
        isinstance(popup, Ref)
        and c.added(popup) is not None
        and isinstance(window, dict)
        and window.get("Subtype") == "Popup"
        and window.get("Parent") == item
        and _is_window(window)
    )


def _is_popup(c: Comparison, item: Ref, found: Dictionary) -> bool:
    """Whether it is the closed window (12.5.6.14) of a remark that was added with it."""
    parent = found.get("Parent")
    remark = c.new(parent)
    return (
        isinstance(parent, Ref)
        and c.added(parent) is not None
        and isinstance(remark, dict)
        and remark.get("Subtype") in _REMARKS
        and remark.get("Popup") == item
        and _is_window(found)
    )


def _is_window(popup: Dictionary) -> bool:
    return popup.keys() <= _POPUP_KEYS and popup.get("Type") in (None, "Annot") and _is_closed(popup)


def _is_closed(annotation: Dictionary) -> bool:
    """Whether nothing is open before somebody asks for it: an open window lies over the page."""
    return annotation.get("Open") is None or annotation.get("Open") is False
