"""From a tree to the octets that are hashed: Canonical XML 1.0, 1.1 and Exclusive XML Canonicalization.

Reach for `canonical_document` (URI="") and `canonical_element` (a part, with what it inherits), and `cut` for the
enveloped-signature transform. The octets come from libxml2 through `etree.tostring(method="c14n")`.

For the inclusive methods a part is canonicalised from a re-parsed copy: on an element inside its tree lxml adds a
spurious xmlns="" to descendants that inherit the default namespace (seen with lxml 6.1); exclusively it does not. An
error or empty output is an error here, never an empty string to be hashed ("void canonicalisation", attack class X5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import FormatError
from . import names
from .baseuri import joined
from .parse import markup, parse_utf8, tostring

if TYPE_CHECKING:
    from lxml.etree import _Element, _ElementTree


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


# libxml2 writes the name of a namespace without escaping it (seen with 2.14). Two names could then look alike.
_UNESCAPED = re.compile(rb"xmlns(?::[^=]*)?=(?:\"[^\"]*?[&<]|'[^']*?[&<])")
_UNCLEAR = "boolean(descendant-or-self::*/namespace::*[contains(., '&') or contains(., '<')])"
_DEFAULT = "#default"


def canonical_document(
    root: _Element, method: Canonicalization, prefixes: Sequence[str] = (), *, comments: bool = False
) -> bytes:
    """The canonical octets of the whole document of `root`, with the instructions around the root.

    `comments` False drops comments whatever the method says: what URI="" means (XMLDSIG 4.4.3.3, class X11).
    """
    if _DEFAULT in prefixes:
        # lxml passes on only the prefixes that occur in the document, and this one cannot
        return _octets(_with_default_interned(root), method, prefixes, comments=comments)
    return _octets(root.getroottree(), method, prefixes, comments=comments)


def _octets(
    node: _Element | _ElementTree[_Element], method: Canonicalization, prefixes: Sequence[str], *, comments: bool
) -> bytes:
    try:
        octets = tostring()(
            node,
            method="c14n",
            exclusive=method.exclusive,
            with_comments=comments and method.comments,
            inclusive_ns_prefixes=list(prefixes) if prefixes and method.exclusive else None,
        )
    except Exception as e:  # noqa: BLE001 - what does not come from lxml is raised as it is
        raise _refusal(e) from None
    if not octets:
        raise FormatError("Canonicalisation gave nothing.")
    if _UNESCAPED.search(octets):
        element = node.getroot() if hasattr(node, "getroot") else node
        if element.xpath(_UNCLEAR):
            raise FormatError("The name of a namespace holds & or <; its canonical form would be ambiguous.")
    return octets


def _refusal(error: Exception) -> Exception:
    from lxml import etree

    if isinstance(error, (etree.LxmlError, ValueError)):
        return FormatError(f"The XML cannot be canonicalised ({error}); often by a relative namespace URI.")
    return error


def _with_default_interned(root: _Element) -> _ElementTree[_Element]:
    """The document parsed again, where libxml2 knows the word `#default`; checked, because that is not promised."""
    parse_utf8(b'<a xmlns="#default"/>')
    known = parse_utf8(b'<a xmlns="urn:a"><p:b xmlns:p="urn:b"/></a>')[0]
    said = _octets(known, EXCLUSIVE, (_DEFAULT,), comments=False)
    if said != b'<p:b xmlns="urn:a" xmlns:p="urn:b"></p:b>':
        raise FormatError("#default in an InclusiveNamespaces PrefixList is not supported by this lxml.")
    return parse_utf8(serialised(root.getroottree())).getroottree()


def serialised(node: _Element | _ElementTree[_Element]) -> bytes:
    """The markup of a node in UTF-8, with the namespaces that it inherits."""
    return markup(node)


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
    enveloped-signature transform); its tail text stays. `spend` is told the size, and may raise.
    """
    if method.exclusive and without is None and _DEFAULT not in prefixes:
        octets = _octets(element, method, prefixes, comments=comments)
        spend(len(octets))
        return octets
    copy = _isolated(element, method, spend)
    if without is not None:
        cut(at(copy, without))
    return canonical_document(copy, method, prefixes, comments=comments)


def canonical_without(
    element: _Element,
    method: Canonicalization,
    prefixes: Sequence[str],
    numbers: Collection[int],
    spend: Callable[[int], None] = lambda octets: None,
) -> bytes:
    """As `canonical_element` without comments, less the elements below it with these numbers in document order."""
    copy = _isolated(element, method, spend)
    for below in [node for number, node in enumerate(copy.iter()) if number in numbers]:
        cut(below)
    return canonical_document(copy, method, prefixes)


def _isolated(element: _Element, method: Canonicalization, spend: Callable[[int], None]) -> _Element:
    """A document of its own with this element as root; inherited namespaces stand on it.

    Inclusive canonicalisation also inherits xml:* attributes: all of them in 1.0 (C14N 2.4), xml:lang and xml:space
    in 1.1, where xml:base is joined with those above and xml:id stays where it is.
    """
    octets = serialised(element)
    spend(len(octets))
    copy = parse_utf8(octets)
    if method.exclusive:
        return copy
    bases = [copy.get(_BASE)]
    for ancestor in element.iterancestors():
        bases.append(ancestor.get(_BASE))
        for name, value in ancestor.attrib.items():
            namespace, _, local = str(name).rpartition("}")
            inherited = namespace == "{" + names.XML and name not in copy.attrib
            if inherited and (not method.version_1_1 or local in ("lang", "space")):
                copy.set(name, value)
    if method.version_1_1 and any(base is not None for base in bases[1:]):
        _set_base(copy, joined([base for base in reversed(bases) if base is not None]))
    return copy


_BASE = f"{{{names.XML}}}base"


def _set_base(element: _Element, value: str) -> None:
    if value:
        element.set(_BASE, value)
    elif _BASE in element.attrib:
        del element.attrib[_BASE]


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
