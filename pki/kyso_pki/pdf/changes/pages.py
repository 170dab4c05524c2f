"""Step 5: pages, of which only the annotations may change, by the widgets of new signature fields (P6, P9)."""

from __future__ import annotations

from ...facts import ChangeKind
from ..objects import Dictionary, Ref, Value, same
from .comparison import Comparison, explain_same_place, shown


def compare_pages(c: Comparison) -> None:
    for touched in c.touched.values():
        old, new = touched.old_dictionary, touched.new_dictionary
        if old and new and old.get("Type") == "Page" and new.get("Type") == "Page":
            c.pages.add(touched.number)
    for number in sorted(c.pages):
        before = c.reader.fetch(number, c.index - 1)
        now = c.reader.fetch(number, c.index)
        if before is None or now is None or not isinstance(before.value, dict) or not isinstance(now.value, dict):
            c.say("structure", f"a new widget names the page {number}, which did not exist.", False, object=number)
            continue
        _page(c, number, before.value, now.value)


def _page(c: Comparison, number: int, before: Dictionary, now: Dictionary) -> None:
    c.account(number)
    for key in sorted(before.keys() | now.keys()):
        if key != "Annots" and not same(before.get(key), now.get(key)):
            kind: ChangeKind = "content" if key == "Contents" else "resource" if key == "Resources" else "page"
            text = f"/{key} of the page in object {number} was changed."
            c.say(kind, text, False, object=number, old=shown(before.get(key)), new=shown(now.get(key)))
    if before.get("Annots") is None and now.get("Annots") is None:
        return
    explain_same_place(c, before.get("Annots"), now.get("Annots"), f"the annotations of page object {number}", number)
    olds, news = c.old(before.get("Annots")), c.new(now.get("Annots"))
    olds = olds if isinstance(olds, list) else []
    if news is olds:
        return
    if not isinstance(news, list) or len(news) < len(olds) or not same(olds, news[: len(olds)]):
        c.say(
            "annotation",
            f"annotations of the page in object {number} were removed or reordered.",
            False,
            object=number,
        )
        return
    for item in news[len(olds) :]:
        if not isinstance(item, Ref) or item.number not in c.widgets:
            _new_annotation(c, item, number)


def _new_annotation(c: Comparison, item: Value, page: int) -> None:
    found = c.new(item)
    subtype = found.get("Subtype") if isinstance(found, dict) else None
    word = subtype if isinstance(subtype, str) else "unknown"
    c.follow(item)
    text = f"an annotation ({word}) was added to the page in object {page}."
    number = c.where.page_of(page, c.index)
    c.say("annotation", text, False, object=item.number if isinstance(item, Ref) else page, new=word, page=number)
