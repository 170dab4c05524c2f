"""A trusted list (ETSI TS 119 612) as a source of a trust store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

from kyso_pki.trust.kept import Kept, Pointer, Source
from kyso_pki.trust.tsl.anchors import anchors_of
from kyso_pki.trust.tsl.reading import TERRITORY, ListPointer, TrustedList, claimed_territory, read_list


def list_name(territory: str) -> str:
    """The name of a territory's list in the store."""
    return f"tl-{territory.lower()}"


def source_of_list(kept: Kept, data: bytes, signers: Collection[str], by: str | None) -> tuple[Source, Source | None]:
    """The source that this file makes, and the one before. Raises what `read_list` raises.

    A list that another one vouches for is signed by the keys that this one tells, and by no others; it stays that
    one's when a person imports its next file, unless he names keys of his own for it.
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
        expires=found.ends,
        signers=_next_signers(found) or accepted,
        update=None if before is None else before.update,
        anchors=listed.anchors,
        notes=listed.notes,
        by=before.by if before is not None and by is None and not signers else by,
        left_out=listed.left_out,
        signed_by=found.signed_by,
    )
    return _with_pointers(source, found), before


def _with_pointers(source: Source, found: TrustedList) -> Source:
    """The source with the lists that it vouches for: only a list of lists that a person imported does."""
    if not found.of_lists or source.by is not None:
        return source
    pointers: dict[str, Pointer] = {}
    left_out = list(source.left_out)
    for one in found.pointers:
        if _is_own(found, one):
            continue
        if one.territory is None or not TERRITORY.fullmatch(one.territory):
            left_out.append(f"the list at {one.location[:200]}, which is told no territory")
        elif (name := list_name(one.territory)) in pointers or name == source.name:
            left_out.append(f"the list at {one.location[:200]}, one more of {one.territory}")
        else:
            signers = tuple(dict.fromkeys(c.spki_sha256 for c in one.signers))
            pointers[name] = Pointer(name, one.location, signers)
    return replace(source, pointers=tuple(pointers.values()), left_out=tuple(left_out))


def _next_signers(found: TrustedList) -> tuple[str, ...]:
    """The keys that a list of lists tells for itself: its operator changes them so (clause 5.3.13)."""
    own = [p for p in found.pointers if _is_own(found, p)]
    return tuple(dict.fromkeys(c.spki_sha256 for p in own for c in p.signers)) if found.of_lists else ()


def _is_own(found: TrustedList, pointer: ListPointer) -> bool:
    return pointer.territory == found.territory and pointer.list_type == found.list_type
