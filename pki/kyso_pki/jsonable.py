"""Frozen values as JSON and back, by their types: dataclasses, tuples, certificates, schemes, times, octets.

Octets are base64, certificates DER, times ISO 8601 with their zone. Decoding is strict: a member too many, one
that is missing or of another type is refused by its place. Octets that stand in many places may be written once, in a
list beside the value (`Shared`), and named `#12` where they stand: the evidence of a file is that of each signature.
"""

from __future__ import annotations

import base64
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .errors import FormatError, KysoError
from .scheme import SCHEMES, Scheme
from .x509.certificate import Certificate

_T = TypeVar("_T")


Shared = dict[bytes, int]
"""Octets and their places in the list that is written beside a value."""
_ALONE = 64  # octets that are written where they stand: a reference would save nothing


def encoded(value: Any, shared: Shared | None = None) -> Any:
    """The value as JSON has it; with `shared`, longer octets are put there."""
    if isinstance(value, Certificate):
        return _written(value.der, shared)
    if isinstance(value, Scheme):
        return value.name
    if isinstance(value, bytes):
        return _written(value, shared)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [encoded(v, shared) for v in value]
    if isinstance(value, frozenset):
        return sorted(encoded(v) for v in value)  # not shared: it has no order in which they could be counted
    if is_dataclass(value):
        return {f.name: encoded(getattr(value, f.name), shared) for f in fields(value)}
    return value


def _written(octets: bytes, shared: Shared | None) -> str:
    if shared is None or len(octets) <= _ALONE:
        return base64.b64encode(octets).decode()
    return f"#{shared.setdefault(octets, len(shared))}"


def _octets(value: str, shared: Sequence[bytes]) -> bytes:
    if not value.startswith("#"):
        return base64.b64decode(value, validate=True)
    number = value[1:]
    if not number.isascii() or not number.isdigit() or len(number) > 9 or int(number) >= len(shared):
        raise ValueError(value[:20])
    return shared[int(number)]


def decoded(kind: type[_T], value: Any, where: str, shared: Sequence[bytes] = ()) -> _T:
    """What `encoded` gave, as a value of this type; `where` is what errors call it. Raises `FormatError`."""
    try:
        found: _T = _of(kind, value, where, shared)
        return found
    except FormatError:
        raise
    except (KysoError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise FormatError(f"{where} cannot be read: {type(e).__name__}.") from None


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _of(kind: Any, value: Any, where: str, shared: Sequence[bytes]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        [inner] = [a for a in get_args(kind) if a is not type(None)]
        return _of(inner, value, where, shared)
    if origin is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return tuple(_of(inner[0], v, where, shared) for v in _list(value, where))
        return tuple(_of(k, v, where, shared) for k, v in zip(inner, _list(value, where), strict=True))
    if origin is frozenset:
        return frozenset(_of(get_args(kind)[0], v, where, shared) for v in _list(value, where))
    if origin is Literal:
        if value not in get_args(kind):
            raise FormatError(f"{where} may not be {value!r}.")
        return value
    if kind is Certificate:
        return Certificate.from_der(_octets(value, shared))
    if kind is Scheme:
        return SCHEMES[value]
    if kind is bytes:
        return _octets(value, shared)
    if kind is datetime:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise FormatError(f"{where} is a time without a zone.")
        return found
    if kind is date:
        return date.fromisoformat(value)
    if kind is timedelta:
        return timedelta(seconds=value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if set(value) != set(hints):
            raise FormatError(f"{where} has other members than this version knows.")
        found_members = {name: _of(hints[name], value[name], f"{where}.{name}", shared) for name in hints}
        return cast(Any, kind)(**found_members)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is float and isinstance(value, float) and not math.isfinite(value):
        raise FormatError(f"{where} is no number.")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise FormatError(f"{where} is {type(value).__name__} where {kind.__name__} is due.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"{where} is no list.")
    return value
