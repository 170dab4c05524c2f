"""References of an update that lead nowhere (P5).

A reference to nothing is null (7.3.10); Poppler searches the whole file for what is missing, and then takes what it
finds in the strings and streams that were signed for the objects of that name. Nobody needs a new one.
"""

from __future__ import annotations

from ..objects import Ref, Stream, Value
from .comparison import Comparison


def compare_references(c: Comparison) -> None:
    for number, touched in c.touched.items():
        if touched.new is None:
            continue
        now = set(_references(touched.new.value))
        if touched.old is not None and now:
            now.difference_update(_references(touched.old.value))
        lost = [ref for ref in now if c.reader.leads_nowhere(ref, c.index)]
        if lost:
            text = f"object {number} names object {min(lost).number}, which is not there."
            c.say("unexplained", text, False, object=number)


def _references(value: Value) -> list[Ref]:
    """As `walk.references_in`, all at once."""
    found: list[Ref] = []
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if type(item) is dict:
            item = list(item.values())
        elif type(item) is Ref:
            found.append(item)
            continue
        elif isinstance(item, Stream):
            item = list(item.dictionary.values())
        if type(item) is list:
            found += [i for i in item if type(i) is Ref]
            pending += [i for i in item if type(i) in _HOLD]
    return found


_HOLD = frozenset((dict, list))  # a stream is never within another value
