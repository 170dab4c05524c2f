"""Edits of objects that a file already has, as text: what this engine does not know stays as it was written.

Reach for `replace_entries` (keys of a dictionary object) and `append_items` (more items of an array, wherever the
array stands). Both write into an `Update`, on top of what it holds already; the file's own bytes are not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import FormatError
from .objects import Dictionary, IndirectObject, Ref, Value, serialize, value_spans
from .reader import REWRITE, Reader
from .update import Update, with_entries, with_item


def referred(reader: Reader, ref: Ref) -> IndirectObject | None:
    """The object under this reference; one of another generation is none (7.3.10)."""
    found = reader.fetch(ref.number)
    return found if found is not None and found.generation == ref.generation else None


def fetched(reader: Reader, ref: Ref | None) -> IndirectObject:
    """The dictionary object under this reference. Raises `FormatError`."""
    found = referred(reader, ref) if ref else None
    if found is None or not isinstance(found.value, dict):
        raise FormatError("PDF: an object that must be extended is no dictionary.", remedy=REWRITE)
    return found


def catalog_object(reader: Reader) -> IndirectObject:
    """The catalog as an object that can be extended. Raises `FormatError`."""
    return fetched(reader, reader.root_ref())


def replace_entries(update: Update, found: IndirectObject, changes: Mapping[str, bytes]) -> None:
    """Sets these keys of a dictionary object to these serialised values."""
    update.replace(Ref(found.number, found.generation), _with_entries(update, found, changes))


def _with_entries(update: Update, found: IndirectObject, changes: Mapping[str, bytes]) -> bytes:
    """The text of the object with these keys set. Keys that it lacks go to its end: nothing has to be searched."""
    value, source, start = update.now(found)
    if source is found.source and isinstance(value, dict) and not value.keys() & changes.keys():
        added = b"".join([b" " + serialize(key) + b" " + text for key, text in changes.items()])
        return source[start : found.end - 2] + added + b">>"
    return with_entries(source, start, changes)


def append_items(reader: Reader, update: Update, holder: IndirectObject, key: str, items: Sequence[Ref]) -> None:
    """Appends to an array entry of a dictionary object."""
    value, source, start = update.now(holder)
    changes = appended(reader, update, value, source, start, key, items)
    if changes:
        update.replace(Ref(holder.number, holder.generation), _with_entries(update, holder, changes))


def appended(
    reader: Reader, update: Update, dictionary: Value, source: bytes, start: int, key: str, items: Sequence[Ref]
) -> dict[str, bytes]:
    """The entry to set so that the array has these items more; empty when the array is an object of its own.

    `dictionary` stands at `source[start:]`.
    """
    value = dictionary.get(key) if isinstance(dictionary, dict) else None
    text = b" ".join(map(serialize, items))
    if isinstance(value, Ref):
        found = referred(reader, value)
        if found is not None and isinstance(found.value, list):
            _, own, at = update.now(found)
            update.replace(Ref(found.number, found.generation), with_item(own, at, text))
            return {}
        if found is not None and found.value is not None:
            raise FormatError(f"PDF: /{key} is no array.", remedy=REWRITE)
        value = None
    if value is None:
        return {key: b"[" + text + b"]"}
    if not isinstance(value, list):
        raise FormatError(f"PDF: /{key} is no array.", remedy=REWRITE)
    spans, _ = value_spans(source, start)
    return {key: with_item(source, spans[key][0], text)}


def inner_dictionary(reader: Reader, update: Update, holder: IndirectObject, key: str) -> Inner | None:
    """The dictionary that is the value of a key, wherever it stands; None: there is none. Raises `FormatError`."""
    outer, source, start = update.now(holder)
    place = outer.get(key) if isinstance(outer, dict) else None
    if isinstance(place, Ref):
        found = referred(reader, place)
        if found is None or found.value is None:
            return None
        if isinstance(found.value, dict):
            value, source, start = update.now(found)
            return Inner(found, value if isinstance(value, dict) else {}, source, start, None)
    elif place is None:
        return None
    elif isinstance(place, dict):
        return Inner(holder, place, source, value_spans(source, start)[0][key][0], key)
    raise FormatError(f"PDF: /{key} is no dictionary.", remedy=REWRITE)


class Inner:
    """A dictionary inside a file: an object of its own, or a direct value of `holder` under `key`."""

    def __init__(self, holder: IndirectObject, value: Dictionary, source: bytes, start: int, key: str | None) -> None:
        self.holder = holder
        self.value = value
        self.source = source
        self.start = start
        self.key = key

    def set(self, update: Update, changes: Mapping[str, bytes]) -> None:
        """Sets these keys to these serialised values."""
        if not changes:
            return
        text = with_entries(self.source, self.start, changes)
        if self.key is None:
            update.replace(Ref(self.holder.number, self.holder.generation), text)
        else:
            replace_entries(update, self.holder, {self.key: text})
