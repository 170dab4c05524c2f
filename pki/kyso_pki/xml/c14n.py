"""From a tree to the octets that are hashed: Canonical XML 1.0, 1.1 and Exclusive XML Canonicalization.

Reach for `canonical_document` (URI="") and `canonical_element` (a part, with what it inherits), and `cut` for the
enveloped-signature transform. The octets come from libxml2 through `etree.tostring(method="c14n")`.

A part is canonicalised from a re-parsed copy: on an element inside its tree lxml adds a spurious xmlns="" to
descendants that inherit the default namespace (seen with lxml 6.1). An error or empty output is an error here,
never an empty string to be hashed ("void canonicalisation", attack class X5).

Not supported, and refused: #default in an InclusiveNamespaces PrefixList (lxml drops it without a word) and C14N
1.1 of a part below an xml:base.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import FormatError
from . import names
from .parse import parse_utf8

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True)
class Canonicalization:
    """One canonicalisation method."""

    uri: str
    exclusive: bool = False
    comments: bool = False
    version_1_1: bool = False


EXCLUSIVE = Canonicalization(names.EXC_C14N, exclusive=True)
INCLUSIVE = Canonicalization("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
"""Also what an unnamed conversion to octets means (XMLDSIG 4.4.3.2)."""

METHODS: dict[str, Canonicalization] = {
    m.uri: m
    for m in (
        INCLUSIVE,
        Canonicalization(INCLUSIVE.uri + "#WithComments", comments=True),
        Canonicalization("http://www.w3.org/2006/12/xml-c14n11", version_1_1=True),
        Canonicalization("http://www.w3.org/2006/12/xml-c14n11#WithComments", comments=True, version_1_1=True),
        EXCLUSIVE,
        Canonicalization(EXCLUSIVE.uri + "WithComments", exclusive=True, comments=True),
    )
}


def method_of_uri(uri: str) -> Canonicalization:
    """The method with this identifier. Raises `FormatError` naming the unknown one."""
    try:
        return METHODS[uri]
    except KeyError:
        raise FormatError(f"Canonicalisation method {uri} is not accepted.", uri=uri) from None


def canonical_document(
    root: _Element, method: Canonicalization, prefixes: Sequence[str] = (), *, comments: bool = False
) -> bytes:
    """The canonical octets of the whole document of `root`, with the instructions around the root.

    `comments` False drops comments whatever the method says: what URI="" means (XMLDSIG 4.4.3.3, class X11).
    """
    from lxml import etree

    if "#default" in prefixes:
        raise FormatError("#default in an InclusiveNamespaces PrefixList is not supported.")
    try:
        octets = etree.tostring(
            root.getroottree(),
            method="c14n",
            exclusive=method.exclusive,
            with_comments=comments and method.comments,
            inclusive_ns_prefixes=list(prefixes) if prefixes and method.exclusive else None,
        )
    except (etree.LxmlError, ValueError) as e:
        raise FormatError(f"The XML cannot be canonicalised ({e}); often by a relative namespace URI.") from None
    if not octets:
        raise FormatError("Canonicalisation gave nothing.")
    return bytes(octets)


def canonical_element(
    element: _Element,
    method: Canonicalization,
    prefixes: Sequence[str] = (),
    *,
    comments: bool = False,
    without: Sequence[int] | None = None,
    spend: Callable[[int], None] = lambda octets: None,
) -> bytes:
    """The canonical octets of one element and all below it, with what it inherits.

    `without`: the child indexes that lead from `element` to one below it that is left out (the Signature, by the
    enveloped-signature transform); its tail text stays. `spend` is told the size before the work, and may raise.
    """
    copy = _isolated(element, method, spend)
    if without is not None:
        cut(at(copy, without))
    return canonical_document(copy, method, prefixes, comments=comments)


def _isolated(element: _Element, method: Canonicalization, spend: Callable[[int], None]) -> _Element:
    """A document of its own with this element as root; inherited namespaces stand on it.

    Inclusive canonicalisation also inherits xml:* attributes: all of them in 1.0 (C14N 2.4), xml:lang and
    xml:space in 1.1, where xml:base would have to be joined.
    """
    from lxml import etree

    octets = etree.tostring(element, encoding="utf-8", with_tail=False)
    spend(len(octets))
    copy = parse_utf8(octets)
    if method.exclusive:
        return copy
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            namespace, _, local = str(name).rpartition("}")
            if namespace != "{" + names.XML or name in copy.attrib:
                continue
            if method.version_1_1 and local == "base":
                raise FormatError("C14N 1.1 of a part below an xml:base is not supported.")
            if not method.version_1_1 or local in ("lang", "space"):
                copy.set(name, value)
    return copy


def at(element: _Element, path: Sequence[int]) -> _Element:
    """The element that these child indexes lead to."""
    for index in path:
        element = element[index]
    return element


def path_to(element: _Element, ancestor: _Element | None = None) -> tuple[int, ...]:
    """The child indexes that lead to `element` from `ancestor` (None: the document element)."""
    path: list[int] = []
    while element is not ancestor and (parent := element.getparent()) is not None:
        path.append(parent.index(element))
        element = parent
    return tuple(reversed(path))


def cut(element: _Element) -> None:
    """Takes one element out of its tree and leaves its tail text where it is (XMLDSIG 6.6.4)."""
    parent = element.getparent()
    if parent is None:
        raise FormatError("The enveloped-signature transform would remove the whole document.")
    tail, previous = element.tail, element.getprevious()
    parent.remove(element)
    if tail and previous is None:
        parent.text = (parent.text or "") + tail
    elif tail and previous is not None:
        previous.tail = (previous.tail or "") + tail
