"""The octets that a reference hashes.

Reach for `part_octets` and `document_pieces`. The `Budget` bounds how much is hashed in one document, whatever its
signatures ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import FormatError, LimitExceeded
from .c14n import at, canonical_document, canonical_element, cut, path_to
from .names import ds
from .parse import base64_octets, octets_of, parse
from .targets import is_inside
from .tree import Tree
from .xmldsig import Reference

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_HASHED_TIMES = 16  # octets hashed in all, in sizes of the document: several signers of one part are real
ALWAYS_HASHED = 16 << 20
MAX_KEY_OPERATIONS = 2000  # values verified in one document: 500 signatures with a chain of three in the worst order
# Nodes that XPath may look at in one document: real filters look at each node and what stands around it, some 10 to
# 30 times as many as there are. A million took half a second where this was measured.
ALWAYS_STEPS, STEPS_PER_OCTET, MAX_STEPS = 100_000, 10, 6_000_000


class Budget:
    """How many octets may still be prepared for hashing in this document: against many references to much (R1)."""

    def __init__(self, size: int) -> None:
        """`size`: octets of the document."""
        self._left = max(ALWAYS_HASHED, MAX_HASHED_TIMES * size)
        self._keys = MAX_KEY_OPERATIONS
        self._steps = min(ALWAYS_STEPS + STEPS_PER_OCTET * size, MAX_STEPS)

    def spend(self, octets: int) -> None:
        """Raises `LimitExceeded` when there is not that much left, and from then on."""
        self._left = self._left - octets if 0 <= octets <= self._left else -1
        if self._left < 0:
            raise LimitExceeded("The signatures of this document ask for more hashing than is allowed.")

    def key(self) -> None:
        """The same for one operation with a public key; the largest takes about a millisecond."""
        self._keys -= 1
        if self._keys < 0:
            text = f"The signatures of this document ask for more than {MAX_KEY_OPERATIONS} operations with a key."
            raise LimitExceeded(text)

    def step(self, nodes: int) -> None:
        """The same for nodes that XPath looks at."""
        self._steps = self._steps - nodes if self._steps >= nodes else -1
        if self._steps < 0:
            raise LimitExceeded("The XPaths of this document ask for more work than is allowed.")


def part_octets(reference: Reference, element: _Element, signature: _Element, budget: Budget) -> bytes:
    """The octets that a reference to a part hashes, the tree being left as it is.

    Comments are left out whatever the method says: both forms of URI mean so (XMLDSIG 4.4.3.3, class X11). The
    enveloped-signature transform takes out the reference's own Signature alone, and does nothing where that is not
    below the part, as in real e-invoices. Raises `FormatError`, `LimitExceeded`.
    """
    budget.spend(0)
    transforms = reference.transforms
    if transforms.base64:
        if element.tag != ds("Object"):
            raise FormatError("The base64 transform is accepted on a ds:Object only.")
        budget.spend(len(element.text or ""))
        return octets_of(element)
    if transforms.signatures:
        raise FormatError("The filter that subtracts every Signature is accepted on the whole document only.")
    cut_out = transforms.enveloped and is_inside(signature, (element,))
    without = path_to(signature, element) if cut_out else None
    method, prefixes = transforms.method, transforms.prefixes
    return canonical_element(element, method, prefixes, without=without, spend=budget.spend)


def detached_octets(reference: Reference, octets: bytes, budget: Budget) -> bytes:
    """The octets that a reference to something outside the document hashes (XMLDSIG 4.4.3.2).

    Without transforms those that the caller gave; a canonicalisation reads them as XML first, comments included.
    """
    budget.spend(len(octets))
    transforms = reference.transforms
    if transforms.enveloped:
        raise FormatError("The enveloped-signature transform is not accepted on detached data.")
    if transforms.base64:
        return base64_octets(octets, "The detached data")
    if not transforms.named:
        return octets
    method = transforms.method
    return canonical_document(parse(octets), method, transforms.prefixes, comments=method.comments)


def document_pieces(reference: Reference, signature: Sequence[int], tree: Tree, budget: Budget) -> Iterator[bytes]:
    """The octets that a reference to the whole document hashes; a tree that has to be cut up is used up.

    `signature`: the child indexes of the Signature that the reference stands in. Raises as `part_octets` does.
    """
    budget.spend(len(tree.source))
    transforms = reference.transforms
    if transforms.base64:
        raise FormatError("The base64 transform is accepted on a ds:Object only.")
    if not transforms.enveloped:
        yield canonical_document(tree.root, transforms.method, transforms.prefixes)
        return
    root = tree.take()
    for element in _outermost(root) if transforms.signatures else [at(root, signature)]:
        cut(element)
    yield canonical_document(root, transforms.method, transforms.prefixes)


def _outermost(root: _Element) -> list[_Element]:
    """The ds:Signature elements that stand in no other."""
    return [s for s in root.iter(ds("Signature")) if next(s.iterancestors(ds("Signature")), None) is None]
