"""How many changes a report tells of each signature: all of them, unless many signatures saw many changes.

Each signature is told all that came after it, so a file of a thousand signatures and two thousand later saves would
make a report of hundreds of megabytes. Reach for `fewer`; no verdict depends on it, because of each kind something
stays. Names of fields are told up to a length (`kyso_pki.told`): each repeats the names of those above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..facts import Change, SignatureFacts
from ..told import MAX_TOLD, told

MAX_CHANGES: Final = 4000  # told in the report on one file, all signatures together: some 2 MB
LEAST_CHANGES: Final = 20  # told of each signature, however many there are


def fewer(facts: SignatureFacts, signatures: int) -> SignatureFacts:
    """The facts with at most its share of the changes told one by one, those not permitted first, the rest counted.

    Changes that name places are kept: whoever can draw the page looks at them (docs/adr/0023).
    """
    most = max(LEAST_CHANGES, MAX_CHANGES // max(1, signatures))
    changes = facts.changes_after
    if len(changes) <= most and not any(map(_long, changes)):
        return facts
    changes = tuple(_cut(c) if _long(c) else c for c in changes)
    seen = [c for c in changes if c.places]
    plain = [c for c in changes if not c.places]
    if len(plain) <= most:
        return replace(facts, changes_after=changes)
    plain.sort(key=lambda c: c.allowed)
    kept, left = plain[:most], plain[most:]
    return replace(facts, changes_after=(*kept, *seen, *_counted(left)))


def _counted(left: Sequence[Change]) -> list[Change]:
    """One change for all of a kind that decide the same."""
    kinds = Counter((c.kind, c.allowed, c.blank) for c in left)
    return [
        Change(kind, f"{count} more changes of this kind.", allowed, blank=blank)
        for (kind, allowed, blank), count in kinds.items()
    ]


def _long(change: Change) -> bool:
    return len(change.text) > MAX_TOLD or len(change.field or "") > MAX_TOLD


def _cut(change: Change) -> Change:
    return replace(change, text=told(change.text), field=None if change.field is None else told(change.field))
