"""Facts as JSON, so that another policy, another date or another machine can judge them later without the file.

Reach for `FileFacts.of`, `to_json` and `from_json`. Everything that `judge` looks at is in there, and nothing of the
document itself: octets are base64, certificates DER, times ISO 8601. Facts that were changed are facts of another
file: keep them as one keeps the file.
"""

from __future__ import annotations

import base64
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ..errors import FormatError, KysoError
from ..facts import Format, SignatureFacts
from ..scheme import SCHEMES, Scheme
from ..x509.certificate import Certificate

SCHEMA = "kyso-facts-1"


@dataclass(frozen=True)
class FileFacts:
    """What was found in one file."""

    file: str | None
    sha256: str
    format: Format
    signatures: tuple[SignatureFacts, ...]

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **_encoded(self)}

    @classmethod
    def from_json(cls, value: object) -> FileFacts:
        """What `to_json` gave. Raises `FormatError`."""
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise FormatError("These are no facts of this version of kyso.", remedy="Make them with `kyso facts`.")
        rest = {k: v for k, v in value.items() if k != "schema"}
        return _decoded(cls, rest, "facts")


_T = TypeVar("_T")


def _encoded(value: Any) -> Any:
    if isinstance(value, Certificate):
        return base64.b64encode(value.der).decode()
    if isinstance(value, Scheme):
        return value.name
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_encoded(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(_encoded(v) for v in value)
    if is_dataclass(value):
        return {f.name: _encoded(getattr(value, f.name)) for f in fields(value)}
    return value


def _decoded(kind: type[_T], value: Any, where: str) -> _T:
    """A value of this type. Raises `FormatError` naming the place."""
    try:
        found: _T = _of(kind, value, where)
        return found
    except FormatError:
        raise
    except (KysoError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise FormatError(f"The facts cannot be read: {type(e).__name__} in {where}.") from None


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _of(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        [inner] = [a for a in get_args(kind) if a is not type(None)]
        return _of(inner, value, where)
    if origin is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return tuple(_of(inner[0], v, where) for v in _list(value, where))
        return tuple(_of(k, v, where) for k, v in zip(inner, _list(value, where), strict=True))
    if origin is frozenset:
        return frozenset(_of(get_args(kind)[0], v, where) for v in _list(value, where))
    if origin is Literal:
        if value not in get_args(kind):
            raise FormatError(f"The facts have {value!r} in {where}.")
        return value
    if kind is Certificate:
        return Certificate.from_der(base64.b64decode(value, validate=True))
    if kind is Scheme:
        return SCHEMES[value]
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if kind is datetime:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise FormatError(f"The facts have a time without a zone in {where}.")
        return found
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if set(value) != set(hints):
            raise FormatError(f"The facts have other members in {where} than this version knows.")
        found_members = {name: _of(hints[name], value[name], f"{where}.{name}") for name in hints}
        return cast(Any, kind)(**found_members)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise FormatError(f"The facts have {type(value).__name__} where {kind.__name__} is due, in {where}.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"The facts have no list in {where}.")
    return value
