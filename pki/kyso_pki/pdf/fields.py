"""The interactive form (ISO 32000-2 12.7): every field of type signature, and what its value is.

Reach for `signature_fields`. A field with a value is never left out, however odd it is: a value that is a
dictionary counts as a signature even where /FT hides it (attack classes P1, P9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ..errors import FormatError, KysoError, LimitExceeded
from .objects import Dictionary, IndirectObject, Ref, Value, decode_text
from .reader import Reader

MAX_FIELDS: Final = 1 << 17  # nodes of the field tree
MAX_FIELD_DEPTH: Final = 32
MAX_FIELD_NAME: Final = 1024  # bytes of a partial name, where one is put together from below
MAX_NAMES: Final = 1 << 24  # characters of all full names together: a name repeats the names above it
INHERITABLE: Final = ("FT", "V", "Ff")


@dataclass(frozen=True)
class Field:
    """One node of the field tree that holds a value or could hold one."""

    name: str
    """Fully qualified (12.7.4.2)."""
    ref: Ref | None
    """None for a field that stands directly in an array."""
    dictionary: Dictionary
    type: Value
    """/FT, inherited where absent."""
    value: Value
    """/V as it stands (mostly a reference), inherited where absent; None: no value."""
    problem: KysoError | None = None
    """Why the node cannot be read; then it counts as a signature that failed."""
    inherited: bool = False
    """The value stands in a node above."""
    named: bool = True
    """False for a widget that only stands for the field above it (no /T)."""


def acroform(reader: Reader, revision: int | None = None) -> Dictionary | None:
    """The interactive form dictionary, None when there is none."""
    value = reader.resolve(reader.catalog(revision).get("AcroForm"), revision)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise FormatError("PDF: /AcroForm is no dictionary.")
    return value


def full_name(resolve: Callable[[Value], Value], node: Dictionary) -> str:
    """The fully qualified name (12.7.4.2) of a field by the fields above it. Raises `FormatError`."""
    parts: list[str] = []
    for _ in range(MAX_FIELD_DEPTH):
        partial = resolve(node.get("T"))
        if isinstance(partial, bytes):
            if len(partial) > MAX_FIELD_NAME:
                raise FormatError(f"PDF: a field name of {len(partial)} bytes.")
            parts.append(decode_text(partial))
        parent = resolve(node.get("Parent"))
        if not isinstance(parent, dict):
            break
        node = parent
    return ".".join(reversed(parts))


def all_fields(reader: Reader, revision: int | None = None) -> list[Field]:
    """Every node of the field tree, in the order of the tree; a node met twice is taken once."""
    form = acroform(reader, revision)
    if form is None:
        return []
    roots = reader.resolve(form.get("Fields"), revision)
    if roots is None:
        return []
    if not isinstance(roots, list):
        raise FormatError("PDF: /Fields of the form is no array.")
    found: list[Field] = []
    visited: set[Ref] = set()  # with the generation: `9 1 R` is nothing, and must not hide `9 0 R`
    above: dict[str, Value] = {}
    names = 0
    pending: list[tuple[Value, str, dict[str, Value], int]] = [(root, "", above, 0) for root in reversed(roots)]
    while pending:
        node, prefix, inherited, depth = pending.pop()
        if isinstance(node, Ref):
            if node in visited:
                continue
            visited.add(node)
        if len(found) >= MAX_FIELDS or depth > MAX_FIELD_DEPTH:
            raise LimitExceeded(f"PDF: the form has more than {MAX_FIELDS} fields or {MAX_FIELD_DEPTH} levels.")
        ref = node if isinstance(node, Ref) else None
        try:
            field, kids, passed = _node(reader, node, prefix, inherited, revision)
        except KysoError as e:
            name = f"{prefix}object {ref.number}" if ref else f"{prefix}field {len(found) + 1}"
            found.append(Field(name, ref, {}, "Sig", None, e))
            continue
        if field is not None:
            names += len(field.name)
            if names > MAX_NAMES:
                raise LimitExceeded(f"PDF: the names of all form fields have more than {MAX_NAMES} characters.")
            found.append(field)
            pending += [(kid, field.name + ".", passed, depth + 1) for kid in reversed(kids)]
    return found


def _node(
    reader: Reader, node: Value, prefix: str, inherited: dict[str, Value], revision: int | None
) -> tuple[Field | None, list[Value], dict[str, Value]]:
    """One node: the field, its kids, and what it hands down. None for a reference to nothing."""
    dictionary = reader.resolve(node, revision)
    if dictionary is None:
        return None, [], {}
    if not isinstance(dictionary, dict):
        raise FormatError(f"PDF: a form field is no dictionary but {type(dictionary).__name__}.")
    partial = reader.resolve(dictionary.get("T"), revision)
    name = (prefix + decode_text(partial)) if isinstance(partial, bytes) else prefix.removesuffix(".")
    passed = {k: dictionary.get(k, inherited.get(k)) for k in INHERITABLE}
    kids = reader.resolve(dictionary.get("Kids"), revision)
    if kids is not None and not isinstance(kids, list):
        raise FormatError(f"PDF: /Kids of the field {name!r} is no array.")
    from_above = dictionary.get("V") is None and passed["V"] is not None
    kind = reader.resolve(passed["FT"], revision)
    ref = node if isinstance(node, Ref) else None
    named = isinstance(partial, bytes)
    field = Field(name, ref, dictionary, kind, passed["V"], inherited=from_above, named=named)
    return field, kids or [], passed


def signature_fields(reader: Reader, revision: int | None = None) -> list[Field]:
    """Every field that holds a signature, or that may be one in disguise; empty fields are left out.

    A value handed down to several nodes counts once.
    """
    return signatures_among(reader, all_fields(reader, revision), revision)


def signatures_among(reader: Reader, fields: Iterable[Field], revision: int | None = None) -> list[Field]:
    """The same, of fields that were read already."""
    found: list[Field] = []
    taken: set[int] = set()
    for field in fields:
        if field.problem is not None:
            found.append(field)
        elif field.inherited and id(field.value) in taken:
            continue
        elif field.value is not None and _is_signature(reader, field, revision):
            taken.add(id(field.value))
            found.append(field)
    return found


def _is_signature(reader: Reader, field: Field, revision: int | None) -> bool:
    if field.type == "Sig":
        return True
    if not isinstance(field.value, Ref | dict):
        return False
    try:
        return isinstance(reader.resolve(field.value, revision), dict)
    except KysoError:
        return True


def empty_signature_fields(reader: Reader) -> list[Field]:
    """Signature fields without a value that could be signed."""
    return [f for f in all_fields(reader) if f.type == "Sig" and f.value is None and f.problem is None and f.named]


def read_again(reader: Reader, ref: Ref, revision: int) -> IndirectObject | None:
    """An object as of a revision when its generation fits, else None."""
    found = reader.fetch(ref.number, revision)
    return found if found is not None and found.generation == ref.generation else None
