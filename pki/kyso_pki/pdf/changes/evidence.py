"""Step 3c: the document security store, which may only grow (P13)."""

from __future__ import annotations

from itertools import chain

from ..dss import is_evidence, store_members
from ..objects import Ref, Stream, Value, same
from .comparison import Comparison


def compare_stores(c: Comparison, before: Value, now: Value, root: int) -> None:
    if before is None and now is None:
        return
    old = store_members(c.reader, before, c.index - 1, c.visits)
    new = store_members(c.reader, now, c.index, c.visits)
    if old is None or new is None:
        c.say("evidence", "the document security store has an unknown shape.", False)
        return
    touched = [n for n in chain(new.containers, new.streams) if n in c.touched]
    if not touched and same(before, now):
        return
    good = old.streams <= new.streams
    for number in touched:
        if c.touched[number].old is None:
            c.follow(Ref(number))
            value = c.new(Ref(number))
            good &= not isinstance(value, Stream) or is_evidence(value, c.reader.budget)
        elif number in old.containers and number in new.containers:
            c.explain(number, root, *old.containers)
        else:
            good = False
    text = "evidence for long-term validation (DSS) was added" if good else "evidence (DSS) was removed or replaced"
    c.say("evidence", f"{text}.", good)
