"""What earlier signatures still allow, and what a new one will forbid (ISO 32000-2 12.8.2, 12.7.5.5).

Reach for `check_permission` before anything else, then for `restriction`: the /Reference entry of a certification
(DocMDP) or of a field lock (FieldMDP). A document is certified by its first signature only, and an earlier
signature's locks are respected (attack class P12).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..document import FieldLock, Intent
from ..errors import FormatError, NotPermitted
from .edit import catalog_object, inner_dictionary, replace_entries
from .fields import Field, signature_fields, signatures_among
from .objects import Dictionary, Ref, Value, encode_text, serialize
from .permission import NO_PERMISSION, Lock, permission_of
from .reader import REWRITE, Reader
from .update import Update

_MAX_TOLD = 20  # names in an error


def check_permission(reader: Reader, fields: list[Field], name: str | None) -> None:
    """Refuses what an earlier signature forbids; `name` None: a document timestamp, which is never forbidden.

    Raises `SigningError`, and `FormatError` for a signature whose permissions cannot be read.
    """
    permission = NO_PERMISSION
    for field in signatures_among(reader, fields):
        if field.problem is not None:
            raise field.problem
        signature = reader.resolve(field.value)
        if signature is None:  # the next free number may be the one it names: a new signature would become its value
            raise FormatError(f"PDF: the field {field.name!r} names a signature that is not there.", remedy=REWRITE)
        if isinstance(signature, dict):
            permission = permission.also(permission_of(reader, signature, field.dictionary, reader.last))
    if name is None:
        return
    if permission.closed:
        raise NotPermitted("The document is certified against any change; it cannot be signed again.")
    if permission.locked(name):
        raise NotPermitted(f"An earlier signature locked the field {name!r}; it cannot be signed.")


@dataclass(frozen=True)
class Restriction:
    """What goes into the signature dictionary, the field and the catalog."""

    reference: Value = None
    """/Reference of the signature dictionary."""
    lock: Dictionary | None = None
    """/Lock of a new field."""
    certifies: bool = False


def restriction(reader: Reader, intent: Intent, fields: list[Field], field: Field | str) -> Restriction:
    """What the new signature in `field`, one of `fields` or a new one, restricts. Raises as `check_permission`."""
    references: list[Value] = []
    if intent.certify is not None:
        if signature_fields(reader):
            raise NotPermitted(
                "The document is signed already; only the first signature can certify it.",
                remedy="Sign it without certification, or certify before anybody signs.",
            )
        parameters: Dictionary = {"Type": "TransformParams", "P": intent.certify, "V": "1.2"}
        references.append({"Type": "SigRef", "TransformMethod": "DocMDP", "TransformParams": parameters})
    lock, level = _lock_of(reader, intent, field)
    made: Dictionary | None = None
    if lock is not None:
        locked: Dictionary = {"Action": lock.action}
        if lock.action != "All":
            locked["Fields"] = [encode_text(n) for n in sorted(lock.names)]
        if isinstance(field, str):
            _check_names(lock, fields, field)
            made = {"Type": "SigFieldLock", **locked}
        if level is not None:  # table 236; written beside the fields as Acrobat does, besides standing in /Lock
            locked["P"] = level
        references.append({
            "Type": "SigRef",
            "TransformMethod": "FieldMDP",
            "TransformParams": {"Type": "TransformParams", "V": "1.2", **locked},
            "Data": reader.root_ref(),  # required for FieldMDP (table 256)
        })  # fmt: skip
    return Restriction(references or None, made, intent.certify is not None)


def _check_names(lock: Lock, fields: list[Field], own: str) -> None:
    """A lock on a field that is not there protects nothing, while who asked for it believes that it does."""
    there = sorted({f.name for f in fields if f.problem is None})
    if wrong := sorted(lock.names - {*there, own}):
        more = f" and {len(there) - _MAX_TOLD} more" if len(there) > _MAX_TOLD else ""
        raise NotPermitted(
            f"There is no form field {', '.join(map(repr, wrong))} to lock.",
            remedy=f"Fields of the document: {', '.join(there[:_MAX_TOLD])}{more}."
            if there
            else "The document has no form fields; sign it without a lock.",
        )


def _lock_of(reader: Reader, intent: Intent, field: Field | str) -> tuple[Lock | None, int | None]:
    """The fields to lock and the /P beside them: the field's own /Lock, or what was asked for."""
    asked = None if intent.lock is None else _as_lock(intent.lock)
    if isinstance(field, str) or field.dictionary.get("Lock") is None:
        if asked is not None and not isinstance(field, str):
            raise NotPermitted(
                f"The field {field.name!r} carries no lock; its author did not want one.",
                remedy="Lock fields with a new signature field, or sign this one without a lock.",
            )
        return asked, None
    permission = permission_of(reader, {}, field.dictionary, reader.last)
    own = permission.locks[0]
    if asked is not None and asked != own:
        raise NotPermitted(f"The field {field.name!r} has a lock of its own, which is another one.")
    if permission.level is not None and intent.certify is not None:
        raise NotPermitted(f"The lock of the field {field.name!r} restricts the document; it cannot certify as well.")
    return own, permission.level


def _as_lock(asked: FieldLock) -> Lock:
    return Lock(asked.action, frozenset(asked.names))


def name_in_permissions(reader: Reader, update: Update, signature: Ref) -> None:
    """/Perms of the catalog names the certification (12.8.6), without which viewers show no certification."""
    root = catalog_object(reader)
    permissions = inner_dictionary(reader, update, root, "Perms")
    if permissions is None:
        replace_entries(update, root, {"Perms": serialize({"DocMDP": signature})})
    else:
        permissions.set(update, {"DocMDP": serialize(signature)})
