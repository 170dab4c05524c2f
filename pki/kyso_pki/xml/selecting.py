"""References with XPath: refused unless the caller allows it, else what they keep, its octets and its name.

Reach for `selected`. The verdict is about what is named here: a signature that leaves out more than itself never
covers the whole document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import FormatError, XPathNotAllowed
from ..facts import Finding
from .c14n import Canonicalization
from .references import Budget
from .structure import Surroundings
from .targets import Paths, Target, instructions_outside, is_inside
from .view import Pruned, Unsuitable, View
from .xmldsig import Reference
from .xpath.filters import Selection, select, selected_octets

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMED: Final = 50  # elements, in one text


@dataclass(frozen=True)
class Selected:
    """What one reference keeps, and how it is named."""

    selection: Selection
    target: Target


def selected(
    number: int,
    reference: Reference,
    part: _Element,
    target: Target,
    signature: _Element,
    view: View,
    budget: Budget,
) -> Selected:
    """What a reference with XPath keeps; `number`: its place in SignedInfo. Raises `FormatError`, `LimitExceeded`."""
    if not view.xpath:
        uri = reference.transforms.filters[0].uri
        raise XPathNotAllowed(
            f"Transform {uri} is not accepted unless XPath is allowed for this document.",
            remedy="Find out what the signature leaves out; then verify with --xpath (xpath=True).",
            uri=uri,
        )
    if isinstance(view, Pruned):
        raise Unsuitable  # it may keep anything
    if target.kind != "content":
        raise FormatError("XPath is accepted on content inside the document only.")
    if reference.uri == "" and instructions_outside(view.root):
        raise FormatError("XPath is not accepted where processing instructions stand around the document element.")
    selection = _select(number, reference, part, signature, view, budget)
    return Selected(selection, _named(selection, reference, part, target, signature, view.paths))


def octets_again(
    number: int, reference: Reference, part: _Element, signature: _Element, view: View, budget: Budget
) -> bytes:
    """The octets once more, by the method of `reference`."""
    return octets_of_selection(_select(number, reference, part, signature, view, budget), reference, budget)


def octets_of_selection(selection: Selection, reference: Reference, budget: Budget) -> bytes:
    method: Canonicalization = reference.transforms.method
    return selected_octets(selection, method, reference.transforms.prefixes, budget.spend)


def _select(
    number: int, reference: Reference, part: _Element, signature: _Element, view: View, budget: Budget
) -> Selection:
    transforms = reference.transforms
    written = signature[0][2 + number]  # in SignedInfo, which holds no comments
    out = signature if transforms.enveloped and is_inside(signature, (part,)) else None
    return select(transforms.filters, part, view.root, written, out, budget.step)


def _named(
    selection: Selection, reference: Reference, part: _Element, target: Target, signature: _Element, paths: Paths
) -> Target:
    """The target named by what is kept; the whole document only where nothing but the Signature is left out."""
    others = [e for e in selection.left_out if e is not signature]
    if selection.kept == (part,) and not others:
        return replace(target, empty=selection.empty)
    name = _list(selection.kept, paths)
    if others:
        name += f" without {_list(others, paths)}"
    said = f" ({reference.uri}, by XPath)" if reference.uri else " (by XPath)"
    return replace(target, root=False, document=False, name=name + said, empty=selection.empty)


def _list(elements: Sequence[_Element], paths: Paths) -> str:
    more = f" and {len(elements) - NAMED} more" if len(elements) > NAMED else ""
    return ", ".join(paths.of(e) for e in elements[:NAMED]) + more


def xpath_findings(found: Sequence[Selected], around: Surroundings) -> Iterator[Finding]:
    """What is to be said of the references of one signature that use XPath."""
    for one in found:
        if one.target.document:
            yield Finding("XPATH_USED", "info", "By XPath the signature leaves out itself and nothing else.")
        else:
            text = f"The signature says by XPath what it covers: {one.target.name}. Nothing else is signed."
            yield Finding("XPATH_USED", "warning", text)
        loose = [e for e in one.selection.doubles if not around.covers(e)]
        if loose:
            where = around.paths.of(loose[0])
            text = f"{where}, which XPath leaves out, has the name of a signed element (signature wrapping)."
            yield Finding("XML_WRAPPING", "error", text)
        elif one.selection.doubles:
            where = around.paths.of(one.selection.doubles[0])
            text = f"{where} has the name of a signed element; only another signature covers it."
            yield Finding("SAME_NAME_ELSEWHERE", "warning", text)
