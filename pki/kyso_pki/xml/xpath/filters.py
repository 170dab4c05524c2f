"""What a reference with XPath keeps of what it refers to, and the octets of that (XMLDSIG 6.6.3, XPath Filter 2.0).

Reach for `read_filter` (one Transform), `select` (what is kept and what is left out, by element) and
`selected_octets`. What is kept must be whole elements, less whole elements in them: then it can be named, it is
canonicalised like every other part, and nobody needs to know what an element without its attributes means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from ...errors import FormatError, LimitExceeded
from .. import names
from ..c14n import Canonicalization, canonical_element, canonical_without
from ..names import ds
from ..parse import attributes, elements, local_name, name_of, text_of
from .evaluation import DOCUMENT, Evaluation, Nodes, is_element, nodes_at, texts_of
from .grammar import Expression, parsed

if TYPE_CHECKING:
    from lxml.etree import _Element

Operation = Literal["keep", "intersect", "subtract", "union"]
MAX_OPERATIONS: Final = 8  # in one transform; real ones have up to 3
MAX_LEFT_OUT: Final = 200  # elements, and as many kept ones: a report must be able to name them
FILTER2_XPATH: Final = f"{{{names.XPATH_FILTER2}}}XPath"
NOT_ASKED: Final = "Read what the signature leaves out, then allow XPath for this document (docs/xml.md)."


@dataclass(frozen=True)
class Ask:
    """One expression, as it was signed."""

    operation: Operation
    text: str
    expression: Expression
    where: tuple[int, ...]
    """Child indexes from the Reference to the element with the text, for here()."""


@dataclass(frozen=True)
class Filter:
    """One Transform: an XPath that each node must pass, or the operations of an XPath Filter 2.0."""

    uri: str
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Selection:
    """Whole elements (`kept`), less whole elements in them (`left_out`), both in document order."""

    kept: tuple[_Element, ...]
    left_out: tuple[_Element, ...]
    numbers: tuple[tuple[int, ...], ...]
    """For each kept element, what is left out of it: the number from it in document order."""
    empty: bool
    """Whether no text and no element below is kept."""
    doubles: tuple[_Element, ...]
    """Elements left out, no part of a Signature, that have the name of a kept one."""


def read_filter(transform: _Element, where: Sequence[int]) -> Filter:
    """A Transform of either kind. Raises `FormatError`, `LimitExceeded`.

    Prefixes mean what the canonical SignedInfo binds them to: a binding that nobody signed is none.
    """
    uri = str(transform.get("Algorithm"))
    inside = elements(transform)
    tag = ds("XPath") if uri == names.XPATH else FILTER2_XPATH
    if not 1 <= len(inside) <= (1 if uri == names.XPATH else MAX_OPERATIONS) or any(e.tag != tag for e in inside):
        raise FormatError(f"A transform {uri} must hold XPath elements, at most {MAX_OPERATIONS}, and nothing else.")
    return Filter(uri, tuple(_ask(e, (*where, number)) for number, e in enumerate(inside)))


def _ask(element: _Element, where: tuple[int, ...]) -> Ask:
    operation = "keep"
    if element.tag == FILTER2_XPATH:
        operation = attributes(element, {"Filter"}).get("Filter", "")
        if operation not in ("intersect", "subtract", "union"):
            raise FormatError(f"An XPath Filter {operation[:40]!r} is not known.")
    else:
        attributes(element, ())
    text = text_of(element)
    bound = tuple(sorted((p, uri) for p, uri in element.nsmap.items() if p))
    return Ask(cast(Operation, operation), text.strip(" \t\r\n"), parsed(text, bound), where)


def select(
    filters: Sequence[Filter],
    part: _Element,
    root: _Element,
    reference: _Element,
    signature: _Element | None,
    spend: Callable[[int], None],
) -> Selection:
    """What all filters keep of `part`; `reference`: the ds:Reference in the document; `signature`: to be left out.

    Raises `FormatError` for what is no whole elements, `LimitExceeded`.
    """
    nodes = Nodes(root)
    spend(len(nodes.all))
    start = nodes.number[part]
    kept = bytearray(len(nodes.all))
    kept[start : start + nodes.size[start]] = b"\1" * nodes.size[start]
    if signature is not None and kept[nodes.number[signature]]:
        _fill(kept, nodes, signature, b"\0")
    for one in filters:
        if one.uri == names.XPATH:
            _pass_each(one.asks[0], kept, nodes, reference, spend)
        else:
            kept = _and(kept, _filter2(one.asks, nodes, reference, spend))
    return _selection(kept, start, nodes)


def _fill(flags: bytearray, nodes: Nodes, element: _Element, value: bytes) -> None:
    number = nodes.number[element]
    flags[number : number + nodes.size[number]] = value * nodes.size[number]


def _and(left: bytearray, right: bytearray) -> bytearray:
    joined = int.from_bytes(left) & int.from_bytes(right)
    return bytearray(joined.to_bytes(len(left)))


def _here(ask: Ask, reference: _Element) -> _Element:
    element = reference
    for index in ask.where:
        element = element[index]
    return element


def _pass_each(ask: Ask, kept: bytearray, nodes: Nodes, reference: _Element, spend: Callable[[int], None]) -> None:
    """Takes out each node for which the expression is not true (XMLDSIG 6.6.3)."""
    run = Evaluation(nodes, _here(ask, reference), spend)
    for number, node in enumerate(nodes.all):
        if not kept[number] or (not is_element(node) and not _is_instruction(node)):
            continue
        passes = run.truth(ask.expression, node)
        if is_element(node):
            at_it = list(nodes_at(node))
            if any(run.truth(ask.expression, n) is not passes for n in at_it):
                raise FormatError(
                    f"The XPath {ask.text[:80]!r} parts {name_of(node)} from its attributes, namespaces or text; "
                    "only whole elements may be left out."
                )
        kept[number] = passes


def _filter2(asks: Sequence[Ask], nodes: Nodes, reference: _Element, spend: Callable[[int], None]) -> bytearray:
    """The filter set: everything at first, then each operation with the subtrees of what its XPath finds (3.4)."""
    found = bytearray(b"\1" * len(nodes.all))
    for ask in asks:
        run = Evaluation(nodes, _here(ask, reference), spend)
        result = run.value(ask.expression, DOCUMENT)
        if not isinstance(result, list):
            raise FormatError(f"The XPath {ask.text[:80]!r} gives no nodes.")
        chosen = bytearray(len(nodes.all))
        for node in result:
            if node is DOCUMENT:
                chosen = bytearray(b"\1" * len(nodes.all))
            elif not is_element(node):
                raise FormatError(f"The XPath {ask.text[:80]!r} finds something else than elements.")
            elif not chosen[nodes.number[node]]:
                spend(nodes.size[nodes.number[node]] // 16)
                _fill(chosen, nodes, node, b"\1")
        if ask.operation == "intersect":
            found = _and(found, chosen)
        elif ask.operation == "union":
            found = bytearray((int.from_bytes(found) | int.from_bytes(chosen)).to_bytes(len(found)))
        else:
            found = _and(found, bytearray(chosen.translate(_OPPOSITE)))
    return found


_OPPOSITE = bytes([1, 0]) + bytes(254)


def _selection(flags: bytearray, start: int, nodes: Nodes) -> Selection:
    """The flags as whole elements. Raises `FormatError` when they are none, or nothing is kept."""
    kept: list[int] = []
    left_out: list[int] = []
    under = bytearray(len(flags))  # something kept stands above, or it is kept
    empty = True
    for number in range(start, start + nodes.size[start]):
        node, parent = nodes.all[number], nodes.parent[number]
        has, above = bool(flags[number]), number > start and bool(flags[parent])
        within = number > start and bool(under[parent])
        under[number] = has or within
        if not is_element(node):
            if _is_instruction(node) and has != above:
                raise FormatError("An XPath parts an element from a processing instruction in it.")
            continue
        if has and not above:
            if within:
                raise FormatError(f"An XPath keeps {name_of(node)} inside of an element that it leaves out.")
            kept.append(number)
        elif above and not has:
            left_out.append(number)
        empty = empty and not (has and (above or any(t.text.strip() for t in texts_of(node))))
    if not kept:
        raise FormatError("The XPath keeps nothing.")
    if max(len(kept), len(left_out)) > MAX_LEFT_OUT:
        raise LimitExceeded(f"An XPath keeps or leaves out more than {MAX_LEFT_OUT} elements.")
    inside = tuple(tuple(n - k for n in left_out if k < n < k + nodes.size[k]) for k in kept)
    return Selection(
        tuple(nodes.all[n] for n in kept),
        tuple(nodes.all[n] for n in left_out),
        inside,
        empty,
        _doubles(flags, start, nodes),
    )


def _is_instruction(node: _Element) -> bool:
    from lxml import etree

    return isinstance(node, etree._ProcessingInstruction)


def _doubles(flags: bytearray, start: int, nodes: Nodes) -> tuple[_Element, ...]:
    """A reader that looks for a name could find these in place of what was signed (class X1)."""
    within = range(start, start + nodes.size[start])
    known = {local_name(nodes.all[n]) for n in within if flags[n] and is_element(nodes.all[n])}
    found: list[_Element] = []
    after = start  # what stands in a Signature is judged with that one
    for n in within:
        if nodes.all[n].tag == ds("Signature"):
            after = max(after, n + nodes.size[n])
        if n >= after and not flags[n] and is_element(nodes.all[n]) and local_name(nodes.all[n]) in known:
            found.append(nodes.all[n])
    return tuple(found)


def selected_octets(
    selection: Selection, method: Canonicalization, prefixes: Sequence[str], spend: Callable[[int], None]
) -> bytes:
    """The canonical octets of what is kept, one element after the other (C14N 2.4); comments are left out."""
    pieces: list[bytes] = []
    for element, numbers in zip(selection.kept, selection.numbers, strict=True):
        if numbers:
            pieces.append(canonical_without(element, method, prefixes, numbers, spend))
        else:
            pieces.append(canonical_element(element, method, prefixes, spend=spend))
    return b"".join(pieces)
