"""What XMP metadata tell people about a document: title, authors, subject (ISO 16684-1 8.3; attack class P6).

Programs that add to a signed file set dates, identifiers and the producer anew. The title stands on the window of
Firefox, which takes it from here before the information dictionary, and whoever keeps files lists them by it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_NAMES: Final = rb"dc:(?:title|creator|description|subject|rights)|pdf:Keywords"
_elements = re.compile(rb"<(" + _NAMES + rb")(?=[\s/>])[^<>]*>([^<]*(?:<(?!/\1\s*>)[^<]*)*)").finditer
_attributes = re.compile(rb"[\s\"'](" + _NAMES + rb")\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')").finditer
_tags = re.compile(r"<[^<>]*>").sub
_others = re.compile(
    rb"xmlns(?::(?!dc\s*=|pdf\s*=)[^\s=<>]+)?\s*=\s*[\"'](?:http://purl\.org/dc/elements/1\.1/|http://ns\.adobe\.com/pdf/1\.3/)"
).search
_odd = re.compile(rb"\x00|<!").search
"""What makes an XML reader see other elements than their tags say: another encoding, entities, comments, CDATA."""
_inner = re.compile(rb"<(?:" + _NAMES + rb")").search


def told(xmp: bytes) -> tuple[tuple[str, str], ...] | None:
    """Names and texts of what is told, by name and in order, white space aside; None where that is not certain."""
    if _odd(xmp) is not None or _others(xmp) is not None:
        return None
    found = [(m[1], m[2]) for m in _elements(xmp)]
    if any(_inner(value) is not None for _, value in found):
        return None
    found += [(m[1], m[2] or m[3] or b"") for m in _attributes(xmp)]
    texts = [(name.decode(), _text(value)) for name, value in found]
    return tuple(sorted(((name, text) for name, text in texts if text), key=lambda pair: pair[0]))


def _text(value: bytes) -> str:
    return " ".join(unescape(_tags(" ", value.decode("utf-8", "replace"))).split())
