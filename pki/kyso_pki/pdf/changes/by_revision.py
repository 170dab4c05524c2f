"""All later revisions in order, each compared once for all signatures before it, so that the work is linear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...facts import Change
from ..dss import Visits
from ..large import large_streams
from ..objects import UNREADABLE
from ..overlay import Paper
from ..permission import NO_PERMISSION, Permission
from ..reader import Reader
from ..references import Private, stray_references, stretches
from ..roles import Kept, other_roles
from .catalog import compare_catalogs
from .comparison import Comparison, Shared
from .entries import read_entries
from .form import compare_values
from .leftovers import name_leftovers
from .nowhere import compare_references
from .pages import compare_pages
from .signing import compare_signed_fields
from .trailers import compare_trailers
from .where import Where


def changes_by_revision(
    reader: Reader,
    first: int,
    permissions: Mapping[int, Permission],
    signatures: frozenset[int],
    gaps: Sequence[tuple[int, int]],
) -> dict[int, tuple[Change, ...]]:
    """The changes that each revision after `first` makes; empty revisions are left out.

    `permissions` gives, by revision, what all signatures up to and including that revision allow; `signatures`
    are the objects that hold a signature whose shape is right, `gaps` their /Contents tokens in order. Bytes
    after the last revision are reported with it (under its index). Never raises for odd input: a revision
    that cannot be read strictly is itself a change that is not allowed.
    """
    shared = Shared(Visits(len(reader.data)), Paper(reader, signatures), Where(reader), tuple(gaps))
    comparisons: dict[int, Comparison] = {}
    permission = permissions.get(first, NO_PERMISSION)
    for index in range(first + 1, reader.last + 1):
        comparisons[index] = _compare(Comparison(reader, index, permission, shared))
        if any(not c.allowed and c.kind != "overlay" for c in comparisons[index].changes):
            shared.paper.forget()
        permission = permissions.get(index, permission)
    _strays(reader, comparisons, gaps)
    found = {index: c.result() for index, c in comparisons.items() if c.changes}
    if reader.trailing:
        text = f"{reader.trailing} bytes follow the last revision and belong to nothing."
        found[reader.last + 1] = (Change("unexplained", text, False),)
    return found


def _compare(comparison: Comparison) -> Comparison:
    """The numbered steps; whatever is left over at the end is a change without an explanation."""
    try:
        read_entries(comparison)  # 1. every byte and every entry
        compare_references(comparison)  # with every reference
        compare_trailers(comparison)  # 2.
        compare_catalogs(comparison)  # 3. with the form, the DSS and metadata below them
        compare_signed_fields(comparison)  # 4. empty signature fields that got a value
        compare_pages(comparison)  # 5. annotations of new signature fields
        compare_values(comparison)  # 6. form filling
        name_leftovers(comparison)  # 7.
    except UNREADABLE as e:
        comparison.say("unexplained", f"it cannot be read strictly: {e}", False)
    return comparison


def _strays(reader: Reader, comparisons: Mapping[int, Comparison], gaps: Sequence[tuple[int, int]]) -> None:
    """P6, P7: nothing that was saved before may already have pointed at an object that an update made."""
    if not comparisons:
        return
    private = [
        Private(number, index, allowed)
        for index, comparison in comparisons.items()
        for number, allowed in comparison.private.items()
    ]
    try:
        quiet = sorted([*gaps, *large_streams(reader)])
        for number, index in sorted(stray_references(reader, private, quiet)):
            text = f"object {number} is used by what was signed before, not only by the update."
            comparisons[index].say("content", text, False, object=number)
        kept = [Kept(number, i, key) for i, c in comparisons.items() for number, key in c.kept.items()]
        last = max((reader.revisions[k.revision].start for k in kept), default=0)
        for number, index in sorted(other_roles(reader, kept, stretches(quiet, last))):
            text = f"object {number} was changed in a way that is harmless in one role only, and has another one."
            comparisons[index].say("content", text, False, object=number)
    except UNREADABLE as e:
        comparisons[max(comparisons)].say("unexplained", f"earlier references cannot be searched: {e}", False)
