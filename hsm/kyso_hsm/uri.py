"""Addresses of keys: `pkcs11:` URIs (RFC 7512), `file:` URIs (RFC 8089) and plain paths.

Reach for `parse`; `str()` of the result is the address again, and parsing that gives an equal value. What is
refused: a PIN inside an address (`pin-value`, `pin-source`), attributes that are not known here (silently
ignoring one would address another key than was meant), an attribute given twice. Letters outside ASCII are
accepted raw or percent-encoded as UTF-8, and labels are compared in NFC, as Vietnamese text may be typed in
either form.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from kyso_pki.errors import UsageError

from .module import TokenInfo

_TYPES = ("private", "public", "cert")
_EXAMPLE = "Write it like pkcs11:token=LABEL;object=KEY or file:key.p12."
_PIN_ATTRIBUTES = ("pin-value", "pin-source")
_SAFE_IN_PATH = "-._~+,@"  # a small part of what RFC 7512 2.3 allows, so that shells need quotes only for ; and ?
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: `C:\key.p12` is a path


@dataclass(frozen=True)
class Pkcs11Uri:
    """What an address says of a token and a key; None means "not said", which matches everything."""

    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    object: str | None = None
    id: bytes | None = None
    type: str | None = None
    module_path: str | None = None

    def __str__(self) -> str:
        """The URI, attributes in the order of this class, `id` wholly percent-encoded (RFC 7512 2.3)."""
        parts = []
        for name in ("token", "serial", "manufacturer", "model", "object"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name}={quote(value, safe=_SAFE_IN_PATH)}")
        if self.id is not None:
            parts.append("id=" + "".join(f"%{octet:02X}" for octet in self.id))
        if self.type is not None:
            parts.append(f"type={self.type}")
        query = (
            f"?module-path={quote(self.module_path, safe=_SAFE_IN_PATH + '/')}"
            if self.module_path is not None
            else ""
        )
        return f"pkcs11:{';'.join(parts)}{query}"

    def matches_token(self, info: TokenInfo) -> bool:
        """Whether a token is the one meant, as far as the address says."""
        return all(
            wanted is None or same_text(wanted, found)
            for wanted, found in (
                (self.token, info.label),
                (self.serial, info.serial),
                (self.manufacturer, info.manufacturer),
                (self.model, info.model),
            )
        )

    @property
    def of_token(self) -> Pkcs11Uri:
        """The same address without the key."""
        return replace(self, object=None, id=None, type=None)


@dataclass(frozen=True)
class FileUri:
    """A PKCS#12 or PEM file."""

    path: str

    def __str__(self) -> str:
        path = self.path.replace("\\", "/") if os.name == "nt" else self.path
        if os.name == "nt" and re.match(r"[A-Za-z]:/", path):
            path = "/" + path
        return ("file://" if path.startswith("/") else "file:") + quote(path, safe=_SAFE_IN_PATH + "/:")


def parse(text: str) -> Pkcs11Uri | FileUri:
    """The address in `text`. Raises `UsageError` saying what is wrong with it; a PIN in it is never repeated."""
    text = _unquoted(text)
    scheme = m.group(1).lower() if (m := _SCHEME.match(text)) else ""
    rest = text[len(scheme) + 1 :] if scheme else text
    if scheme == "pkcs11":
        return _pkcs11(rest)
    if scheme == "file":
        return _file(rest)
    if scheme and "/" not in text.split(":", 1)[0] and not Path(text).exists():
        raise UsageError(f"Keys cannot be addressed with {scheme!r}.", remedy=_EXAMPLE)
    return FileUri(_path(text))


def _unquoted(text: str) -> str:
    """The address without quotes around it: to the command prompt of Windows a single quote is a letter."""
    if (
        len(text) > 2
        and text[0] == text[-1]
        and text[0] in "'\""
        and text[1:].lower().startswith(("pkcs11:", "file:"))
    ):
        return text[1:-1]
    return text


def token_address(text: str) -> Pkcs11Uri:
    """The token meant by a `pkcs11:` address or by a bare token label."""
    text = _unquoted(text)
    uri = parse(text) if text.lower().startswith("pkcs11:") else Pkcs11Uri(token=text)
    if not isinstance(uri, Pkcs11Uri):  # pragma: no cover - the prefix decides
        raise UsageError("A token is addressed with pkcs11:token=LABEL.")
    return uri


def absolute(text: str, folder: str | os.PathLike[str]) -> str:
    """The address with a relative file made absolute from `folder`; `pkcs11:` addresses come back unchanged."""
    uri = parse(text)
    return str(FileUri(str(Path(folder).resolve() / uri.path))) if isinstance(uri, FileUri) else text


def same_text(a: str, b: str) -> bool:
    """Whether two labels are the same text, in whichever Unicode form each is written."""
    return a == b or unicodedata.normalize("NFC", a) == unicodedata.normalize("NFC", b)


def _pkcs11(rest: str) -> Pkcs11Uri:
    path, _, query = rest.partition("?")
    values: dict[str, bytes] = {}
    for name, value in (*_attributes(path, ";"), *_attributes(query, "&")):
        if name in values:
            raise UsageError(f"The address names {name} twice.", remedy=_EXAMPLE)
        if name in _PIN_ATTRIBUTES:
            raise UsageError(
                f"The address holds {name}: PINs are never read from addresses, which end up in histories and logs.",
                remedy="Take it out and give the PIN by prompt, environment variable, file or descriptor.",
            )
        values[name] = _decode(value, name)
    known = {"token", "serial", "manufacturer", "model", "object", "id", "type", "module-path"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise UsageError(
            f"The address holds {', '.join(unknown)}; known are {', '.join(sorted(known))}.", remedy=_EXAMPLE
        )
    texts = {n.replace("-", "_"): _text(v, n) for n, v in values.items() if n != "id"}
    if texts.get("type", "private") not in _TYPES:
        raise UsageError(f"type={texts['type']} is not a kind of key; use type=private or leave it out.")
    return Pkcs11Uri(id=values.get("id"), **texts)


def _attributes(text: str, separator: str) -> list[tuple[str, str]]:
    found = []
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise UsageError(f"The address holds {name[:40]!r} where name=value must be.", remedy=_EXAMPLE)
        found.append((name, value))
    return found


def _decode(value: str, name: str) -> bytes:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise UsageError(
            f"In {name}, a % is not followed by two hexadecimal digits.", remedy="Write % itself as %25."
        )
    return unquote_to_bytes(value)


def _text(value: bytes, name: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            f"{name} in the address is not UTF-8 text.", remedy="Percent-encode letters as UTF-8."
        ) from None


def _file(rest: str) -> FileUri:
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise UsageError(f"file://{host} names another machine; key files are local.", remedy=_EXAMPLE)
        rest = "/" + path
    path = _path(_text(_decode(rest, "file"), "file"))
    if os.name == "nt" and re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    return FileUri(path)


def _path(text: str) -> str:
    if not text or "\0" in text:
        raise UsageError("An empty address, or one with a zero byte.", remedy=_EXAMPLE)
    return text
