"""Step 5: pages, of which only the annotations may change, by the widgets of new signature fields (P6, P9)."""

from __future__ import annotations

from typing import TypeGuard

from ...facts import ChangeKind
from ..objects import Dictionary, Ref, Value, same
from ..overlay import Widget
from .comparison import Comparison, added_items, explain_same_place, shown

_REMARKS = frozenset((
    "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline", "Squiggly", "StrikeOut",
    "Stamp", "Caret", "Ink",
))  # fmt: skip
_REMARK_KEYS = frozenset((
    "Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "AP", "Border", "C", "T", "CA", "RC", "CreationDate",
    "Subj", "DA", "Q", "DS", "BS", "BE", "RD", "IC", "IT", "L", "LE", "Vertices", "QuadPoints", "InkList", "Name",
    "Sy",
))  # fmt: skip


def compare_pages(c: Comparison) -> None:
    for touched in c.touched.values():
        old, new = touched.old_dictionary, touched.new_dictionary
        if old and new and old.get("Type") == "Page" and new.get("Type") == "Page":
            c.pages.add(touched.number)
    for number in sorted(c.pages):
        before, now = _held(c, number, c.index - 1), _held(c, number, c.index)
        if not _is_page(before) or not _is_page(now):
            c.say("structure", f"a new widget names the page {number}, which did not exist.", False, object=number)
            continue
        _page(c, number, before, now)


def _held(c: Comparison, number: int, revision: int) -> Value:
    found = c.reader.fetch(number, revision)
    return None if found is None else found.value


def _is_page(value: Value) -> TypeGuard[Dictionary]:
    return isinstance(value, dict) and value.get("Type") == "Page"


def _page(c: Comparison, number: int, before: Dictionary, now: Dictionary) -> None:
    c.account(number)
    for key in sorted(before.keys() | now.keys()):
        if key != "Annots" and not same(before.get(key), now.get(key)):
            kind: ChangeKind = "content" if key == "Contents" else "resource" if key == "Resources" else "page"
            text = f"/{key} of the page in object {number} was changed."
            c.say(kind, text, False, object=number, old=shown(before.get(key)), new=shown(now.get(key)))
    if before.get("Annots") is None and now.get("Annots") is None:
        return
    what = f"the annotations of page object {number}"
    explain_same_place(c, before.get("Annots"), now.get("Annots"), what, number, "Annots")
    olds, news = c.old(before.get("Annots")), c.new(now.get("Annots"))
    if news is olds:
        return
    added = added_items(olds, news)
    if added is None:
        c.say(
            "annotation",
            f"annotations of the page in object {number} were removed or reordered.",
            False,
            object=number,
        )
        return
    for item in added:
        if not isinstance(item, Ref) or item.number not in c.widgets:
            _new_annotation(c, item, number)


def _is_permitted(c: Comparison, item: Ref, found: Dictionary) -> bool:
    """Whether a new annotation is a remark that P=3 of a certification permits (table 257), with nothing to run."""
    entries = (
        found.keys() <= _REMARK_KEYS and found.get("Type") in (None, "Annot") and found.get("Subtype") in _REMARKS
    )
    return c.permission.level == 3 and c.added(item) is not None and entries


def _new_annotation(c: Comparison, item: Value, page: int) -> None:
    found = c.new(item)
    subtype = found.get("Subtype") if isinstance(found, dict) else None
    word = subtype if isinstance(subtype, str) else "unknown"
    c.follow(item)
    text = f"an annotation ({word}) was added to the page in object {page}."
    number = c.where.page_of(page, c.index)
    if isinstance(item, Ref) and isinstance(found, dict) and _is_permitted(c, item, found):
        widget = Widget(item.number, found, c.index)
        if c.paper.covered(widget, c.visits) is None:
            text = f"an annotation ({word}) was added to the page in object {page}, where it was blank."
            places = c.paper.places(widget)
            c.say("overlay", text, False, object=item.number, new=word, page=number, blank=True, places=places)
            return
    c.say("annotation", text, False, object=item.number if isinstance(item, Ref) else page, new=word, page=number)
