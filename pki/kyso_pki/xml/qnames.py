"""Prefixes in values: under exclusive C14N what `xsi:type="x:Loai"` means may not be signed.

Exclusive C14N writes a namespace only where a name of an element or attribute uses it (Exclusive C14N 1.3). A prefix
that stands in a value alone can be bound anew outside of what is signed, and the digest stays true. `xsi:type` is the
one attribute of which everybody knows that its value is such a name; others cannot be told from text.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.etree import _Element

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
MAX_LOOKED_AT: Final = 2000  # elements with a type; where one of them is loose, mostly all are


def loose_type(part: _Element, prefixes: Collection[str]) -> tuple[_Element, str] | None:
    """The first element in `part` with a type whose prefix exclusive C14N leaves out, and the value.

    `prefixes`: those of the PrefixList, which are always written.
    """
    found = part.xpath("descendant-or-self::*[@xsi:type]", namespaces={"xsi": XSI})
    for element in islice(found if isinstance(found, list) else (), MAX_LOOKED_AT):
        value = str(element.get(f"{{{XSI}}}type")).strip()
        prefix = value.rpartition(":")[0] or None
        uri = element.nsmap.get(prefix)
        if (prefix or "#default") not in prefixes and not _is_written(element, part, prefix, uri):
            return element, value
    return None


def _is_written(element: _Element, part: _Element, prefix: str | None, uri: str | None) -> bool:
    """Whether a name between this element and the part uses the prefix."""
    for node in (element, *element.iterancestors()):
        if node.prefix == prefix and node.nsmap.get(prefix) == uri:
            return True
        if prefix is not None and uri is not None and any(str(a).startswith(f"{{{uri}}}") for a in node.attrib):
            return [p for p, bound in node.nsmap.items() if bound == uri] == [prefix]
        if node is part:
            break
    return False
