"""What a signer allowed to be changed afterwards: DocMDP, FieldMDP and field locks (ISO 32000-2 12.8.2).

Reach for `permission_of` (one signature) and `Permission.also` (all signatures so far: the least that any of
them allows). Nothing here decides that a change is harmless; `changes` asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import FormatError
from ..facts import Lock as Lock
from .objects import Dictionary, Value, decode_text
from .reader import Reader


@dataclass(frozen=True)
class Permission:
    """What may be changed: `level` is the P of a certification (1 nothing, 2 forms, 3 and annotations)."""

    level: int | None = None
    locks: tuple[Lock, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether nothing at all may change, except evidence and document timestamps."""
        return self.level == 1

    @property
    def form_filling(self) -> bool:
        return self.level in (2, 3)

    def locked(self, name: str) -> bool:
        return any(lock.covers(name) for lock in self.locks)

    def also(self, other: Permission) -> Permission:
        """The least of both (attack class P12)."""
        levels = [p.level for p in (self, other) if p.level is not None]
        return Permission(min(levels, default=None), tuple(dict.fromkeys(self.locks + other.locks)))


NO_PERMISSION = Permission()
"""What a signature without any such entry sets: nothing."""


def permission_of(reader: Reader, signature: Dictionary, field: Dictionary, revision: int) -> Permission:
    """The permission that a signature sets, read as of the revision it signs. Raises `FormatError`."""
    found = NO_PERMISSION
    references = reader.resolve(signature.get("Reference"), revision)
    if references is not None and not isinstance(references, list):
        raise FormatError("PDF: /Reference of a signature is no array.")
    for item in references or []:
        reference = reader.dictionary(item, revision)
        method = reader.resolve(reference.get("TransformMethod"), revision)
        parameters = reader.resolve(reference.get("TransformParams"), revision)
        if parameters is not None and not isinstance(parameters, dict):
            raise FormatError("PDF: /TransformParams of a signature is no dictionary.")
        if method == "DocMDP":
            found = found.also(Permission(_level(reader, (parameters or {}).get("P", 2), revision)))
        elif method == "FieldMDP":
            found = found.also(Permission(locks=(_lock(reader, parameters or {}, revision),)))
    lock = reader.resolve(field.get("Lock"), revision)
    if isinstance(lock, dict):
        found = found.also(Permission(locks=(_lock(reader, lock, revision),)))
        if lock.get("P") is not None:  # ISO 32000-2 table 236: an approval may also restrict
            found = found.also(Permission(_level(reader, lock.get("P"), revision)))
    elif lock is not None:
        raise FormatError("PDF: /Lock of a signature field is no dictionary.")
    return found


def certifies(reader: Reader, signature: Dictionary, revision: int) -> bool:
    """Whether the signature carries a DocMDP transform."""
    references = reader.resolve(signature.get("Reference"), revision)
    if not isinstance(references, list):
        return False
    return any(
        isinstance(r := reader.resolve(item, revision), dict)
        and reader.resolve(r.get("TransformMethod"), revision) == "DocMDP"
        for item in references
    )


def _level(reader: Reader, value: Value, revision: int) -> int:
    level = reader.resolve(value, revision)
    if type(level) is not int or level not in (1, 2, 3):
        raise FormatError(f"PDF: the permission /P of a certification is {level!r}; 1, 2 or 3 are known.")
    return level


def _lock(reader: Reader, dictionary: Dictionary, revision: int) -> Lock:
    action = reader.resolve(dictionary.get("Action"), revision)
    names = reader.resolve(dictionary.get("Fields"), revision)
    if action == "All":
        return Lock("All")
    if action not in ("Include", "Exclude") or not isinstance(names, list):
        raise FormatError("PDF: a field lock has no known /Action or no /Fields.")
    texts = [reader.resolve(n, revision) for n in names]
    known = frozenset(decode_text(t) for t in texts if isinstance(t, bytes))
    if len(texts) > len([t for t in texts if isinstance(t, bytes)]):
        raise FormatError("PDF: /Fields of a field lock holds something that is no text.")
    return replace(Lock("Include" if action == "Include" else "Exclude"), names=known)
