"""A trusted list (ETSI TS 119 612) as a source of a trust store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from kyso_pki.trust.tsl.anchors import anchors_of
from kyso_pki.trust.tsl.reading import ListPointer, TrustedList, claimed_territory, read_list

from .kept import Kept, Pointer, Source


def list_name(territory: str) -> str:
    """The name of a territory's list in the store."""
    return f"tl-{territory.lower()}"


def source_of_list(kept: Kept, data: bytes, signers: Collection[str], by: str | None) -> tuple[Source, Source | None]:
    """The source that this file makes, and the one before. Raises what `read_list` raises.

    A list that another one vouches for is signed by the keys that this one tells, and by no others.
    """
    name = list_name(claimed_territory(data))
    before = kept.source(name)
    told = before.signers if before is not None and by is None else ()
    accepted = tuple(dict.fromkeys((*told, *signers)))
    found = read_list(data, frozenset(accepted))
    listed = anchors_of(found, f"list {name} #{found.sequence}")
    source = Source(
        name=name,
        kind="list",
        sequence=found.sequence,
        sha256=hashlib.sha256(data).hexdigest(),
        issued=found.issued,
        expires=found.next_update,
        signers=_next_signers(found) or accepted,
        update=None if before is None else before.update,
        anchors=listed.anchors,
        notes=listed.notes,
        pointers=tuple(_pointers(found)) if found.of_lists and by is None else (),
        by=by,
        left_out=listed.left_out,
    )
    return source, before


def _next_signers(found: TrustedList) -> tuple[str, ...]:
    """The keys that a list of lists tells for itself: its operator changes them so (clause 5.3.13)."""
    own = [p for p in found.pointers if _is_own(found, p)]
    return tuple(dict.fromkeys(c.spki_sha256 for p in own for c in p.signers)) if found.of_lists else ()


def _pointers(found: TrustedList) -> list[Pointer]:
    pointers: dict[str, Pointer] = {}
    for one in found.pointers:
        if one.territory is None or _is_own(found, one) or not (len(one.territory) == 2 and one.territory.isalpha()):
            continue
        name = list_name(one.territory)
        signers = tuple(dict.fromkeys(c.spki_sha256 for c in one.signers))
        pointers.setdefault(name, Pointer(name, one.location, signers))
    return list(pointers.values())


def _is_own(found: TrustedList, pointer: ListPointer) -> bool:
    return pointer.territory == found.territory and pointer.list_type == found.list_type
