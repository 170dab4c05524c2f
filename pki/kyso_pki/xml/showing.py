"""What decides how a signed XML document is shown, and is not a part of it (ADR 30; attack class X7).

Reach for `showing_findings` (of what is signed) and `shown_otherwise` (of what is to be signed). A browser shows XML
as the stylesheet says that an instruction before the document element names: whoever keeps that file shows another
amount without touching what is signed. Scripts of XHTML and SVG change by themselves what is seen. Neither is
followed or run here; both are told, and the verdict is about octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from ..facts import Finding
from ..octets import Octets, find
from .parse import fed, utf8_octets

if TYPE_CHECKING:
    from .view import View

_SHOWN: Final = 100  # characters of an address
_SCRIPTS: Final = tuple(f"{{{n}}}script" for n in ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"))
_INSTRUCTION: Final = "xml-stylesheet"
_HREF: Final = re.compile(r"(?:^|[ \t\r\n])href[ \t\r\n]*=[ \t\r\n]*(?:\"([^\"]*)\"|'([^']*)')")
_SPACES: Final = (b"http://www.w3.org/1999/xhtml", b"http://www.w3.org/2000/svg")


def showing_findings(view: View) -> tuple[Finding, ...]:
    """What whoever looks at the document in a browser must know; the same for each of its signatures."""
    found: list[Finding] = []
    if sheets := _stylesheets(view):
        text = f"A browser shows the document by a stylesheet that no signature covers: {', '.join(sheets[:3])}."
        found.append(Finding("ACTIVE_CONTENT", "warning", text))
    if view.says(b"script") and any(map(view.says, _SPACES)) and view.has(_SCRIPTS):
        text = "The document holds scripts, which a browser runs: they can change what is seen."
        found.append(Finding("ACTIVE_CONTENT", "warning", text))
    return tuple(found)


def _stylesheets(view: View) -> list[str]:
    """The addresses in xml-stylesheet instructions that lead outside of the document (xml-stylesheet 1.0, 3)."""
    from lxml import etree

    return [
        repr((node.get("href") or "no address")[:_SHOWN])
        for node in view.root.itersiblings(preceding=True)
        if isinstance(node, etree._ProcessingInstruction)
        and node.target == _INSTRUCTION
        and not (node.get("href") or "").startswith("#")
    ]


def shown_otherwise(data: Octets) -> tuple[tuple[Literal["STYLESHEET", "JAVASCRIPT"], str], ...]:
    """The linter's code and what exactly, once for each kind, of a document that is to be signed.

    Linear in the document, which is read once more, in constant memory, only where the words for it stand somewhere
    in it. Raises `FormatError`, `LimitExceeded`.
    """
    octets = utf8_octets(data)
    sheets = find(octets, f"<?{_INSTRUCTION}".encode()) >= 0
    scripts = find(octets, b"script") >= 0 and any(find(octets, space) >= 0 for space in _SPACES)
    return tuple(_found(octets)) if sheets or scripts else ()


def _found(octets: Octets) -> Iterator[tuple[Literal["STYLESHEET", "JAVASCRIPT"], str]]:
    reader = _Reader()
    for _ in fed(reader, octets):
        pass
    if reader.sheets:
        named = ", ".join(reader.sheets[:3])
        yield "STYLESHEET", f"A browser shows the document by a stylesheet that is no part of it: {named}"
    if reader.scripts:
        yield "JAVASCRIPT", f"The document holds {reader.scripts} scripts, which a browser runs"


class _Reader:
    """The parser tells it what it meets; it keeps the stylesheets before the document element, and counts scripts."""

    def __init__(self) -> None:
        self.sheets: list[str] = []
        self.scripts = 0
        self._begun = False

    def start(self, tag: str, attributes: object) -> None:
        self._begun = True
        self.scripts += tag in _SCRIPTS

    def pi(self, target: str, data: str | None = None) -> None:
        if self._begun or target != _INSTRUCTION:
            return
        match = _HREF.search(data or "")
        address = (match[1] or match[2] or "") if match else ""
        if not address.startswith("#") and len(self.sheets) < 3:
            self.sheets.append(repr((address or "no address")[:_SHOWN]))

    def close(self) -> None:
        """The parser asks for a result."""
