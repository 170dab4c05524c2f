"""Where a Signature stands in the text that it signs, which it cannot say of itself (attack class X4).

What the enveloped-signature transform takes out leaves the text before and after it side by side, so that the digest
is the same wherever in it the Signature stands: `<Tien>1<ds:Signature/>000000</Tien>` is signed as 1000000, and many
programs read 1, as they do at a comment. Reach for `placing_findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from ..facts import Finding
from .names import ds
from .targets import is_inside

if TYPE_CHECKING:
    from lxml.etree import _Element

    from .xmldsig import Reference


def text_follows(signature: _Element) -> bool:
    """Whether text goes on after it, comments passed over; an instruction or an element would have been signed."""
    return any(node.tail and not node.tail.isspace() for node in (signature, *_comments_after(signature)))


def may_be_followed(signature: _Element) -> bool:
    """Whether text that has not been read yet may go on after it: nothing but comments stands there."""
    *_, last = signature, *_comments_after(signature)
    return last.getnext() is None


def _comments_after(node: _Element) -> Iterator[_Element]:
    from lxml import etree

    while isinstance(following := node.getnext(), etree._Comment):
        yield following
        node = following


def placing_findings(
    signature: _Element,
    references: Sequence[tuple[Reference, _Element]],
    holes: Collection[_Element],
    in_text: Collection[_Element],
    path_of: Callable[[_Element], str],
) -> Iterator[Finding]:
    """What is to be said when a Signature that a reference leaves out of what it signs stands in a text.

    `references`: each with the element that it leads to; `holes`: what XPath leaves out besides; `in_text`: the
    signatures after which text goes on; `path_of`: how an element is named to people.
    """
    if not in_text:
        return
    left_out: set[_Element] = set()
    for reference, part in references:
        if reference.transforms.signatures:
            left_out |= {s for s in in_text if next(s.iterancestors(ds("Signature")), None) is None}
        elif reference.transforms.enveloped and signature in in_text and is_inside(signature, (part,)):
            left_out.add(signature)
    left_out |= {s for s in in_text if holes and is_inside(s, holes)}
    for one in sorted({path_of(s) for s in left_out})[:1]:
        text = (
            f"{one} stands in the middle of a text, to where anybody can move it without changing what is signed; "
            "many programs read only what stands before it."
        )
        yield Finding("SIGNATURE_IN_TEXT", "warning", text)
