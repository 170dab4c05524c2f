"""Where in the octets of a file something new goes; every other octet stays as it is.

Reach for `inside` (a new last child of an element) and `before` (a new sibling). An element is found in the octets by
counting: the tags with its very name, outside of comments, CDATA sections and instructions, stand there in the order
of the tree. A `<` stands nowhere else in well-formed XML. Work is linear in the size of the file.

The one octet that is exchanged: a place written as an empty tag, `<CQT/>`, is opened to `<CQT>…</CQT>`, which is the
same element to every reader and the same octets to every canonicalisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import SigningError
from ..octets import Octets
from .parse import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element

_SPACE: Final = b" \t\r\n"
# Possessive, so that it never goes back over what it has read. A round fails only where a quotation never ends, and
# then at the end of all (gh-106052: Python before 3.11.5 goes on from where such a round stopped).
_REST_OF_TAG: Final = re.compile(rb"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")


@dataclass(frozen=True)
class Insertion:
    """`octets[:at]`, `opening`, the new text, `closing`, `octets[at + skipped:]`."""

    at: int
    skipped: int = 0
    opening: str = ""
    closing: str = ""
    attribute_at: int = 0
    """Where `attribute` goes, in a tag before `at`."""
    attribute: str = ""

    def around(self, opening: str, closing: str) -> Insertion:
        """The same with more text between the octets and what is new."""
        return replace(self, opening=self.opening + opening, closing=closing + self.closing)


def inside(octets: Octets, element: _Element) -> Insertion:
    """Room for a new last child of the element. Raises `SigningError` when its end is not found in the octets."""
    if element.getparent() is None:
        return _inside_root(octets, element)
    name = written_name(element).encode()
    tags = _tags(octets, name, _start_of(octets, element, name))
    start = next(tags)
    if start.empty:
        return _opened(start.end, name)
    depth = 1
    for tag in tags:
        depth += -1 if tag.closes else 0 if tag.empty else 1
        if not depth:
            return Insertion(tag.start)
    raise SigningError(f"The end of <{name.decode()}> was not found.")


def in_tag(octets: Octets, element: _Element) -> int:
    """Where an attribute of the element can go: right after its name."""
    name = written_name(element).encode()
    return _start_of(octets, element, name) + 1 + len(name)


def before(octets: Octets, element: _Element) -> Insertion:
    """Room for a new sibling right before the element."""
    return Insertion(_start_of(octets, element, written_name(element).encode()))


def written_name(element: _Element) -> str:
    """The element's name as its tags have it."""
    return (f"{element.prefix}:" if element.prefix else "") + local_name(element)


def _opened(end: int, name: bytes) -> Insertion:
    """An empty tag that ends here, opened."""
    return Insertion(end - 2, 2, ">", f"</{name.decode()}>")


@dataclass(frozen=True)
class _Tag:
    """Where a tag lies in the text."""

    start: int
    end: int
    closes: bool
    empty: bool


def _start_of(octets: Octets, element: _Element, name: bytes) -> int:
    """Where the start tag of the element begins."""
    number = 0
    for other in element.getroottree().getroot().iter("{*}" + local_name(element)):
        if other is element:
            break
        number += other.prefix == element.prefix
    for tag in _tags(octets, name, 0, ends=False):
        if not number:
            return tag.start
        number -= 1
    raise SigningError(f"The element <{name.decode()}> was not found in the file's octets.")


def _tags(octets: Octets, name: bytes, start: int, *, ends: bool = True) -> Iterator[_Tag]:
    """The tags of this name from `start` on, in order; hidden text that only looks like one is stepped over."""
    found = re.compile(rb"<" + (rb"/?" if ends else rb"") + re.escape(name) + rb"(?=[ \t\r\n/>])")
    hidden = _hidden(octets, start)
    span = next(hidden, None)
    for match in found.finditer(octets, start):
        while span is not None and span[1] <= match.start():
            span = next(hidden, None)
        if span is not None and span[0] <= match.start():
            continue
        closes = octets[match.start() + 1 : match.start() + 2] == b"/"
        rest = _REST_OF_TAG.match(octets, match.end())
        end = rest.end() if rest else len(octets)
        yield _Tag(match.start(), end, closes, not closes and octets[end - 2 : end] == b"/>")


def _hidden(octets: Octets, start: int = 0) -> Iterator[tuple[int, int]]:
    """The spans of comments, CDATA sections and instructions, in order; `start` stands outside of them."""
    exclamation = octets.find(b"<!", start)
    question = octets.find(b"<?", start)
    while exclamation >= 0 or question >= 0:
        at = min(p for p in (exclamation, question) if p >= 0)
        if at == question:
            end = octets.find(b"?>", at + 2) + 2
        elif octets[at : at + 4] == b"<!--":
            end = octets.find(b"-->", at + 4) + 3
        else:
            end = octets.find(b"]]>", at + 9) + 3
        yield at, end
        exclamation = octets.find(b"<!", end) if 0 <= exclamation < end else exclamation
        question = octets.find(b"<?", end) if 0 <= question < end else question


def _inside_root(octets: Octets, root: _Element) -> Insertion:
    """Found from the end, without looking at the whole file: only comments, instructions and white space can follow
    the root (XML 1.0 2.8), and they are stepped over by where they really begin."""
    end = len(octets)
    if root.getnext() is not None:
        for start, stop in reversed(list(_hidden(octets))):
            if octets[stop:end].strip(_SPACE):
                break
            end = start
    while end and octets[end - 1] in _SPACE:
        end -= 1
    name = written_name(root).encode()
    closing = octets.rfind(b"</", 0, end)
    if closing >= 0 and re.fullmatch(rb"</" + re.escape(name) + rb"[ \t\r\n]*>", octets[closing:end]):
        return Insertion(closing)
    if octets[end - 2 : end] == b"/>" and not len(root) and root.text is None:
        return _opened(end, name)
    raise SigningError("The end of the document element was not found.")
