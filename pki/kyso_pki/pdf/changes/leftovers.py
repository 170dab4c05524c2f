"""Step 7: what no rule explained, named by what it is."""

from __future__ import annotations

from typing import Final

from ...facts import ChangeKind
from ..blank import is_inert
from ..objects import Dictionary, IndirectObject, Stream, Value, same
from .comparison import Comparison, shown

_KINDS: Final[dict[str, ChangeKind]] = {
    "Annot": "annotation",
    "Page": "page",
    "Pages": "page",
    "Font": "font",
    "FontDescriptor": "font",
    "CMap": "font",
    "Encoding": "font",
    "XObject": "resource",
    "ExtGState": "resource",
    "Pattern": "resource",
    "Catalog": "structure",
    "StructTreeRoot": "structure",
    "StructElem": "structure",
    "Outlines": "structure",
    "Metadata": "metadata",
}
MAX_NAMED_KEYS: Final = 8  # of a dictionary that was changed


def name_leftovers(c: Comparison) -> None:
    for number, touched in c.touched.items():
        if touched.old is None:  # whatever explains it, nobody may have waited for it
            c.private.setdefault(number, frozenset())
    for number in sorted(c.touched.keys() - c.explained):
        touched = c.touched[number]
        what = _what(touched.old or touched.new)
        if touched.new is None:
            text = f"object {number} ({what}) was deleted."
            c.say("structure", text, False, object=number, old=what)
        elif touched.old is None and is_inert(c.reader, touched.new.value):
            c.say("resource", f"object {number} ({what}) was added, which shows nothing.", True, object=number)
        elif touched.old is None:
            text = f"object {number} ({what}) was added for no known reason."
            c.say("unexplained", text, False, object=number, new=what)
        elif not same(touched.old.value, touched.new.value):
            text = f"object {number} ({what}) was changed."
            old, new = _difference(touched.old.value, touched.new.value)
            c.say(_KINDS.get(what, "content"), text, False, object=number, old=old, new=new)


def _what(found: IndirectObject | None) -> str:
    """A word for an object: its /Type, its /Subtype or its kind."""
    value = found.value if found else None
    dictionary = value.dictionary if isinstance(value, Stream) else value
    if isinstance(dictionary, dict):
        for key in ("Type", "Subtype", "FT"):
            if isinstance(word := dictionary.get(key), str):
                return word
    return {dict: "dictionary", list: "array", Stream: "stream"}.get(type(value), "value")


def _difference(old: Value, new: Value) -> tuple[str, str]:
    """The entries of a dictionary that differ, or the values themselves."""
    before, now = _dictionary(old), _dictionary(new)
    if before is None or now is None or type(old) is not type(new):
        return _sized(old), _sized(new)
    keys = sorted(k for k in before.keys() | now.keys() if not same(before.get(k), now.get(k)))
    if isinstance(old, Stream):
        keys = [k for k in keys if k not in ("Length", "Filter", "DecodeParms")]
        if not keys:
            return _sized(old), _sized(new)
    shown_keys = keys[:MAX_NAMED_KEYS]
    return (
        ", ".join(f"/{k} {shown(before.get(k))}" for k in shown_keys),
        ", ".join(f"/{k} {shown(now.get(k))}" for k in shown_keys),
    )


def _dictionary(value: Value) -> Dictionary | None:
    value = value.dictionary if isinstance(value, Stream) else value
    return value if isinstance(value, dict) else None


def _sized(value: Value) -> str:
    return f"a stream of {value.length} bytes" if isinstance(value, Stream) else shown(value)
