"""What a signer appended to a PDF, besides a signature: for whoever had it signed elsewhere.

Reach for `besides_signing`. A verifier asks what changed after a signature; here it is asked what came with one, by
the same comparison, revision by revision.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FormatError
from ..facts import Change, SignatureFacts
from .changes import changes_by_revision
from .encryption.opening import Password
from .reader import Reader

# What signing itself does to more than the form: a certification is named in the catalog (ISO 32000-2 12.8.4), and
# a page of a tagged document says in which order its fields are visited (PDF/UA, ISO 14289-1 7.18.3).
_CERTIFIED = "permissions (/Perms) were added after a signature."
_VISITED = "/Tabs of the page in object "


def besides_signing(
    sent: bytes, answer: bytes, new: Sequence[SignatureFacts], password: Password | None, *, certified: bool
) -> tuple[Change, ...]:
    """What the revisions of `answer` after `sent`, which it begins with, hold besides these signatures and evidence.

    `new`: the facts of the signatures in them. `certified`: whether one of them was to certify. Raises `FormatError`.
    """
    first, reader = Reader(sent, password).last, Reader(answer, password)
    if not reader.revisions[first].ends_at(len(sent)):
        raise FormatError("The document does not end where one of its revisions ends.")
    placed = [f.pdf for f in new if f.pdf is not None]
    gaps = sorted((p.byte_range[1], p.byte_range[2]) for p in placed)
    numbers = frozenset(p.object for p in placed)
    found = changes_by_revision(reader, first, {}, numbers, gaps)
    return tuple(c for changes in found.values() for c in changes if not (c.allowed or _of_signing(c, certified)))


def _of_signing(change: Change, certified: bool) -> bool:
    if change.kind == "structure":
        return certified and change.text.endswith(_CERTIFIED)
    return change.kind == "page" and _VISITED in change.text
