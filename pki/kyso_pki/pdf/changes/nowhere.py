"""References of an update that lead nowhere (P5).

A reference to nothing is null (7.3.10); Poppler searches the whole file for what is missing, and then takes what it
finds in the strings and streams that were signed for the objects of that name. Nobody needs a new one.
"""

from __future__ import annotations

from ..walk import references_in
from .comparison import Comparison


def compare_references(c: Comparison) -> None:
    for number, touched in c.touched.items():
        if touched.new is None:
            continue
        now = set(references_in(touched.new.value))
        if touched.old is not None and now:
            now.difference_update(references_in(touched.old.value))
        lost = [ref for ref in now if c.reader.leads_nowhere(ref, c.index)]
        if lost:
            text = f"object {number} names object {min(lost).number}, which is not there."
            c.say("unexplained", text, False, object=number)
