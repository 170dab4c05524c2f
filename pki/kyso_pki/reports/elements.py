"""XML written piece by piece, for a report: elements are texts, everything that goes into one is escaped."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from .words import printable

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_KEPT: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?@!$&'()*+,;=")


def element(name: str, *content: str, **attributes: str) -> str:
    """An element whose content is elements, or texts that `text` gave. An attribute's trailing _ is not its name."""
    given = "".join(f' {key.rstrip("_")}="{text(value)}"' for key, value in attributes.items())
    inside = "".join(content)
    return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


def text(value: str) -> str:
    """The text, escaped; what XML 1.0 cannot hold (2.2), and what is not printable, is replaced."""
    return escape(printable(value))


def uri(value: str) -> str:
    """The value as a URI (RFC 3986), percent-encoded where it is none in part; `urn:kyso:text:…` where it is none."""
    prefix = "" if _URI.fullmatch(value) else "urn:kyso:text:"
    head, mark, fragment = value.partition("#") if not prefix else (value, "", "")
    return text(prefix + _encoded(head) + mark + _encoded(fragment))


def _encoded(value: str) -> str:
    return "".join(chr(b) if b in _KEPT else f"%{b:02X}" for b in value.encode("utf-8", "replace"))
