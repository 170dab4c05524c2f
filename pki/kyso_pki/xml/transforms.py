"""The chain of transforms in a Reference: read by allow-list, in the accepted order only (attack class X6).

Accepted: enveloped-signature, then a canonicalisation; or base64 alone. XSLT is never run. XPath is read here and
refused where it would be run, unless the caller allows it (`xpath`). One XPath Filter 2.0 is read by its text,
"subtract every Signature", which EU DSS writes where others write enveloped-signature. It can leave out nothing but
ds:Signature elements, each of which is judged by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import FormatError, LimitExceeded
from . import names
from .c14n import INCLUSIVE, METHODS, Canonicalization, method_of_uri
from .names import ds
from .parse import attributes, elements, name_of, required, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

    from .xpath.filters import Filter

MAX_TRANSFORMS = 5  # in one reference; real ones have up to 3
_XPATHS = (names.XPATH, names.XPATH_FILTER2)


@dataclass(frozen=True)
class Transforms:
    """The one chain that is accepted: enveloped-signature, then a canonicalisation; or base64 alone (class X6)."""

    enveloped: bool = False
    base64: bool = False
    method: Canonicalization = INCLUSIVE
    """How the nodes become octets; inclusive C14N 1.0 when nothing is said (XMLDSIG 4.4.3.2)."""
    prefixes: tuple[str, ...] = ()
    signatures: bool = False
    """`enveloped` takes out every ds:Signature in the document, not the reference's own alone."""
    named: bool = True
    """The chain itself names `method`; otherwise a timestamp may name another one (EN 319 132-1 4.5)."""
    filters: tuple[Filter, ...] = ()
    """What else is taken out by XPath. Each of them only takes away, so their order does not matter."""


def read_method(element: _Element) -> tuple[Canonicalization, tuple[str, ...]]:
    """A canonicalisation method, or a Transform that is one, with its PrefixList (Exclusive C14N 4)."""
    method = method_of_uri(required(element, "Algorithm"))
    prefixes: tuple[str, ...] = ()
    for child in elements(element):
        if not method.exclusive or child.tag != f"{{{names.EXC_C14N}}}InclusiveNamespaces" or prefixes:
            raise FormatError(f"{name_of(child)} inside {name_of(element)} is not accepted.")
        prefixes = tuple(required(child, "PrefixList").split())
        if elements(child):
            raise FormatError(f"{name_of(child)} must be empty.")
    return method, prefixes


def read_transforms(element: _Element) -> Transforms:
    """The chain of a Reference, by allow-list and in the accepted order only."""
    attributes(element, ())
    chain = elements(element)
    if len(chain) > MAX_TRANSFORMS:
        raise LimitExceeded(f"{len(chain)} transforms in one reference; at most {MAX_TRANSFORMS} are read.")
    if any(t.tag != ds("Transform") for t in chain):
        raise FormatError("Transforms must hold Transform elements only.")
    algorithms = [required(t, "Algorithm") for t in chain]
    for uri in algorithms:
        if uri not in METHODS and uri not in (names.ENVELOPED, names.BASE64, *_XPATHS):
            raise FormatError(f"Transform {uri} is not accepted.", uri=uri)
    for t in chain:
        if t.get("Algorithm") not in METHODS and t.get("Algorithm") not in _XPATHS and len(t):
            raise FormatError(f"Parameters inside transform {t.get('Algorithm')} are not accepted.")
    if algorithms == [names.BASE64]:
        return Transforms(base64=True)
    filters: tuple[Filter, ...] = ()
    alone = algorithms[:1] == [names.XPATH_FILTER2] and not any(uri in _XPATHS for uri in algorithms[1:])
    signatures = alone and _subtracts_signatures(chain[0])
    if signatures:
        enveloped, rest = True, chain[1:]
    else:
        taking = next((n for n, uri in enumerate(algorithms) if uri not in (names.ENVELOPED, *_XPATHS)), len(chain))
        enveloped, rest = names.ENVELOPED in algorithms[:taking], chain[taking:]
        if algorithms[:taking].count(names.ENVELOPED) > 1:
            raise FormatError("Transforms in an order that is not accepted: " + ", ".join(algorithms))
        filters = _filters(chain[:taking])
    if not rest:
        return Transforms(enveloped, signatures=signatures, named=False, filters=filters)
    if len(rest) > 1 or algorithms[-1] not in METHODS:
        raise FormatError("Transforms in an order that is not accepted: " + ", ".join(algorithms))
    method, prefixes = read_method(rest[0])
    return Transforms(enveloped, False, method, prefixes, signatures, filters=filters)


def _filters(chain: Sequence[_Element]) -> tuple[Filter, ...]:
    """The XPaths among these transforms, which are the first ones of their reference."""
    if all(t.get("Algorithm") not in _XPATHS for t in chain):
        return ()
    from .xpath.filters import read_filter

    return tuple(read_filter(t, (0, n)) for n, t in enumerate(chain) if t.get("Algorithm") in _XPATHS)


def _subtracts_signatures(element: _Element) -> bool:
    """Whether the filter is the one that leaves out every ds:Signature and nothing else.

    The prefix means what the canonical SignedInfo binds it to, so nobody can give it another meaning afterwards.
    """
    filters = elements(element)
    if [f.tag for f in filters] != [f"{{{names.XPATH_FILTER2}}}XPath"] or len(filters[0]):
        return False
    said = text_of(filters[0]).strip(" \t\r\n")
    prefix = said.removeprefix("/descendant::").removesuffix(":Signature")
    return (
        attributes(filters[0], {"Filter"}) == {"Filter": "subtract"}
        and said == f"/descendant::{prefix}:Signature"
        and filters[0].nsmap.get(prefix) == names.DS
    )
