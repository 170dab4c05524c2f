"""References of an update that lead nowhere (P5).

A reference to nothing is null (7.3.10); Poppler searches the whole file for what is missing, and then takes what it
finds in the strings and streams that were signed for the objects of that name. Nobody needs a new one.
"""

from __future__ import annotations

from ..objects import Ref, Stream, Value
from ..xref import PLAIN
from .comparison import Comparison


def compare_references(c: Comparison) -> None:
    for number, touched in c.touched.items():
        if touched.new is None:
            continue
        now = _references(touched.new.value)
        if touched.old is not None and now:
            now -= _references(touched.old.value)
        lost = sorted(ref.number for ref in now if _leads_nowhere(c, ref))
        if lost:
            c.say("unexplained", f"object {number} names object {lost[0]}, which is not there.", False, object=number)


def _references(value: Value) -> set[Ref]:
    found: set[Ref] = set()
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref):
            found.add(item)
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, Stream):
            pending += item.dictionary.values()
    return found


def _leads_nowhere(c: Comparison, ref: Ref) -> bool:
    entry = c.reader.entry(ref.number, c.index)
    return entry is None or (entry.b if entry.kind == PLAIN else 0) != ref.generation
