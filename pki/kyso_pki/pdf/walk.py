"""Which references a value holds, and which of those that the trailer leads to lead nowhere.

Reach for `references_in` and `lost`. The work is linear in the file: each object is read once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..errors import FormatError
from .lint.dull import Dull
from .objects import UNREADABLE, Ref, Stream, Value
from .reader import Reader
from .xref import COMPRESSED, Entry

MAX_UNREAD: Final = 16  # one is enough; the others help to see how the file was made


_HOLD: Final = frozenset((dict, list))  # a stream is never within another value


class Lost(NamedTuple):
    """What a walk from the trailer could not follow."""

    references: list[Ref]
    """Those that lead nowhere; one of another generation does too (ISO 32000-2 7.3.10)."""
    unread: list[str]
    """Why objects that are named cannot be read."""


def references_in(value: Value) -> list[Ref]:
    """Every reference in a value, those of a stream's dictionary included; not followed."""
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


def lost(reader: Reader) -> Lost:
    """What the last trailer leads to and cannot be followed."""
    dull = Dull(reader, None if reader.has_few_objects else frozenset())
    found = Lost([], [])
    named: set[Ref] = set()
    pending: list[Value] = [reader.trailer]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, Stream):
            pending += item.dictionary.values()
        elif isinstance(item, Ref) and item not in named:
            named.add(item)
            if (references := dull.references(item)) is not None:
                pending += references
            elif (entry := reader.entry(item.number)) is None or reader.leads_nowhere(item):
                found.references.append(item)
            else:
                try:
                    if (references := _of_member(reader, dull, item, entry)) is not None:
                        pending += references
                        continue
                    value = reader.at(item.number, entry).value
                    if isinstance(value, Ref):  # Poppler takes it for null, or for damage
                        raise FormatError("it is nothing but a reference to another object.")
                    pending.append(value)
                except UNREADABLE as e:
                    if len(found.unread) < MAX_UNREAD:
                        found.unread.append(f"object {item.number}: {getattr(e, 'message', str(e))}")
    return found


def _of_member(reader: Reader, dull: Dull, ref: Ref, entry: Entry) -> list[Ref] | None:
    """What a plain object in an object stream refers to; None where it has to be read, or was read already."""
    if entry.kind != COMPRESSED:
        return None
    stream = reader.object_stream(entry.a)
    if reader.is_read(stream, entry):
        return None
    return dull.references_of_member(stream.text(ref.number, entry.b))
