"""Step 5: pages, of which only the annotations may change, by the widgets of new signature fields (P6, P9)."""

from __future__ import annotations

from typing import TypeGuard

from ...facts import ChangeKind
from ..objects import Dictionary, Ref, Value, same
from .comparison import Comparison, added_items, explain_same_place, shown
from .remarks import new_annotation


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
            new_annotation(c, item, number)
