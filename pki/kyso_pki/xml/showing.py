"""What decides how a signed XML document is shown, and is not a part of it (ADR 30; attack class X7).

Reach for `showing_findings`. A browser shows XML as the stylesheet says that an instruction before the document
element names: whoever keeps that file shows another amount without touching what is signed. Scripts of XHTML and SVG
change by themselves what is seen. Neither is followed or run here; both are told, and the verdict is about octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..facts import Finding

if TYPE_CHECKING:
    from .view import View

_SHOWN: Final = 100  # characters of an address
_SCRIPTS: Final = tuple(f"{{{n}}}script" for n in ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"))
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
        and node.target == "xml-stylesheet"
        and not (node.get("href") or "").startswith("#")
    ]
