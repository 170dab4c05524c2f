"""Step 2: the trailers, and the information dictionary that they name."""

from __future__ import annotations

from ..objects import Ref, Value, decode_text, same
from ..xref import shrinks
from .comparison import Comparison, shown

_INFO_KEYS = frozenset((
    "Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate", "Trapped",
))  # fmt: skip
_TRAILER_OWN = frozenset((
    "Size", "Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "ID", "Info", "Root",
))  # fmt: skip


def compare_trailers(c: Comparison) -> None:
    before, now = c.reader.revisions[c.index - 1].trailer, c.revision.trailer
    if not same(before.get("Root"), now.get("Root")):
        c.say(
            "structure",
            "the trailer names another catalog.",
            False,
            old=shown(before.get("Root")),
            new=shown(now.get("Root")),
        )
    if shrinks(before, now):
        old, new = shown(before.get("Size")), shown(now.get("Size"))
        c.say("structure", "/Size in the trailer leaves out objects.", False, old=old, new=new)
    for key in (before.keys() | now.keys()) - _TRAILER_OWN:
        if key in now and not same(before.get(key), now.get(key)):  # a private entry may be left out
            c.say(
                "structure",
                f"/{key} in the trailer was changed.",
                False,
                old=shown(before.get(key)),
                new=shown(now.get(key)),
            )
    ids = [t.get("ID") for t in (before, now)]
    firsts = [i[0] if isinstance(i, list) and i else None for i in ids]
    cut = _is_cut(*firsts) and "Encrypt" not in now  # which it is a part of the key of (7.6.4.3)
    if firsts[0] is not None and firsts[1] is not None and not same(*firsts) and not cut:
        c.say("structure", "the permanent file identifier was changed.", False)
    _compare_information(c, before.get("Info"), now.get("Info"))


def _is_cut(before: Value, now: Value) -> bool:
    """Whether an identifier lost what is beyond 16 bytes, the size that 14.4 proposes: OpenPDF keeps no more."""
    return isinstance(before, bytes) and isinstance(now, bytes) and len(now) == 16 and before[:16] == now


def _compare_information(c: Comparison, before: Value, now: Value) -> None:
    """The information dictionary: only the date of change and the producer may differ."""
    if isinstance(now, Ref) and now.number in c.touched:
        if c.added(now):
            c.explain(now.number)
        elif same(before, now):
            c.account(now.number)  # what may change in it, below, makes it nothing else
    elif same(before, now):
        return
    old, new = c.old(before), c.new(now)
    old, new = {} if old is None else old, {} if now is None else new
    if not isinstance(new, dict) or any(not isinstance(v, bytes | str) for v in new.values()):
        c.say("structure", "the information dictionary was replaced by something else.", False)
        return
    if not isinstance(old, dict):
        c.say("structure", "the information dictionary took the place of something else.", False)
        return
    changed = sorted(k for k in old.keys() | new.keys() if not _same_text(old.get(k), new.get(k)))
    if changed:
        harmless = set(changed) <= (_INFO_KEYS if before is None else {"ModDate", "Producer"})
        texts = all(isinstance(d.get(k), bytes | None) for d in (old, new) for k in changed)
        harmless &= texts or before is None  # a name could be what a page calls a colour space
        c.say(
            "metadata",
            f"document information changed: {', '.join(changed)}.",
            harmless and c.open,
            object=now.number if isinstance(now, Ref) else None,
            old=", ".join(f"{k}: {shown(old.get(k))}" for k in changed),
            new=", ".join(f"{k}: {shown(new.get(k))}" for k in changed),
        )


def _same_text(a: Value, b: Value) -> bool:
    """Whether two entries of the information dictionary say the same, in whatever encoding."""
    return same(a, b) or (isinstance(a, bytes) and isinstance(b, bytes) and decode_text(a) == decode_text(b))
