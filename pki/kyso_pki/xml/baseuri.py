"""Joining xml:base values, as C14N 1.1 does for an element whose ancestors are left out (2.4 and appendix A)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_URI = re.compile(  # RFC 3986 appendix B
    r"(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.DOTALL,
)


def joined(values: Sequence[str]) -> str:
    """The value that says the same as all of these, which stand from the outermost element inwards."""
    base = values[0]
    for reference in values[1:]:
        base = _join(base, reference)
    return base


def _join(base: str, reference: str) -> str:
    """RFC 3986 5.2.2, where the base needs no scheme and the fragment is left out."""
    b, r = _parts(base), _parts(reference)
    scheme, authority, query = r["scheme"], r["authority"], r["query"]
    if scheme is not None or authority is not None:
        path = _without_dots(r["path"] or "")
    else:
        authority = b["authority"]
        if not r["path"]:
            path, query = b["path"] or "", b["query"] if query is None else query
        elif r["path"].startswith("/"):
            path = _without_dots(r["path"])
        else:
            path = _without_dots(_folder(b["path"] or "", authority) + r["path"])
    scheme = b["scheme"] if scheme is None else scheme
    return (
        ("" if scheme is None else f"{scheme}:")
        + ("" if authority is None else f"//{authority}")
        + path
        + ("" if query is None else f"?{query}")
    )


def _parts(uri: str) -> dict[str, str | None]:
    match = _URI.fullmatch(uri)
    return {} if match is None else match.groupdict()  # the expression takes any string


def _folder(path: str, authority: str | None) -> str:
    """The base's path up to its last slash; a last `..` is a folder too."""
    if not path and authority is not None:
        return "/"
    if path == ".." or path.endswith("/.."):
        return path + "/"
    return path[: path.rfind("/") + 1]


def _without_dots(path: str) -> str:
    """RFC 3986 5.2.4, where leading `..` stay, slashes side by side become one, and a last `..` gets a slash."""
    found: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == ".." and found and found[-1] != "..":
            found.pop()
        elif segment == ".." and not path.startswith("/"):
            found.append("..")
        elif segment not in ("", ".", ".."):
            found.append(segment)
    ending = "/" if found and segments[-1] in ("", ".", "..") else ""
    return ("/" if path.startswith("/") else "") + "/".join(found) + ending
