"""Which element an identifier leads to; one that could mean two elements is refused (attack class X2).

An identifier is an attribute named Id, ID, id or xml:id. Every attribute whose local name is `id` in any spelling and
namespace counts against it, because some reader may take that one for the identifier; so does one with white space
around its value, which readers of xml:id take away (xml:id 1.0, chapter 4).

The octets of the document are looked through first (`literals`): an attribute's name cannot be written with
references, so each one that is named `id` stands there as such. What is found once in the octets need not be counted
in the tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ..errors import FormatError, LimitExceeded
from ..octets import Octets, release
from . import names

if TYPE_CHECKING:
    from lxml.etree import XPath, _Element

ID_NAMES = ("Id", "ID", "id", f"{{{names.XML}}}id")
MAX_IDENTIFIERS = 250_000  # in one tree; listing them all takes 1 kB of memory for each
MAX_TOLD = 3  # times that an identifier is found again: more are not told apart
_SINGLE_LOOKUPS = 2  # identifiers looked up one by one (5 ms per MB) before all of them are listed (7 ms per MB)
_NEAR_LOOKUPS = 8  # identifiers looked for inside one signature; with more, listing all is cheaper
# Every attribute whose name ends in `id`, and every one with white space before its equals sign. It starts with a
# literal because that is what `re` finds fast (1.2 ms per MB). It also finds what is no attribute at all, and looks
# at the value without stepping over it: what stands in one attribute's value must not hide the one after it.
_LITERAL = re.compile(
    rb"=(?:(?<=[iI][dD]=)|(?<=[ \t\r\n]=))"
    rb"(?=[ \t\r\n]*(?:\"(?P<d>[^\"<]*)(?P<e>[\"<]?)|'(?P<s>[^'<]*)(?P<f>['<]?)|(?P<cut>\Z)))"
)
_NAMED_ID = "translate(local-name(), 'DI', 'di') = 'id'"
_WINDOW = 1 << 20  # octets of a map looked at before they are given back
_LONGEST = 1 << 16  # octets of an identifier that may reach beyond the window
_REFERENCE = re.compile(rb"[&\t\r\n]")  # an attribute value with one of these is not what it looks like


class Ids:
    """The identifiers of one tree; with its octets at hand, looking one up is cheap."""

    def __init__(self, root: _Element, octets: bytes | None = None) -> None:
        self._root = root
        self._lookups = 0
        self._near_lookups = 0
        self._all: dict[str, list[tuple[str, _Element]]] | None = None
        self._literal: Counter[bytes] | None = None
        if octets is not None:
            self._literal = Counter()
            for value in literals(octets):
                if value is None or len(self._literal) > MAX_IDENTIFIERS:
                    self._literal = None
                    break
                self._literal[value] += 1

    def find(self, value: str, near: _Element | None = None) -> _Element:
        """The one element with this identifier; `near` is where to look first.

        Raises `FormatError` when there is none or more than one (X2).
        """
        found = self._found(value, near)
        if len(found) > 1:
            times = f"{len(found)}{' or more' if len(found) == MAX_TOLD else ''} times"
            raise FormatError(f"The identifier {value!r} stands {times} in the document.")
        if not found or found[0][0] not in ID_NAMES or found[0][1].get(found[0][0]) != value:
            raise FormatError(f"No element with the identifier {value!r} in the document.")
        return found[0][1]

    def _found(self, value: str, near: _Element | None) -> list[tuple[str, _Element]]:
        if self._literal is not None and near is not None:
            times = self._literal[value.encode()]
            if times == 0:
                return []
            self._near_lookups += 1
            near_enough = times == 1 and self._near_lookups <= _NEAR_LOOKUPS
            if near_enough and (here := carriers_of(value, near)):
                return here
        self._lookups += 1
        if self._all is None and self._lookups <= _SINGLE_LOOKUPS:
            return carriers_of(value, self._root)
        return self.listed(value)

    def listed(self, value: str) -> list[tuple[str, _Element]]:
        """Every element with an identifier of this value in any spelling, from a list of all of them."""
        if self._all is None:
            if self._root.xpath(f"count(//@*[{_NAMED_ID}])") > MAX_IDENTIFIERS:
                raise LimitExceeded(f"More than {MAX_IDENTIFIERS} identifiers in one document.")
            self._all = {}
            for name, element in carriers(self._root.xpath(f"//@*[{_NAMED_ID}]")):
                self._all.setdefault(_told(str(element.get(name))), []).append((name, element))
        return self._all.get(value, [])


def _told(value: str) -> str:
    """Without white space around it, and one space for each that stands in it."""
    return " ".join(value.split())


def carriers_of(value: str, element: _Element) -> list[tuple[str, _Element]]:
    """The attributes with this value, in or below an element, that are named `id` in any spelling and namespace.

    Names and elements, at most `MAX_TOLD` of them, so that many take no memory.
    """
    return carriers(_carriers()(element, value=value))


@cache
def _carriers() -> XPath:
    """Compiled once: that takes as long as looking through a small signature."""
    from lxml import etree

    told = f"@*[contains(., $value)][{_NAMED_ID}][normalize-space() = $value]"
    return etree.XPath(f"(descendant-or-self::*/{told})[position() <= {MAX_TOLD}]")


def carriers(attributes: object) -> list[tuple[str, _Element]]:
    """Those of XPath's attribute results that are named `id` in any spelling and namespace: names and elements."""
    found: list[tuple[str, _Element]] = []
    for value in attributes if isinstance(attributes, list) else []:
        name = str(value.attrname)
        if name.rpartition("}")[2].lower() == "id":
            found.append((name, value.getparent()))
    return found


def literals(octets: Octets) -> Iterator[bytes | None]:
    """The value of everything in these UTF-8 octets that may be an identifier, as often as it stands there.

    It may also be text or a comment that looks like one, so the true number is that or less. None: a value that is
    spelt with references or goes over lines, so that only the tree can tell what it is.
    """
    for at in range(0, len(octets), _WINDOW):
        stop = min(at + _WINDOW, len(octets))
        for match in _LITERAL.finditer(octets, at, min(stop + _LONGEST, len(octets))):
            if match.start() >= stop:
                break
            value = match["d"] if match["d"] is not None else match["s"]
            whole = match["e"] or match["f"]
            if value is None or not whole or _REFERENCE.search(value):
                yield None
            else:
                yield b" ".join(value.split()) if b" " in value else value
        release(octets, at, stop)
