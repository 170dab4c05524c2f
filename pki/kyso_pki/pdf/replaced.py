"""Signatures that a later revision took away: they are in the file, and no field has them any more (P7, P11).

Reach for `replaced_signatures`. A later signer can clear the field of an earlier one, sign in it, or take it out of
form and page; whoever reads only the last state of the file never hears of the earlier signature. Each has a verdict:
it did not survive what was done after it. (Who cuts the file off before the earlier signature leaves no trace; this
is about files that say to be one document with a history.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeGuard

from ..errors import FormatError
from ..facts import Change, Finding, SignatureFacts, broken
from ..octets import find
from .fields import Field, acroform, signature_fields
from .glance import plain_text
from .objects import Dictionary, Ref, Value, decode_date, decode_text
from .reader import Reader, Revision
from .xref import PLAIN

MAX_REPLACED: Final = 64  # signatures that are named; any one of them makes the file fail
_SIGNATURES_EXIST: Final = 1  # of /SigFlags (table 225); every signer sets it


@dataclass(frozen=True)
class Replaced:
    """A signature that was in a field when its revision was saved, and is in none now."""

    number: int
    """The object that held it."""
    field: str
    """The partial name of its field, empty where that is not known."""
    revision: int
    """The index of the revision that brought it."""
    later: int | None
    """The index of the first later one that says something else of it or of its field."""
    dictionary: Dictionary


def replaced_signatures(
    reader: Reader, fields: Iterable[Field], signed: Collection[int] = (), told: Collection[int] = ()
) -> list[Replaced]:
    """All of them, oldest first; `fields` are those that hold a signature now.

    `signed`: the indices of revisions whose own signature has its place, which are not searched. `told`: numbers of
    objects that have their verdict already. Raises `FormatError` where an earlier state cannot be read.
    """
    found: list[Replaced] = []
    now = {n for f in fields for n in _holders(f)}
    for revision in reader.revisions[:-1]:
        index = revision.index
        if index in signed:
            continue
        for number, holder, name, dictionary in _brought(reader, revision):
            kept = number in now and reader.entry(number) == reader.entry(number, index)
            if kept or number in told or not _is_made(dictionary):
                continue
            found.append(Replaced(number, name, index, _changed(reader, (number, holder), index), dictionary))
            if len(found) >= MAX_REPLACED:
                return found
    return found


def replaced_facts(found: Iterable[Replaced], taken: Collection[str]) -> Iterator[SignatureFacts]:
    """Each as a signature that failed, with what was done to it; `taken` are the names in use."""
    names = set(taken)
    for item in found:
        name = f"{item.field or f'object {item.number}'} (revision {item.revision + 1})"
        while name in names:
            name += "'"
        names.add(name)
        when = f"revision {item.later + 1}" if item.later is not None else "a later revision"
        text = f"The signature in object {item.number}, made in revision {item.revision + 1}"
        text += f" in the field {item.field!r}" if item.field else ""
        text += f", was taken away or replaced in {when}."
        later = None if item.later is None else item.later + 1
        change = Change("signature", text, False, later, item.number, item.field or None)
        claimed = item.dictionary.get("M")
        yield replace(
            broken(name, "pdf", FormatError(text), f"revision {item.revision + 1}"),
            claimed_time=decode_date(claimed) if isinstance(claimed, bytes) else None,
            changes_after=(change,),
            findings=(Finding("REPLACED", "error", text),),
        )


def refuse_replaced(reader: Reader, fields: Iterable[Field]) -> None:
    """Raises `FormatError` where there is one: a signature over such a file would be refused at once."""
    for item in replaced_signatures(reader, fields):
        raise FormatError(
            f"PDF: the signature in object {item.number} (revision {item.revision + 1}) was taken away later.",
            remedy="Sign the file as it was before that signature; or have it rewritten without the earlier state: "
            "`kyso repair in.pdf -o out.pdf --drop-signatures`.",
        )


def _holders(field: Field) -> Iterator[int]:
    """The object in which the signature of a field stands."""
    if isinstance(field.value, Ref):
        yield field.value.number
    elif field.ref is not None:
        yield field.ref.number


_Brought = tuple[int, int, str, Dictionary]
"""The object that holds a signature, its field (0: not known), the name of that, the signature."""


def _brought(reader: Reader, revision: Revision) -> Iterator[_Brought]:
    """The signatures that a revision brought."""
    if revision.index == 0:
        yield from _of_the_first(reader)
    elif find(reader.data, b"/ByteRange", revision.start, revision.end) >= 0:
        yield from _of_an_update(reader, revision)


def _of_the_first(reader: Reader) -> Iterator[_Brought]:
    root = reader.root_ref(0)
    entry = reader.entry(root.number, 0)
    text = plain_text(reader, entry, root) if entry is not None and entry.kind == PLAIN else None
    if text is not None and b"/AcroForm" not in text:
        return
    form = acroform(reader, 0) or {}
    flags = reader.resolve(form.get("SigFlags"), 0)
    if not isinstance(flags, int) or not flags & _SIGNATURES_EXIST:
        return
    for field in signature_fields(reader, 0):
        value = reader.resolve(field.value, 0)
        for number in _holders(field):
            if _is_signature(value):
                yield number, field.ref.number if field.ref else 0, field.name, value


def _of_an_update(reader: Reader, revision: Revision) -> Iterator[_Brought]:
    """By its own objects, so that many updates of a large form take no longer than the file is."""
    values: dict[int, Dictionary] = {}
    fields: dict[int, tuple[int, str]] = {}
    for number, entry in revision.entries():
        if entry.kind != PLAIN:  # a signature stands in no object stream: its place must be known
            continue
        found = reader.at(number, entry, revision.index).value
        if not isinstance(found, dict):
            continue
        if _is_signature(found):
            values[number] = found
        elif _is_signature(value := found.get("V")):
            values[number] = value
            fields[number] = (number, _name(found))
        elif isinstance(value, Ref):
            fields[value.number] = (number, _name(found))
    for number, dictionary in values.items():
        yield number, *fields.get(number, (0, "")), dictionary


def _is_signature(value: Value) -> TypeGuard[Dictionary]:
    return isinstance(value, dict) and "ByteRange" in value and "Contents" in value


def _is_made(dictionary: Dictionary) -> bool:
    """Whether it was signed: an empty slot that nobody filled is none."""
    contents = dictionary.get("Contents")
    return isinstance(contents, bytes) and bool(contents.strip(b"\0"))


def _name(field: Dictionary) -> str:
    partial = field.get("T")
    return decode_text(partial) if isinstance(partial, bytes) else ""


def _changed(reader: Reader, numbers: Iterable[int], revision: int) -> int | None:
    """The first later revision that speaks of one of the objects."""
    for later in reader.revisions[revision + 1 :]:
        if any(s.entry(n) is not None for n in numbers if n for s in later.sections):
            return later.index
    return None
